// Squire, the editor, as we use it; loaded with DOMPurify once a composer needs it.
// Our content security policy knows no style attributes. What is parsed has them under another
// name, and they are set one by one afterwards, which the policy allows.

const STYLE = /(\s)style(\s*=)/gi;
const TAG = /<[a-z](?:"[^"]*"|'[^']*'|[^"'>])*>/gi;
const FORBIDDEN = ["style", "form", "input", "button", "select", "textarea", "video", "audio", "svg", "math"];
const RULES = {
  RETURN_DOM_FRAGMENT: true,
  FORBID_TAGS: FORBIDDEN,
  FORBID_ATTR: ["id", "class", "name", "contenteditable", "background", "srcset"],
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|tel:|\/compose\/)/i,
};

const disguise = (html) => html.replace(TAG, (tag) => tag.replace(STYLE, "$1data-drawn$2"));

function paint(root) {
  for (const one of root.querySelectorAll("[data-drawn]")) {
    one.style.cssText = one.dataset.drawn;
    one.removeAttribute("data-drawn");
  }
  return root;
}

// Images of elsewhere are not loaded here, and not sent from here: their words stay.
function cleaned(html) {
  const clean = DOMPurify.sanitize(disguise(html), RULES);
  for (const image of clean.querySelectorAll("img")) {
    if (!/^(?:\/compose\/|data:image\/(?:png|jpeg|gif|webp);base64,)/.test(image.getAttribute("src"))) image.replaceWith(image.alt);
  }
  for (const mark of clean.querySelectorAll("mark[data-unresolved]")) mark.replaceWith(open(mark));
  return paint(document.importNode(clean, true));
}

// Squire takes marks for blocks; an open field of a template is marked by its attribute alone.
function open(mark) {
  const field = mark.ownerDocument.createElement("span");
  field.dataset.unresolved = mark.dataset.unresolved;
  field.append(...mark.childNodes);
  return field;
}

let loading = null;

function load() {
  loading ??= Promise.all([
    import("../vendor/squire-2.4.8.min.js"), import("../vendor/dompurify-3.4.18.min.js"),
  ]).then(() => class extends Squire {
    cleaned = cleaned;

    // Steps back and forth put in HTML of its own making.
    _setRawHTML(html) {
      super._setRawHTML(disguise(html));
      paint(this._root);
      return this;
    }
  });
  return loading;
}

// An editor in `place`, which begins with `html`. Tab leaves it, as it leaves any field.
export async function edit(place, html) {
  const Pad = await load();
  const pad = new Pad(place, { sanitizeToDOMFragment: cleaned, didError: () => {} });
  pad._imageResizer.destroy(); // its handles are drawn by style attributes
  for (const key of ["Tab", "Shift-Tab", "Ctrl-d", "Meta-d", "PageUp", "PageDown"]) pad.setKeyHandler(key, null);
  pad.setHTML(html);
  return pad;
}
