"""The second wall: the document a mail is shown in, and the rules the browser is given for it.

It holds alone: unsanitised HTML in it neither runs a script nor reaches another host.
"""

SANDBOX = "allow-same-origin allow-popups allow-popups-to-escape-sandbox"
"""The sandbox of the frame, as its attribute and in its header. Scripts are never allowed; the
same origin is, so that the page around can measure the height of what it shows."""

_STYLE = """
:root { color-scheme: light dark }
html { overflow-x: auto; overflow-y: hidden }
body { margin: 0; padding: 2px; font: 15px/1.6 system-ui, -apple-system, "Segoe UI", Roboto,
  "Noto Sans", "Liberation Sans", Arial, sans-serif; overflow-wrap: anywhere;
  background: transparent; color: light-dark(#171b24, #e9ecf1) }
a { color: light-dark(#5546d6, #a59aff) }
img { max-width: 100%; height: auto }
pre { white-space: pre-wrap }
.plain { white-space: pre-wrap }
blockquote { margin: 8px 0; padding: 0 0 0 12px;
  border-inline-start: 2px solid light-dark(#c9ced8, #3a4252) }
details.quote { margin: 8px 0; white-space: inherit }
details.quote > summary { display: inline-block; padding: 0 8px; border-radius: 6px;
  cursor: pointer; list-style: none; line-height: 18px; letter-spacing: 1px; user-select: none;
  color: light-dark(#454e5d, #bac2ce); background: light-dark(#e6e9ef, #262c38) }
details.quote > summary::-webkit-details-marker { display: none }
details.quote > summary:focus-visible { outline: 2px solid light-dark(#5546d6, #a59aff) }
"""
_PAPER = """
:root { color-scheme: light }
body { background: #fff; padding: 12px }
"""


def CSP(image_source: str) -> str:  # noqa: N802 - it is called that
    """The Content-Security-Policy header for a mail's document.

    ``image_source`` is what images may be loaded from: the URL of the proxy and of inline parts
    (ending in "/"), or several with blanks between. Raises ValueError if it could end the rule.
    """
    if any(char in image_source for char in ";,\r\n\"'*"):
        raise ValueError("an image source is a URL or several with blanks between")
    return "; ".join(
        (
            "default-src 'none'",
            "style-src 'unsafe-inline'",
            f"img-src {image_source} data:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'self'",
            f"sandbox {SANDBOX}",
        )
    )


def document(body_html: str, *, styled: bool) -> str:
    """The whole document for the frame. Plain mail follows the theme, styled mail is on paper."""
    return (
        '<!doctype html><html><head><meta charset="utf-8">'
        '<meta name="referrer" content="no-referrer"><title>Message</title>'
        f"<style>{_STYLE}{_PAPER if styled else ''}</style></head>"
        f"<body>{body_html}</body></html>"
    )
