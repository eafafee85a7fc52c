// What few pages have, or few people open, is loaded once it is there.

const LATE = new Map([
  ["copy-text", () => import("./copy-text.js")],
  ["zone-guess", () => import("./zone-guess.js")],
  ["#notifications:popover-open", () => import("./notification-list.js")],
  ["[data-offers]", () => import("./offer-keys.js")],
  [".rail, #entry-place", () => import("./timeline.js")],
  ["#shortcuts[open]", () => import("./shortcut-sheet.js")],
]);

function look() {
  for (const [place, load] of LATE) {
    if (!document.querySelector(place)) continue;
    LATE.delete(place);
    load().catch(() => LATE.set(place, load));
  }
}

document.addEventListener("htmx:after:swap", look);
document.addEventListener("toggle", look, true);
look();
