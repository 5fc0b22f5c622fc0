"use strict";

// Tables that sort by a click on a heading, figures that open at full size.

function sortTable(table, column, heading) {
  const descending = heading.getAttribute("aria-sort") === "ascending";
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row) => {
    const text = row.cells[column].textContent.trim();
    const number = parseFloat(text); // of "98.3 [97.6, 99.0]", "3 of 5" or "-9.5 %" the first
    return { row, text, key: Number.isNaN(number) ? null : number };
  });
  // What has no number, "-" above all, stands below, whichever the direction.
  rows.sort((a, b) => {
    if (a.key === null && b.key === null) return (descending ? -1 : 1) * a.text.localeCompare(b.text);
    if (a.key === null || b.key === null) return a.key === null ? 1 : -1;
    return (descending ? -1 : 1) * (a.key - b.key);
  });
  body.append(...rows.map(({ row }) => row));
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
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

const zoom = document.getElementById("zoom");
for (const link of document.querySelectorAll("a.zoom")) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // as links do: the file beside the page, in a new tab
    event.preventDefault();
    const small = link.querySelector("img");
    const large = zoom.querySelector("img");
    large.src = small.src;
    large.alt = small.alt;
    large.width = small.getAttribute("width");
    large.height = small.getAttribute("height");
    zoom.showModal();
  });
}
