// Lists beside a request: on wide screens a row opens next to the list, else it is a plain link.
(() => {
  "use strict";
  const wide = matchMedia("(width >= 1280px)");

  // Previous and next in the pane: the row beside it opens, so the list keeps its place.
  document.addEventListener("click", (event) => {
    const step = event.target.closest("#detail .bar-top a[href^='/tasks/']");
    if (!step || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const row = document.querySelector(`#rows a[data-row][href="${CSS.escape(step.getAttribute("href"))}"]`);
    if (!row) return;
    event.preventDefault();
    row.scrollIntoView({ block: "nearest" });
    row.click();
  });

  // A row that a poll puts in anew does not know which request stands beside the list.
  document.addEventListener("htmx:oobAfterSwap", () => {
    const selected = wide.matches && new URLSearchParams(location.search).get("selected");
    if (selected) document.getElementById(`open-${selected}`)?.setAttribute("aria-current", "true");
  });

  // Before htmx sees it: a new tab, or a screen without the second pane, follows the link.
  document.addEventListener("click", (event) => {
    const row = event.target.closest("a[data-row][hx-get]");
    if (!row) return;
    const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0;
    if (elsewhere || !wide.matches) { event.stopPropagation(); return; }
    for (const other of document.querySelectorAll("[data-row][aria-current]")) other.removeAttribute("aria-current");
    row.setAttribute("aria-current", "true");
  }, true);
})();
