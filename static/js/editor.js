// The answer's editor: line numbers, the byte meter, where JSON is broken, and the kept draft.
(() => {
  "use strict";
  const one = (selector, from = document) => from.querySelector(selector);
  const encoder = new TextEncoder();

  // --- where and why a text is not JSON; null when it is ------------------------------------------
  class Broken extends Error {
    constructor(at, text) { super(text); this.at = at; }
  }
  function scan(text) {
    let at = 0;
    const fail = (message, where = at) => { throw new Broken(where, message); };
    const space = () => { while (" \t\n\r".includes(text[at]) && at < text.length) at += 1; };
    const shown = () => {
      if (at >= text.length) return "the end";
      const word = /^("[^"\n]{0,24}"?|[\w.+-]{1,24}|.)/su.exec(text.slice(at))[0];
      return `“${word.replaceAll('"', "")}”`;
    };
    function string() {
      const start = at;
      for (at += 1; text[at] !== '"'; at += 1) {
        if (at >= text.length || text[at] === "\n") fail("this text has no closing quotation mark", start);
        if (text.charCodeAt(at) < 32) fail("a control character in a text must be written as \\u00…");
        if (text[at] !== "\\") continue;
        const escape = /^\\(["\\/bfnrt]|u[0-9a-fA-F]{4})/.exec(text.slice(at, at + 6));
        if (!escape) fail("a backslash must be written twice");
        at += escape[0].length - 1;
      }
      at += 1;
    }
    function scalar() {
      const found = /^(-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?|true|false|null)(?![\w.+-])/.exec(text.slice(at, at + 400));
      if (!found) fail(`${shown()} is no value; text stands in quotation marks`);
      at += found[0].length;
    }
    function members(close, member) {
      at += 1;
      space();
      if (text[at] === close) { at += 1; return; }
      for (;;) {
        member();
        space();
        if (text[at] === close) { at += 1; return; }
        if (text[at] !== ",") fail(at < text.length ? `a comma is missing before ${shown()}` : `“${close}” is missing at the end`);
        at += 1;
        space();
        if (text[at] === close) fail(`the comma before “${close}” is one too many`);
      }
    }
    function pair() {
      if (text[at] !== '"') fail(`a name in quotation marks is expected, not ${shown()}`);
      string();
      space();
      if (text[at] !== ":") fail(`a colon is missing before ${shown()}`);
      at += 1;
      value();
    }
    function value() {
      space();
      if (at >= text.length) fail("a value is missing at the end");
      if (text[at] === "{") members("}", pair);
      else if (text[at] === "[") members("]", value);
      else if (text[at] === '"') string();
      else scalar();
    }
    value();
    space();
    if (at < text.length) fail(`${shown()} stands after the end of the answer`);
  }
  function faultIn(text) {
    try {
      scan(text);
    } catch (fault) {
      if (fault instanceof Broken) {
        const before = text.slice(0, fault.at).split("\n");
        return { line: before.length, column: [...before.at(-1)].length + 1, why: fault.message };
      }
      // Nested deeper than this machine's stack: the server judges that one.
      if (fault instanceof RangeError) return null;
      throw fault;
    }
    return null;
  }

  // --- textarea[data-json] within .editor; #<id>-fault and #<id>-meter show the result ------------
  function drawGutter(area, fault) {
    const gutter = one(".gutter", area.parentElement);
    if (!gutter) return;
    const count = Math.min(area.value.split("\n").length, 5000);
    gutter.replaceChildren();
    for (let line = 1; line <= count; line += 1) {
      const number = document.createElement("span");
      number.textContent = `${line}\n`;
      if (fault && fault.line === line) number.className = "bad";
      gutter.append(number);
    }
    gutter.scrollTop = area.scrollTop;
  }
  function drawMeter(area) {
    const meter = document.getElementById(`${area.id}-meter`);
    if (!meter) return;
    const most = Number(meter.dataset.max || 262144);
    const bytes = encoder.encode(area.value).length;
    const number = new Intl.NumberFormat(document.documentElement.lang || "en");
    meter.classList.toggle("over", bytes > most);
    one(".fill", meter)?.setAttribute("width", `${Math.min(100, (bytes / most) * 100)}%`);
    one("[data-bytes]", meter).textContent = `${number.format(bytes)} of ${number.format(most)} bytes`
      + (bytes > most ? `, ${number.format(bytes - most)} too many` : "");
  }
  function drawFault(area, fault) {
    const place = document.getElementById(`${area.id}-fault`);
    if (fault) area.setAttribute("aria-invalid", "true"); else area.removeAttribute("aria-invalid");
    if (!place) return;
    place.hidden = !fault;
    const text = one("[data-text]", place) || place;
    text.textContent = fault ? `Line ${fault.line}, column ${fault.column}: ${fault.why}` : "";
  }
  function check(area, { gently = false } = {}) {
    // Above a megabyte nothing can be sent anyway; do not hold the keyboard up for it.
    const fault = area.value.trim() && area.value.length < 1e6 ? faultIn(area.value) : null;
    drawMeter(area);
    // While a person types, half-written JSON is no mistake yet: say it after a pause.
    if (gently && fault) { drawGutter(area, null); return; }
    drawGutter(area, fault);
    drawFault(area, fault);
  }
  const pauses = new WeakMap();
  function later(element, work, pause) {
    clearTimeout(pauses.get(element));
    pauses.set(element, setTimeout(work, pause));
  }
  const start = (from) => from.querySelectorAll("textarea[data-json]").forEach((area) => {
    if (area.dataset.started) return;
    area.dataset.started = "yes";
    // What the server found wrong stays until the text is changed.
    if (area.hasAttribute("aria-invalid")) { drawMeter(area); drawGutter(area, faultIn(area.value)); }
    else check(area);
    area.addEventListener("scroll", () => { const gutter = one(".gutter", area.parentElement); if (gutter) gutter.scrollTop = area.scrollTop; });
  });
  document.addEventListener("input", (event) => {
    const area = event.target.closest("textarea[data-json]");
    if (area) { check(area, { gently: true }); later(area, () => check(area), 600); }
    const form = event.target.form;
    if (form && form.dataset.draftUrl) later(form, () => keepDraft(form), 1000);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-fault-for]");
    const area = link && document.getElementById(link.dataset.faultFor);
    if (!area) return;
    const fault = faultIn(area.value);
    area.focus();
    if (!fault) return;
    const at = area.value.split("\n").slice(0, fault.line - 1).join("\n").length + (fault.line > 1 ? 1 : 0) + fault.column - 1;
    area.setSelectionRange(at, at);
  });

  // --- draft: kept on the server, so that nothing typed is lost -----------------------------------
  async function keepDraft(form) {
    const state = one("[data-draft-state]", form);
    const show = (text) => { if (state) state.textContent = text; };
    try {
      const reply = await fetch(form.dataset.draftUrl, {
        method: "POST", body: new FormData(form), credentials: "same-origin", redirect: "error",
        headers: { "X-Requested-With": "fetch" },
      });
      if (!reply.ok) throw new Error(String(reply.status));
      show(`Draft kept ${new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" })}`);
    } catch (failure) {
      show("The draft could not be kept. Your text is still here; it is tried again at the next change.");
    }
  }
  addEventListener("pagehide", () => document.querySelectorAll("form[data-draft-url]").forEach((form) => {
    if (form.dataset.touched) navigator.sendBeacon(form.dataset.draftUrl, new FormData(form));
  }));
  document.addEventListener("input", (event) => { if (event.target.form) event.target.form.dataset.touched = "yes"; });
  document.addEventListener("submit", (event) => { delete event.target.dataset.touched; clearTimeout(pauses.get(event.target)); });

  // --- of a forecast drawn anew, what was unfolded stays so, and a new title is said ---------------
  let unfolded = [], told;
  const titles = () => [...document.querySelectorAll("#forecast-title, #reject:not([hidden]) b")].map((element) => element.textContent);
  document.body.addEventListener("htmx:beforeSwap", () => {
    unfolded = [...document.querySelectorAll("details[id][open]")].map((element) => element.id);
    told = titles();
  });
  document.body.addEventListener("htmx:afterSettle", () => unfolded.forEach((id) => document.getElementById(id)?.setAttribute("open", "")));

  // --- the forecast makes way for the answer itself: neither delays nor outlives it ----------------
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    const form = event.target.closest("form#answer");
    if (!form) return;
    if (event.target === form) form.querySelectorAll("[data-live]").forEach((live) => window.htmx.trigger(live, "htmx:abort"));
    else if (event.target.matches("[data-live]") && form.classList.contains("htmx-request")) event.preventDefault();
  });

  document.body.addEventListener("htmx:afterSwap", (event) => {
    start(document);
    const text = titles().filter((text) => !told.includes(text)).join(". ");
    if (text && event.detail.target.id === "forecast") one("#live").textContent = text;
  });
  start(document);
})();
