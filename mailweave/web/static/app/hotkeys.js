// Keyboard shortcuts. An element declares data-hotkey="e", "g i", "Mod+Enter" or several of them
// separated by commas (after a space, a comma is the key itself). The key focuses a field and
// clicks anything else. The first match that is visible and enabled wins; with data-hotkey-always,
// it need not be visible (a link in a closed drawer).
// Single keys are inert while somebody types, and everywhere under <html data-hotkeys="off">;
// "Mod+…" and "Escape" work always, but Escape closes an open dialog or menu first.

const TYPING =
  "textarea, select, [contenteditable], " +
  "input:not([type=checkbox], [type=radio], [type=button], [type=submit], [type=file])";
const NAMED = new Set(["Enter", "Escape"]);
const WINDOW = 900;

let prefix = "";
let timer = 0;

const scope = () => [...document.querySelectorAll("dialog[open]")].at(-1) ?? document;
const declared = () => [...scope().querySelectorAll("[data-hotkey]")];
const keysOf = (element) => element.dataset.hotkey.split(/(?<! ),/).map((key) => key.trim());

function isReachable(element) {
  if (element.disabled) return false;
  return "hotkeyAlways" in element.dataset || element.checkVisibility({ visibilityProperty: true });
}

function find(keys) {
  return declared().find((element) => keysOf(element).includes(keys) && isReachable(element));
}

function isPrefix(key) {
  return declared().some((element) => keysOf(element).some((keys) => keys.startsWith(`${key} `)));
}

function use(element) {
  if (element.matches("input, textarea, select")) {
    element.focus();
    element.select?.();
  } else {
    element.click();
  }
}

function isForUs(event, withMod) {
  if (event.defaultPrevented || event.isComposing || event.altKey) return false;
  if (event.key.length > 1 && !NAMED.has(event.key)) return false;
  if (event.key === "Escape") return !document.querySelector("dialog[open], :popover-open");
  if (withMod) return true;
  if (document.documentElement.dataset.hotkeys === "off") return false;
  const target = event.target;
  if (target.closest?.(TYPING)) return false;
  return !(event.key === "Enter" && target.closest?.("a, button, summary, input"));
}

addEventListener("keydown", (event) => {
  const withMod = event.ctrlKey || event.metaKey;
  if (!isForUs(event, withMod)) return;
  const key = (withMod ? "Mod+" : "") + event.key;
  const before = prefix;
  prefix = "";
  clearTimeout(timer);
  const element = (before && find(`${before} ${key}`)) || find(key);
  if (element) {
    event.preventDefault();
    use(element);
  } else if (!withMod && isPrefix(key)) {
    prefix = key;
    timer = setTimeout(() => { prefix = ""; }, WINDOW);
  }
});
