// A graph larger than its box shows what waits, or failed; once somebody has moved it, it stays
// there, also when the server draws it anew.
(() => {
  "use strict";
  let moved = null;

  function place() {
    const box = document.querySelector("#graph .graph-box");
    if (!box || box.dataset.placed) return;
    box.dataset.placed = "yes";
    if (moved && moved.page === location.pathname) box.scrollTo(moved.x, moved.y);
    else centre(box, box.querySelector(".node.waiting, .node.failed") || box.querySelector(".node"));
    for (const by of ["wheel", "pointerdown", "touchmove", "keydown"])
      box.addEventListener(by, () => box.addEventListener("scroll", () => {
        moved = { page: location.pathname, x: box.scrollLeft, y: box.scrollTop };
      }), { once: true, passive: true });
  }
  function centre(box, node) {
    const around = box.getBoundingClientRect(), at = node.getBoundingClientRect();
    box.scrollBy(at.x + (at.width - around.width) / 2 - around.x, at.y + (at.height - around.height) / 2 - around.y);
  }
  for (const drawn of ["htmx:afterSettle", "htmx:oobAfterSwap"]) document.addEventListener(drawn, place);
  place();
})();
