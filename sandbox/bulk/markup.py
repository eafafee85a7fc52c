"""Rendering bulk mail fast: markup of two mail programs, quoted-printable, multiparts."""

import binascii

from sandbox.world.markup import OUTLOOK, QUOTE, RULE

SPAN = '<span lang="EN-GB" style="mso-fareast-language:EN-US">'
MSO = f'<p class="MsoNormal">{SPAN}'
MSO_END = "<o:p></o:p></span></p>\r\n"
MSO_GAP = f'<p class="MsoNormal">{SPAN}<o:p>&nbsp;</o:p></span></p>\r\n'
DIV = '<div style="font-family:arial,helvetica,sans-serif;font-size:small;color:rgb(34,34,34)">'
GMAIL_QUOTE = '<div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">'


def outlook(paragraphs: list[str], quote: list[str], head: tuple[tuple[str, str], ...]) -> str:
    """Outlook's markup around the text and what it answers."""
    out = OUTLOOK.substitute(charset="utf-8", lang="EN-GB") + mso(paragraphs)
    if quote:
        block = "<br>\r\n".join(f"<b>{name}:</b> {escaped(value)}" for name, value in head)
        out += f'<div style="{RULE}"><p class="MsoNormal">{block}<o:p></o:p></p></div>\r\n'
    return out + mso(quote) + "</div></body></html>\r\n"


def mso(paragraphs: list[str]) -> str:
    """Paragraphs as Word writes them."""
    return MSO_GAP.join(f"{MSO}{one}{MSO_END}" for one in paragraphs)


def gmail(paragraphs: list[str], quote: list[str], line: str) -> str:
    """Gmail's markup around the text and what it answers."""
    out = f'<div dir="ltr">{divs(paragraphs)}</div><br>'
    if quote:
        out += f'{GMAIL_QUOTE}{escaped(line)}<br></div><blockquote class="gmail_quote" '
        out += f'style="{QUOTE}">{divs(quote)}</blockquote></div>'
    return out + "\r\n"


def divs(paragraphs: list[str]) -> str:
    """Paragraphs as Gmail writes them."""
    return "<div><br></div>\r\n".join(f"{DIV}{one}</div>" for one in paragraphs)


def escaped(text: str) -> str:
    """Text inside HTML."""
    return text.replace("<", "&lt;").replace(">", "&gt;")


def text(content: str, subtype: str) -> bytes:
    """A text part in quoted-printable, which Python encodes in C."""
    head = (
        f'Content-Type: text/{subtype}; charset="utf-8"\r\n'
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    return head.encode() + binascii.b2a_qp(content.encode(), istext=True).replace(b"=\n", b"=\r\n")


def multipart(subtype: str, seam: str, *parts: bytes) -> bytes:
    """A multipart entity of rendered parts."""
    mark = f"--{seam}".encode()
    head = f'Content-Type: multipart/{subtype}; boundary="{seam}"\r\n\r\n'.encode()
    return head + b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"


def attached(content: bytes, file: tuple[str, str, bytes], seam: str) -> bytes:
    """The content with a file after it."""
    kind, name, data = file
    head = (
        f'Content-Type: {kind}; name="{name}"\r\n'
        f'Content-Disposition: attachment; filename="{name}"\r\n'
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return multipart("mixed", seam, content, head.encode() + data)
