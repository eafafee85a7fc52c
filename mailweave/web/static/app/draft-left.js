// What was written on a page that was closed before the server had it: it is told of on the next page,
// and in its composer a person says what becomes of it.
import { drop, isIn, keep, left } from "./draft-store.js";
import { element } from "./element.js";
import { tell } from "./trouble.js";

const MOMENT = 2000;
const PART = { "HX-Request": "true", "HX-Request-Type": "partial" };

// Composers that are open hold a lock each; where browsers have none, all count as closed.
async function closed(kept) {
  const open = new Set((await navigator.locks?.query())?.held.map((one) => one.name));
  return kept.filter((one) => !open.has(one.place));
}

async function formOf(draft) {
  const answer = await fetch(`/compose/${draft}/`, { headers: PART });
  if (!answer.ok || answer.headers.has("HX-Redirect")) return null;
  return new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("draft-keeper form");
}

// On any page: leads to what was written on a draft that is not open here. What a page was leaving
// with has a moment to arrive.
export async function find(beginning) {
  await new Promise((go) => { setTimeout(go, left(beginning)[0].at + MOMENT - Date.now()); });
  for (const one of await closed(left(beginning))) {
    const draft = one.place.slice(beginning.length).split("-")[0];
    if (document.getElementById(`composer-${draft}`)) continue;
    const form = await formOf(draft);
    if (!form) continue;
    if (isIn(form, one)) drop(one.place);
    else return offer(draft);
  }
}

function offer(draft) {
  tell("What you wrote was not saved before its page was closed. This browser has kept it.");
  const link = element("a", { className: "btn", href: `/compose/${draft}/` }, "Open it");
  document.querySelector("#toasts .toast:last-of-type span").after(link);
}

// In its composer, where the draft was changed since: both are kept until somebody chooses.
export async function ask(keeper, kept) {
  for (const one of await closed(kept)) keeper.trouble.before(question(keeper, one));
}

function question(keeper, one) {
  const { subject, text, html, mode } = Object.fromEntries(one.fields);
  const words = mode === "rich" ? new DOMParser().parseFromString(html.replace(/<(?:br|\/p|\/div)/g, "\n$&"), "text/html").body.textContent : text;
  const button = (label, act) => {
    const made = element("button", { type: "button", className: "btn", onclick: act }, label);
    made.dataset.small = "";
    return made;
  };
  const made = element("div", { className: "banner small conflict", role: "alert" }, element("div", { className: "grow stack" },
    element("p", {}, "This was also written here, and not saved before its page was closed. It is kept until you choose."),
    element("details", {}, element("summary", {}, "Show it"), element("p", {}, element("b", {}, subject || "(no subject)")), element("pre", { className: "theirs" }, words.trim())),
    element("p", { className: "cluster" },
      button("Put it in place of what is here", () => put(keeper, one)),
      button("Forget it", () => { drop(one.place); made.remove(); keeper.querySelector("rich-editor").focus(); })),
  ));
  return made;
}

// Kept as if it were written on what stands there now, it comes in with the composer.
async function put(keeper, one) {
  await keeper.save();
  for (const [name, value] of one.fields) if (keeper.form.elements[name]) keeper.form.elements[name].value = value;
  keep(one.place, keeper.form);
  keeper.isOver = true;
  htmx.ajax("GET", `${keeper.form.action}?frame=${keeper.dataset.frame}`, { target: `#${keeper.id}`, swap: "outerHTML" });
}
