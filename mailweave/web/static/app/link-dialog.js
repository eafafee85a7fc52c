// The dialog that links a message closes once it is linked; the focus goes back to its button.

document.addEventListener("htmx:after:swap", (event) => {
  if (!event.detail.ctx?.target?.id?.startsWith("filed-")) return;
  document.querySelector("dialog.link-dialog[open]")?.close();
});
