"""Why mail was not delivered: enhanced status codes (RFC 3463) and servers' prose, as few reasons.

The prose comes first: servers write what they mean there, and 5.0.0 or 5.7.1 into the code.
"""

import re
from typing import Literal

Reason = Literal[
    "address",
    "domain",
    "closed",
    "full",
    "size",
    "spam",
    "sender",
    "refused",
    "content",
    "rate",
    "unreachable",
    "expired",
    "loop",
    "",
]
Lasting = Literal["hard", "soft", "unknown"]
"""Whether writing there again is of no use; "soft" may work another time or another way."""

WORDS: dict[Reason, str] = {
    "address": "There is no such address there.",
    "domain": "The part after the “@” leads nowhere: the domain does not exist or takes no mail.",
    "closed": "The mailbox was closed or is not in use any more.",
    "full": "The mailbox there is full.",
    "size": "The message is larger than they take.",
    "spam": "They took the message for spam, or do not take mail from where it came from.",
    "sender": "They could not tell that the message really came from you (SPF, DKIM or DMARC).",
    "refused": "They do not let you write there.",
    "content": "Something in the message, or attached to it, is not allowed there.",
    "rate": "Too much mail was sent there in a short time.",
    "unreachable": "Their mail server could not be reached or had a fault.",
    "expired": "Their mail server did not take the message for so long that it was given up.",
    "loop": "The message went in circles between mail servers.",
    "": "They did not say why in a way we understand.",
}
_HARD = frozenset(("address", "domain", "closed"))

_WHO = r"(?:user|recipient|mailbox|address|account|person|addressee|alias|id)"
# The first that fits counts, so the plain words come before those that servers use for anything.
_PROSE: dict[Reason, tuple[str, ...]] = {
    "full": (
        r"over ?quota|quota (?:exceeded|full|violation)|exceed(?:ed|s|ing)?\b.{0,40}\bquota",
        r"(?:mail)?box (?:is |size )?(?:too )?full|mailfolder is full|full mailbox|no space left",
        r"mailbox.{0,30}(?:size limit|exceed)|insufficient (?:system )?storage|disk full",
        r"not enough (?:storage|disk)|out of (?:storage|disk)|over the allowed quota",
    ),
    "size": (
        r"message (?:size |is )?(?:too (?:big|large)|exceeds|over size)|too (?:large|big) to",
        r"size limit|exceeds? (?:the )?(?:max|size|fixed)|message file too big|larger than",
    ),
    "unreachable": (
        r"did not accept our requests to connect|not accepting connections",
        r"connection (?:timed out|refused|reset)|no route to host|network is unreachable",
        r"malformed or unexpected name server reply|temporary (?:dns|lookup) (?:error|failure)",
    ),
    "sender": (
        r"\bspf\b|\bdkim\b|\bdmarc\b|unauthenticated (?:mail|email|sender)|not authenticated",
        r"sender (?:address )?(?:verif|id|auth)|sender policy framework|domain of sender address",
    ),
    "closed": (
        r"(?:account|mailbox|user|recipient|address)\b.{0,40}(?:disabled|deactivated|inactive)",
        r"(?:account|mailbox|user)\b.{0,40}(?:suspended|terminated|closed|expired|frozen)",
        r"(?:account|mailbox|user)\b.{0,40}(?:cancel|locked)|disabled (?:user|recipient|account)",
        r"(?:account|mailbox|recipient) (?:is |has been )(?:\w+ )?blocked|mailbox disabled",
        r"no longer (?:with|at|work|in use|valid|on server|available)|has moved",
    ),
    "spam": (
        r"\bspam|spamhaus|\brbl\b|dnsbl|(?:black|block|deny)[- ]?list|blocked|reputation|junk",
        r"unsolicited|bulk mail|poor.{0,20}score|\babus|(?<!not )listed (?:at|in|on|by)|banned",
        r"not accept.{0,20}from (?:your|this) (?:ip|server|network)|suspicious",
    ),
    "domain": (
        r"host (?:or domain )?(?:name )?(?:unknown|not found)|unknown (?:mail )?(?:host|domain)",
        r"domain (?:name )?(?:not found|does ?n.t (?:exist|receive)|unknown)|nxdomain",
        r"no such (?:domain|host)|name (?:service|server) error|cannot find.{0,30}(?:domain|host)",
        r"could ?n.t (?:find|resolve).{0,30}(?:host|domain|dns)|could not resolve|invalid domain",
        r"null mx|does not accept mail|illegal host|all relevant mx records|no mx|unresolvable",
        r"domain.{0,40}not (?:exist|reachable)|had no (?:relevant )?answers",
    ),
    "address": (
        r"recipient address(?:es)? rejected ?: ?access denied|recipient ?not ?found|nosuchuser",
        rf"{_WHO}\b.{{0,50}}(?:unknown|not (?:be )?found|does ?n[o']t exist|not exist|invalid)",
        rf"{_WHO}\b.{{0,50}}(?:not (?:available|valid|known|listed|recognized|here|hosted)|has no)",
        rf"{_WHO}\b.{{0,50}}(?:undeliverable|unavailable|no user)|n.t be found",
        rf"(?:unknown|no such|invalid|non-?existent|bad|unroute?able|illegal).{{0,20}}{_WHO}",
        r"no (?:mailbox|account|user|valid recipient)|recipnotfound|not in directory|no match",
        r"not (?:a|our) (?:valid|known|local)? ?(?:user|customer|mailbox|recipient|account)",
        r"does ?n[o']t have (?:an|a) .{0,20}(?:account|mailbox)|user_unknown|not listed in",
    ),
    "rate": (
        r"too many (?:mess|mail|conn|recip|concurr)|rate.?limit|throttl|gr[ea]y-?list",
        r"sending limit|limit (?:was )?exceeded|too much mail|try again later",
    ),
    "loop": (r"too many hops|hop count|mail loop|loops back|routing loop|loop detected",),
    "expired": (
        r"retry time(?:out)? (?:exceeded|not reached)|(?:message|envelope|queue).{0,20}expired",
        r"in the queue too long|maximum (?:time|life|queue)|time-?out exceeded|delivery expired",
    ),
    "content": (
        r"virus|malware|infected|attachment|content (?:reject|not|filter|restr)|message content",
        r"executable|8-?bit|headers? (?:too|error|miss|invalid)|lines? too long",
    ),
    "refused": (
        r"relay|denied|not (?:permit|allow|authori)|refus|policy|prohibit|restrict|not accept",
        r"administrative|rejected|permission|unauthori|authentication required",
    ),
}
_SAID: tuple[tuple[Reason, re.Pattern[str]], ...] = (
    *((reason, re.compile("|".join(texts), re.IGNORECASE)) for reason, texts in _PROSE.items()),
    (
        "unreachable",
        re.compile(
            r"time[d-]? ?out|connect|unreachable|network|did not respond|temporar", re.IGNORECASE
        ),
    ),
)
_PASSING = re.compile(r"temporar|try(?:ing)? (?:again )?later|for now", re.IGNORECASE)

_CODES: dict[str, Reason] = {
    "1.0": "address",
    "1.1": "address",
    "1.2": "domain",
    "1.3": "address",
    "1.4": "address",
    "1.6": "closed",
    "1.7": "sender",
    "1.8": "sender",
    "1.10": "address",
    "2.0": "address",
    "2.1": "closed",
    "2.2": "full",
    "2.3": "size",
    "3.1": "full",
    "3.4": "size",
    "4.0": "unreachable",
    "4.1": "unreachable",
    "4.2": "unreachable",
    "4.3": "unreachable",
    "4.4": "domain",
    "4.6": "loop",
    "4.7": "expired",
    "7.0": "refused",
    "7.1": "refused",
    "7.8": "refused",
    "7.9": "sender",
    "7.15": "sender",
    "7.20": "sender",
    "7.23": "sender",
    "7.26": "sender",
    "7.28": "rate",
    "7.60": "refused",
}
_CLASSES: dict[str, Reason] = {"6": "content", "7": "refused"}
CODE = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
_EXACT = frozenset(
    ("1.1", "1.2", "1.3", "1.6", "1.7", "1.8", "2.2", "2.3", "3.4", "4.6", "4.7", "7.26")
)
"""Codes that nobody uses for anything else: they count more than the prose."""
_MAX_PROSE = 2_000


def code_in(text: str) -> str:
    """The first enhanced status code in ``text`` that says anything, else any, else ""."""
    found = [match[0] for match in CODE.finditer(text[:_MAX_PROSE])]
    return next((one for one in found if not one.endswith(".0.0")), found[0] if found else "")


def judge(status: str, prose: str) -> tuple[Reason, Lasting]:
    """Why a delivery failed, and for how long, from its status code and what the server wrote."""
    group, _, detail = status.partition(".")
    reason = _CODES.get(detail, "") if detail in _EXACT else ""
    reason = reason or _said(prose) or _CODES.get(detail, "")
    reason = reason or _CLASSES.get(detail.partition(".")[0], "")
    passing = (group == "4" and detail != "0.0") or _PASSING.search(prose[:_MAX_PROSE])
    if reason in _HARD and not passing:
        return reason, "hard"
    return reason, "soft" if reason or group == "4" else "unknown"


def _said(prose: str) -> Reason:
    text = " ".join(prose[:_MAX_PROSE].split())
    return next((reason for reason, pattern in _SAID if pattern.search(text)), "")
