// <rich-editor> around a toolbar and two textareas, one for plain text and one for HTML: lets people
// write with formatting. Without script, and whoever wants it so, writes plain text. What was
// written is always in the textarea that counts, which the field "mode" names, so that forms send
// it. Buttons with data-do say what they do; .insert() and .changed() are for its neighbours.
import { edit } from "./rich-text.js";
import { Toolbar, walk } from "./rich-toolbar.js";

// Text as an editor would have it: a block for every line.
function blocks(text) {
  const box = document.createElement("div");
  for (const line of text.split("\n")) {
    const block = document.createElement("div");
    block.append(line || document.createElement("br"));
    box.append(block);
  }
  return box.innerHTML;
}

const words = (html) => new DOMParser().parseFromString(html, "text/html").body.textContent;

customElements.define("rich-editor", class extends HTMLElement {
  pad = null;
  ready = null;

  connectedCallback() {
    if (this.ready) return;
    const [bar, place, text, html, mode] = ["[role=toolbar]", "[data-pad]", "[name=text]", "[name=html]", "[name=mode]"]
      .map((one) => this.querySelector(one));
    Object.assign(this, { bar, place, text, html, mode });
    bar.hidden = false;
    bar.addEventListener("click", (event) => this.#click(event));
    walk(bar);
    this.ready = this.dataset.mode === "rich" ? this.#open(html.value) : Promise.resolve(this.#close());
  }

  disconnectedCallback() {
    setTimeout(() => { if (!this.isConnected) this.pad?.destroy(); });
  }

  get isRich() { return this.mode.value === "rich"; }
  get field() { return this.isRich ? this.place : this.text; }

  focus() {
    this.ready.then(() => {
      if (this.isRich) this.pad.moveCursorToStart();
      else this.text.setSelectionRange(0, 0);
      this.field.focus();
    });
  }

  insert(html) {
    if (this.isRich) this.pad.insertHTML(html);
    else this.text.setRangeText(words(html), this.text.selectionStart, this.text.selectionEnd, "end");
    this.changed();
    this.field.focus();
  }

  image(src, alt) {
    if (!this.isRich) return;
    this.pad.insertImage(src, { alt });
    this.changed();
  }

  async #open(html) {
    this.mode.value = "rich";
    this.text.hidden = true;
    this.place.hidden = false;
    this.#show();
    if (this.pad) return this.pad.setHTML(html);
    this.pad = await edit(this.place, html);
    this.tools = new Toolbar(this.bar, this.querySelector("[data-link]"), this.pad);
    this.pad.addEventListener("input", () => this.changed());
  }

  #close() {
    this.mode.value = "plain";
    this.text.hidden = false;
    this.place.hidden = true;
    this.#show();
  }

  #show() {
    for (const button of this.bar.querySelectorAll("[data-do], [data-rich]")) {
      if (button.dataset.do === "plain") button.ariaPressed = String(!this.isRich);
      else button.disabled = !this.isRich;
    }
  }

  async #swap() {
    if (this.isRich) {
      this.text.value = this.place.innerText.replace(/\n{3,}/g, "\n\n").trim();
      this.#close();
    } else await this.#open(blocks(this.text.value));
    this.changed();
    this.field.focus();
  }

  changed() {
    if (this.isRich) this.html.value = this.#read();
    (this.isRich ? this.html : this.text).dispatchEvent(new Event("input", { bubbles: true }));
  }

  // An open field of a template that somebody wrote over is open no more.
  #read() {
    for (const field of this.place.querySelectorAll("[data-unresolved]")) {
      if (field.textContent !== field.dataset.unresolved) field.removeAttribute("data-unresolved");
    }
    return this.pad.getHTML();
  }

  #click(event) {
    const what = event.target.closest("[data-do]")?.dataset.do;
    if (what === "plain") this.#swap();
    else if (what && this.isRich) this.tools?.do(what);
  }
});
