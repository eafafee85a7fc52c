// A request of htmx that met a broken server or no server at all is told in a toast. What the
// server explains itself (4xx) comes with its own words.

function tell(event) {
  if (event.target.id === "live") return;
  const toast = document.getElementById("trouble").content.cloneNode(true);
  document.getElementById("toasts").append(toast);
}

document.addEventListener("htmx:error", tell);
document.addEventListener("htmx:response:error", (event) => {
  if (event.detail.ctx.response.status >= 500) tell(event);
});
