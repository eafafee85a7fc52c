// What is put into a letter while it is written: a template filled in where the caret is, and the
// signature that goes with the entry of From, in the place of the one that is there.

const headersOf = (form) => ({ "X-CSRFToken": form.elements.csrfmiddlewaretoken.value, "HX-Request": "true" });

function tell(words) {
  const toast = document.getElementById("trouble").content.cloneNode(true);
  if (words) toast.querySelector("span").textContent = words;
  document.getElementById("toasts").append(toast);
}

async function fill(button, keeper) {
  const editor = keeper.querySelector("rich-editor");
  button.closest("[popover]").hidePopover();
  await keeper.save();
  const answer = await fetch(button.dataset.fill, { method: "POST", headers: headersOf(keeper.form) }).catch(() => null);
  if (answer?.status === 422) return tell(new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".toast span")?.textContent);
  if (!answer?.ok || answer.headers.has("HX-Redirect")) return tell();
  const { subject, html, open } = await answer.json();
  const field = keeper.form.elements.subject;
  if (subject && !field.value) field.value = subject;
  editor.insert(html);
  if (open.length) tell(`Nothing is known for ${open.join(", ")}. It is marked in the text: fill it in before you send this.`);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-fill]");
  const keeper = button?.closest("draft-keeper");
  if (keeper) fill(button, keeper);
  const field = event.target.closest?.("[data-insert]");
  if (field) field.closest("form").querySelector("rich-editor").insert(field.dataset.insert);
});

document.addEventListener("change", async (event) => {
  const keeper = event.target.matches?.("select[name=sender]") && event.target.closest("draft-keeper");
  if (!keeper) return;
  const query = new URLSearchParams({ sender: event.target.value });
  const answer = await fetch(`${keeper.dataset.signatureFrom}?${query}`, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (answer?.ok && !answer.headers.has("HX-Redirect")) keeper.querySelector("rich-editor").sign((await answer.json()).html);
});
