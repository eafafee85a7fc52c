// A request that met a broken server or no server at all is told in a toast. What the server
// explains itself (4xx) comes with its own words.

export function tell(words) {
  const toast = document.getElementById("trouble").content.cloneNode(true);
  if (words) toast.querySelector("span").textContent = words;
  document.getElementById("toasts").append(toast);
}

document.addEventListener("htmx:error", (event) => { if (event.target.id !== "live") tell(); });
document.addEventListener("htmx:response:error", (event) => {
  if (event.detail.ctx.response.status >= 500 && event.target.id !== "live") tell();
});
