// Loads what composers need once there is one, puts the focus where one writes next, and looks
// after the dock: it can be made small, never lies on what has the focus, and is there again on the
// next page of this tab.
import { placeOf } from "./draft-store.js";

const PLACE = "docked";
const dock = () => document.getElementById("dock");
const docked = () => dock()?.querySelector("draft-keeper");
const known = new WeakSet();
let opener = null;
let many = 0;

async function greet() {
  const all = [...document.querySelectorAll("draft-keeper")];
  const fresh = all.filter((one) => !known.has(one));
  remember();
  hideWritten();
  if (all.length < many && document.activeElement === document.body) leave();
  many = all.length;
  if (!fresh.length) return;
  for (const one of fresh) known.add(one);
  await import("./composer.js");
  if (document.readyState === "complete") fresh.forEach(begin);
}

// Whom to write to comes first, else what to write.
function begin(keeper) {
  if (!keeper.isConnected || "quiet" in keeper.dataset) return;
  const to = keeper.querySelector("recipient-field");
  const isNamed = Boolean(to.store.value);
  if (!isNamed) to.input.focus();
  else keeper.querySelector("rich-editor").focus();
}

// A composer has gone: the focus goes back to what opened it, or stands in for that.
function leave() {
  const place = opener?.isConnected ? opener : document.querySelector(".answers button, #main");
  place?.focus({ preventScroll: true });
}

// The line of a draft is not shown beside its composer.
function hideWritten() {
  for (const line of document.querySelectorAll("[data-draft-line]")) {
    line.hidden = Boolean(document.getElementById(`composer-${line.dataset.draftLine}`));
  }
}

function remember() {
  if (!dock()) return;
  const id = docked()?.dataset.draft;
  if (id) sessionStorage.setItem(PLACE, JSON.stringify({ id, small: "small" in dock().dataset }));
  else sessionStorage.removeItem(PLACE);
}

function shrink(small) {
  dock().toggleAttribute("data-small", small);
  const button = dock().querySelector("[data-minimise]");
  button.ariaExpanded = String(!small);
  button.ariaLabel = small ? "Show" : "Minimise";
  remember();
}

async function comeBack() {
  const { id, small } = JSON.parse(sessionStorage.getItem(PLACE) ?? "{}");
  if (!id || !dock() || document.getElementById(`composer-${id}`)) return;
  const answer = await fetch(`/compose/${id}/?frame=dock`, { headers: { "HX-Request": "true", "HX-Request-Type": "partial" } });
  if (!answer.ok || answer.headers.has("HX-Redirect") || docked()) return sessionStorage.removeItem(PLACE);
  dock().innerHTML = await answer.text();
  docked().dataset.quiet = "";
  htmx.process(dock());
  shrink(small);
  greet();
}

addEventListener("click", (event) => {
  if (event.target.closest?.("[data-minimise]")) shrink(!("small" in dock().dataset));
});

// Who asks for an answer that they are writing is led there.
addEventListener("submit", (event) => {
  if (!event.target.closest("draft-keeper, .toast")) opener = event.submitter ?? opener;
  const asked = event.target.dataset?.answers;
  const there = asked && document.querySelector(`draft-keeper[data-answers="${asked}"]`);
  if (!there) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  there.querySelector("rich-editor").focus();
}, true);

addEventListener("focusin", ({ target }) => {
  if (!docked() || "small" in dock().dataset || dock().contains(target) || target === document.body) return;
  if (target.closest("dialog, [popover], toast-stack")) return;
  const [under, over] = [target.getBoundingClientRect(), dock().getBoundingClientRect()];
  const isUnder = under.left >= over.left && under.right <= over.right && under.top >= over.top && under.bottom <= over.bottom;
  if (isUnder && under.width) shrink(true);
});

document.addEventListener("htmx:after:swap", (event) => {
  if (event.detail.ctx?.target === dock() && docked()) shrink(false);
  greet();
});

// What closed pages kept, of whoever is signed in.
async function findLeft() {
  const beginning = placeOf(dock()?.dataset.user);
  if (Object.keys(localStorage).some((one) => one.startsWith(beginning))) (await import("./draft-left.js")).find(beginning);
}

comeBack().then(findLeft).catch(() => {});
greet();
