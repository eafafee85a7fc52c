"""Files handed to browsers: under a name fit for one, and unable to do anything there."""

import re

from django.http import HttpResponseBase

_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff/\\\\]+")
_MAX_NAME = 150


def file_name(name: str, content_type: str) -> str:
    """A name fit to be a file's: no paths, no controls, nothing that turns the writing around."""
    clean = _UNFIT.sub("_", name).strip(" .")
    if len(clean) > _MAX_NAME:
        stem, dot, ending = clean.rpartition(".")
        short = dot and len(ending) <= 10
        clean = f"{stem[:_MAX_NAME]}.{ending}" if short else clean[:_MAX_NAME]
    return clean or ("message.eml" if content_type == "message/rfc822" else "attachment")


def guard(response: HttpResponseBase) -> HttpResponseBase:
    """The answer, with what keeps its content from running, loading or being guessed at."""
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Referrer-Policy"] = "no-referrer"
    return response
