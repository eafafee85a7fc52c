// <copy-text>: its button copies its field and says so. Where the clipboard is closed to us, the
// text is selected, ready to be copied by hand.

customElements.define("copy-text", class extends HTMLElement {
  connectedCallback() {
    this.querySelector("button").addEventListener("click", () => this.#copy());
  }

  async #copy() {
    const field = this.querySelector("input");
    const said = this.querySelector("[data-said]");
    try {
      await navigator.clipboard.writeText(field.value);
      said.textContent = "Copied";
    } catch {
      field.select();
      said.textContent = "Press Ctrl+C to copy";
    }
  }
});
