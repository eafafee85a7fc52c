// How a letter closes: the signature that goes with the entry of From, unless another one was chosen
// or it was taken out. What somebody wrote inside a signature is theirs: it is replaced only when
// they say so.
import { element } from "./element.js";
import { tell } from "./trouble.js";

const blocksOf = (editor) => [...editor.place.querySelectorAll("[data-signature]")];

// What the writer sees of it, however the editor has arranged it.
function print(nodes) {
  const images = nodes.flatMap((node) => [...node.querySelectorAll("img")]);
  return nodes.map((node) => node.textContent).join("").replace(/[\s\u200b]+/g, "") + "▪".repeat(images.length);
}

async function known(keeper, sender) {
  const query = new URLSearchParams({ sender });
  const answer = await fetch(`${keeper.dataset.signaturesFrom}?${query}`, { headers: { "HX-Request": "true" } });
  if (!answer.ok || answer.headers.has("HX-Redirect")) throw new Error("no answer");
  return answer.json();
}

function isUntouched(editor, blocks, signatures) {
  const here = signatures.find((one) => one.id === blocks[0].dataset.signature);
  return Boolean(here) && print(blocks) === print([editor.pad.cleaned(here.html)]);
}

// In the place of the one that is there, or at the end; none takes it away.
function put(editor, one) {
  const [old, ...more] = blocksOf(editor);
  editor.pad.saveUndoState();
  for (const rest of more) rest.remove();
  if (!one) old?.remove();
  else {
    const block = element("div", {}, editor.pad.cleaned(one.html));
    block.dataset.signature = one.id;
    if (old) old.replaceWith(block);
    else editor.place.append(element("div", {}, element("br")), block);
  }
  editor.changed();
}

// What was a signature is text like any other.
function loosen(editor) {
  for (const block of blocksOf(editor)) block.removeAttribute("data-signature");
}

// Another entry of From was chosen, in place of `was`.
export async function follow(keeper, was, sender) {
  const editor = keeper.querySelector("rich-editor");
  if (!editor.isRich) return;
  const [before, now] = await Promise.all([known(keeper, was), known(keeper, sender)]);
  const blocks = blocksOf(editor);
  const id = blocks[0]?.dataset.signature ?? "";
  const isChosen = id !== before.usual;
  if (blocks.length && !isUntouched(editor, blocks, [...before.signatures, ...now.signatures])) return;
  if (id === now.usual || (isChosen && (!id || now.signatures.some((one) => one.id === id)))) return;
  put(editor, now.signatures.find((one) => one.id === now.usual));
}

// The menu opens: what there is to choose from.
export async function list(menu, keeper) {
  const { signatures } = await known(keeper, keeper.form.elements.sender.value);
  const id = blocksOf(keeper.querySelector("rich-editor"))[0]?.dataset.signature ?? "";
  const line = (one, label) => {
    const button = element("button", { type: "button", className: "navlink" }, label);
    if (one?.shared) button.append(element("span", { className: "count" }, "Everybody’s"));
    if ((one?.id ?? "") === id) button.ariaCurrent = "true";
    button.onclick = () => choose(menu, keeper, signatures, one).catch(() => tell());
    return button;
  };
  menu.replaceChildren(...signatures.map((one) => line(one, one.name)), line(null, "None"));
}

async function choose(menu, keeper, signatures, one) {
  const editor = keeper.querySelector("rich-editor");
  const blocks = blocksOf(editor);
  const sign = () => { menu.hidePopover(); put(editor, one); editor.field.focus(); };
  if (!blocks.length || isUntouched(editor, blocks, signatures)) return sign();
  const button = (label, act) => element("button", { type: "button", className: "navlink", onclick: act }, label);
  menu.replaceChildren(
    element("p", { className: "small ask" }, "You changed the signature that is there."),
    button(one ? "Replace it" : "Take it out", sign),
    button(one ? "Keep it as text, and add this one" : "Keep it as text", () => { loosen(editor); sign(); }),
  );
  menu.querySelector("button").focus();
}
