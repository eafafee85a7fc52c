// What somebody writes, kept in this browser until the server has it: by person, draft and composer,
// with the version it was written on. Browsers may have no room or allow none; then the server has
// it a second later. What a closed page left behind is found by draft-left.js.

export const KEPT = ["mode", "text", "html", "subject", "to", "cc", "bcc", "sender"];

export const fieldsOf = (form) => KEPT.map((name) => [name, form.elements[name]?.value ?? ""]);
export const placeOf = (user, draft = "") => `draft-${user}-${draft && `${draft}-`}`;

function trying(act) {
  try {
    return act();
  } catch {
    return null; // See above.
  }
}

export const drop = (place) => trying(() => localStorage.removeItem(place));

export function keep(place, form) {
  const { value: version } = form.elements.version;
  trying(() => localStorage.setItem(place, JSON.stringify({ version, fields: fieldsOf(form), at: Date.now() })));
}

// What was kept at places that begin so, newest first.
export function left(beginning) {
  const found = trying(() => Object.keys(localStorage).filter((one) => one.startsWith(beginning))) ?? [];
  const read = (place) => ({ place, ...trying(() => JSON.parse(localStorage.getItem(place))) });
  return found.map(read).filter((one) => one.fields).sort((one, other) => other.at - one.at);
}

const bare = (text) => text.replace(/[\s"]+/g, "");
const seen = (html) => new DOMParser().parseFromString(html.replace(/<img/gi, "▪$&"), "text/html").body.textContent;

// The words, however they are written down.
function print(fields) {
  const { mode, text, html, ...rest } = Object.fromEntries(fields);
  return bare(Object.values({ ...rest, words: mode === "rich" ? seen(html) : text }).join("|"));
}

export function isIn(form, { fields }) {
  const rich = form.querySelector("rich-editor").dataset.mode;
  return print(fields) === print(fieldsOf(form).map(([name, value]) => [name, name === "mode" ? rich : value]));
}

// Puts in what this browser kept and the server does not have, before the fields come alive. Says
// whether there is something to save (that, or what was written before there was anybody to notice),
// and what is left because the draft has changed since.
export function bring(beginning, form) {
  const kept = left(beginning).filter((one) => !isIn(form, one) || drop(one.place));
  const at = kept.findIndex((one) => one.version === form.elements.version.value);
  const [mine] = at < 0 ? [] : kept.splice(at, 1);
  for (const [name, value] of mine?.fields ?? []) {
    if (form.elements[name]) form.elements[name].value = value;
  }
  if (mine) form.querySelector("rich-editor").dataset.mode = form.elements.mode.value;
  if (mine) drop(mine.place);
  const isNew = mine || KEPT.map((name) => form.elements[name])
    .some((field) => field?.defaultValue !== undefined && field.value !== field.defaultValue);
  return { isNew, kept };
}
