// What people type or paste into a recipient field, as entries: "Mara Okafor <mara@acme.example>".
// The server reads the same again and has the last word; this is for showing it at once.

const PIECE = /(?:"(?:[^"\\]|\\.)*"|<[^<>\n]*>|[^,;\n])+/g;
const NAMED = /^(.*)<([^<>]*)>$/s;
const SPEC = /^[^\s@"(),:;<>[\]\\]+@[^\s@"(),:;<>[\]\\]+$/;

function clean(name) {
  return name.trim().replace(/^"(.*)"$/s, "$1").replace(/\\(.)/g, "$1").replace(/\s+/g, " ");
}

// One entry: its name and address, and whether that looks like an address.
export function read(text) {
  const named = NAMED.exec(text.trim());
  const address = (named ? named[2] : text).trim();
  return { name: named ? clean(named[1]) : "", address, isAddress: SPEC.test(address) };
}

export function write({ name, address }) {
  return name ? `${name} <${address}>` : address;
}

// All entries of a text. A name may have an unquoted comma in it: "Doe, John <john@acme.example>".
export function split(text) {
  const found = [];
  let before = "";
  for (const piece of text.match(PIECE) ?? []) {
    if (!piece.trim()) continue;
    const entry = read(before && piece.includes("<") ? `${before}, ${piece.trim()}` : piece);
    if (before && !piece.includes("<")) found.push(read(before));
    before = "";
    if (entry.isAddress || entry.address.includes("@")) found.push(entry);
    else before = piece.trim();
  }
  return before ? [...found, read(before)] : found;
}
