// The Mail page: its own elements and habits, on top of what links and forms do by themselves.
import "./mail-body.js";
import "./list-cursor.js";
import "./mail-news.js";
import "./link-dialog.js";

// htmx starts by a timer of its own, which may strike before its stream extension has come; then
// it has passed over the page's stream. Our timer strikes later.
setTimeout(() => {
  const stream = document.getElementById("live");
  if (stream && !stream.hasAttribute("data-htmx-powered")) htmx.process(stream);
});
