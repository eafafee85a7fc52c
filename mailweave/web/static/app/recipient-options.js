// The list of people under a recipient field, loaded when somebody types: asked of the server, walked
// by the arrows (ARIA combobox with a listbox), taken by Enter, Tab or a click.
import { read } from "./addresses.js";

const PAUSE = 120;
const LEAST = 2;

export class Options {
  #timer = 0;
  #asked = null;
  #take;
  isAsking = false;
  // Enter came before the answer: the first one is taken when it is here.
  isEager = false;

  constructor(field, input, take) {
    this.field = field;
    this.input = input;
    this.#take = take;
    this.list = document.getElementById(input.getAttribute("aria-controls"));
    // A press keeps the focus in the field; the click takes.
    this.list.onpointerdown = (event) => event.preventDefault();
    this.list.onclick = (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.#take(option.dataset.value);
      this.input.focus();
    };
  }

  get all() { return [...this.list.children]; }
  get current() { return this.list.hidden ? undefined : this.all.find((one) => one.ariaSelected === "true"); }

  // `eager`: Enter came before this was here.
  ask(eager = false) {
    this.close();
    const text = this.input.value.trim();
    if (text.length < LEAST) return;
    this.isAsking = true;
    this.isEager = eager;
    this.#timer = setTimeout(() => this.#fetch(text), PAUSE);
  }

  close() {
    clearTimeout(this.#timer);
    this.#asked?.abort();
    this.isAsking = this.isEager = false;
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  // Whether a key was for the list.
  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (this.list.hidden) return false;
    if (step) this.#point(this.all.indexOf(this.current) + step);
    else if (event.key === "Escape") { event.stopPropagation(); this.close(); }
    else if (["Enter", "Tab"].includes(event.key) && this.current) this.#take(this.current.dataset.value);
    else return false;
    return event.key !== "Tab";
  }

  async #fetch(text) {
    this.#asked = new AbortController();
    const query = new URLSearchParams({ q: text });
    try {
      const answer = await fetch(`${this.field.dataset.suggest}?${query}`, {
        headers: { "HX-Request": "true" }, signal: this.#asked.signal,
      });
      if (!answer.ok || answer.headers.has("HX-Redirect")) return this.close();
      this.#show(await answer.text(), text);
    } catch {
      // Asked anew, or the server is away: people can be typed without it.
    }
  }

  #show(html, text) {
    const found = new DOMParser().parseFromString(html, "text/html").querySelectorAll("[role=option]");
    const fresh = [...found].filter((one) => !this.field.chosen.includes(read(one.dataset.value).address.toLowerCase()));
    if (!fresh.length || this.input.value.trim() !== text || document.activeElement !== this.input) return this.close();
    if (this.isEager) return this.#take(fresh[0].dataset.value);
    this.isAsking = false;
    this.list.replaceChildren(...fresh.map((one) => document.importNode(one, true)));
    this.all.forEach((one, index) => { one.id = `${this.list.id}-${index}`; });
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.#point(read(text).isAddress ? -1 : 0);
  }

  #point(index) {
    const many = this.all.length;
    const next = index < 0 && this.current ? many - 1 : index % many;
    this.all.forEach((one, at) => { one.ariaSelected = String(at === next); });
    const option = this.all[next];
    if (!option) return this.input.removeAttribute("aria-activedescendant");
    this.input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }
}
