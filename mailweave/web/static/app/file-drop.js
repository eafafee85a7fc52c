// <file-drop> around a file field and the list of a letter's files: takes files by its button, by a
// drop anywhere on the composer and by pasting, and uploads them at once, each with its progress.
// Images that are pasted into the text stay in the text.
import { element } from "./element.js";
import { Upload } from "./upload.js";

const MB = 1024 * 1024;
const size = (bytes) => (bytes < MB ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / MB).toFixed(1)} MB`);
const filesOf = (data) => [...(data?.files ?? [])];

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

  get editor() { return this.form.querySelector("rich-editor"); }
  get isBusy() { return Boolean(this.list.querySelector("[data-going]")); }

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

  #add(files, inText) {
    for (const file of files) {
      const inline = inText && file.type.startsWith("image/") && this.editor?.isRich;
      const upload = new Upload(this.dataset.to, file, inline, () => this.form.elements.csrfmiddlewaretoken.value);
      const bar = element("progress", { className: "progress", max: 1, value: 0, ariaLabel: `Uploading ${file.name}` });
      const why = element("span", { className: "error small" });
      const again = element("button", { type: "button", className: "btn", hidden: true }, "Try again");
      const stop = element("button", { type: "button", className: "btn", ariaLabel: `Do not attach ${file.name}` }, "Cancel");
      for (const one of [again, stop]) Object.assign(one.dataset, { small: "", kind: "ghost" });
      const facts = element("span", { className: "muted small" }, size(file.size));
      const row = element("li", { className: "file" }, element("span", { className: "cut" }, file.name), facts, bar, why, again, stop);
      this.list.append(row);
      again.onclick = () => this.#run(upload, row, inline);
      stop.onclick = () => { upload.stop(); row.remove(); this.#say(`${file.name} is not attached.`); };
      this.#run(upload, row, inline);
    }
  }

  async #run(upload, row, inline) {
    const [bar, why, again] = ["progress", ".error", "button"].map((one) => row.querySelector(one));
    row.dataset.going = "";
    bar.hidden = false;
    again.hidden = true;
    why.textContent = "";
    try {
      this.#done(upload, row, await upload.run((part) => { bar.value = part; }), inline);
    } catch (error) {
      if (error.name === "AbortError") return;
      delete row.dataset.going;
      bar.hidden = true;
      again.hidden = false;
      why.textContent = error.message;
      this.#say(`${upload.file.name} was not attached. ${error.message}`);
    }
  }

  #done(upload, row, html, inline) {
    if (inline) {
      row.remove();
      this.editor.image(upload.path, upload.file.name);
    } else row.replaceWith(document.importNode(new DOMParser().parseFromString(html, "text/html").querySelector("li"), true));
    this.#say(`${upload.file.name} is attached.`);
  }

  async #remove(event) {
    const row = event.target.closest("[data-remove]")?.closest("li");
    if (!row) return;
    event.preventDefault();
    const token = this.form.elements.csrfmiddlewaretoken.value;
    const answer = await fetch(`${row.dataset.path}remove/`, {
      method: "POST", headers: { "X-CSRFToken": token, "HX-Request": "true" },
    }).catch(() => null);
    if (!answer?.ok) return this.#say("That did not work. Try again in a moment.");
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    (next?.querySelector("button") ?? this.form.querySelector("[data-pick]")).focus();
    this.#say(`${row.dataset.name} is not attached any more.`);
  }

  #say(text) { this.said.textContent = text; }
});
