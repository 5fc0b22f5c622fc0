  // -- Scales, and numbers in words --------------------------------------------------------------------------------------------------

  function text(value, scale) {
    if (value === null || value === undefined) return "not finite";
    return scale === "percent" ? (100 * value).toFixed(1) : String(Number(value.toPrecision(3)));
  }

  function withInterval(curve, i, scale) {
    if (!curve) return "not measured";
    if (isParted(curve)) return scale === "log" && curve.runs.some((run) => run.includes(0)) ? "at zero" : "two groups";
    if (curve.mean[i] === null && curve.runs.some((run) => run[i] !== null)) return "not finite to the end";
    const unit = scale === "percent" && curve.mean[i] !== null ? " %" : "";
    const interval = curve.low[i] === null ? "" : ` [${text(curve.low[i], scale)}, ${text(curve.high[i], scale)}]`;
    return text(curve.mean[i], scale) + unit + interval;
  }

  /** Whether runs fall into two groups, or are zero on a log axis: there is no mean to draw, though some run has all its values. */
  const isParted = (curve) => curve.mean.every((value) => value === null) && curve.runs.some((run) => run.every((value) => value !== null));

  function tickWords(tick, scale) {
    return scale === "percent" ? `${Number((100 * tick).toPrecision(6))} %` : String(Number(tick.toPrecision(4)));
  }

  /** About as many ticks as there is room for; on a log axis powers of ten and their parts. */
  function ticksOf(low, high, scale, room) {
    if (scale === "log") {
      const [from, to] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
      const steps = to - from > 3 ? [1] : to - from > 1 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 7];
      const every = Math.ceil((to - from) / 8);
      const ticks = [];
      for (let power = from; power <= to; power += every) ticks.push(...steps.map((step) => step * 10 ** power));
      const inside = ticks.filter((tick) => tick >= low && tick <= high);
      if (inside.length > 1) return inside; // else the axis is zoomed so far that it is nearly linear
    }
    const rough = (high - low) / room;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
    const ticks = [];
    for (let tick = Math.ceil(low / step) * step; tick <= high + step / 1e6; tick += step) ticks.push(Number(tick.toPrecision(12)));
    return ticks;
  }

  const placed = new WeakMap(); // {curve: its numbers on its axis}, which take the time of a redraw otherwise

  /** A curve's numbers as its axis has them, logarithms on a log axis, NaN where there is none; and the lowest and highest of its mean and
      runs over all epochs, and over the second half. */
  function onAxis(curve, scale) {
    if (placed.has(curve)) return placed.get(curve);
    const along = (value) => (value === null || (scale === "log" && value <= 0) ? NaN : scale === "log" ? Math.log(value) : value);
    const [mean, low, high] = [curve.mean, curve.low, curve.high].map((part) => Float64Array.from(part, along));
    const runs = curve.runs.map((run) => Float64Array.from(run, along));
    const extents = [0, Math.floor(mean.length / 2)].map((from) => {
      const values = [mean, ...runs].flatMap((part) => [...part.subarray(from)].filter((value) => !Number.isNaN(value)));
      return values.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [Infinity, -Infinity]);
    });
    const found = { mean, low, high, runs, extents, hasMean: mean.some((value) => !Number.isNaN(value)) };
    placed.set(curve, found);
    return found;
  }

  /** The lowest and highest of the curves, a little widened; null if there is no value. */
  function rangeOf(curves, scale, half = false) {
    const all = curves.map((curve) => onAxis(curve, scale).extents[half ? 1 : 0]);
    const ends = [Math.min(...all.map(([from]) => from)), Math.max(...all.map(([, to]) => to))];
    if (!(ends[0] <= ends[1])) return null;
    const [low, high] = scale === "log" ? ends.map(Math.exp) : ends;
    if (scale === "log") return low === high ? [low / 2, high * 2] : [low / (high / low) ** 0.03, high * (high / low) ** 0.03];
    const more = 0.03 * (high - low) || 0.01;
    return [low - more, high + more];
  }

  /** Whether an axis can show a range: numbers of which the labels differ, above zero on a log axis. */
  function canShow([low, high], scale) {
    const most = Math.max(Math.abs(low), Math.abs(high));
    return high - low > 1e-4 * most && most < 1e100 && (scale !== "log" || low > 1e-100);
  }

  /** A range `share` as wide about a value, on the scale. */
  function zoomed([low, high], share, about, scale) {
    const [to, back] = scale === "log" ? [Math.log, Math.exp] : [(value) => value, (value) => value];
    const [from, until, middle] = [to(low), to(high), to(about)];
    const half = ((until - from) * share) / 2;
    return [back(middle - half), back(middle + half)];
  }
