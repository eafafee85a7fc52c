// What is put into a letter while it is written: a template filled in where the caret is, or a
// field of one.
import { tell } from "./trouble.js";

const PART = { "HX-Request": "true" };

export function put(button) {
  const { fill: template, insert } = button.dataset;
  const form = button.closest("form");
  if (template) fill(template, button, form.closest("draft-keeper"));
  else form.querySelector("rich-editor").insert(insert);
}

async function fill(path, button, keeper) {
  button.closest("[popover]").hidePopover();
  await keeper.save();
  const headers = { ...PART, "X-CSRFToken": keeper.form.elements.csrfmiddlewaretoken.value };
  const answer = await fetch(path, { method: "POST", headers }).catch(() => null);
  if (answer?.status === 422) return tell(new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".toast span")?.textContent);
  if (!answer?.ok || answer.headers.has("HX-Redirect")) return tell();
  const { subject, html, open } = await answer.json();
  const field = keeper.form.elements.subject;
  if (subject && !field.value) field.value = subject;
  keeper.querySelector("rich-editor").insert(html);
  if (open.length) tell(`Nothing is known for ${open.join(", ")}. It is marked in the text: fill it in before you send this.`);
}
