// <notification-list popover>: what hangs under the bell. It looks for news each time it opens, and
// keeps the focus when the button that had it is gone. Escape and the way back are the browser's.

customElements.define("notification-list", class extends HTMLElement {
  connectedCallback() {
    this.addEventListener("toggle", this);
    this.addEventListener("htmx:after:swap", this);
    this.handleEvent({ type: "toggle" });
  }

  handleEvent(event) {
    const open = this.matches(":popover-open");
    if (event.type === "toggle" && open) htmx.trigger(this.querySelector("[hx-get]"), "open");
    const lost = document.activeElement === document.body;
    if (event.type === "htmx:after:swap" && open && lost) this.querySelector("h2").focus();
  }
});
