// <draft-keeper> around a composer's form: saves what is written a second after the last key, says
// so, and keeps it in this browser as well until the server has it. Where another tab wrote
// meanwhile, the server answers with both, and a person chooses. Nothing is sent from here: the
// form is, by its buttons, once what is being saved is saved.
import { bring, drop, fieldsOf, keep, KEPT } from "./draft-store.js";
import { renew, save } from "./draft-wire.js";
import { element } from "./element.js";

const PAUSE = 1000;
const LONGEST = 3000;
const AGAIN = 5000;
const LEAVES = /^(?:send|later)/;

customElements.define("draft-keeper", class extends HTMLElement {
  #timer = 0;
  #since = 0;
  #dirty = false;
  #saving = null;
  #last = "";

  connectedCallback() {
    if (this.form) return;
    this.form = this.querySelector("form");
    this.said = this.querySelector("[data-saved]");
    this.trouble = this.querySelector("[data-trouble]");
    if (bring(this.place, this.form)) this.#changed();
    this.form.addEventListener("input", (event) => { if (KEPT.includes(event.target.name)) this.#changed(); });
    this.form.addEventListener("change", (event) => { if (event.target.matches("select, [type=checkbox]")) this.#changed(); });
    this.form.addEventListener("keydown", (event) => this.#key(event));
    this.addEventListener("submit", (event) => this.#submit(event), true);
    this.addEventListener("htmx:finally:request", () => { this.isGoing = false; });
    this.addEventListener("click", (event) => this.#choose(event));
    this.leave = () => { if (document.visibilityState === "hidden") this.save(true); };
    document.addEventListener("visibilitychange", this.leave);
  }

  disconnectedCallback() {
    setTimeout(() => {
      if (this.isConnected) return;
      document.removeEventListener("visibilitychange", this.leave);
      this.save(true);
      this.isOver = true;
    });
  }

  get place() { return `draft-${this.dataset.draft}`; }
  get #words() { return JSON.stringify(fieldsOf(this.form)); }

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

  #changed() {
    if (this.isOver || this.#last === this.#words) return;
    this.#dirty = true;
    this.#since ||= Date.now();
    clearTimeout(this.#timer);
    const wait = Math.min(PAUSE, this.#since + LONGEST - Date.now());
    this.#timer = setTimeout(() => this.save(), Math.max(0, wait));
    keep(this.place, this.form);
  }

  async #send(leaving) {
    this.#last = this.#words;
    const { version, said, choice, isStale, words } = await save(this.form, leaving);
    if (words) return this.#failed(words);
    if (isStale) return this.#renew();
    this.said.textContent = said ?? "Not saved";
    if (choice) {
      this.trouble.innerHTML = choice;
      return htmx.process(this.trouble);
    }
    this.form.elements.version.value = version;
    this.trouble.replaceChildren();
    if (!this.#dirty) drop(this.place);
  }

  #failed(words) {
    this.#dirty = true;
    this.#last = "";
    this.said.textContent = "Not saved";
    this.#tell(words);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#renew(), AGAIN);
  }

  #tell(words) {
    this.trouble.replaceChildren(element("p", { className: "banner small" }, words));
  }

  async #renew() {
    if (!await renew(this.form)) return this.#failed(this.trouble.textContent);
    this.#dirty = true;
    await this.#send(false);
  }

  async #submit(event) {
    const { submitter } = event;
    const isSave = (submitter?.value ?? "save") === "save";
    if (LEAVES.test(submitter?.value) && this.querySelector("file-drop").isBusy) {
      event.preventDefault();
      event.stopPropagation();
      return this.#tell("Nothing was sent: a file is not all here yet. Wait for it, or cancel it.");
    }
    const isReady = !this.#dirty && !this.#saving;
    if (!isSave && isReady && !this.isGoing) return (this.isGoing = true);
    event.preventDefault();
    event.stopPropagation();
    if (isSave || this.isGoing) return this.save();
    clearTimeout(this.#timer);
    this.#dirty = false; // it goes along with the form
    this.#last = this.#words;
    await this.#saving;
    setTimeout(() => this.form.requestSubmit(submitter)); // not while this event is still going round
  }

  #key(event) {
    const isSend = event.key === "Enter" && (event.ctrlKey || event.metaKey);
    const isOut = event.key === "Escape" && !event.defaultPrevented && !this.querySelector(":popover-open");
    if (isSend || isOut) {
      event.preventDefault();
      event.stopPropagation();
      this.querySelector(isSend ? "[data-send]" : "[data-close-composer]")?.click();
    }
  }

  #choose(event) {
    if (event.target.closest("[data-take-theirs]")) {
      this.#dirty = false;
      drop(this.place);
    }
    const button = event.target.closest("[data-overwrite]");
    if (!button) return;
    this.form.elements.version.value = button.dataset.overwrite;
    this.querySelector("rich-editor").focus();
    this.#dirty = true;
    this.save();
  }
});
