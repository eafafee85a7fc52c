// The page of unlinked mail: walking through people and their letters by key, going on to the next
// person once one is done, and dragging a row onto a record. What a drag does, a button does too.
import "./offer-keys.js";

const all = (selector) => [...document.querySelectorAll(selector)];
const people = () => all("#people .row");
const letters = () => all("#letters .row");
const pane = () => document.getElementById("read");
const linkOf = (row) => row?.querySelector("a.hit");
const opened = () => document.getElementById("thread");
const rowOfOpen = () => opened() && document.getElementById(`person-${opened().dataset.person}`);

let goingOn = false;

function current() {
  const focused = document.activeElement?.closest?.("#people .row, #letters .row");
  return focused ?? document.querySelector("#people .row[data-at]") ?? rowOfOpen();
}

function point(row) {
  for (const one of all("#people .row[data-at]")) delete one.dataset.at;
  if (row?.matches("#people .row")) row.dataset.at = "";
}

function mark() {
  for (const row of all("#people .row[aria-current]")) row.removeAttribute("aria-current");
  rowOfOpen()?.setAttribute("aria-current", "true");
}

function focus(row) {
  if (!row) return;
  point(row);
  linkOf(row).focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const here = current();
  const rows = here?.matches("#letters .row") ? letters() : people();
  const at = rows.indexOf(here);
  focus(rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + by))]);
}

function choose() {
  const row = document.activeElement?.closest?.("#letters .row") ?? letters()[0];
  row?.querySelector("input[type=checkbox]")?.click();
}

function find() {
  const field = document.getElementById("record-q");
  if (field) return field.focus();
  linkOf(current() ?? people()[0])?.click();
}

// Nothing of a person's mail is left: their row goes, and the next one opens in its place.
function goOn(person) {
  const row = document.getElementById(`person-${person}`);
  const next = row?.nextElementSibling ?? row?.previousElementSibling;
  row?.remove();
  if (next?.matches(".row")) {
    goingOn = true;
    focus(next);
    linkOf(next).click();
  } else {
    pane().replaceChildren(document.getElementById("nobody").content.cloneNode(true));
    htmx.ajax("GET", "/mail/unlinked/?part=list", { target: "#people", swap: "innerHTML" });
    document.getElementById("list").focus({ preventScroll: true });
  }
}

function shown() {
  const done = pane().querySelector("[data-done]");
  if (done) return goOn(done.dataset.done);
  mark();
  point(rowOfOpen());
  if (!opened()) return;
  pane().scrollTop = 0;
  document.title = `${opened().dataset.title} · Mailweave`;
  if (!goingOn || !document.getElementById("list").checkVisibility()) {
    document.getElementById("person-title").focus({ preventScroll: true });
  }
  goingOn = false;
}

function leave(link) {
  const row = rowOfOpen();
  pane().replaceChildren(document.getElementById("nobody").content.cloneNode(true));
  if (!history.state?.htmx) history.replaceState({ htmx: true }, "", location.href);
  history.pushState({ htmx: true }, "", link.getAttribute("href"));
  mark();
  focus(row);
}

customElements.define("unlinked-list", class extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", (event) => {
      const { step: by, choose: chosen, find: found } = event.target.closest("button").dataset;
      if (by) step(Number(by));
      else if (chosen !== undefined) choose();
      else if (found !== undefined) find();
      else linkOf(current() ?? people()[0])?.click();
    });
    point(rowOfOpen());
    rowOfOpen()?.scrollIntoView({ block: "nearest" });
  }
});

addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-leave]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  leave(link);
});

document.addEventListener("htmx:after:swap", (event) => {
  if (event.detail.ctx?.target === pane()) shown();
});

// Dragging. A person's row takes all of their mail along, a letter's row that letter.
let dragged = null;

document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("#people .row, #letters .row") ?? null;
  if (!dragged) return;
  event.dataTransfer.setData("text/plain", dragged.textContent.trim().replace(/\s+/g, " "));
  event.dataTransfer.effectAllowed = "link";
});

document.addEventListener("dragend", () => { dragged = null; over(null); });

function over(record) {
  for (const one of all(".offer[data-over]")) if (one !== record) delete one.dataset.over;
  if (record) record.dataset.over = "";
}

document.addEventListener("dragover", (event) => {
  const record = dragged && event.target.closest?.(".offer");
  over(record);
  if (record) event.preventDefault();
});

document.addEventListener("drop", (event) => {
  const record = dragged && event.target.closest?.(".offer");
  if (!record) return;
  event.preventDefault();
  const letter = dragged.matches(".letter") && dragged.querySelector("input");
  const values = letter ? { to: record.dataset.record, message: letter.value } : { to_all: record.dataset.record };
  const path = letter ? document.getElementById("letters").getAttribute("action") : dragged.dataset.drop;
  htmx.ajax("POST", path, { source: dragged, target: "#read", swap: "innerHTML", values });
});
