  // -- Chips, choices and buttons ------------------------------------------------------------------------------------------------------

  const MANY = 4; // values of a factor, from which on one press takes all

  function changed() {
    draw();
    writeAddress();
  }

  function chipsOf(factor, place) {
    const { name, label, values } = factor;
    const heading = html("span", { id: `factor-${place}`, className: "factor", textContent: label });
    const chips = values.map(({ word, label: words }, value) => {
      // "lr 0.01" stands below "lr" as 0.01
      const shown = words.startsWith(`${label} `) ? words.slice(label.length + 1) : words;
      const chip = html("button", { type: "button", className: "chip", data: { word }, aria: { label: words } });
      if (!place) {
        const arm = block().arms.find(({ values: [first] }) => first === value);
        const dot = svg("circle", { cx: 5, cy: 5, r: 4.5, fill: `var(--c${arm.style[0] % 7})` });
        chip.append(svg("svg", { width: 10, height: 10, "aria-hidden": "true" }, dot), " ");
      }
      chip.append(shown);
      chip.addEventListener("click", () => {
        const chosen = state.pressed[name];
        if (!chosen.delete(word)) chosen.add(word);
        press();
        changed();
      });
      return chip;
    });
    const all = html("button", { type: "button", className: "all", textContent: "all", aria: { label: `all of ${label}` } });
    all.addEventListener("click", () => {
      state.pressed[name] = new Set(values.map(({ word }) => word));
      press();
      changed();
    });
    const group = html("div", { className: "chips", data: { factor: name }, aria: { role: "group", labelledby: heading.id } }, heading, ...chips);
    if (values.length >= MANY) group.append(all);
    return group;
  }

  /** Chips and switches look as what is chosen. */
  function press() {
    for (const group of explorer.querySelectorAll("[data-factor]")) {
      const chosen = state.pressed[group.dataset.factor];
      for (const chip of group.querySelectorAll("[data-word]")) chip.setAttribute("aria-pressed", chosen.has(chip.dataset.word));
    }
    explorer.querySelector("button.runs").setAttribute("aria-pressed", state.runs);
  }

  function select(id, label, options, value, chosen) {
    const box = html("select", { id }, ...options.map(([key, words]) => html("option", { value: key, textContent: words })));
    box.value = value;
    box.addEventListener("change", () => chosen(box.value));
    return html("span", {}, html("label", { htmlFor: id, textContent: `${label} ` }), box);
  }

  function button(words, name, pressed, className = "") {
    const made = html("button", { type: "button", className, textContent: words, aria: { label: name } });
    made.addEventListener("click", pressed);
    return made;
  }

  /** A panel: its quantity, the zoom of its vertical axis, its plot. */
  function panelOf(panel, place) {
    const of = place ? "the second panel" : "the first panel";
    const options = block().quantities.filter(panel.shows).map(({ name, label }) => [name, label]);
    const choice = select(`choose-${panel.key}`, `Quantity of ${of}`, options, panel.quantity, (name) => {
      Object.assign(panel, { quantity: name, zoom: null });
      changed();
    });
    choice.firstChild.className = "unseen"; // what is chosen is the panel's title
    const zooms = html(
      "span",
      { className: "zooms", aria: { role: "group", label: `Vertical axis of ${of}` } },
      button("+", `+, zoom into ${of}`, () => zoomAbout(panel, 0.5)),
      button("−", `−, zoom out of ${of}`, () => zoomAbout(panel, 2)),
      button("late", `late: zoom ${of} to the second half of the epochs`, () => zoomToSecondHalf(panel)),
      button("whole", `whole vertical axis of ${of}`, () => zoomTo(panel, null)),
    );
    panel.canvas = html("canvas", { aria: { hidden: "true" } });
    panel.picture = svg("svg", { role: "img" });
    panel.tip = html("div", { className: "tip", hidden: true });
    const words = `Curves of ${of}. Left and right move the epoch, up and down choose the arm, Enter pins, plus, minus and 0 zoom.`;
    const focusable = { className: "plot", tabIndex: 0, aria: { role: "group", label: words } };
    panel.plot = html("div", focusable, panel.canvas, panel.picture, panel.tip);
    listen(panel);
    return html("div", { className: "panel", data: { panel: panel.key } }, html("div", { className: "selects of-panel" }, choice, zooms), panel.plot);
  }

  function build() {
    const top = html("div", { className: "selects" });
    if (blocks.length > 1 && placeOfPage() < 0) {
      const options = blocks.map(({ dataset }, place) => [place, dataset]);
      const choice = select("choose-dataset", "Dataset", options, state.block, (place) => {
        show(Number(place));
        build();
        writeAddress();
        document.getElementById("choose-dataset").focus();
      });
      top.append(choice);
    }
    const turn = () => {
      state.runs = !state.runs;
      press();
      changed();
    };
    const runs = button("single runs", "single runs", turn, "chip runs");
    const anew = () => {
      reset();
      build();
      writeAddress();
      explorer.querySelector("button.reset").focus();
    };
    const again = button("reset", "reset the curves to what they showed at first", anew, "reset");
    top.append(runs, again, html("output", { className: "arms" }));
    const epoch = html("input", { type: "range", id: "choose-epoch", min: 0, max: block().epochs.length - 1 });
    epoch.addEventListener("input", () => {
      state.epoch = Number(epoch.value);
      tell();
    });
    const shownEpoch = html("output", { className: "epoch" });
    const hint =
      "Line: mean over seeds, geometric on log axes; band: its 95 % interval. Point at a line for its values; a tap pins them. " +
      "Drag up or down to zoom; a double click shows the whole.";
    const values = html("table", { className: "values" }, html("caption"), html("thead"), html("tbody"));
    explorer.replaceChildren(
      ...block().factors.map(chipsOf),
      top,
      html("div", { className: "panels" }, ...panels.map(panelOf)),
      html("p", { className: "note" }),
      html("p", { className: "slider" }, html("label", { htmlFor: epoch.id, textContent: "Epoch " }), epoch, " ", shownEpoch),
      html("div", { className: "wide", tabIndex: 0, aria: { role: "region", label: "Values at the epoch chosen" } }, values),
      html("p", {}, html("small", { textContent: hint })),
      html("p", { className: "unseen", aria: { role: "status" } }),
    );
    press();
    draw();
  }

  function start() {
    if (!panels.length) return;
    readAddress();
    build();
    document.addEventListener("dataset", ({ detail }) => {
      const place = placeOfPage(detail);
      if (place >= 0 && place !== state.block) show(place);
      build();
      writeAddress();
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && state.pinned) release();
    });
    dark.addEventListener("change", () => {
      resolved = {};
      draw();
    });
    new ResizeObserver(() => {
      if (panels.some(({ plot, frame }) => plot.clientWidth && Math.max(220, plot.clientWidth) !== frame.width)) draw();
    }).observe(explorer);
  }
