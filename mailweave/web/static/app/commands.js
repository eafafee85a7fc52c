// Buttons with commandfor open and close their dialogs where browsers do not know that by themselves.

addEventListener("click", (event) => {
  const button = event.target.closest?.("button[commandfor]");
  const dialog = button && document.getElementById(button.getAttribute("commandfor"));
  if (!(dialog instanceof HTMLDialogElement)) return;
  if (button.getAttribute("command") === "show-modal" && !dialog.open) dialog.showModal();
  if (button.getAttribute("command") === "close") dialog.close();
});
