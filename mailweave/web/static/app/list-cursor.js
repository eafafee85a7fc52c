// <list-cursor> moves through the list: j and k set the focus on a row, o opens it, and the way
// back returns to the same row. Opening and going back leave the list as it is.

const list = () => document.getElementById("list");
const pane = () => document.getElementById("read");
const rows = () => [...list().querySelectorAll(".row")];
const linkOf = (row) => row?.querySelector("a.hit");
const open = () => document.getElementById("thread");
const rowOfOpen = () => open() && document.getElementById(`thread-${open().dataset.thread}`);

function current() {
  return document.activeElement?.closest?.("#list .row") ?? list().querySelector(".row[data-at]") ?? rowOfOpen();
}

function point(row) {
  for (const one of list().querySelectorAll(".row[data-at]")) delete one.dataset.at;
  if (row) row.dataset.at = "";
}

function mark() {
  for (const row of list().querySelectorAll(".row[aria-current]")) row.removeAttribute("aria-current");
  const row = rowOfOpen();
  row?.setAttribute("aria-current", "true");
  if (row) point(row);
}

function step(by) {
  const all = rows();
  const at = all.indexOf(current());
  const next = all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + by))];
  if (!next) return;
  point(next);
  if (!list().checkVisibility()) return linkOf(next).click();
  linkOf(next).focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

// Marks the row that has the focus, else the open thread, else the row that was last at hand.
function setSeen(verb) {
  const place = document.activeElement?.closest?.("#list .row") ?? open() ?? current();
  place?.querySelector(`[data-mark="${verb}"]`)?.click();
}

function back(link) {
  const row = rowOfOpen();
  const stay = link.getAttribute("href");
  pane().replaceChildren(document.getElementById("nothing-open").content.cloneNode(true));
  // The mark tells htmx that this step is its own to go back over.
  if (!history.state?.htmx) history.replaceState({ htmx: true }, "", location.href);
  history.pushState({ htmx: true }, "", stay);
  document.title = document.title.replace(/^.* · /s, "Mail · ");
  mark();
  point(row);
  linkOf(row)?.focus({ preventScroll: true });
}

function opened() {
  const thread = open();
  mark();
  if (!thread) return;
  pane().scrollTop = 0;
  document.title = `${thread.dataset.title} · Mailweave`;
  document.getElementById("thread-title").focus({ preventScroll: true });
}

customElements.define("list-cursor", class extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button?.dataset.step) step(Number(button.dataset.step));
      else if (button?.dataset.marks) setSeen(button.dataset.marks);
      else if (button) linkOf(current())?.click();
    });
    point(rowOfOpen());
    rowOfOpen()?.scrollIntoView({ block: "nearest" });
  }
});

addEventListener("click", (event) => {
  const plain = !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  const link = event.target.closest?.("a[data-back]");
  if (link && plain && list()) {
    event.preventDefault();
    back(link);
  }
  if (event.target.closest?.("[data-expand]")) {
    for (const message of open().querySelectorAll("details.msg")) message.open = true;
  }
});

document.addEventListener("htmx:after:swap", (event) => {
  if (event.detail.ctx?.target === pane()) opened();
});

function sameQuery(one, other) {
  return new URLSearchParams(one).toString() === new URLSearchParams(other).toString();
}

// Back and forward between threads of the same list change the reading pane only.
document.addEventListener("htmx:before:history:restore", (event) => {
  const isThread = /^\/mail\/threads\/\d+\/$/.test(location.pathname);
  const same = list() && sameQuery(list().dataset.query, location.search);
  if (!same || !(isThread || location.pathname === "/mail/")) return;
  event.preventDefault();
  if (isThread) htmx.ajax("GET", location.pathname + location.search, { target: "#read", swap: "innerHTML" });
  else {
    pane().replaceChildren(document.getElementById("nothing-open").content.cloneNode(true));
    mark();
  }
});
