// What a composer is made of; loaded where one is. What keeps drafts comes first, since it brings
// back what this browser kept before the fields come alive. What puts templates and signatures in
// is loaded when somebody wants one.
import "./draft-keeper.js";
import "./recipient-field.js";
import "./rich-editor.js";
import "./file-drop.js";
import "./mail-body.js";
import { tell } from "./trouble.js";

const want = (module, act) => module.then(act).catch(() => tell());

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-fill], [data-insert]");
  if (button) want(import("./inserts.js"), ({ put }) => put(button));
});

document.addEventListener("keydown", (event) => {
  const keeper = event.target.closest?.("draft-keeper");
  const isSend = event.key === "Enter" && (event.ctrlKey || event.metaKey);
  const isOut = event.key === "Escape" && !event.defaultPrevented && !keeper?.querySelector(":popover-open");
  if (!keeper || !(isSend || isOut)) return;
  event.preventDefault();
  event.stopPropagation();
  keeper.querySelector(isSend ? "[data-send]" : "[data-close-composer]")?.click();
});

document.addEventListener("toggle", ({ target, newState }) => {
  if (!("signatures" in target.dataset)) return;
  target.replaceChildren();
  if (newState === "open") want(import("./signatures.js"), ({ list }) => list(target, target.closest("draft-keeper")));
}, true);

document.addEventListener("change", ({ target }) => {
  const keeper = target.matches?.("[name=sender]") && target.closest("draft-keeper");
  if (!keeper) return;
  const was = keeper.dataset.sender ?? target.querySelector("[selected]")?.value ?? target.value;
  keeper.dataset.sender = target.value;
  want(import("./signatures.js"), ({ follow }) => follow(keeper, was, target.value));
});
