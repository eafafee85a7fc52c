// The line of a file that is on its way up: its progress, the way to stop it, what went wrong.
import { element } from "./element.js";
import { Upload } from "./upload.js";

const MB = 1024 * 1024;
const size = (bytes) => (bytes < MB ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / MB).toFixed(1)} MB`);

// Begins at once. `inline` files go into the text, once they are there. `drop` is the <file-drop>.
export function lineOf(file, inline, drop) {
  const upload = new Upload(drop.dataset.to, file, inline, () => drop.form.elements.csrfmiddlewaretoken.value);
  const bar = element("progress", { className: "progress", max: 1, value: 0, ariaLabel: `Uploading ${file.name}` });
  const why = element("span", { className: "error small" });
  const again = element("button", { type: "button", className: "btn", hidden: true }, "Try again");
  const stop = element("button", { type: "button", className: "btn", ariaLabel: `Do not attach ${file.name}` }, "Cancel");
  for (const one of [again, stop]) Object.assign(one.dataset, { small: "", kind: "ghost" });
  const facts = element("span", { className: "muted small" }, size(file.size));
  const row = element("li", { className: "file" }, element("span", { className: "cut" }, file.name), facts, bar, why, again, stop);
  again.onclick = () => run(upload, row, inline, drop);
  stop.onclick = () => { upload.stop(); row.remove(); drop.say(`${file.name} is not attached.`); };
  run(upload, row, inline, drop);
  return row;
}

async function run(upload, row, inline, drop) {
  const [bar, why, again] = ["progress", ".error", "button"].map((one) => row.querySelector(one));
  bar.hidden = false;
  again.hidden = true;
  why.textContent = "";
  try {
    done(upload, row, await upload.run((part) => { bar.value = part; }), inline, drop);
  } catch (error) {
    if (error.name === "AbortError") return;
    bar.hidden = true;
    again.hidden = false;
    why.textContent = error.message;
    drop.say(`${upload.file.name} was not attached. ${error.message}`);
  }
}

function done(upload, row, html, inline, drop) {
  if (inline) {
    row.remove();
    drop.editor.image(upload.path, upload.file.name);
  } else row.replaceWith(document.importNode(new DOMParser().parseFromString(html, "text/html").querySelector("li"), true));
  drop.say(`${upload.file.name} is attached.`);
}
