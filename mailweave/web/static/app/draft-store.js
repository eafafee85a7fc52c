// What somebody writes, kept in this browser until the server has it: by draft, for the version it
// was written on. Browsers may have no room or allow none; then the server has it a second later.

export function keep(place, version, fields) {
  try {
    localStorage.setItem(place, JSON.stringify({ version, fields }));
  } catch {
    // See above.
  }
}

export function kept(place, version) {
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

// Whether somebody wrote in these fields before there was anybody to notice.
export function isTouched(form, names) {
  const fields = names.map((name) => form.elements[name]);
  return fields.some((field) => field?.defaultValue !== undefined && field.value !== field.defaultValue);
}
