// The dialog that writes something down on a record's timeline closes once it is saved; the focus
// goes back to what opened it, or to the timeline where that is gone.

let opener = null;

addEventListener("click", (event) => {
  opener = event.target.closest?.('[hx-target="#entry-place"]') ?? opener;
}, true);

const dialog = () => document.querySelector("dialog.entry-dialog");
const home = () => document.getElementById("timeline-title");

document.addEventListener("htmx:after:swap", () => {
  if (dialog() && !dialog().querySelector("form[method=post]")) dialog().close();
  if (home() && document.activeElement === document.body && opener && !opener.isConnected) {
    home().focus({ preventScroll: true });
    opener = null;
  }
});

document.addEventListener("close", (event) => {
  if (!event.target.matches?.("dialog.entry-dialog")) return;
  event.target.remove();
  (opener?.isConnected ? opener : home())?.focus({ preventScroll: true });
}, true);

// A look that had to wait was put together before older lines were loaded: it must not drop them.
document.addEventListener("htmx:before:request", (event) => {
  const { sourceElement, request } = event.detail.ctx;
  const last = document.getElementById("timeline-last");
  if (sourceElement?.id !== "timeline-list" || !last) return;
  const path = new URL(request.action, location.href);
  path.searchParams.set("last", last.value);
  request.action = path.pathname + path.search;
});
