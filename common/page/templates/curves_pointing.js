  // -- Pointing: mouse, finger and keys move one cursor, a tap or Enter pins it, a vertical drag zooms ---------------------------------

  const DRAGGED = 6; // px, from which on a press is no tap
  let waiting = null; // the last movement that is not drawn yet: one drawing per frame of the screen is enough

  function nearestArm(panel, at) {
    const { shown, frame } = panel;
    let [nearest, least] = [null, Infinity];
    for (const { i, curve } of shown) {
      const values = curve.mean[state.epoch] === null ? curve.runs.map((run) => run[state.epoch]) : [curve.mean[state.epoch]];
      for (const value of values) {
        const y = frame.y(value);
        if (y !== null && Math.abs(y - at) < least) [nearest, least] = [i, Math.abs(y - at)];
      }
    }
    return nearest;
  }

  function placeIn(panel, event) {
    const frame = panel.plot.getBoundingClientRect();
    return [event.clientX - frame.left, event.clientY - frame.top];
  }

  function pointAt(panel, event) {
    const [left, top] = placeIn(panel, event);
    const { xs } = panel.frame;
    state.epoch = xs.reduce((best, x, j) => (Math.abs(x - left) < Math.abs(xs[best] - left) ? j : best), 0);
    const name = event.target.closest(".name"); // at the end of a line, perhaps moved away from it
    state.arm = name ? Number(name.dataset.arm) : nearestArm(panel, top);
    tell(panel);
  }

  function release() {
    Object.assign(state, { pinned: false, arm: null });
    tell(null);
  }

  function zoomTo(panel, range) {
    if (range && !canShow(range, panel.frame.scale)) return;
    panel.zoom = range;
    draw();
    writeAddress();
  }

  /** Twice or half as wide about what the cursor shows: the arm that is pointed at, or the middle of all. */
  function zoomAbout(panel, share) {
    const { frame, shown } = panel;
    if (!frame.range) return;
    const values = shown.filter(({ i }) => state.arm === null || i === state.arm).map(({ curve }) => curve.mean[state.epoch]);
    const drawn = values.filter((value) => frame.y(value) !== null).sort((a, b) => a - b);
    const about = drawn.length ? drawn[Math.floor(drawn.length / 2)] : frame.valueAt((frame.top + frame.bottom) / 2);
    zoomTo(panel, zoomed(frame.range, share, about, frame.scale));
  }

  function zoomToSecondHalf(panel) {
    const curves = panel.shown.map(({ curve }) => curve);
    if (panel.frame.range) zoomTo(panel, rangeOf(curves, panel.frame.scale, true));
  }

  /** A drag of the mouse up or down marks what the axis shall show; a finger's scrolls the page. */
  function dragging(panel) {
    let [from, box] = [null, null];
    panel.plot.addEventListener("pointerdown", (event) => {
      panel.dragged = false;
      if (event.pointerType === "touch" || event.button !== 0) return;
      from = placeIn(panel, event)[1];
      panel.plot.setPointerCapture(event.pointerId);
    });
    panel.plot.addEventListener("pointermove", (event) => {
      if (from === null) return;
      const { left, right, top, bottom } = panel.frame;
      const to = placeIn(panel, event)[1];
      if (Math.abs(to - from) < DRAGGED && !box) return;
      panel.dragged = true;
      box ??= panel.picture.appendChild(svg("rect", { class: "box", x: left, width: right - left }));
      const [y1, y2] = [Math.max(Math.min(from, to), top), Math.min(Math.max(from, to), bottom)];
      box.setAttribute("y", y1);
      box.setAttribute("height", Math.max(y2 - y1, 0));
    });
    const end = (event) => {
      const marked = box && event.type === "pointerup" && Number(box.getAttribute("height")) >= DRAGGED;
      if (marked && panel.frame.range) {
        const y = Number(box.getAttribute("y"));
        zoomTo(panel, [panel.frame.valueAt(y + Number(box.getAttribute("height"))), panel.frame.valueAt(y)]);
      }
      box?.remove();
      [from, box] = [null, null];
    };
    for (const name of ["pointerup", "pointercancel"]) panel.plot.addEventListener(name, end);
    panel.plot.addEventListener("dblclick", () => zoomTo(panel, null));
  }

  function moved(panel, event) {
    if (state.pinned || (panel.dragged && event.buttons)) return;
    if (!waiting) {
      requestAnimationFrame(() => {
        if (waiting && !state.pinned) pointAt(...waiting);
        waiting = null;
      });
    }
    waiting = [panel, event];
  }

  function tapped(panel, event) {
    if (panel.dragged) return;
    waiting = null;
    if (state.pinned) {
      release();
      if (event.pointerType !== "touch") pointAt(panel, event);
    } else {
      pointAt(panel, event);
      state.pinned = state.arm !== null;
      tell(panel);
    }
  }

  /** The arm whose line is the next above or below at the cursor. */
  function step(panel, up) {
    const { shown, frame } = panel;
    const at = shown.map(({ i, curve }) => ({ i, y: frame.y(curve.mean[state.epoch]) })).filter(({ y }) => y !== null).sort((a, b) => a.y - b.y);
    const place = at.findIndex(({ i }) => i === state.arm);
    if (at.length) state.arm = at[place < 0 ? 0 : Math.min(Math.max(place + (up ? -1 : 1), 0), at.length - 1)].i;
  }

  function pressed(panel, event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const last = block().epochs.length - 1;
    const by = event.shiftKey ? 10 : 1;
    const toEpoch = (place) => () => (state.epoch = Math.min(Math.max(place, 0), last));
    const keys = {
      ArrowLeft: toEpoch(state.epoch - by),
      ArrowRight: toEpoch(state.epoch + by),
      Home: toEpoch(0),
      End: toEpoch(last),
      ArrowUp: () => step(panel, true),
      ArrowDown: () => step(panel, false),
      Enter: () => (state.pinned = !state.pinned && state.arm !== null),
      Escape: () => Object.assign(state, { pinned: false, arm: null }),
      "+": () => zoomAbout(panel, 0.5),
      "-": () => zoomAbout(panel, 2),
      0: () => zoomTo(panel, null),
    };
    keys[" "] = keys.Enter;
    if (!keys[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    if (state.arm === null && ["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) step(panel, true);
    keys[event.key]();
    tell(state.arm === null ? null : panel);
    const { label, epoch, lines } = state.arm === null ? {} : tipWords(panel);
    explorer.querySelector("[role=status]").textContent = label ? `${label}, ${epoch}: ${lines.join(", ")}` : "";
  }

  function listen(panel) {
    const { plot } = panel;
    dragging(panel);
    plot.addEventListener("pointermove", (event) => moved(panel, event));
    plot.addEventListener("pointerleave", () => {
      waiting = null;
      if (!state.pinned && state.arm !== null) release();
    });
    plot.addEventListener("click", (event) => tapped(panel, event));
    plot.addEventListener("keydown", (event) => pressed(panel, event));
    plot.addEventListener("blur", () => {
      if (!state.pinned && state.arm !== null) release();
    });
  }
