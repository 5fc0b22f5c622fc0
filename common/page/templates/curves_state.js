  // -- What is chosen, and the page's address, which keeps it -------------------------------------------------------------------------
  //
  // In the address: ?curves.<factor>=<value>, once per chip, or * for all; ?curves.loss=, ?curves.accuracy= (names of quantities), their zoom
  // (?curves.loss.zoom=<low>_<high>), ?curves.runs=on and, where the page has no dataset of its own, ?curves.dataset=. What is as at
  // first is left out. Other parts of the address are others' and stay.

  const PREFIX = "curves.";
  const FIRST_ARMS = 3; // shown at first

  const block = () => blocks[state.block];
  const quantityOf = (panel) => block().quantities.find(({ name }) => name === panel.quantity);

  /** The arms whose values are all pressed: their places. */
  function shownArms() {
    const { arms, factors } = block();
    const pressed = factors.map((factor) => factor.values.map(({ word }) => state.pressed[factor.name].has(word)));
    return [...arms.keys()].filter((i) => arms[i].values.every((value, f) => pressed[f][value]));
  }

  /** The chips pressed at first: up to three values of the first factor that has several, and of each other the one in the middle. */
  function firstChips() {
    const { factors } = block();
    const several = factors.find(({ values }) => values.length > 1);
    const words = factors.map((factor) => {
      const all = factor.values.map(({ word }) => word);
      return [factor.name, factor === several ? all.slice(0, FIRST_ARMS) : [all[Math.floor((all.length - 1) / 2)]]];
    });
    return Object.fromEntries(words);
  }

  function firstQuantity(panel) {
    const names = block().quantities.filter(panel.shows).map(({ name }) => name);
    return names.includes(panel.first) ? panel.first : (names[0] ?? null);
  }

  /** Everything as at first but the dataset. */
  function reset() {
    state.pressed = Object.fromEntries(Object.entries(firstChips()).map(([name, words]) => [name, new Set(words)]));
    Object.assign(state, { runs: false, epoch: block().epochs.length - 1, arm: null, pinned: false });
    for (const panel of panels) Object.assign(panel, { quantity: firstQuantity(panel), zoom: null });
  }

  /** Another dataset; what is chosen stays as far as that has it. */
  function show(place) {
    const [pressed, quantities, runs] = [state.pressed, panels.map(({ quantity }) => quantity), state.runs];
    state.block = place;
    reset();
    state.runs = runs;
    for (const { name, values } of block().factors) {
      const kept = values.map(({ word }) => word).filter((word) => pressed[name]?.has(word));
      if (kept.length) state.pressed[name] = new Set(kept);
    }
    panels.forEach((panel, i) => {
      if (block().quantities.some(({ name }) => name === quantities[i])) panel.quantity = quantities[i];
    });
  }

  /** The dataset that the control of the whole page chose, its place; -1 if that shows all, or there is none. */
  const placeOfPage = (name = document.documentElement.dataset.dataset) => blocks.findIndex(({ dataset }) => dataset === name);

  function readAddress() {
    const words = new URLSearchParams(location.search);
    const own = blocks.findIndex(({ dataset }) => dataset === words.get(`${PREFIX}dataset`));
    state.block = Math.max(placeOfPage() >= 0 ? placeOfPage() : own, 0);
    reset();
    for (const { name, values } of block().factors) {
      const given = words.getAll(PREFIX + name);
      if (given.length) state.pressed[name] = new Set(values.map(({ word }) => word).filter((word) => given.includes(word) || given.includes("*")));
    }
    for (const panel of panels) {
      const name = words.get(PREFIX + panel.key);
      if (block().quantities.some((quantity) => quantity.name === name && panel.shows(quantity))) panel.quantity = name;
      const [low, high] = (words.get(`${PREFIX}${panel.key}.zoom`) ?? "").split("_").map(parseFloat);
      if (panel.quantity && canShow([low, high], quantityOf(panel).scale)) panel.zoom = [low, high];
    }
    state.runs = words.get(`${PREFIX}runs`) === "on";
  }

  function writeAddress() {
    const words = new URLSearchParams(location.search);
    for (const key of [...words.keys()]) if (key.startsWith(PREFIX)) words.delete(key);
    if (state.block > 0 && placeOfPage() < 0) words.set(`${PREFIX}dataset`, block().dataset);
    const first = firstChips();
    for (const { name, values } of block().factors) {
      const chosen = state.pressed[name];
      if (chosen.size === first[name].length && first[name].every((word) => chosen.has(word))) continue;
      const given = chosen.size === values.length ? ["*"] : chosen.size ? [...chosen] : [""];
      for (const word of given) words.append(PREFIX + name, word);
    }
    for (const panel of panels) {
      if (panel.quantity !== firstQuantity(panel)) words.set(PREFIX + panel.key, panel.quantity);
      if (panel.zoom) words.set(`${PREFIX}${panel.key}.zoom`, panel.zoom.map((value) => Number(value.toPrecision(7))).join("_"));
    }
    if (state.runs) words.set(`${PREFIX}runs`, "on");
    const search = words.size ? `?${words}` : "";
    if (search === location.search) return;
    try {
      history.replaceState(history.state, "", `${location.pathname}${search}${location.hash}`);
    } catch {
      // A browser that keeps the address of a file as it is; the page works without.
    }
  }
