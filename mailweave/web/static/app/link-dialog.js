// The dialog that links a message closes once it is linked; the focus goes back to its button, also
// when a key had opened it.

document.addEventListener("htmx:after:swap", (event) => {
  if (!event.detail.ctx?.target?.id?.startsWith("filed-")) return;
  document.querySelector("dialog.link-dialog[open]")?.close();
});

document.addEventListener("close", (event) => {
  const dialog = event.target;
  if (!dialog.matches?.("dialog.link-dialog")) return;
  const button = document.querySelector(`a[hx-target="#${dialog.parentElement.id}"]`);
  dialog.remove();
  button?.focus({ preventScroll: true });
}, true);
