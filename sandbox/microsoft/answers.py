"""The way back to an app: in the query, behind the hash, or as a form that posts itself."""

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit, urlunsplit

from werkzeug.wrappers import Response

from sandbox.google.authorize import html
from sandbox.microsoft import pages

MODES = ("query", "fragment", "form_post")


def send_back(redirect: str, answer: Mapping[str, str], mode: str = "query") -> Response:
    """The answer on its way to the app; empty values are left out."""
    told = {name: value for name, value in answer.items() if value}
    if mode == "form_post":
        response = html(pages.form_post(redirect, told.items()), form_target=origin(redirect))
        policy = response.headers["Content-Security-Policy"]
        response.headers["Content-Security-Policy"] = (
            f"{policy}; script-src 'sha256-{pages.SUBMIT_HASH}'"
        )
        return response
    parts = urlsplit(redirect)
    if mode == "fragment":
        parts = parts._replace(fragment=urlencode(told))
    else:
        added = urlencode(told)
        parts = parts._replace(query=f"{parts.query}&{added}" if parts.query else added)
    response = Response(status=302)
    response.autocorrect_location_header = False
    response.headers["Location"] = urlunsplit(parts)
    response.headers["Cache-Control"] = "no-store"
    return response


def origin(url: str) -> str:
    """Scheme and host of an address, for the policy of a page with a form."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
