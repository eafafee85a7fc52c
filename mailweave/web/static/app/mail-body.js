// <mail-body> around the frame of a message: gives the frame the height of what it shows, and lets
// keys pressed in it reach the page. No script runs in the frame; we look in from outside.

const TYPING = "input, textarea, select, [contenteditable]";
const COPIED = ["key", "ctrlKey", "metaKey", "shiftKey", "altKey"];

customElements.define("mail-body", class extends HTMLElement {
  #observer = null;

  connectedCallback() {
    const frame = this.querySelector("iframe");
    if (!frame) return;
    frame.addEventListener("load", () => this.#watch(frame));
    if (frame.contentDocument?.readyState === "complete") this.#watch(frame);
  }

  disconnectedCallback() {
    this.#observer?.disconnect();
  }

  #watch(frame) {
    const root = frame.contentDocument?.documentElement;
    if (!root || frame.contentDocument.URL === "about:blank") return;
    const fit = () => {
      frame.style.blockSize = `${Math.ceil(root.getBoundingClientRect().height) + 1}px`;
    };
    this.#observer?.disconnect();
    this.#observer = new ResizeObserver(fit);
    this.#observer.observe(root);
    fit();
    frame.contentDocument.addEventListener("keydown", (event) => this.#pass(event));
  }

  #pass(event) {
    if (event.target.closest?.(TYPING)) return;
    const facts = Object.fromEntries(COPIED.map((name) => [name, event[name]]));
    const copy = new KeyboardEvent("keydown", { ...facts, bubbles: true, cancelable: true });
    if (!this.dispatchEvent(copy)) event.preventDefault();
  }
});
