// The dialog that links a message closes once it is linked; the focus goes back to what opened it,
// also when a key had, or to the message's button where that is gone.

let opener = null;

addEventListener("click", (event) => {
  opener = event.target.closest?.('a[hx-target^="#link-"]') ?? opener;
}, true);

document.addEventListener("htmx:after:swap", (event) => {
  if (!event.detail.ctx?.target?.id?.startsWith("filed-")) return;
  document.querySelector("dialog.link-dialog[open]")?.close();
});

document.addEventListener("close", (event) => {
  const dialog = event.target;
  if (!dialog.matches?.("dialog.link-dialog")) return;
  const button = document.querySelector(`.foot a[hx-target="#${dialog.parentElement.id}"]`);
  dialog.remove();
  (opener?.isConnected ? opener : button)?.focus({ preventScroll: true });
}, true);
