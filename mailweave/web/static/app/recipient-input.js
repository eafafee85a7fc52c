// Where a recipient is typed, with the list of people under it. What offers people is loaded when
// somebody types; until it is here, and without it, they are typed.
import { element } from "./element.js";

// `options` notes meanwhile whether Enter came before there was anything to choose.
export function combobox(id) {
  const input = element("input", { id, type: "text", autocomplete: "off", spellcheck: false });
  const people = element("ul", { id: `${id}-people`, className: "people-list", hidden: true, role: "listbox", ariaLabel: "People" });
  for (const [name, value] of Object.entries({
    role: "combobox", "aria-expanded": "false", "aria-autocomplete": "list", "aria-controls": people.id, "aria-describedby": `${id}-wrong`,
  })) input.setAttribute(name, value);
  const options = { isAsking: false, isEager: false, key: () => false, close() { this.isAsking = this.isEager = false; } };
  return { input, people, options };
}

export async function ask(field) {
  const { options } = field;
  if (options.ask) return options.ask();
  options.isAsking = field.input.value.trim().length > 1;
  const { Options } = await import("./recipient-options.js").catch(() => ({}));
  if (!Options) return options.close();
  if (field.options === options) field.options = new Options(field, field.input, (text) => field.take(text));
  field.options.ask(options.isEager);
}
