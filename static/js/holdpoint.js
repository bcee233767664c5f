// The behaviour of every page: ticks, clocks, keys, dialogs, copying, busy buttons, focus.
// Pages work without it; hooks are data- attributes, and nothing here evaluates text as code.
(() => {
  "use strict";
  const root = document.documentElement;
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const one = (selector, from = document) => from.querySelector(selector);
  const say = (text) => { const live = one("#live"); if (live) live.textContent = text; };

  // --- hp:tick: fragments refresh while somebody looks, more slowly while it fails -------------
  const PAUSES = [10, 20, 60].map((seconds) => seconds * 1000);
  let failures = 0, lastTick = Date.now(), timer = 0;

  function schedule() {
    clearTimeout(timer);
    const pause = PAUSES[Math.min(failures, PAUSES.length - 1)];
    timer = setTimeout(tick, Math.max(0, lastTick + pause - Date.now()));
  }
  function tick() {
    if (document.hidden) return;
    lastTick = Date.now();
    document.body.dispatchEvent(new CustomEvent("hp:tick"));
    schedule();
  }
  document.addEventListener("visibilitychange", () => document.hidden ? clearTimeout(timer) : schedule());

  const isPoll = (detail) => {
    const event = detail.requestConfig && detail.requestConfig.triggeringEvent;
    return !event || event.type === "hp:tick" || event.type === "hx:poll:trigger";
  };
  function reached(ok) {
    failures = ok ? 0 : Math.min(failures + 1, PAUSES.length - 1);
    const banner = one("#unreachable");
    if (banner) banner.hidden = ok;
    schedule();
  }

  // --- clocks: the server's time counts, whatever this machine's clock says --------------------
  const skew = Number(root.dataset.now || 0) * 1000 - Date.now();
  const serverNow = () => Date.now() + (root.dataset.now ? skew : 0);

  function wordsFor(seconds) {
    if (seconds < 60) return `${seconds} s`;
    if (seconds < 600) return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
    return `${Math.floor(seconds / 60)} min`;
  }
  // <time datetime data-until data-words="{} left" data-ended="ended">: counts down below one hour.
  function runClocks() {
    for (const clock of all("[data-until]")) {
      const seconds = Math.ceil((Date.parse(clock.getAttribute("datetime")) - serverNow()) / 1000);
      if (Number.isNaN(seconds) || seconds >= 3600) continue;
      const text = seconds > 0
        ? (clock.dataset.words || "{}").replace("{}", clock.dataset.plain ? seconds : wordsFor(seconds))
        : clock.dataset.ended || (clock.dataset.words || "{}").replace("{}", clock.dataset.plain ? 0 : "0 s");
      if (clock.textContent !== text) clock.textContent = text;
      drawRing(clock, seconds);
    }
  }
  // <time datetime data-since data-words="{} ago">: counts up, for what an open page shows grows old.
  function spanWords(seconds) {
    if (seconds < 60) return `${seconds} s`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
    return seconds < 86400 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86400)} d`;
  }
  function runAges() {
    for (const clock of all("[data-since]")) {
      const seconds = Math.floor((serverNow() - Date.parse(clock.getAttribute("datetime"))) / 1000);
      if (Number.isNaN(seconds)) continue;
      const text = (clock.dataset.words || "{}").replace("{}", spanWords(Math.max(0, seconds)));
      if (clock.textContent !== text) clock.textContent = text;
    }
  }
  // data-ring names the hold in seconds; the ring's circle has pathLength 100.
  function drawRing(clock, seconds) {
    const circle = clock.dataset.ring && one("circle.fill", clock.closest(".ring") || document);
    if (!circle) return;
    const part = Math.max(0, Math.min(1, seconds / Number(clock.dataset.ring)));
    circle.setAttribute("stroke-dasharray", `${Math.round(part * 100)} 100`);
  }

  // --- keys: off by choice, never while typing --------------------------------------------------
  const typing = (element) => element.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
  let chord = "";

  function moveInList(step) {
    const links = all("[data-row]");
    if (!links.length) return false;
    const current = links.findIndex((link) =>
      link === document.activeElement || link.hasAttribute("aria-current") || link.closest("[aria-current]"));
    const next = links[Math.max(0, Math.min(links.length - 1, current + step))];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
    if (one("#detail") && matchMedia("(width >= 1280px)").matches) next.click();
    return true;
  }
  function press(key) {
    const target = all(`[data-key="${CSS.escape(key)}"]`).find((element) => element.checkVisibility());
    if (!target) return false;
    // a and r only go to the answer buttons: a single key must never send an answer. A field is
    // gone to, for a click from here would leave the focus where it is.
    if (key === "a" || key === "r" || typing(target)) {
      target.focus();
      target.scrollIntoView({ block: "nearest" });
    } else target.click();
    return true;
  }
  function onKey(event) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return sendOpenAnswer(event);
    if (event.ctrlKey || event.metaKey || event.altKey || root.dataset.keys !== "on") return;
    if (typing(event.target) || one("dialog[open]")) return;
    const key = event.key;
    let done = false;
    if (chord) { done = press(`g${key}`); chord = ""; }
    else if (key === "g") chord = "g";
    else if (key === "j" || key === "k") done = press(key) || moveInList(key === "j" ? 1 : -1);
    else if (key === "o") done = openRow();
    else if (key === "?") { openDialog(one("#keys")); done = true; }
    else if (/^[uarez/]$/.test(key)) done = press(key);
    if (done) event.preventDefault();
  }
  function openRow() {
    const row = document.activeElement.closest("[data-row]") || one("[aria-current] [data-row], [data-row][aria-current]");
    if (row) location.assign(row.href);
    return Boolean(row);
  }
  function sendOpenAnswer(event) {
    const focused = document.activeElement;
    const button = focused.matches("[data-answer]") ? focused
      : one("[data-answer]", focused.closest("[data-answer-panel]:not([hidden])") || document.createElement("i"));
    if (button) { event.preventDefault(); button.click(); }
  }
  document.addEventListener("keydown", onKey);

  // --- dialogs, panels that open in place, copying ----------------------------------------------
  function openDialog(dialog) {
    if (!dialog || dialog.open) return;
    dialog.showModal();
    const first = one("[autofocus], input:not([type=hidden]), select, textarea, button", dialog);
    if (first) first.focus();
  }
  function togglePanel(link) {
    const panel = document.getElementById(link.dataset.toggle);
    if (!panel) return false;
    panel.hidden = !panel.hidden;
    all(`[data-toggle="${CSS.escape(panel.id)}"][aria-expanded]`).forEach((element) =>
      element.setAttribute("aria-expanded", String(!panel.hidden)));
    if (panel.hidden) one(`[data-toggle="${CSS.escape(panel.id)}"][aria-expanded]`)?.focus();
    else (one("select, input:not([type=hidden]), textarea", panel) || panel).focus();
    return true;
  }
  async function copy(button) {
    const source = button.dataset.copyFrom && document.getElementById(button.dataset.copyFrom);
    const text = source ? (source.value ?? source.textContent) : button.dataset.copy || "";
    try {
      await navigator.clipboard.writeText(text);
    } catch (refused) {
      say(`Not copied: ${refused.name}. Select the text and copy it by hand.`);
      return;
    }
    const label = one("[data-label]", button) || button;
    const before = label.textContent;
    if (before === "Copied") return;
    label.textContent = "Copied";
    say("Copied");
    setTimeout(() => { label.textContent = before; }, 2000);
  }
  document.addEventListener("click", (event) => {
    const off = event.target.closest("[aria-disabled=true]");
    if (off) { event.preventDefault(); event.stopPropagation(); return; }
    const hook = event.target.closest("[data-dialog], [data-toggle], [data-copy], [data-copy-from], [data-close]");
    if (hook) {
      const plain = !(event.ctrlKey || event.metaKey || event.shiftKey);
      if (hook.dataset.dialog !== undefined) {
        const dialog = document.getElementById(hook.dataset.dialog);
        if (dialog && plain) { event.preventDefault(); openDialog(dialog); }
      } else if (hook.dataset.toggle !== undefined) { if (togglePanel(hook)) event.preventDefault(); }
      else if (hook.hasAttribute("data-close")) hook.closest("dialog")?.close();
      else { event.preventDefault(); copy(hook); }
    }
    for (const menu of all("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  }, true);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = event.target.closest("details.menu[open]");
    if (menu) { menu.open = false; one("summary", menu).focus(); }
  });

  // --- one click, one request: the pressed button is busy until the answer is here ---------------
  const busy = new Set();
  function setBusy(button, on) {
    if (!button) return;
    on ? busy.add(button) : busy.delete(button);
    for (const name of ["aria-busy", "aria-disabled"]) on ? button.setAttribute(name, "true") : button.removeAttribute(name);
  }
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button || button.hasAttribute("data-no-busy")) return;
    // After this turn, so that the button's own name and value still go with the form.
    setTimeout(() => { if (!event.defaultPrevented || event.target.hasAttribute("hx-post")) setBusy(button, true); });
  });
  addEventListener("pageshow", () => busy.forEach((button) => setBusy(button, false)));

  // --- htmx: signed-out answers, focus after an own action, back-off ------------------------------
  const body = document.body;
  let focusWasInside = false;
  body.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, target } = event.detail;
    focusWasInside = Boolean(target && target.contains(document.activeElement));
    // A whole page in place of a fragment is the sign-in page: the session has ended.
    if (/^\s*<!doctype/i.test(xhr.responseText.slice(0, 200))) {
      event.detail.shouldSwap = false;
      const banner = one("#signed-out");
      if (banner) banner.hidden = false;
    }
  });
  body.addEventListener("htmx:afterSwap", (event) => {
    runClocks();
    if (isPoll(event.detail)) return;
    const target = event.detail.target.isConnected ? event.detail.target
      : document.getElementById(event.detail.target.id);
    if (!target) return;
    const wrong = focusWasInside && one("[aria-invalid=true]", target);
    const heading = one("[data-focus=always]", target) || (focusWasInside && one("[data-focus]", target));
    (wrong || heading || { focus() {} }).focus({ preventScroll: false });
  });
  body.addEventListener("htmx:afterRequest", (event) => {
    if (!isPoll(event.detail)) busy.forEach((button) => setBusy(button, false));
    else reached(event.detail.successful || event.detail.xhr.status === 204);
  });

  root.classList.add("js");
  setInterval(() => { runClocks(); runAges(); }, 1000);
  runClocks();
  schedule();
})();
