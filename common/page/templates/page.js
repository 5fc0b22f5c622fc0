"use strict";

// The choice of a dataset, links that open what is folded, tables that sort by a click on a heading.

// One dataset is chosen for the whole page, or all are, and the address keeps it: report.html?dataset=Two+moons#answers. What belongs to one
// has its label as `data-dataset`, and is shown where this or all are chosen, with `data-only` not where all are; what has `data-all` is shown
// where all are; `details.one` in it opens as it is chosen. Other scripts read `document.documentElement.dataset.dataset`, the label or "" for
// all, hear of a choice by the event "dataset" of the document, whose `detail` is the label, and choose by `chooseDataset(label)`.
const datasetChoices = [...document.querySelectorAll("input[name=dataset]")];

function showDataset(label) {
  document.documentElement.dataset.dataset = label;
  for (const element of document.body.querySelectorAll("[data-dataset]")) {
    element.hidden = label ? element.dataset.dataset !== label : "only" in element.dataset;
    if (label && !element.hidden) for (const fold of element.querySelectorAll("details.one")) fold.open = true;
  }
  for (const element of document.querySelectorAll("[data-all]")) element.hidden = label !== "";
  for (const input of datasetChoices) input.checked = input.value === label;
}

function chooseDataset(label) {
  // What stands below the bar stays where it is, if it can.
  const bar = document.querySelector(".bar").getBoundingClientRect().bottom;
  const there = [...document.querySelectorAll("main h2, main h3")].find((one) => one.getBoundingClientRect().bottom > bar && one.offsetParent);
  const before = there?.getBoundingClientRect().top;
  showDataset(label);
  const address = new URL(location.href);
  if (label) address.searchParams.set("dataset", label);
  else address.searchParams.delete("dataset");
  history.replaceState(history.state, "", address);
  document.dispatchEvent(new CustomEvent("dataset", { detail: label }));
  if (there?.offsetParent) scrollBy({ top: there.getBoundingClientRect().top - before, behavior: "instant" });
}

document.getElementById("datasets")?.removeAttribute("hidden");
for (const input of datasetChoices) input.addEventListener("change", () => chooseDataset(input.value));
const wantedDataset = new URLSearchParams(location.search).get("dataset") ?? "";
showDataset(datasetChoices.some((input) => input.value === wantedDataset) ? wantedDataset : "");

// A link to what is folded opens it; to what is of another dataset, chooses that.
function reveal(hash) {
  const target = hash.length > 1 && document.getElementById(decodeURIComponent(hash.slice(1)));
  if (!target) return;
  const hidden = target.closest("[data-dataset][hidden]");
  if (hidden) chooseDataset(hidden.dataset.dataset);
  for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  target.scrollIntoView();
}
addEventListener("hashchange", () => reveal(location.hash));
addEventListener("load", () => reveal(location.hash)); // when all has its size
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#']");
  if (link && link.hash === location.hash) reveal(link.hash); // the address stays, and tells nobody
});

// The navigation says where one is.
const linkOf = new Map([...document.querySelectorAll("nav a[href^='#']")].map((link) => [document.getElementById(link.hash.slice(1))?.parentElement, link]));
const whereOneIs = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      const link = linkOf.get(target);
      for (const other of linkOf.values()) other.removeAttribute("aria-current");
      link.setAttribute("aria-current", "true");
      const list = link.closest("ul");
      list.scrollLeft = link.parentElement.offsetLeft - list.offsetLeft - (list.clientWidth - link.offsetWidth) / 2;
    }
  },
  { rootMargin: "-20% 0px -79% 0px" },
);
for (const section of linkOf.keys()) if (section) whereOneIs.observe(section);

function sortTable(table, column, heading) {
  const descending = heading.getAttribute("aria-sort") === "ascending";
  for (const body of table.tBodies) sortRows(body, column, descending); // each for itself: what has one unit
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
}

function sortRows(body, column, descending) {
  const rows = [...body.querySelectorAll("tr:not(.unit)")].map((row) => {
    const cell = row.cells[column];
    const text = cell.textContent.trim();
    const number = parseFloat(cell.dataset.value ?? text); // of "98.3 [97.6, 99.0]", "3 of 5" or "-9.5 %" the first
    return { row, text, key: Number.isNaN(number) ? null : number };
  });
  // What has no number, "-" above all, stands below, whichever the direction.
  rows.sort((a, b) => {
    if (a.key === null && b.key === null) return (descending ? -1 : 1) * a.text.localeCompare(b.text);
    if (a.key === null || b.key === null) return a.key === null ? 1 : -1;
    return (descending ? -1 : 1) * (a.key - b.key);
  });
  body.append(...rows.map(({ row }) => row));
}

for (const table of document.querySelectorAll("table.sortable")) {
  [...table.tHead.rows[0].cells].forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    button.addEventListener("click", () => sortTable(table, column, heading));
    heading.append(button);
  });
}
