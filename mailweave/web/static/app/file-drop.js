// <file-drop> around a file field and the list of a letter's files: takes files by its button, by a
// drop anywhere on the composer and by pasting, and has them uploaded at once, by what is loaded
// with the first. Images that are pasted into the text stay in the text.
import { tell } from "./trouble.js";

const LEAVES = /^(?:send|later)/;
const filesOf = (data) => [...(data?.files ?? [])];

document.addEventListener("submit", (event) => {
  const keeper = event.target.closest("draft-keeper");
  if (!LEAVES.test(event.submitter?.value) || !keeper?.querySelector("file-drop").isBusy) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  keeper.tell("Nothing was sent: a file is not all here yet. Wait for it, or cancel it.");
}, true);

customElements.define("file-drop", class extends HTMLElement {
  connectedCallback() {
    if (this.form) return;
    this.form = this.closest("form");
    this.field = this.querySelector("input[type=file]");
    this.list = this.querySelector("[role=list]");
    this.said = this.querySelector("[role=status]");
    this.querySelector("[data-no-script]").hidden = true;
    for (const button of this.form.querySelectorAll("[data-pick]")) {
      button.hidden = false;
      button.addEventListener("click", () => { this.inline = button.dataset.pick === "image"; this.field.accept = this.inline ? "image/*" : ""; this.field.click(); });
    }
    this.field.addEventListener("change", () => {
      this.#add([...this.field.files], this.inline);
      this.field.value = "";
    });
    this.form.addEventListener("dragover", (event) => this.#over(event));
    this.form.addEventListener("dragleave", (event) => { if (!this.form.contains(event.relatedTarget)) this.#mark(false); });
    this.form.addEventListener("drop", (event) => this.#drop(event), true);
    this.form.addEventListener("paste", (event) => this.#paste(event), true);
    this.addEventListener("click", (event) => this.#remove(event));
  }

  #coming = 0;

  get isBusy() { return Boolean(this.#coming || this.list.querySelector("li:not([data-file])")); }
  get editor() { return this.form.querySelector("rich-editor"); }

  #over(event) {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    this.#mark(true);
  }

  #mark(on) { this.form.toggleAttribute("data-over", on); }

  #drop(event) {
    this.#mark(false);
    const files = filesOf(event.dataTransfer);
    if (!files.length) return;
    event.preventDefault();
    event.stopPropagation();
    this.#add(files, false);
  }

  #paste(event) {
    const files = filesOf(event.clipboardData);
    if (!files.length || event.clipboardData.types.includes("text/plain")) return;
    event.preventDefault();
    event.stopPropagation();
    this.#add(files, Boolean(event.target.closest?.("rich-editor")));
  }

  async #add(files, inText) {
    this.#coming += 1;
    try {
      const { lineOf } = await import("./file-line.js");
      for (const file of files) this.list.append(lineOf(file, inText && file.type.startsWith("image/") && this.editor?.isRich, this));
    } catch { tell(); }
    this.#coming -= 1;
  }

  async #remove(event) {
    const row = event.target.closest("[data-remove]")?.closest("li");
    if (!row) return;
    event.preventDefault();
    const token = this.form.elements.csrfmiddlewaretoken.value;
    const answer = await fetch(`${row.dataset.path}remove/`, {
      method: "POST", headers: { "X-CSRFToken": token, "HX-Request": "true" },
    }).catch(() => null);
    if (!answer?.ok) return this.say("That did not work. Try again in a moment.");
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    (next?.querySelector("button") ?? this.form.querySelector("[data-pick]")).focus();
    this.say(`${row.dataset.name} is not attached any more.`);
  }

  say(text) { this.said.textContent = text; }
});
