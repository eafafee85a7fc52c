// <draft-keeper> around a composer's form: saves what is written a second after the last key, says
// so, and keeps it in this browser as well until the server has it. Where another tab wrote
// meanwhile, the server answers with both, and a person chooses. Nothing is sent from here: the
// form is, by its buttons, once what is being saved is saved.
import { bring, drop, fieldsOf, keep, KEPT, placeOf } from "./draft-store.js";
import { choose, REFUSED, renew, save, UNREACHED } from "./draft-wire.js";
import { element } from "./element.js";

const PAUSE = 1000;
const LONGEST = 3000;
const AGAIN = 5000;

customElements.define("draft-keeper", class extends HTMLElement {
  #timer = 0;
  #since = 0;
  #dirty = false;
  #saving = null;
  #last = "";
  #owed = false; // written, and not yet at the server
  connectedCallback() {
    if (this.form) return;
    this.form = this.querySelector("form");
    this.said = this.querySelector("[data-saved]");
    this.trouble = this.querySelector("[data-trouble]");
    this.#bring();
    this.form.addEventListener("input", (event) => { if (KEPT.includes(event.target.name)) this.#changed(); });
    this.form.addEventListener("change", (event) => { if (event.target.matches("select, [type=checkbox]")) this.#changed(); });
    this.addEventListener("submit", (event) => this.#submit(event), true);
    this.addEventListener("htmx:finally:request", (event) => this.#went(event));
    this.addEventListener("click", ({ target }) => choose(target, this));
    this.leave = () => { if (document.visibilityState === "hidden") this.save(true); };
    document.addEventListener("visibilitychange", this.leave);
  }

  disconnectedCallback() {
    setTimeout(() => {
      if (this.isConnected) return;
      document.removeEventListener("visibilitychange", this.leave);
      this.save(true);
      this.isOver = true;
      this.free?.();
      if (!this.#owed) drop(this.place);
    });
  }

  get #words() { return JSON.stringify(fieldsOf(this.form)); }

  #bring() {
    const beginning = placeOf(this.dataset.user, this.dataset.draft);
    this.place = beginning + Math.random().toString(36).slice(2);
    navigator.locks?.request(this.place, () => new Promise((free) => { this.free = free; }));
    const { isNew, kept } = bring(beginning, this.form);
    if (isNew) this.#changed();
    if (kept.length) import("./draft-left.js").then(({ ask }) => ask(this, kept)).catch(() => {});
  }

  // Saves now, if there is anything to save; `leaving` outlives the page.
  async save(leaving = false) {
    clearTimeout(this.#timer);
    await this.#saving;
    if (!this.#dirty) return;
    this.#dirty = false;
    this.#since = 0;
    this.#saving = this.#send(leaving);
    await this.#saving;
    this.#saving = null;
  }

  again() { this.#dirty = true; this.save(); }

  forget() {
    this.#dirty = false;
    this.#isThere();
  }

  #changed() {
    if (this.isOver || this.#last === this.#words) return;
    this.#dirty = this.#owed = true;
    this.#since ||= Date.now();
    clearTimeout(this.#timer);
    const wait = Math.min(PAUSE, this.#since + LONGEST - Date.now());
    this.#timer = setTimeout(() => this.save(), Math.max(0, wait));
    keep(this.place, this.form);
  }

  async #send(leaving, renewed = false) {
    this.#last = this.#words;
    const { version, said, choice, isStale, words } = await save(this.form, leaving);
    if (words) return this.#failed(words);
    if (isStale) return renewed ? this.#failed(REFUSED) : this.#renew();
    this.said.textContent = said ?? "Not saved";
    if (choice) {
      this.trouble.innerHTML = choice;
      return htmx.process(this.trouble);
    }
    this.form.elements.version.value = version;
    this.trouble.replaceChildren();
    this.#isThere();
  }

  #isThere() {
    this.#owed = this.#dirty;
    if (!this.#owed) drop(this.place);
  }

  // What went along with the form is there, unless the server wants to know who one is.
  #went({ target, detail: { ctx: { response } } }) {
    if (target !== this.form) return;
    this.isGoing = false;
    if (response?.status === 200 && !response.headers.get("HX-Redirect")?.includes("next=")) this.#isThere();
    else if (response?.status === 403) this.#renew();
    else if (this.#owed && !(response?.status < 500)) this.#failed(UNREACHED);
  }

  #failed(words) {
    this.#dirty = true;
    this.#last = "";
    this.said.textContent = "Not saved";
    this.tell(words);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#renew(), AGAIN);
  }

  tell(words) {
    this.trouble.replaceChildren(element("p", { className: "banner small" }, words));
  }

  async #renew() {
    const words = await renew(this.form);
    if (words) return this.#failed(words);
    this.#dirty = false;
    await this.#send(false, true);
  }

  async #submit(event) {
    const { submitter } = event;
    const isSave = (submitter?.value ?? "save") === "save";
    if (!isSave && !this.#dirty && !this.#saving && !this.isGoing) return (this.isGoing = true);
    event.preventDefault();
    event.stopPropagation();
    if (isSave || this.isGoing) return this.save();
    clearTimeout(this.#timer);
    this.#dirty = false; // it goes along with the form
    this.#last = this.#words;
    await this.#saving;
    setTimeout(() => this.form.requestSubmit(submitter)); // not while this event is still going round
  }
});
