// What <draft-keeper> says to the server, and what it hears: { version, said } once it is saved,
// { choice } where another tab wrote, { isStale } for an old token, else { words } of what is wrong.

const PART = { "HX-Request": "true", "HX-Request-Type": "partial" };
export const UNREACHED = "The server cannot be reached. What you write is kept in this browser, and saved once it can.";
const SIGNED_OUT = "You are signed out. What you write is kept in this browser. Sign in in another tab, and it is saved.";
export const REFUSED = "This could not be saved. What you write is kept in this browser.";

export async function save(form, leaving) {
  const body = new FormData(form);
  body.delete("file");
  body.set("do", "save");
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: PART, keepalive: leaving });
    if (answer.headers.has("HX-Redirect")) return { words: SIGNED_OUT };
    if (answer.status === 409) return { choice: await answer.text() };
    if (answer.status === 403) return { isStale: true };
    return answer.ok ? await answer.json() : { words: REFUSED };
  } catch {
    return { words: UNREACHED };
  }
}

// Who signed in again has another token: the form gets it. Else says what is wrong.
export async function renew(form) {
  const page = await fetch(form.action, { headers: PART }).catch(() => null);
  if (!page?.ok) return page ? REFUSED : UNREACHED;
  if (page.headers.has("HX-Redirect")) return SIGNED_OUT;
  const fresh = new DOMParser().parseFromString(await page.text(), "text/html").querySelector("[name=csrfmiddlewaretoken]");
  if (fresh) form.elements.csrfmiddlewaretoken.value = fresh.value;
  return "";
}

// Where another tab wrote, a person chooses.
export function choose(target, keeper) {
  if (target.closest("[data-take-theirs]")) keeper.forget();
  const button = target.closest("[data-overwrite]");
  if (!button) return;
  keeper.form.elements.version.value = button.dataset.overwrite;
  keeper.querySelector("rich-editor").focus();
  keeper.again();
}
