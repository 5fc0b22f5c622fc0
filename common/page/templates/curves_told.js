  // -- What is told of the epoch at the cursor: dots, a tip at the pointer, a table -----------------------------------------------------

  let rows = []; // of the table, one per arm shown: { i, row, cells }
  let seeds = []; // of all arms shown
  let shared = []; // words for what all arms shown have in common, which their names leave out

  const percentSign = (scale) => (scale === "percent" ? ", %" : "");

  /** The value of an arm's run at the cursor in words; "-" of a seed that the arm has not. */
  function runOf(i, curve, seed, scale) {
    const place = block().arms[i].seeds.indexOf(seed);
    return place < 0 || !curve ? "-" : text(curve.runs[place][state.epoch], scale);
  }

  function makeTable(arms) {
    const table = explorer.querySelector("table.values");
    seeds = [...new Set(arms.flatMap(({ i }) => block().arms[i].seeds))];
    const columns = panels.flatMap((panel) => {
      const { label, scale } = quantityOf(panel);
      const heading = `${label}${percentSign(scale)}`;
      return [[panel, false, heading], ...(state.runs ? [[panel, true, `${heading}, of seeds ${seeds.join(", ")}`]] : [])];
    });
    const headings = ["arm", ...columns.map(([, , words]) => words)];
    const header = headings.map((words, j) => html("th", { scope: "col", className: j ? "" : "word", textContent: words }));
    table.tHead.replaceChildren(html("tr", {}, ...header));
    rows = arms.map(({ i, name, color, dash }) => {
      const line = svg("line", { x1: 1, x2: 29, y1: 5, y2: 5, stroke: color, "stroke-width": 2, "stroke-dasharray": dash });
      const sample = svg("svg", { width: 30, height: 10, "aria-hidden": "true" }, line);
      const cells = columns.map(([panel, ofRuns]) => ({ panel, ofRuns, cell: html("td") }));
      const row = html("tr", {}, html("th", { scope: "row", className: "word" }, sample, ` ${name}`), ...cells.map(({ cell }) => cell));
      return { i, cells, row };
    });
    table.tBodies[0].replaceChildren(...rows.map(({ row }) => row));
  }

  function fillTable() {
    const { epoch } = state;
    for (const { i, row, cells } of rows) {
      row.className = i === state.arm ? "pointed" : "";
      for (const { panel, ofRuns, cell } of cells) {
        const { curves, scale } = quantityOf(panel);
        const runs = () => seeds.map((seed) => runOf(i, curves[i], seed, scale)).join(", ");
        cell.textContent = ofRuns ? runs() : withInterval(curves[i], epoch, scale).replace(" %", ""); // the heading has the sign
      }
    }
    const { epochs, dataset } = block();
    const where = [`After epoch ${epochs[epoch]} on ${dataset}`, ...shared].join(", ");
    explorer.querySelector("table.values").caption.textContent = `${where}: mean [95 % interval].`;
  }

  function drawCursor(panel) {
    const { frame, shown, cursor } = panel;
    const x = frame.xs[state.epoch];
    cursor.replaceChildren(svg("line", { class: "at", x1: x, x2: x, y1: frame.top, y2: frame.bottom }));
    for (const { i, curve, color } of shown) {
      const { hasMean, runs } = onAxis(curve, frame.scale);
      if (i === state.arm && (state.runs || !hasMean)) {
        cursor.append(svg("path", { class: "run", stroke: color, d: runs.map((run) => pathOf(run, frame)).join("") }));
      }
      const y = frame.y(curve.mean[state.epoch]);
      if (y !== null) cursor.append(svg("circle", { cx: x, cy: y, r: i === state.arm ? 5 : 3, fill: color }));
    }
    panel.canvas.classList.toggle("others", state.arm !== null);
    for (const line of panel.picture.querySelectorAll("[data-arm]")) {
      line.classList.toggle("others", state.arm !== null && Number(line.dataset.arm) !== state.arm);
    }
  }

  /** The value of the arm pointed at in each panel, and its runs in the panel of the pointer. */
  function tipWords(panel) {
    const { label, seeds } = block().arms[state.arm];
    const lines = panels.map((one) => {
      const quantity = quantityOf(one);
      return `${quantity.label} ${withInterval(quantity.curves[state.arm], state.epoch, quantity.scale)}`;
    });
    const { curves, scale } = quantityOf(panel);
    const wanted = curves[state.arm] && (state.runs || isParted(curves[state.arm]));
    const runs = wanted ? seeds.map((seed, j) => `seed ${seed}: ${text(curves[state.arm].runs[j][state.epoch], scale)}`).join(", ") : "";
    return { label, epoch: `epoch ${block().epochs[state.epoch]}`, lines, runs };
  }

  function showTip(panel) {
    for (const other of panels) other.tip.hidden = other !== panel || state.arm === null;
    if (panel?.tip.hidden !== false) return;
    const { label, epoch, lines, runs } = tipWords(panel);
    const parts = [html("strong", { textContent: label }), ...[epoch, ...lines].map((line) => html("div", { textContent: line }))];
    if (runs) parts.push(html("small", { textContent: runs }));
    if (state.pinned) parts.push(html("div", {}, html("small", { textContent: "Pinned: tap again or press Esc." })));
    panel.tip.replaceChildren(...parts);
    panel.tip.classList.toggle("pinned", state.pinned);
    // Beside the cursor, in that half of the panel, upper or lower, in which the point is not.
    const { xs, width, height, left, right, y, bottom, top } = panel.frame;
    const x = xs[state.epoch];
    const value = quantityOf(panel).curves[state.arm]?.mean[state.epoch] ?? null;
    const above = (y(value) ?? bottom) > (top + bottom) / 2;
    const room = panel.tip.offsetWidth;
    const beside = x > (left + right) / 2 ? x - 12 - room : x + 12;
    panel.tip.style.left = `${Math.max(0, Math.min(beside, width - room))}px`;
    Object.assign(panel.tip.style, above ? { top: "0", bottom: "auto" } : { top: "auto", bottom: `${height - bottom}px` });
  }

  /** Everything that depends on the cursor alone; `panel` is the one that is pointed at, if any. */
  function tell(panel = panels.find(({ tip }) => !tip.hidden)) {
    for (const one of panels) drawCursor(one);
    fillTable();
    showTip(panel);
    const slider = explorer.querySelector("input[type=range]");
    slider.value = state.epoch;
    slider.setAttribute("aria-valuetext", `epoch ${block().epochs[state.epoch]}`);
    explorer.querySelector("output.epoch").textContent = block().epochs[state.epoch];
  }

  /** What cannot be seen: lines without a name, arms without a mean or without any value. */
  function note(arms, named) {
    const lines = [];
    const [most, all] = named.reduce((fewest, pair) => (pair[0] / (pair[1] || 1) < fewest[0] / (fewest[1] || 1) ? pair : fewest), [1, 1]);
    if (most < all) lines.push(`${most} of ${all} lines have their name; point at another for its own.`);
    for (const panel of panels) {
      const { label, curves, scale } = quantityOf(panel);
      const those = arms.filter(({ i }) => curves[i]);
      const parted = those.filter(({ i }) => isParted(curves[i])).map(({ i }) => block().arms[i].label);
      const nothing = those.filter(({ i }) => onAxis(curves[i], scale).extents[0][0] === Infinity).map(({ i }) => block().arms[i].label);
      if (parted.length) lines.push(`${label}: runs in two groups or at zero have no mean and are drawn one by one: ${parted.join("; ")}.`);
      if (nothing.length) lines.push(`${label}: no finite value to draw: ${nothing.join("; ")}.`);
    }
    explorer.querySelector("p.note").textContent = lines.join(" ");
  }

  function draw() {
    const chosen = shownArms();
    const { arms, factors } = block();
    const several = factors.map((_, f) => new Set(chosen.map((i) => arms[i].values[f])).size > 1);
    if (!several.includes(true)) several[0] = true;
    const wordsOf = (i, wanted) => factors.map(({ values }, f) => (wanted(f) ? values[arms[i].values[f]].label : null)).filter(Boolean);
    const nameOf = (i) => wordsOf(i, (f) => several[f]).join(", ");
    shared = chosen.length ? wordsOf(chosen[0], (f) => !several[f]) : [];
    const all = chosen.map((i) => ({ i, name: nameOf(i), color: colorOf(arms[i].style), dash: dashOf(arms[i].style) }));
    if (!chosen.includes(state.arm)) Object.assign(state, { arm: null, pinned: false });
    const named = panels.map((panel) => drawPanel(panel, all));
    explorer.querySelector("output.arms").textContent = `${chosen.length} of ${arms.length} arms`;
    makeTable(all);
    note(all, named);
    tell();
  }
