// The explorer of curves: chips choose arms, two linked panels draw them, one cursor reads both.

(async () => {
  const explorer = document.getElementById("explorer");
  explorer.ariaBusy = "true";
  let blocks;
  try {
    blocks = JSON.parse(await unpackedText("curve-data"));
  } catch {
    explorer.ariaBusy = null;
    explorer.firstElementChild.textContent = "This browser cannot unpack the curves. The figures below show their means.";
    return;
  }

  // `arm` is the place of the arm that is pointed at, or null; `pressed` holds the words of the chips that are, by factor.
  const state = { block: 0, pressed: {}, runs: false, epoch: 0, arm: null, pinned: false };
  // The left panel shows what has no percent sign, losses above all, the right one shares. An experiment may have but one kind.
  const panels = [
    { key: "loss", first: "train_loss", shows: (quantity) => quantity.scale !== "percent" },
    { key: "accuracy", first: "test_accuracy", shows: (quantity) => quantity.scale === "percent" },
  ].filter((panel) => blocks[0].quantities.some(panel.shows));

  function html(name, properties = {}, ...children) {
    const { data = {}, aria = {}, ...rest } = properties;
    const element = Object.assign(document.createElement(name), rest);
    Object.assign(element.dataset, data);
    for (const [key, value] of Object.entries(aria)) element.setAttribute(key === "role" ? key : `aria-${key}`, value);
    element.append(...children);
    return element;
  }

  function svg(name, attributes = {}, ...children) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  }

{% include "curves_state.js" %}
{% include "curves_scales.js" %}
{% include "curves_panel.js" %}
{% include "curves_told.js" %}
{% include "curves_pointing.js" %}
{% include "curves_controls.js" %}

  start();
  explorer.ariaBusy = null;
})();
