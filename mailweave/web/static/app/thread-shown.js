// <thread-shown> holds the form that tells that a thread's unread messages were shown. It is sent
// when somebody really sees the page: not while it is prepared ahead of time or in a hidden tab.
// Buttons with data-mark show their outcome at once, and the other one again if it fails.

const UNREAD = "Unread, ";

export function show(place, unread) {
  if (!place) return;
  place.toggleAttribute("data-unread", unread);
  const line = place.matches(".row") ? place.querySelector("a.hit") : place.querySelector("summary .l1");
  const said = line?.querySelector(":scope > .sr");
  if (said?.textContent === UNREAD && !unread) said.remove();
  if (line && unread && said?.textContent !== UNREAD) {
    const text = document.createElement("span");
    text.className = "sr";
    text.textContent = UNREAD;
    line.prepend(text);
  }
}

const thread = () => document.getElementById("thread");
const rowOf = (id) => document.getElementById(`thread-${id}`);

function isSeen() {
  return !document.prerendering && document.visibilityState === "visible";
}

customElements.define("thread-shown", class extends HTMLElement {
  #look = () => this.#tell();

  connectedCallback() {
    document.addEventListener("visibilitychange", this.#look);
    document.addEventListener("prerenderingchange", this.#look);
    setTimeout(this.#look);
  }

  disconnectedCallback() {
    document.removeEventListener("visibilitychange", this.#look);
    document.removeEventListener("prerenderingchange", this.#look);
  }

  async #tell() {
    const form = this.querySelector("form");
    if (!form || !this.isConnected || !isSeen()) return;
    this.disconnectedCallback();
    const body = new FormData(form);
    const id = this.closest("#thread")?.dataset.thread;
    form.remove();
    try {
      const headers = { "HX-Request": "true" };
      const answer = await fetch(form.action, { method: "POST", body, headers, keepalive: true });
      if (!answer.ok || thread()?.dataset.thread !== id) return;
      thread().removeAttribute("data-unread");
      show(rowOf(id), false);
    } catch {
      // The server is away: it stays unread, and is told when it is opened next.
    }
  }
});

function mark(button, unread) {
  const row = button.closest(".row") ?? rowOf(thread()?.dataset.thread);
  const id = row?.id.replace("thread-", "") ?? thread()?.dataset.thread;
  show(row, unread);
  if (thread()?.dataset.thread !== id) return;
  thread().toggleAttribute("data-unread", unread);
  const messages = [...thread().querySelectorAll("details.msg")];
  for (const one of unread ? [] : messages) show(one, false);
  const other = button.closest(".marking")?.querySelector(`[data-mark="${unread ? "read" : "unread"}"]`);
  if (button === document.activeElement) other?.focus();
}

const buttonOf = (event) => event.target.closest?.("[data-mark]") ?? event.target.querySelector?.(":scope > [data-mark]");

document.addEventListener("htmx:before:request", (event) => {
  const button = buttonOf(event);
  if (button) mark(button, button.dataset.mark === "unread");
});

for (const name of ["htmx:error", "htmx:response:error"]) {
  document.addEventListener(name, (event) => {
    const button = buttonOf(event);
    if (button) mark(button, button.dataset.mark !== "unread");
  });
}

document.addEventListener("htmx:finally:request", (event) => {
  event.target.closest?.("[data-closes]")?.closest("dialog")?.close();
  if (event.target.closest?.(".toast")) event.target.closest(".toast").remove();
});

document.addEventListener("click", (event) => {
  const dialog = event.target.closest?.("[data-close-dialog]")?.closest("dialog");
  if (!dialog) return;
  event.preventDefault();
  dialog.close();
});

document.addEventListener("close", (event) => {
  if (!event.target.matches?.("dialog.mark-dialog")) return;
  event.target.remove();
  document.querySelector(".mark-all a")?.focus({ preventScroll: true });
}, true);
