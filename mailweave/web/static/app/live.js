// The page's one stream of news. Each event on it is only a name, which elements listen for with
// hx-trigger="mailbox-12 from:body"; "live-again" says that some may have been missed.
// When the stream breaks for longer than a moment, a banner says that the page may be behind.

const PATIENCE = 5000;
let timer = 0;

const banner = () => document.getElementById("live-lost");

document.addEventListener("htmx:sse:error", () => {
  timer ||= setTimeout(() => { const it = banner(); if (it) it.hidden = false; }, PATIENCE);
});

document.addEventListener("htmx:sse:after:connection", () => {
  clearTimeout(timer);
  timer = 0;
  const it = banner();
  if (it) it.hidden = true;
});

// htmx starts by a timer of its own, which may strike before its stream extension has come; then
// it has passed over the page's stream. Our timer strikes later.
setTimeout(() => {
  const stream = document.getElementById("live");
  if (stream && !stream.hasAttribute("data-htmx-powered")) htmx.process(stream);
});
