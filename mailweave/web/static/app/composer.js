// What a composer is made of; loaded where one is. What keeps drafts comes first, since it brings
// back what this browser kept before the fields come alive. What puts templates and signatures in
// is loaded when somebody wants one.
import "./draft-keeper.js";
import "./recipient-field.js";
import "./rich-editor.js";
import "./file-drop.js";
import "./mail-body.js";
import { tell } from "./trouble.js";

const wanted = (act) => import("./inserts.js").then(act).catch(() => tell());

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-fill], [data-insert]");
  if (button) wanted(({ put }) => put(button));
});

document.addEventListener("change", ({ target }) => {
  const keeper = target.matches?.("[name=sender]") && target.closest("draft-keeper");
  if (keeper) wanted(({ follow }) => follow(target.value, keeper));
});
