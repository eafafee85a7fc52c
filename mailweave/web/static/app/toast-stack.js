// One status region at the end of the page. A toast stays at least 8 seconds, and for as long as
// the pointer or the focus is on it; it never takes the focus.

// An undo whose path says "?for=10" can be had for so many seconds: its toast counts them down, and
// goes when they are over.

const STAY = 8000;

customElements.define("toast-stack", class extends HTMLElement {
  #timers = new Map();
  #observer = new MutationObserver(() => this.#notice());

  connectedCallback() {
    this.#observer.observe(this, { childList: true });
    for (const name of ["pointerenter", "focusin"]) this.addEventListener(name, () => this.#hold());
    for (const name of ["pointerleave", "focusout"]) this.addEventListener(name, () => this.#run());
    this.addEventListener("click", (event) => {
      if (event.target.closest("[data-close]")) event.target.closest(".toast").remove();
    });
    // What came with the page is put in again, because only changes to a live region are read out.
    const came = [...this.querySelectorAll(".toast")];
    this.replaceChildren();
    setTimeout(() => this.append(...came), 100);
  }

  disconnectedCallback() {
    this.#observer.disconnect();
    this.#hold();
  }

  #notice() {
    this.#dropRepeated();
    for (const toast of this.querySelectorAll(".toast:not([data-until])")) this.#count(toast);
    const held = this.matches(":hover") || this.contains(document.activeElement);
    if (!held) this.#run();
  }

  // Two answers that were under way at once may bring the same news: it is told once.
  #dropRepeated() {
    const told = new Set();
    for (const toast of this.querySelectorAll(".toast")) {
      const words = toast.textContent.replace(/\s+/g, " ");
      if (told.has(words)) toast.remove();
      told.add(words);
    }
  }

  // The seconds are for those who see them; they are not read out each time.
  #count(toast) {
    const seconds = Number(new URL(toast.querySelector("form")?.action ?? "", location.href).searchParams.get("for"));
    toast.dataset.until = seconds ? Date.now() + seconds * 1000 : "";
    if (!seconds) return;
    const left = Object.assign(document.createElement("span"), { className: "left", ariaHidden: "true" });
    toast.querySelector("form button").append(left);
    const tick = () => {
      const rest = Math.ceil((toast.dataset.until - Date.now()) / 1000);
      left.textContent = `${rest} s`;
      if (rest > 0 && toast.isConnected) setTimeout(tick, 250);
      else this.#drop(toast);
    };
    tick();
  }

  #run() {
    if (this.contains(document.activeElement) && this.matches(":focus-within")) return;
    for (const toast of this.querySelectorAll(".toast")) {
      if (this.#timers.has(toast) || toast.dataset.until) continue;
      this.#timers.set(toast, setTimeout(() => this.#drop(toast), STAY));
    }
  }

  #hold() {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #drop(toast) {
    this.#timers.delete(toast);
    toast.remove();
  }
});
