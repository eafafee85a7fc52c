// Recipients go from one field of a letter to another: by Alt with an arrow, or dragged by their
// chip; back by Ctrl+Z in the empty field they came to. A chip dropped elsewhere stays where it is.

const KIND = "application/x-recipient";
let dragged = null;
let last = null;

const others = (field) => field.closest("details")?.setAttribute("open", "");
const called = (one) => one.name || one.address;

function move(from, index, to) {
  const one = from.pull(index);
  others(to);
  to.add(one);
  last = { from: to, to: from, one };
  from.said.textContent = "";
  to.said.textContent = `${called(one)} moved from ${from.name} to ${to.name}`;
  to.input.focus();
}

// To the field above or below. Says whether there is one.
export function shift(from, key, index) {
  const fields = [...from.closest("form").querySelectorAll("recipient-field")];
  const to = fields[fields.indexOf(from) + { ArrowDown: 1, ArrowUp: -1 }[key]];
  if (to && index >= 0) move(from, index, to);
  return Boolean(to && index >= 0);
}

// Takes the last move back, if it came to this field. Says whether it did.
export function undo(field) {
  const index = last?.from === field && last.to.isConnected ? field.chosen.indexOf(last.one.address.toLowerCase()) : -1;
  if (index < 0) return false;
  move(field, index, last.to);
  last = null;
  return true;
}

export function drags(field) {
  const over = (on) => field.box.toggleAttribute("data-over", on);
  field.box.ondragstart = (event) => {
    const index = field.at(event.target);
    if (index < 0) return;
    dragged = { field, index };
    event.dataTransfer.setData(KIND, "");
    event.dataTransfer.effectAllowed = "move";
  };
  field.box.ondragend = () => { dragged = null; };
  field.box.ondragover = (event) => {
    if (!dragged || dragged.field === field || dragged.field.closest("form") !== field.closest("form")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "move";
    over(true);
  };
  field.box.ondragleave = (event) => { if (!field.box.contains(event.relatedTarget)) over(false); };
  field.box.ondrop = (event) => {
    over(false);
    if (!dragged || dragged.field === field) return;
    event.preventDefault();
    move(dragged.field, dragged.index, field);
    dragged = null;
  };
  const folded = field.closest("details");
  if (folded) folded.ondragenter = () => { if (dragged) others(field); };
}
