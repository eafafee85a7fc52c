// The sheet of shortcuts lists what the page declares, at the moment it is opened.

const pretty = (keys) => keys.replace("Mod", navigator.platform.startsWith("Mac") ? "⌘" : "Ctrl");

function labelOf(element) {
  return element.dataset.hotkeyLabel || element.getAttribute("aria-label") || element.textContent.trim();
}

function row(keys, label) {
  const term = document.createElement("dt");
  term.textContent = label;
  const detail = document.createElement("dd");
  for (const [index, key] of pretty(keys).split(" ").entries()) {
    if (index) detail.append(" ");
    const cap = document.createElement("kbd");
    cap.textContent = key;
    detail.append(cap);
  }
  return [term, detail];
}

customElements.define("shortcut-sheet", class extends HTMLElement {
  connectedCallback() {
    this.closest("dialog").addEventListener("beforetoggle", () => this.#fill());
    this.#fill();
  }

  #fill() {
    const seen = new Set();
    const rows = [];
    for (const element of document.querySelectorAll("[data-hotkey]")) {
      const keys = element.dataset.hotkey.split(/(?<! ),/)[0].trim();
      if (seen.has(keys)) continue;
      seen.add(keys);
      rows.push(...row(keys, labelOf(element)));
    }
    this.querySelector("[data-list]").replaceChildren(...rows);
  }
});
