// News from the stream: new rows in the list and new messages in the open thread are put where they
// belong. What is there keeps its place on the screen, the focus and whatever a person opened.

import { show } from "./thread-shown.js";

const PAUSE = 1500;
let timer = 0;
let waiting = false;

async function ask(url) {
  const answer = await fetch(url, { headers: { "HX-Request": "true", "HX-Request-Type": "partial" } });
  if (!answer.ok) return null;
  count(answer.headers.get("Unread-Conversations"));
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

// The number on the chip, where the answer tells it.
function count(unread) {
  const chip = document.getElementById("unread-count");
  if (unread === null || !chip) return;
  chip.hidden = !unread;
  chip.firstElementChild.textContent = unread;
}

// Brings `list`, from `place` on, up to date with `fresh`, both of elements with ids; returns what
// is new. With `renew`, elements that are there already are given their new content.
function merge(list, fresh, renew, place = list.firstElementChild) {
  const added = [];
  for (const item of fresh) {
    let known = document.getElementById(item.id);
    if (!known) {
      known = document.importNode(item, true);
      list.insertBefore(known, place);
      added.push(known);
      htmx.process(known);
    } else {
      if (known !== place) move(list, known, place);
      if (renew) replace(known, item);
    }
    place = known.nextElementSibling;
  }
  return added;
}

function move(list, item, place) {
  if (list.moveBefore) return list.moveBefore(item, place);
  const focused = item.contains(document.activeElement) ? document.activeElement : null;
  list.insertBefore(item, place);
  focused?.focus({ preventScroll: true });
}

function replace(known, item) {
  if (known.innerHTML === item.innerHTML && known.hasAttribute("data-unread") === item.hasAttribute("data-unread")) return;
  const had = known.contains(document.activeElement);
  const at = document.activeElement.closest?.(".mark") ? ".mark" : "a.hit";
  known.toggleAttribute("data-unread", item.hasAttribute("data-unread"));
  known.replaceChildren(...document.importNode(item, true).childNodes);
  htmx.process(known);
  if (had) (known.querySelector(at) ?? known.querySelector("a.hit"))?.focus({ preventScroll: true });
}

async function renewList() {
  const list = document.querySelector("#threads > .rows");
  if (!list) return;
  const page = await ask(withPart(list.dataset.news));
  const fresh = page && [...page.querySelectorAll("li.row")];
  if (!fresh?.length) return;
  const pane = document.getElementById("list");
  const anchor = [...list.children].find((row) => row.getBoundingClientRect().bottom > pane.getBoundingClientRect().top + 60);
  const before = anchor?.getBoundingClientRect().top ?? 0;
  const scrolled = pane.scrollTop > 0;
  const added = merge(list, fresh, true);
  if (scrolled && anchor) pane.scrollTop += anchor.getBoundingClientRect().top - before;
  if (scrolled && added.length) tell(added.length);
}

function withPart(url) {
  return `${url}${url.includes("?") ? "&" : "?"}part=rows`;
}

function tell(count) {
  const pill = document.querySelector("#list .news");
  const total = Number(pill.dataset.count ?? 0) + count;
  pill.dataset.count = total;
  pill.textContent = `${total} new`;
  pill.hidden = false;
}

function quiet() {
  const pill = document.querySelector("#list .news");
  if (!pill) return;
  pill.hidden = true;
  delete pill.dataset.count;
}

async function renewThread() {
  const list = document.querySelector("#thread .messages[data-news]");
  const oldest = list?.querySelector(":scope > details.msg");
  if (!oldest) return;
  const page = await ask(`${list.dataset.news}?since=${oldest.id.replace("message-", "")}`);
  if (!page || !list.isConnected) return;
  const fresh = [...page.querySelectorAll("details.msg")];
  const known = fresh.map((message) => document.getElementById(message.id)).find(Boolean);
  const writing = document.activeElement.closest("#answer");
  const before = writing?.getBoundingClientRect().top;
  merge(list, fresh, false, known ?? null);
  for (const message of fresh) show(document.getElementById(message.id), message.hasAttribute("data-unread"));
  const now = page.getElementById("thread");
  if (now) document.getElementById("thread").toggleAttribute("data-unread", now.hasAttribute("data-unread"));
  for (const fresh of page.querySelectorAll(".filed, .filings, .told, .told-mark, #thread-count")) {
    const known = document.getElementById(fresh.id);
    if (known && !known.contains(document.activeElement)) replace(known, fresh);
  }
  if (writing) document.getElementById("read").scrollTop += writing.getBoundingClientRect().top - before;
}

async function renew() {
  timer = setTimeout(() => {
    timer = 0;
    if (waiting) { waiting = false; renew(); }
  }, PAUSE);
  try {
    await Promise.all([renewList(), renewThread()]);
  } catch {
    // The server is away: the stream says so, and "live-again" brings us back here.
  }
}

for (const name of ["mail", "live-again"]) {
  document.addEventListener(name, () => { if (timer) waiting = true; else renew(); });
}

document.addEventListener("click", (event) => {
  if (!event.target.closest?.("#list .news")) return;
  document.getElementById("list").scrollTop = 0;
  quiet();
});

document.addEventListener("scroll", (event) => {
  if (event.target.id === "list" && event.target.scrollTop === 0) quiet();
}, true);
