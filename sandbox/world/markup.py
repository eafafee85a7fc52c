"""How mail programs write HTML: a new text, a signature, pictures, and the message it answers."""

from html import escape
from pathlib import Path
from string import Template

from sandbox.world import tongues
from sandbox.world.styles import Ink, Said, outlook_block

OUTLOOK = Template(Path(__file__).with_name("outlook.html").read_text(encoding="utf-8"))
RULE = "border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"
QUOTE = "margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex"
APPLE_BODY = "overflow-wrap: break-word; -webkit-nbsp-mode: space; line-break: after-white-space;"
BLANK = "<div><br></div>"
EMPTY = '<p class="MsoNormal"><o:p>&nbsp;</o:p></p>\n'
SMALL = "font-size:10.0pt;color:#44546A"
SIZE = 'width="240" height="120"'


def inner(ink: Ink) -> str:
    """The HTML without html and body elements: what a later message quotes."""
    if ink.client.startswith("outlook"):
        return outlook(ink)
    return apple(ink) if ink.client in {"apple", "phone"} else gmail(ink)


def page(ink: Ink, charset: str = "utf-8") -> str:
    """The whole text/html body."""
    if ink.client.startswith("outlook"):
        lang = "EN-GB" if ink.language == "en" else ink.language.upper()
        top = OUTLOOK.substitute(charset=charset, lang=lang)
        return top + inner(ink) + "</div>\n</body>\n</html>\n"
    if ink.client in {"apple", "phone"}:
        meta = f'<meta http-equiv="content-type" content="text/html; charset={charset}">'
        top = f'<html><head>{meta}</head><body style="{APPLE_BODY}">'
        return f"{top}{inner(ink)}</body></html>\n"
    return inner(ink) + "\n"


def gmail(ink: Ink) -> str:
    """Gmail: divs, a gmail_signature, and a gmail_quote."""
    way = direction(ink)
    out = f'<div dir="{way}">' + BLANK.join(f"<div>{block}</div>" for block in blocks(ink.text))
    if ink.picture:
        image = f'<img src="cid:{ink.picture}" alt="screenshot.png" {SIZE}>'
        out += f"{BLANK}<div>{image}<br></div>"
    out += '<br clear="all"></div>'
    if ink.signature:
        sign = f'<div dir="{way}" class="gmail_signature">{card(ink)}</div>'
        out += f'<div><span class="gmail_signature_prefix">-- </span><br>{sign}</div>'
    return out + (gmail_quote(ink, ink.above) if ink.above else "")


def gmail_quote(ink: Ink, above: Said) -> str:
    """The quote with its attribution line."""
    line = escape(tongues.wrote(ink.language, above.at, above.sender))
    address = above.sender.address
    anchor = f'&lt;<a href="mailto:{address}">{address}</a>&gt;'
    line = line.replace(f"&lt;{address}&gt;", anchor)
    attribution = f'<div dir="{direction(ink)}" class="gmail_attr">{line}<br></div>'
    quote = f'<blockquote class="gmail_quote" style="{QUOTE}">{above.html}</blockquote>'
    return f'<br><div class="gmail_quote gmail_quote_container">{attribution}{quote}</div>'


def direction(ink: Ink) -> str:
    """Which way the language is written."""
    return "rtl" if ink.language == "ar" else "ltr"


def outlook(ink: Ink) -> str:
    """Outlook: MsoNormal paragraphs and a ruled header block above the quote."""
    out = EMPTY.join(mso(block) for block in blocks(ink.text))
    if ink.picture:
        out += EMPTY + mso(f'<img {SIZE} id="Picture_x0020_1" src="cid:{ink.picture}">')
    if ink.signature:
        out += EMPTY + mso(f'<span style="{SMALL}">{card(ink)}</span>')
    if ink.above:
        pairs = outlook_block(ink, ink.above)
        rows = "<br>\n".join(f"<b>{escape(name)}:</b> {escape(value)}" for name, value in pairs)
        head = f'<div>\n<div style="{RULE}">\n{mso(rows)}</div>\n</div>\n'
        out += EMPTY + head + EMPTY + ink.above.html
    return out


def mso(block: str) -> str:
    """One paragraph as Word writes it."""
    return f'<p class="MsoNormal">{block}<o:p></o:p></p>\n'


def apple(ink: Ink) -> str:
    """Apple Mail: bare divs and a cite blockquote."""
    out = BLANK.join(f"<div>{block}</div>" for block in blocks(ink.text))
    if ink.picture:
        out += f'{BLANK}<img apple-inline="yes" src="cid:{ink.picture}" {SIZE}>'
    if ink.signature:
        out += f'<br id="lineBreakAtBeginningOfMessage">{BLANK}<div>{card(ink)}</div>'
    if ink.above:
        line = escape(tongues.apple(ink.language, ink.above.at, ink.above.sender))
        start = f'<div>{line}</div><br class="Apple-interchange-newline">'
        cite = f'<blockquote type="cite">{start}<div>{ink.above.html}</div></blockquote>'
        out += f"<div><br>{cite}</div>"
    return out + "<br>"


def card(ink: Ink) -> str:
    """The signature's lines, with the firm's logo if it has one."""
    first, *rest = (escape(line) for line in ink.signature)
    out = "<br>".join([f"<b>{first}</b>" if rest else first, *rest])
    if ink.logo:
        out += f'<br><img src="cid:{ink.logo}" width="96" height="24" alt="logo">'
    return out


def blocks(text: str) -> list[str]:
    """Paragraphs as inline HTML; lines that begin with "- " become a list."""
    return [block(part.split("\n")) for part in text.split("\n\n")]


def block(lines: list[str]) -> str:
    """One paragraph."""
    lead = [link(escape(line)) for line in lines if not line.startswith("- ")]
    items = "".join(f"<li>{link(escape(line[2:]))}</li>" for line in lines if line.startswith("- "))
    return "<br>\n".join(lead) + (f"<ul>{items}</ul>" if items else "")


def link(text: str) -> str:
    """Addresses of pages become links."""
    words = text.split(" ")
    return " ".join(
        f'<a href="{one}">{one}</a>' if one.startswith("https://") else one for one in words
    )
