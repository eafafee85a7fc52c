// What somebody writes, kept in this browser until the server has it: by draft, for the version it
// was written on. Browsers may have no room or allow none; then the server has it a second later.

export const KEPT = ["mode", "text", "html", "subject", "to", "cc", "bcc", "sender"];

export const fieldsOf = (form) => KEPT.map((name) => [name, form.elements[name]?.value ?? ""]);

export function keep(place, form) {
  try {
    localStorage.setItem(place, JSON.stringify({ version: form.elements.version.value, fields: fieldsOf(form) }));
  } catch {
    // See above.
  }
}

function kept(place, version) {
  try {
    const found = JSON.parse(localStorage.getItem(place) ?? "null");
    if (found?.version === version) return found.fields;
    localStorage.removeItem(place);
  } catch {
    // See above.
  }
  return null;
}

export function drop(place) {
  try {
    localStorage.removeItem(place);
  } catch {
    // See above.
  }
}

// Puts in what this browser kept and the server does not have, before the fields come alive. Says
// whether there is something to save: that, or what was written before there was anybody to notice.
export function bring(place, form) {
  const fields = kept(place, form.elements.version.value);
  for (const [name, value] of fields ?? []) {
    if (form.elements[name]) form.elements[name].value = value;
  }
  if (fields) form.querySelector("rich-editor").dataset.mode = form.elements.mode.value;
  return Boolean(fields) || KEPT.map((name) => form.elements[name])
    .some((field) => field?.defaultValue !== undefined && field.value !== field.defaultValue);
}
