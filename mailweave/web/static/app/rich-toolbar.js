// The toolbar of an editor: what its buttons do, which are pressed, and the question for a link.
// It is one stop for Tab; the arrows walk through it.

const WRAPS = { bold: "B", italic: "I", underline: "U" };
const AROUND = { bullets: /(?:^|>)UL/, numbers: /(?:^|>)OL/, quote: /(?:^|>)BLOCKQUOTE/ };
const KEYS = { b: "bold", i: "italic", u: "underline", k: "link" };

export class Toolbar {
  constructor(bar, asking, pad) {
    this.bar = bar;
    this.asking = asking;
    this.pad = pad;
    for (const [key, what] of Object.entries(KEYS)) {
      const act = (_, event) => { event.preventDefault(); this.do(what); };
      for (const mod of ["Ctrl", "Meta"]) pad.setKeyHandler(`${mod}-${key}`, act);
    }
    for (const name of ["pathChange", "select"]) pad.addEventListener(name, () => this.mark());
    asking.addEventListener("keydown", (event) => this.#answer(event));
    asking.addEventListener("click", (event) => {
      if (event.target.closest("[data-set]")) this.#link(asking.querySelector("input").value.trim());
      if (event.target.closest("[data-drop]")) this.#link("");
    });
  }

  do(what) {
    const { pad } = this;
    const is = AROUND[what]?.test(pad.getPath());
    if (what === "link") return this.#ask();
    if (WRAPS[what]) pad[pad.hasFormat(WRAPS[what]) ? `remove${what[0].toUpperCase()}${what.slice(1)}` : what]();
    if (what === "bullets") pad[is ? "removeList" : "makeUnorderedList"]();
    if (what === "numbers") pad[is ? "removeList" : "makeOrderedList"]();
    if (what === "quote") pad[is ? "decreaseQuoteLevel" : "increaseQuoteLevel"]();
    if (what === "clear") pad.removeAllFormatting();
    pad.focus();
    this.mark();
  }

  mark() {
    const path = this.pad.getPath();
    for (const button of this.bar.querySelectorAll("[data-do][aria-pressed]")) {
      const what = button.dataset.do;
      if (WRAPS[what]) button.ariaPressed = String(this.pad.hasFormat(WRAPS[what]));
      if (AROUND[what]) button.ariaPressed = String(AROUND[what].test(path));
    }
  }

  #ask() {
    const field = this.asking.querySelector("input");
    const there = this.pad.getSelection().startContainer.parentElement?.closest("a");
    this.asking.hidden = false;
    field.value = there?.getAttribute("href") ?? "";
    field.focus();
    field.select();
  }

  #link(given) {
    this.asking.hidden = true;
    this.pad.focus();
    if (!given) return this.pad.removeLink();
    const whole = /^[^\s@/:]+@[^\s@]+$/.test(given) ? `mailto:${given}` : `https://${given}`;
    this.pad.makeLink(/^(?:https?:|mailto:|tel:)/i.test(given) ? given : whole);
  }

  #answer(event) {
    if (event.target.matches("button") || !["Enter", "Escape"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Enter") return this.#link(event.target.value.trim());
    this.asking.hidden = true;
    this.pad.focus();
  }
}

export function walk(bar) {
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const all = [...bar.querySelectorAll("button:not(:disabled)")].filter((one) => one.checkVisibility());
    const next = all[(all.indexOf(document.activeElement) + step + all.length) % all.length];
    if (!step || !next) return;
    event.preventDefault();
    for (const one of bar.querySelectorAll("button")) one.tabIndex = one === next ? 0 : -1;
    next.focus();
  });
}
