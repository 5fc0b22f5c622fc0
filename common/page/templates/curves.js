// The explorer of curves: arms are chosen by ticking, values at an epoch are read by pointing.

(() => {
  const blocks = JSON.parse(document.getElementById("curve-data").textContent);
  const explorer = document.getElementById("explorer");
  const DASHES = ["", "7 4", "2 3", "9 3 2 3"];
  const WIDTHS = [1.4, 2.6, 3.8, 5];
  const MARGIN = { left: 58, right: 12, top: 12, bottom: 38 };
  const HEIGHT = 360;
  const state = { block: 0, quantity: 0, epoch: 0, arm: null, hidden: new Set() };

  function html(name, properties = {}, ...children) {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  }

  function svg(name, attributes = {}, ...children) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  }

  function look(style) {
    const [color, width, dash] = style;
    return { stroke: `var(--c${color % 7})`, "stroke-width": WIDTHS[width % WIDTHS.length], "stroke-dasharray": DASHES[dash % DASHES.length] };
  }

  function text(value, scale) {
    if (value === null) return "not finite";
    return scale === "percent" ? (100 * value).toFixed(1) : String(Number(value.toPrecision(3)));
  }

  function withInterval(curve, i, scale) {
    const unit = scale === "percent" && curve.mean[i] !== null ? " %" : "";
    const interval = curve.low[i] === null ? "" : ` [${text(curve.low[i], scale)}, ${text(curve.high[i], scale)}]`;
    const twoGroups = curve.mean[i] === null && curve.runs.some((run) => run[i] !== null);
    return twoGroups ? "two groups" : text(curve.mean[i], scale) + unit + interval;
  }

  // -- What is chosen ----------------------------------------------------------------------------------------------------------------

  function select(label, names, key) {
    const box = html("select", { id: `choose-${key}` }, ...names.map((name, i) => html("option", { value: i, textContent: name })));
    box.value = state[key];
    box.addEventListener("change", () => {
      state[key] = Number(box.value);
      if (key === "quantity") return draw();
      Object.assign(state, { quantity: 0, arm: null, hidden: new Set() });
      build();
      document.getElementById(box.id).focus();
    });
    return html("span", {}, html("label", { htmlFor: box.id, textContent: `${label} ` }), box);
  }

  function armChoices(block) {
    const choices = html("div", { className: "choices" });
    block.arms.forEach((arm, i) => {
      const box = html("input", { type: "checkbox", checked: !state.hidden.has(i) });
      box.addEventListener("change", () => {
        state.hidden[box.checked ? "delete" : "add"](i);
        draw();
      });
      const sample = svg("svg", { width: 34, height: 12, "aria-hidden": "true" }, svg("line", { x1: 1, x2: 33, y1: 6, y2: 6, ...look(arm.style) }));
      choices.append(html("label", {}, box, " ", sample, ` ${arm.label}`));
    });
    const all = html("button", { type: "button", textContent: "all or none" });
    all.addEventListener("click", () => {
      state.hidden = state.hidden.size ? new Set() : new Set(block.arms.keys());
      choices.querySelectorAll("input").forEach((box, i) => (box.checked = !state.hidden.has(i)));
      draw();
    });
    return html("fieldset", {}, html("legend", { textContent: "Arms " }), choices, all);
  }

  // -- Scales ------------------------------------------------------------------------------------------------------------------------

  function ticksOf(low, high, scale, room) {
    if (scale === "log") {
      const [from, to] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
      const steps = to - from > 3 ? [1] : to - from > 1 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 7];
      const every = Math.ceil((to - from) / 8);
      const ticks = [];
      for (let power = from; power <= to; power += every) ticks.push(...steps.map((step) => step * 10 ** power));
      return ticks.filter((tick) => tick >= low && tick <= high);
    }
    const rough = (high - low) / room;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
    const ticks = [];
    for (let tick = Math.ceil(low / step) * step; tick <= high + step / 1e6; tick += step) ticks.push(Number(tick.toPrecision(12)));
    return ticks;
  }

  /** The lowest and highest of the values shown, a little widened; null if there is none. */
  function rangeOf(curves, scale) {
    let [low, high] = [Infinity, -Infinity];
    for (const curve of curves) {
      for (const part of [curve.mean, ...curve.runs]) {
        for (const value of part) {
          if (value === null || (scale === "log" && value <= 0)) continue;
          low = Math.min(low, value);
          high = Math.max(high, value);
        }
      }
    }
    if (low > high) return null;
    if (scale === "log") return low === high ? [low / 2, high * 2] : [low / (high / low) ** 0.03, high * (high / low) ** 0.03];
    const more = 0.03 * (high - low) || 0.01;
    return [low - more, high + more];
  }

  // -- Drawing -----------------------------------------------------------------------------------------------------------------------

  let place = null; // where the plot, its scales and what it shows are; made anew by draw()

  function path(points) {
    let [line, pen] = ["", "M"];
    for (const [x, y] of points) {
      if (y === null) pen = "M";
      else {
        line += `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
        pen = "L";
      }
    }
    return line;
  }

  function draw() {
    const block = blocks[state.block];
    const quantity = block.quantities[state.quantity];
    const shown = block.arms.map((arm, i) => ({ arm, i, curve: quantity.curves[i] })).filter(({ i, curve }) => curve && !state.hidden.has(i));
    if (!shown.some(({ i }) => i === state.arm)) state.arm = null;
    const plot = explorer.querySelector(".plot");
    const width = Math.max(260, plot.clientWidth || 700);
    const picture = plot.querySelector("svg");
    picture.replaceChildren();
    picture.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    picture.setAttribute("aria-label", `${quantity.label} by epoch on ${block.dataset}; the numbers at one epoch are in the table below`);
    const range = rangeOf(shown.map(({ curve }) => curve), quantity.scale);
    const [first, last] = [block.epochs[0], block.epochs.at(-1)];
    const x = (epoch) => MARGIN.left + ((epoch - first) / Math.max(last - first, 1)) * (width - MARGIN.left - MARGIN.right);
    const bottom = HEIGHT - MARGIN.bottom;
    let y = () => null;
    if (range) {
      const along = quantity.scale === "log" ? Math.log : (value) => value;
      const [low, high] = range.map(along);
      y = (value) => {
        if (value === null || (quantity.scale === "log" && value <= 0)) return null;
        // Bounds of intervals may lie far outside of what was measured; the frame is that of the runs.
        return Math.min(Math.max(bottom - ((along(value) - low) / (high - low)) * (bottom - MARGIN.top), -HEIGHT), 2 * HEIGHT);
      };
      for (const tick of ticksOf(...range, quantity.scale, 6)) {
        picture.append(svg("line", { class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: y(tick), y2: y(tick) }));
        const label = quantity.scale === "percent" ? `${Number((100 * tick).toPrecision(6))} %` : String(Number(tick.toPrecision(4)));
        picture.append(svg("text", { x: MARGIN.left - 6, y: y(tick) + 4, "text-anchor": "end" }, label));
      }
    } else {
      picture.append(svg("text", { x: width / 2, y: HEIGHT / 2, "text-anchor": "middle" }, shown.length ? "no run has a finite value" : "no arm is ticked"));
    }
    for (const tick of ticksOf(first, Math.max(last, first + 1), "linear", width / 90).filter((tick) => Number.isInteger(tick) && tick <= last)) {
      picture.append(svg("text", { x: x(tick), y: bottom + 18, "text-anchor": "middle" }, String(tick)));
    }
    picture.append(svg("text", { x: (MARGIN.left + width) / 2, y: HEIGHT - 4, "text-anchor": "middle" }, "epoch"));

    const clip = svg("clipPath", { id: "frame" }, svg("rect", { x: MARGIN.left, y: MARGIN.top - 4, width: width - MARGIN.left - MARGIN.right + 4, height: bottom - MARGIN.top + 8 }));
    const lines = svg("g", { "clip-path": "url(#frame)" });
    const points = (values) => values.map((value, j) => [x(block.epochs[j]), y(value)]);
    for (const { arm, i, curve } of shown) {
      const others = state.arm !== null && state.arm !== i;
      const group = svg("g", { class: others ? "others" : "", "data-arm": i });
      const band = points(curve.low).concat(points(curve.high).reverse());
      if (!others && band.every(([, at]) => at !== null)) group.append(svg("path", { class: "band", fill: look(arm.style).stroke, d: `${path(band)}Z` }));
      if (state.arm === i) group.append(...curve.runs.map((run) => svg("path", { class: "run", stroke: look(arm.style).stroke, d: path(points(run)) })));
      group.append(svg("path", { class: "mean", ...look(arm.style), d: path(points(curve.mean)) }));
      lines.append(group);
    }
    const at = x(block.epochs[state.epoch]);
    picture.append(clip, lines, svg("line", { class: "at", x1: at, x2: at, y1: MARGIN.top, y2: bottom }));
    place = { block, quantity, shown, x, y, width };
    tell();
  }

  // -- What is told ------------------------------------------------------------------------------------------------------------------

  function tell() {
    const { block, quantity, shown } = place;
    const i = state.epoch;
    const table = explorer.querySelector("table.values");
    const seeds = [...new Set(block.arms.flatMap((arm) => arm.seeds))];
    const names = ["arm", "mean [95 % interval]", ...seeds.map((seed) => `seed ${seed}`)];
    table.tHead.replaceChildren(html("tr", {}, ...names.map((name, j) => html("th", { scope: "col", className: j ? "" : "word", textContent: name }))));
    const rows = shown.map(({ arm, curve }) => {
      const values = seeds.map((seed) => (arm.seeds.includes(seed) ? text(curve.runs[arm.seeds.indexOf(seed)][i], quantity.scale) : ""));
      const cells = [withInterval(curve, i, quantity.scale), ...values].map((value) => html("td", { textContent: value }));
      return html("tr", {}, html("th", { scope: "row", className: "word", textContent: arm.label }), ...cells);
    });
    table.tBodies[0].replaceChildren(...rows);
    table.caption.textContent = `${quantity.label}${quantity.scale === "percent" ? ", %," : ""} on ${block.dataset} after epoch ${block.epochs[i]}`;
    explorer.querySelector("input[type=range]").value = i;
  }

  function tip(left, top) {
    const { block, quantity, shown, width } = place;
    const box = explorer.querySelector(".tip");
    const found = shown.find(({ i }) => i === state.arm);
    box.hidden = !found;
    if (!found) return;
    const { arm, curve } = found;
    const runs = arm.seeds.map((seed, j) => `seed ${seed}: ${text(curve.runs[j][state.epoch], quantity.scale)}`).join(", ");
    box.replaceChildren(
      html("strong", { textContent: arm.label }),
      html("div", { textContent: `epoch ${block.epochs[state.epoch]}: ${withInterval(curve, state.epoch, quantity.scale)}` }),
      html("div", { textContent: runs }),
    );
    const right = left > width / 2;
    Object.assign(box.style, { left: right ? "auto" : `${left + 14}px`, right: right ? `${width - left + 14}px` : "auto", top: `${Math.max(0, top - 30)}px` });
  }

  /** The epoch and the arm nearest to a place in the plot. */
  function pointAt(event) {
    const { block, shown, x, y } = place;
    const frame = explorer.querySelector(".plot").getBoundingClientRect();
    const [left, top] = [event.clientX - frame.left, event.clientY - frame.top];
    const distances = block.epochs.map((epoch) => Math.abs(x(epoch) - left));
    state.epoch = distances.indexOf(Math.min(...distances));
    const near = shown
      .map(({ i, curve }) => ({ i, distance: Math.abs((y(curve.mean[state.epoch]) ?? Infinity) - top) }))
      .sort((a, b) => a.distance - b.distance)[0];
    state.arm = near && near.distance < 40 ? near.i : null;
    draw();
    tip(left, top);
  }

  function build() {
    const block = blocks[state.block];
    state.epoch = block.epochs.length - 1;
    const epoch = html("input", { type: "range", id: "choose-epoch", min: 0, max: block.epochs.length - 1, value: state.epoch });
    epoch.addEventListener("input", () => {
      Object.assign(state, { epoch: Number(epoch.value), arm: null });
      epoch.setAttribute("aria-valuetext", `epoch ${block.epochs[state.epoch]}`);
      draw();
    });
    const plot = html("div", { className: "plot" }, svg("svg", { height: HEIGHT, role: "img" }), html("div", { className: "tip", hidden: true }));
    plot.addEventListener("pointermove", pointAt);
    plot.addEventListener("pointerdown", pointAt);
    plot.addEventListener("pointerleave", () => {
      state.arm = null;
      draw();
      explorer.querySelector(".tip").hidden = true;
    });
    const values = html("table", { className: "values" }, html("caption"), html("thead"), html("tbody"));
    const selects = html("div", { className: "selects" });
    if (blocks.length > 1) selects.append(select("Dataset", blocks.map(({ dataset }) => dataset), "block"));
    selects.append(select("Quantity", block.quantities.map(({ label }) => label), "quantity"));
    const region = html("div", { className: "wide", tabIndex: 0 }, values);
    region.setAttribute("role", "region");
    region.setAttribute("aria-label", "Values at the epoch chosen");
    const hint = "Line: mean over seeds, geometric on log axes; band: its 95 % interval. Point at a curve for its runs.";
    const chooser = html("p", {}, html("label", { htmlFor: epoch.id, textContent: "Epoch " }), epoch);
    explorer.replaceChildren(selects, armChoices(block), plot, html("p", {}, html("small", { textContent: hint })), chooser, region);
    draw();
  }

  build();
  new ResizeObserver(() => {
    if (place && explorer.querySelector(".plot").clientWidth !== place.width) draw();
  }).observe(explorer);
})();
