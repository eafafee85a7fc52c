"""HTML bodies as Exchange hands them out: with a head of its own, and without scripts."""

import html
import re

from sandbox.google.payload import strip_tags

META = '<meta http-equiv="Content-Type" content="text/html; charset=utf-8">'
OPENS_HEAD = re.compile(r"(?i)<head\b[^<>]{0,2000}>")
OPENS_HTML = re.compile(r"(?i)<html\b[^<>]{0,20000}>")
SCRIPT = re.compile(r"(?is)<script\b.{0,400000}?(?:</script\s*>|$)")
BREAKS = re.compile(r"(?i)<br\b[^<>]{0,2000}>|</(?:p|div|tr|li|h[1-6])\s*>")


def as_html(source: str) -> str:
    """HTML mail the way it is shown by default: sanitised, with the charset said in its head."""
    if "<script" in source[:2_000_000].lower():
        source = SCRIPT.sub("", source)
    if match := OPENS_HEAD.search(source, 0, 20_000):
        return f"{source[: match.end()]}\r\n{META}{source[match.end() :]}"
    if match := OPENS_HTML.search(source, 0, 20_000):
        end = match.end()
        return f"{source[:end]}<head>\r\n{META}</head>{source[end:]}"
    return f"<html><head>\r\n{META}</head><body>{source}</body></html>"


def as_text(source: str) -> str:
    """Roughly the text of an HTML body, line by line."""
    plain = strip_tags(BREAKS.sub("\n", source[:400_000]))
    lines = (" ".join(line.split()) for line in plain.splitlines())
    return "\r\n".join(line for line in lines if line)


def plain_as_html(plain: str) -> str:
    """A plain text body as HTML, as old clients of Exchange see it."""
    lines = html.escape(plain, quote=False).replace("\r\n", "\n").split("\n")
    return as_html('<div class="PlainText">' + "<br>\r\n".join(lines) + "</div>")
