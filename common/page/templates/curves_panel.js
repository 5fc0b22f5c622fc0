  // -- A panel: intervals and runs on a canvas, which is fast; means, axes and names before it in SVG ----------------------------------

  const DASHES = ["", "7 4", "2 3", "9 3 2 3"];
  const NAME_GAP = 15; // least distance of two names, px
  const MOST_BANDS = 6; // at full strength; more are fainter, or they would be one grey
  const MOST_RUNS = 300; // drawn at every epoch; of more, at every second, which in a thicket looks the same and takes half the time
  const ruler = document.createElement("canvas").getContext("2d");

  const widthOf = (words) => {
    ruler.font = `12px ${getComputedStyle(document.body).fontFamily}`;
    return Math.max(0, ...words.map((word) => ruler.measureText(word).width));
  };

  /** The colour of an arm: its hue, darker for the first shade, lighter for the last. */
  function colorOf([hue, shade]) {
    const last = Math.max(...block().arms.map(({ style }) => style[1]));
    const place = last ? (2 * shade) / last - 1 : 0;
    const color = `var(--c${hue % 7})`;
    if (!place) return color;
    return `color-mix(in srgb, ${color} ${Math.round(100 - 40 * Math.abs(place))}%, var(--${place < 0 ? "ink" : "paper"}))`;
  }

  const dashOf = (style) => DASHES[style[2] % DASHES.length];

  let resolved = {}; // {colour in CSS: what a canvas takes}
  const dark = matchMedia("(prefers-color-scheme: dark)");

  function forCanvas(color) {
    if (!resolved[color]) {
      const probe = explorer.appendChild(html("span", { hidden: true }));
      probe.style.color = color;
      resolved[color] = getComputedStyle(probe).color;
      probe.remove();
    }
    return resolved[color];
  }

  /** The frame of a panel: its size, and where epochs (by place) and values stand. `names` are the words at the lines' ends. */
  function frameOf(panel, curves, names) {
    const { scale } = quantityOf(panel);
    const width = Math.max(220, panel.plot.clientWidth);
    const height = Math.round(Math.min(340, Math.max(230, 0.62 * width)));
    const range = panel.zoom ?? rangeOf(curves, scale);
    const ticks = range ? ticksOf(...range, scale, 5) : [];
    const left = Math.ceil(Math.max(30, widthOf(ticks.map((tick) => tickWords(tick, scale))) + 10)); // whole pixels: clips are fast
    const right = width - Math.ceil(Math.min(widthOf(names) + 20, 0.42 * width));
    const [top, bottom] = [10, height - 36];
    const { epochs } = block();
    const [first, last] = [epochs[0], epochs.at(-1)];
    const xs = epochs.map((epoch) => left + ((epoch - first) / Math.max(last - first, 1)) * (right - left));
    const along = scale === "log" ? Math.log : (value) => value;
    const [low, high] = range ? range.map(along) : [0, 1];
    const perUnit = (bottom - top) / (high - low);
    // NaN stays NaN; bounds of intervals may lie far outside of what was measured.
    const at = (value) => Math.max(-height, Math.min(bottom - (value - low) * perUnit, 2 * height));
    const y = (value) => (value === null || (scale === "log" && value <= 0) ? null : at(along(value)));
    const valueAt = (place) => (scale === "log" ? Math.exp : (value) => value)(low + (bottom - place) / perUnit);
    return { width, height, left, right, top, bottom, range, ticks, scale, xs, at, y, valueAt };
  }

  /** A line through values as the axis has them. */
  function pathOf(values, { xs, at }) {
    let [line, pen] = ["", "M"];
    for (let j = 0; j < values.length; j++) {
      const y = at(values[j]);
      if (Number.isNaN(y)) pen = "M";
      else {
        line += `${pen}${Math.round(10 * xs[j]) / 10} ${Math.round(10 * y) / 10}`;
        pen = "L";
      }
    }
    return line;
  }

  function drawBehind(panel, shown, frame) {
    const { canvas } = panel;
    const { left, right, top, bottom, width, height, xs, at } = frame;
    const ratio = Math.min(devicePixelRatio, 2);
    Object.assign(canvas, { width: width * ratio, height: height * ratio });
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    pen.beginPath();
    pen.rect(left, top - 4, right - left + 1, bottom - top + 8);
    pen.clip();
    const strength = 0.16 * Math.min(1, MOST_BANDS / shown.length);
    pen.lineWidth = 1 / ratio; // of one pixel: thin lines are drawn much faster
    const every = shown.reduce((runs, { curve }) => runs + curve.runs.length, 0) > MOST_RUNS ? 2 : 1;
    for (const { curve, color } of shown) {
      const { low, high, runs, hasMean } = onAxis(curve, frame.scale);
      pen.strokeStyle = pen.fillStyle = forCanvas(color);
      if (![...low, ...high].some(Number.isNaN)) {
        pen.globalAlpha = strength;
        pen.beginPath();
        for (let j = 0; j < xs.length; j++) pen.lineTo(xs[j], at(low[j]));
        for (let j = xs.length - 1; j >= 0; j--) pen.lineTo(xs[j], at(high[j]));
        pen.fill();
      }
      if (!state.runs && hasMean) continue; // without a mean the runs are what there is
      pen.globalAlpha = ratio > 1 ? 0.9 : 0.6;
      for (const run of runs) {
        pen.beginPath();
        let down = false;
        for (let j = (run.length - 1) % every; j < run.length; j += every) {
          const y = at(run[j]);
          if (Number.isNaN(y)) down = false;
          else if (down) pen.lineTo(xs[j], y);
          else {
            pen.moveTo(xs[j], y);
            down = true;
          }
        }
        pen.stroke();
      }
    }
  }

  function drawAxes(picture, frame) {
    const { left, right, top, bottom, ticks, scale, y } = frame;
    for (const tick of ticks) {
      picture.append(svg("line", { class: "grid", x1: left, x2: right, y1: y(tick), y2: y(tick) }));
      picture.append(svg("text", { x: left - 6, y: y(tick) + 4, "text-anchor": "end" }, tickWords(tick, scale)));
    }
    const [first, last] = [block().epochs[0], block().epochs.at(-1)];
    for (const tick of ticksOf(first, Math.max(last, first + 1), "linear", Math.max(2, (right - left) / 60))) {
      if (!Number.isInteger(tick) || tick > last) continue;
      const x = left + ((tick - first) / Math.max(last - first, 1)) * (right - left);
      picture.append(svg("line", { class: "grid", x1: x, x2: x, y1: bottom, y2: bottom + 4 }));
      picture.append(svg("text", { x, y: bottom + 17, "text-anchor": "middle" }, String(tick)));
    }
    picture.append(svg("text", { x: (left + right) / 2, y: bottom + 33, "text-anchor": "middle" }, "epoch"));
    picture.append(svg("line", { class: "grid", x1: left, x2: right, y1: bottom, y2: bottom }));
    picture.append(svg("line", { class: "grid", x1: left, x2: left, y1: top, y2: bottom }));
  }

  /** Where the line of an arm ends: of its mean or, without one, of the run in the middle; null if outside of the frame. */
  function endOf(curve, { xs, y, top, bottom }) {
    for (let j = xs.length - 1; j >= 0; j--) {
      const values = curve.mean[j] === null ? curve.runs.map((run) => run[j]).filter((value) => y(value) !== null) : [curve.mean[j]];
      if (!values.length) continue;
      const at = y(values.sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)]);
      return at === null || at < top - 4 || at > bottom + 4 ? null : [xs[j], at];
    }
    return null;
  }

  /** "mom. 0.01 exp." for "momentum, lr 0.01, exponential", where there is little room. */
  const abbreviated = (name) => name.replace(/, (lr )?/g, " ").replace(/([A-Za-z]{3})[A-Za-z]{3,}/g, "$1.");

  /** Names at the right, moved apart where lines end side by side; where there is no room for all, of every second or third line. */
  function drawNames(picture, shown, frame) {
    const { right, top, bottom, width } = frame;
    let ends = shown.map((one) => ({ ...one, end: endOf(one.curve, frame) })).filter(({ end }) => end);
    ends.sort((a, b) => a.end[1] - b.end[1]);
    const most = Math.floor((bottom - top) / NAME_GAP) + 1;
    const all = ends.length;
    if (all > most) ends = Array.from({ length: most }, (_, k) => ends[Math.round((k * (all - 1)) / (most - 1))]);
    const at = ends.map(({ end }) => Math.min(Math.max(end[1], top), bottom));
    for (let k = 1; k < at.length; k++) at[k] = Math.max(at[k], at[k - 1] + NAME_GAP);
    for (let k = at.length - 1; k >= 0; k--) at[k] = Math.min(at[k], k === at.length - 1 ? bottom : at[k + 1] - NAME_GAP);
    const room = width - right - 15;
    const fits = widthOf(ends.map(({ name }) => name)) <= room;
    ends.forEach(({ i, name, color, end }, k) => {
      const group = svg("g", { class: "name", "data-arm": i });
      group.append(svg("path", { class: "leader", stroke: color, d: `M${end[0]} ${end[1]}L${right + 12} ${at[k]}` }));
      const label = svg("text", { x: right + 15, y: at[k] + 4 }, fits ? name : abbreviated(name));
      label.style.fill = `color-mix(in srgb, ${color} 60%, var(--ink))`;
      let short = label.textContent;
      while (short.length > 3 && widthOf([label.textContent]) > room) label.textContent = `${(short = short.slice(0, -1))}…`;
      if (label.textContent !== name) label.append(svg("title", {}, name));
      group.append(label);
      picture.append(group);
    });
    return [ends.length, all];
  }

  /** Draw a panel; gives the number of names written, and of lines that end in it. */
  function drawPanel(panel, arms) {
    const quantity = quantityOf(panel);
    const shown = arms.filter(({ i }) => quantity.curves[i]).map((arm) => ({ ...arm, curve: quantity.curves[arm.i] }));
    const frame = frameOf(panel, shown.map(({ curve }) => curve), shown.map(({ name }) => name));
    const { width, height, left, right, top, bottom } = frame;
    Object.assign(panel, { frame, shown });
    const picture = panel.picture;
    picture.replaceChildren();
    picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    picture.setAttribute("height", height);
    picture.setAttribute("aria-label", `${quantity.label} by epoch on ${block().dataset}; the numbers at one epoch are in the table below`);
    drawBehind(panel, shown, frame);
    drawAxes(picture, frame);
    if (!frame.range) {
      const why = shown.length ? "no run has a finite value" : arms.length ? "not measured" : "no arm is chosen";
      picture.append(svg("text", { x: (left + right) / 2, y: height / 2, "text-anchor": "middle" }, why));
    }
    const clip = `frame-${panel.key}`;
    const rect = svg("rect", { x: left - 5, y: top - 5, width: right - left + 10, height: bottom - top + 10 }); // dots at its edge are whole
    const lines = svg("g", { "clip-path": `url(#${clip})` });
    for (const { i, curve, color, dash } of shown) {
      lines.append(svg("path", { class: "mean", "data-arm": i, stroke: color, "stroke-dasharray": dash, d: pathOf(onAxis(curve, frame.scale).mean, frame) }));
    }
    picture.append(svg("clipPath", { id: clip }, rect), lines);
    const named = drawNames(picture, shown, frame);
    panel.cursor = svg("g", { class: "cursor", "clip-path": `url(#${clip})` });
    picture.append(panel.cursor);
    return named;
  }
