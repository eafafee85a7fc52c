// What is put into a letter while it is written: a template filled in where the caret is, and the
// signature that goes with the entry of From, in the place of the one that is there.
import { tell } from "./trouble.js";

const PART = { "HX-Request": "true" };

// A button's: a template, or the field of one.
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

// Another entry of From was chosen.
export async function follow(sender, keeper) {
  const query = new URLSearchParams({ sender });
  const answer = await fetch(`${keeper.dataset.signatureFrom}?${query}`, { headers: PART }).catch(() => null);
  if (answer?.ok && !answer.headers.has("HX-Redirect")) keeper.querySelector("rich-editor").sign((await answer.json()).html);
}
