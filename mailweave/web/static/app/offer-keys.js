// Records that were found: the arrows lead from the field through their buttons and back. Enter in
// the field goes to the first one, once what is shown is what was typed.

function buttons(box) {
  return [...box.querySelectorAll(".offers button")].filter((one) => one.checkVisibility());
}

document.addEventListener("keydown", (event) => {
  const box = event.target.closest?.("[data-offers]");
  if (!box || !["ArrowDown", "ArrowUp", "Enter"].includes(event.key)) return;
  const field = box.querySelector("input[type=search]");
  const found = buttons(box);
  const at = found.indexOf(event.target);
  if (event.key === "Enter") {
    const list = box.querySelector(".offers");
    if (event.target !== field || !found.length || list.dataset.text !== field.value.trim()) return;
    event.preventDefault();
    found[0].focus();
  } else if (event.target === field || at >= 0) {
    const next = at + (event.key === "ArrowDown" ? 1 : -1);
    if (event.target === field && event.key === "ArrowUp") return;
    event.preventDefault();
    (next < 0 ? field : found[Math.min(next, found.length - 1)])?.focus();
  }
});
