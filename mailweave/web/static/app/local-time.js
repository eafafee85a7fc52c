// <local-time> around a <time datetime>: keeps "3 min ago" true while the page stays open.
// The words come from the server first, in the same form.

const EVERY = 30_000;
const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

function since(age) {
  if (age < MINUTE) return "just now";
  if (age < HOUR) return `${Math.floor(age / MINUTE)} min ago`;
  if (age < DAY) return `${Math.floor(age / HOUR)} h ago`;
  if (age < 2 * DAY) return "1 day ago";
  return age < 7 * DAY ? `${Math.floor(age / DAY)} days ago` : null;
}

customElements.define("local-time", class extends HTMLElement {
  #timer = 0;

  connectedCallback() {
    this.#timer = setInterval(() => this.#tell(), EVERY);
  }

  disconnectedCallback() {
    clearInterval(this.#timer);
  }

  #tell() {
    const time = this.querySelector("time");
    const text = since(Date.now() - Date.parse(time.dateTime));
    if (text && time.textContent !== text) time.textContent = text;
  }
});
