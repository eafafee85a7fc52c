# ruff: noqa: RUF001 - letters of many alphabets on purpose
"""Subjects, as far as threading needs them (RFC 5256 section 2.1)."""

import re

from mailweave.mime.headers import decode

MAX_SUBJECT = 1_000

_REPLY = "re|aw|sv|vs|antw|ynt|rif|ris|odp|ответ|回复|回覆|答复|答覆|返信|답장|r"
_FORWARD = "fwd?|wg|tr|doorst|enc|rv|i|vb|vl|i̇lt|ilt|pd|转发|轉寄|転送|전달"
# One prefix: "Re:", "RE[2]:", "Re (3):", "AW^2:", with the full-width colon too.
_PREFIX = re.compile(
    rf"(?:(?P<reply>{_REPLY})|(?P<forward>{_FORWARD}))\s?(?:\[\d{{1,4}}\]|\(\d{{1,4}}\)|\^\d{{1,3}})?\s?[:：]\s*+"
)
_ANY_CASE = re.compile(_PREFIX.pattern, re.IGNORECASE)
_TAG = re.compile(r"\[[^\[\]\d]{0,60}\]\s*+")
_TRAILER = "(fwd)"
_WRAPPED = re.compile(r"\[\s*fwd?:(.*)\]", re.DOTALL)


def base_subject(subject: str) -> str:
    """What a subject is about, in lower case: no "Re:" in any common language, no list tags.

    Equal for every message of a conversation, whoever answered with whatever program. "" when
    nothing else is left. A tag with a number (a ticket's) stays, and so does one that stands alone.
    """
    text = _fold(subject)
    while True:
        before = text
        text = text.removesuffix(_TRAILER).rstrip()
        text = _strip_front(text)
        wrapped = _WRAPPED.fullmatch(text)
        text = wrapped[1].strip() if wrapped else text
        if text == before:
            return text


def reply(subject: str) -> str:
    """The subject of an answer: one "Re:" in front, whatever stood there before."""
    return f"Re: {_without('reply', subject)}".strip()


def forward(subject: str) -> str:
    """The subject of a forwarded message: one "Fwd:" in front; that it was an answer stays."""
    return f"Fwd: {_without('forward', subject)}".strip()


def _without(kind: str, subject: str) -> str:
    """A subject as it is shown, without prefixes of one kind in front, nor behind a list's tag."""
    text = " ".join(decode(subject[: MAX_SUBJECT * 4]).split())[: MAX_SUBJECT - 10]
    tag = _TAG.match(text)
    start = tag.end() if tag else 0
    end = start
    while (match := _ANY_CASE.match(text, end)) and match[kind]:
        end = match.end()
    return text[:start] + text[end:]


def _fold(subject: str) -> str:
    return " ".join(decode(subject[: MAX_SUBJECT * 4]).lower().split())[:MAX_SUBJECT]


def _strip_front(text: str) -> str:
    """Take prefixes and tags off the front, but not a tag that is all there is."""
    position = 0
    while True:
        match = _PREFIX.match(text, position)
        if match is None:
            match = _TAG.match(text, position)
            if match is None or match.end() == len(text):
                return text[position:]
        position = match.end()
