// Figures: drawn where they come into view, told apart by their ids, saved as SVG, their captions copied; and what is printed of them.

const drawings = new Map(); // text of a drawing by the stem of its file, once it is unpacked
let places = 0; // where a drawing stands; one may stand in several

async function unpacked(stem) {
  if (!drawings.has(stem)) drawings.set(stem, await unpackedText(`data-${stem}`));
  return drawings.get(stem);
}

/** Put an unpacked drawing into its place, with ids that no other place has. */
function insert(place) {
  const canvas = place.querySelector(".canvas");
  if (canvas.firstChild) return;
  places += 1;
  canvas.innerHTML = drawings.get(place.dataset.figure).replace(/(id="|href="#|url\(#)-/g, `$1drawn-${places}-`);
  canvas.firstChild.setAttribute("aria-hidden", "true"); // the canvas has the words
}

async function draw(place) {
  try {
    await unpacked(place.dataset.figure);
    insert(place);
  } catch {
    // A browser that cannot unpack shows the file beside the page.
    const image = Object.assign(document.createElement("img"), { src: `${place.dataset.figure}.png`, alt: "" });
    place.querySelector(".canvas").replaceChildren(image);
  }
}

const inView = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      inView.unobserve(target);
      draw(target);
    }
  },
  { rootMargin: "300px 0px" },
);
for (const place of document.querySelectorAll(".drawing")) inView.observe(place);

function saveText(text, type, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

for (const link of document.querySelectorAll("a[data-save]")) {
  link.addEventListener("click", async (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || !globalThis.DecompressionStream) return;
    event.preventDefault();
    const text = await unpacked(link.dataset.save);
    saveText(text.replace(/var\(--[\w-]+,(#\w+)\)/g, "$1"), "image/svg+xml", `${link.dataset.save}.svg`); // in the colours on disk
  });
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const box = Object.assign(document.createElement("textarea"), { value: text });
    document.body.append(box);
    box.select();
    document.execCommand("copy"); // old, but asks for no permission
    box.remove();
  }
}

for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await copy(button.closest("figcaption").querySelector(".caption").textContent.trim());
    const before = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = before), 1500);
  });
}

// Printed are the claims on all datasets, the figures outside of this section, and of each question here the first, unless it stands outside
// too. Nothing can be waited for when printing begins: what will be printed is unpacked while the page is idle.
function printed() {
  const outside = [...document.querySelectorAll(".drawing")].filter((place) => !place.closest(".figures"));
  const there = new Set(outside.map((place) => place.dataset.figure));
  const first = [...document.querySelectorAll(".figures .group figure:first-of-type .drawing")];
  return [...outside, ...first.filter((place) => !there.has(place.dataset.figure) && !place.closest("[data-rest]"))];
}

const whenIdle = globalThis.requestIdleCallback ?? setTimeout;
whenIdle(async () => {
  for (const place of printed()) await unpacked(place.dataset.figure).catch(() => {});
  document.documentElement.dataset.printable = "";
});

let opened = [];
addEventListener("beforeprint", () => {
  for (const fold of document.querySelectorAll("section[aria-labelledby=verdicts] details:has(.claims):not([open])")) {
    fold.open = true;
    opened.push(fold);
  }
  for (const place of printed()) {
    if (drawings.has(place.dataset.figure)) insert(place);
    place.closest("figure")?.classList.add("printed");
    const folds = [];
    for (let fold = place.closest("details"); fold; fold = fold.parentElement.closest("details")) folds.push(fold);
    for (const fold of folds.filter((one) => !one.open)) {
      fold.open = true;
      opened.push(fold);
    }
  }
});
addEventListener("afterprint", () => {
  for (const fold of opened) fold.open = false;
  opened = [];
});
