// <recipient-field> around a label and a textarea of recipients, one a line: makes chips of them.
// Enter, Tab, comma and semicolon finish an entry; the arrows walk through the chips, on which
// Backspace removes, Enter edits, and Alt with an arrow moves to the next field (Cc, Bcc) or back,
// where they can be dragged as well.
// Without script the textarea stays what it is. It always holds what the field holds.
import { split, write } from "./addresses.js";
import { element } from "./element.js";
import { chip } from "./recipient-chip.js";
import { ask, combobox } from "./recipient-input.js";
import { drags, shift, undo } from "./recipient-moves.js";

const STOPS = new Set([",", ";"]);

customElements.define("recipient-field", class extends HTMLElement {
  #entries = [];

  connectedCallback() {
    if (this.list) return this.#listen();
    this.store = this.querySelector("textarea");
    const { id } = this.store;
    this.store.removeAttribute("id");
    this.store.hidden = true;
    this.list = element("ul", { role: "list", className: "recipients" });
    Object.assign(this, combobox(id));
    this.wrong = element("p", { id: `${id}-wrong`, className: "error small", hidden: true });
    this.said = element("span", { className: "sr", role: "status" });
    this.box = element("div", { className: "entry" }, this.list, this.input);
    this.append(this.box, this.people, this.wrong, this.said);
    this.#entries = split(this.store.value);
    this.#draw();
    this.#listen();
  }

  get name() { return this.querySelector("label").textContent.trim(); }
  get chosen() { return this.#entries.map((one) => one.address.toLowerCase()); }
  set value(text) { this.#entries = split(text); this.input.value = ""; this.#draw(); this.#keep(); }

  take(text) {
    this.input.value = "";
    this.options.close();
    this.add(...split(text));
  }

  add(...entries) {
    const fresh = entries.filter((one) => !this.chosen.includes(one.address.toLowerCase()));
    if (!fresh.length) return this.#keep();
    this.#entries.push(...fresh);
    this.#draw();
    this.#keep();
    this.said.textContent = `${fresh.map((one) => one.name || one.address).join(", ")} added to ${this.name}`;
  }

  #listen() {
    this.box.onclick = (event) => this.#click(event);
    this.box.onkeydown = (event) => this.#key(event);
    this.input.oninput = (event) => { event.stopPropagation(); ask(this); this.#keep(); };
    this.input.onblur = () => { this.options.close(); this.take(this.input.value); };
    this.input.onpaste = (event) => this.#paste(event);
    drags(this);
  }

  // What is not finished is kept too.
  #keep() {
    const lines = [...this.#entries.map(write), this.input.value.trim()].filter(Boolean);
    if (this.store.value === lines.join("\n")) return;
    this.store.value = lines.join("\n");
    this.store.dispatchEvent(new Event("input", { bubbles: true }));
  }

  #draw() {
    this.list.replaceChildren(...this.#entries.map(chip));
    this.list.hidden = !this.#entries.length;
    const wrong = this.#entries.filter((one) => !one.isAddress);
    this.wrong.hidden = !wrong.length;
    this.wrong.textContent = wrong.map((one) => `“${one.address}” is no e-mail address.`).join(" ");
    this.input.ariaInvalid = wrong.length ? "true" : null;
  }

  at(target) { return [...this.list.children].indexOf(target.closest?.("li")); }

  // Takes one out, and says so.
  pull(index) {
    const [gone] = this.#entries.splice(index, 1);
    this.#draw();
    this.#keep();
    this.said.textContent = `${gone.name || gone.address} removed from ${this.name}`;
    this.#focus(Math.min(index, this.#entries.length - 1));
    return gone;
  }

  #edit(index) {
    const [gone] = this.#entries.splice(index, 1);
    if (this.input.value.trim()) this.#entries.push(...split(this.input.value));
    this.#draw();
    this.input.value = write(gone);
    this.#keep();
    this.input.focus();
  }

  #focus(index) { (this.list.children[index]?.querySelector(".who") ?? this.input).focus(); }

  #click(event) {
    const index = this.at(event.target);
    if (event.target.closest(".drop")) this.pull(index);
    else if (event.target.closest(".who")) this.#edit(index);
    else this.input.focus();
  }

  #key(event) {
    const withMod = event.ctrlKey || event.metaKey;
    if (withMod && event.key === "z" && !this.input.value && undo(this)) event.preventDefault();
    if (event.isComposing || withMod) return;
    const index = this.at(event.target);
    if (index < 0 ? this.#typed(event) : this.#walked(event, index)) event.preventDefault();
  }

  #typed(event) {
    const text = this.input.value;
    if (event.altKey) return shift(this, event.key, this.#entries.length - 1);
    if (this.options.key(event)) return true;
    if (event.key === "Enter" && this.options.isAsking && !text.includes("@")) return (this.options.isEager = true);
    if (event.key === "Enter" || (STOPS.has(event.key) && text.includes("@"))) return this.take(text), true;
    if (event.key === "Tab") this.take(this.input.value);
    const isBack = ["Backspace", "ArrowLeft"].includes(event.key) && !this.input.selectionEnd;
    if (isBack && this.#entries.length) this.#focus(this.#entries.length - 1);
    return isBack;
  }

  #walked(event, index) {
    if (event.altKey) return shift(this, event.key, index);
    const way = { ArrowLeft: Math.max(0, index - 1), ArrowRight: index + 1, Home: 0, End: -1 }[event.key];
    if (way !== undefined) this.#focus(way);
    else if (["Backspace", "Delete"].includes(event.key)) this.pull(index);
    else return false;
    return true;
  }

  #paste(event) {
    const text = event.clipboardData.getData("text/plain");
    if (!split(text)[0]?.isAddress && split(text).length < 2) return;
    event.preventDefault();
    this.take(`${this.input.value} ${text}`);
  }
});

