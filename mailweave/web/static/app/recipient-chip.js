// A recipient as a chip: who it is, which edits it, and a cross, which removes it.
import { write } from "./addresses.js";
import { element } from "./element.js";

export function chip(one) {
  const called = one.name || one.address;
  const who = element("button", { type: "button", className: "who", tabIndex: -1, title: write(one) }, called);
  who.ariaLabel = `${write(one)}${one.isAddress ? "" : ", no e-mail address"}: edit`;
  const drop = element("button", { type: "button", className: "drop", tabIndex: -1, ariaLabel: `Remove ${called}` }, "×");
  const made = element("li", { className: "recipient", draggable: true }, who, drop);
  made.toggleAttribute("data-wrong", !one.isAddress);
  return made;
}
