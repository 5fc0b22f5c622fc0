// The glossary: what a heading says, on hover, focus and tap. It stays while the pointer is on it, and goes with Escape.

{
  const term = Object.assign(document.createElement("div"), { id: "term", hidden: true });
  term.setAttribute("role", "tooltip");
  document.body.append(term);
  let [of, leaving] = [null, 0];

  const hide = () => (term.hidden = true);
  const hideSoon = () => (leaving = setTimeout(hide, 150)); // long enough to reach it with the pointer

  function show(heading) {
    clearTimeout(leaving);
    term.textContent = document.getElementById(heading.dataset.term).textContent;
    term.hidden = false;
    of = heading;
    lay();
  }

  function lay() {
    const [place, size] = [of.getBoundingClientRect(), term.getBoundingClientRect()];
    term.style.left = `${Math.max(8, Math.min(place.left, document.documentElement.clientWidth - size.width - 8))}px`;
    term.style.top = `${place.bottom + size.height + 8 < innerHeight ? place.bottom + 4 : place.top - size.height - 4}px`;
  }

  for (const heading of document.querySelectorAll("[data-term]")) {
    heading.querySelector("button")?.setAttribute("aria-describedby", heading.dataset.term);
    const mouse = (act) => (event) => event.pointerType === "mouse" && act(heading);
    heading.addEventListener("pointerenter", mouse(show));
    heading.addEventListener("pointerleave", mouse(hideSoon));
    heading.addEventListener("focusin", () => show(heading));
    heading.addEventListener("focusout", hideSoon);
    heading.addEventListener("click", () => show(heading));
  }
  term.addEventListener("pointerenter", () => clearTimeout(leaving));
  term.addEventListener("pointerleave", hideSoon);
  addEventListener("keydown", (event) => event.key === "Escape" && hide());
  addEventListener("scroll", () => term.hidden || lay(), { passive: true, capture: true }); // of the page, or of a table
}
