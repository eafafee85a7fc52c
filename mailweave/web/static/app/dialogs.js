// <button commandfor="id" command="show-modal"> opens a dialog by itself in current browsers; older ones
// get commands.js. Everywhere: a click on the backdrop closes, <dialog data-open> opens at once.

if (!("commandForElement" in HTMLButtonElement.prototype)) import("./commands.js");

addEventListener("click", (event) => {
  const dialog = event.target;
  if (!(dialog instanceof HTMLDialogElement)) return;
  const box = dialog.getBoundingClientRect();
  const inside = event.clientX >= box.left && event.clientX <= box.right &&
    event.clientY >= box.top && event.clientY <= box.bottom;
  if (!inside) dialog.close();
});

function openMarked(root) {
  for (const dialog of root.querySelectorAll("dialog[data-open]")) {
    delete dialog.dataset.open;
    if (!dialog.open) dialog.showModal();
  }
}

openMarked(document);
document.addEventListener("htmx:after:swap", () => openMarked(document));
