"""Notices about delivery that were written for people only: by Exim, qmail, Gmail and others.

No parser a program: what they have in common is a sender, words of failure, and addresses. Whom a
notice is about is told by a field, else by an address that the returned message was sent to, else
by how an address stands on its line.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mailweave.mime.address import normalise, parse_list
from mailweave.mime.headers import Headers, decode

MAX_NOTICE = 64 * 1024
MAX_LINES = 1_000
MAX_LINE = 1_000
MAX_RECIPIENTS = 50

_SERVERS = re.compile(
    r"(?:mailer-?_?daemon|mail-?daemon|postmaster|mail(?:er)?|mdaemon|daemon|mailadmin|bounces?"
    r"|mail\.?deliver\w*|mta|smtp|listserv|owner-.+|root|mail-administrator|microsoftexchange\w*"
    r"|no-?reply.*)?",
    re.IGNORECASE,
)
_DAEMON = re.compile(
    r"mailer[-_]?daemon|\bpostmaster@|mail[. ]delivery[. ](?:sub)?system|mail deliver system",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"undeliver|returned? (?:mail|to sender)|deliver(?:y|ing)? (?:status|fail|prob|error|delay"
    r"|notif|report|has fail|subsys)|failure (?:notice|delivery)|mail (?:deliver|system|fail|return"
    r"|error|could not)|non.?deliver|not delivered|could ?n.t be (?:sent|deliver)|bounce"
    r"|could not (?:be )?(?:send|deliver|sent)|message (?:delay|undeliv|not|could|status|bounced)"
    r"|unzustellbar|unzustellbarkeit|nicht zugestellt|non remis|undelivrable|notification d.[ée]tat"
    r"|no (?:se pudo entregar|entregado)|mancato recapito|n[ãa]o entregue|niet bezorgd"
    r"|onbestelbaar|недоставлен|配信不|配信エラー|メールエラー|不達|退信|error sending"
    r"|problem deliver"
    r"|warning: (?:message|could)|delay(?:ed)?\b|user unknown|failed deliver|rejected mail"
    r"|rejected:"
    r"|message was (?:reject|not)|your (?:mail|message) .{0,30}(?:reject|not|could|fail)|^fail",
    re.IGNORECASE,
)
_ANSWERS = re.compile(
    r"^(?:automatic reply|auto(?:matic)?[- :]?(?:reply|response)|out of (?:the )?office"
    r"|abwesen|automatische antwort|réponse automatique|respuesta automática|risposta automatica)",
    re.IGNORECASE,
)
_FAILED = re.compile(
    r"fail|undeliver|not (?:be )?(?:deliver|sent|accepted|reach|able|possible|complete)|could ?n.t"
    r"|(?:was|were|is|been|has) (?:rejected|returned|refused|bounced|blocked|not)|did not reach"
    r"|can ?n[o']t|unable|rejected|returned|unknown|error|permanent|giving up|given up|gave up"
    r"|no such|invalid|problem|discarded|denied|refused|[45]\d\d[ -]|[45]\.\d+\.\d+"
    r"|nicht zugestellt|nicht zustell|échec|n'a pas|no se ha podido|non è stato|não foi|не удалось"
    r"|delay|warning|deferred|не может|送信できま|配信できま|送信に失敗|届け|失敗|存在しま",
    re.IGNORECASE,
)
_DELAYED = re.compile(
    r"(?:has|have|been|is|was) (?:been )?delayed|delay(?:ed)? (?:in )?deliver|warning message only"
    r"|will (?:be retried|retry|continue|keep)|still (?:being )?(?:try|retri|queue)|not yet been"
    r"|do not need to resend|no action is required on your part|delivery attempts will continue"
    r"|temporarily (?:delayed|deferred)|will be attempted|retried for|keep trying|continue to try",
    re.IGNORECASE,
)
_FINAL = re.compile(
    r"permanent|giving up|given up|gave up|not going to try again|retry time(?:out)? exceeded"
    r"|fatal error|has failed|will not be retried|undeliverable",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"^[> \t]{0,4}(?:return-path|received|from|to|cc|date|subject|message-id|mime-version|sender"
    r"|content-type|content-transfer-encoding|delivered-to|x-[\w-]+|dkim-signature|reply-to"
    r"|in-reply-to|references|resent-\w+|arc-[\w-]+|authentication-results) ?:",
    re.IGNORECASE,
)
_FIELD = re.compile(
    r"^[> \t]*(final-recipient|original-recipient|action|status|diagnostic-code) ?: *(.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,253}[A-Za-z0-9]")
_NAMED = re.compile(
    r"^[\s>*•-]{0,12}(?:<[^<>\s@]{1,64}@[^<>\s@]{1,253}>|[^\s<>@:,;\"]{1,64}@[^\s<>@:,;\"]{1,253})"
    r"\s{0,4}(?:$|[:;,(.]|\.\.\.|<|\s-)"
    r"|(?:rcpt to|recipient|user|to|address|addressee|mailbox|account|for)\s{0,4}"
    r"(?:is|was|of)?\s{0,4}[:=]?\s{0,4}[<\"'(]?[^\s@]{1,64}@"
    r"|^\s*[45]\d\d[ -].*@",
    re.IGNORECASE,
)
_CODED = re.compile(r"(?<!\d)[45]\d\d(?!\d)|[45]\.\d{1,3}\.\d{1,3}")
_ANSWER = re.compile(r"(?<![\d.])[45]\d\d[ -](?:[45]\.\d{1,3}\.\d|[A-Za-z<\[#])")
_PARTS = re.compile(r"[-_=*\s]*")


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice without the message it returns, and the beginning of that message."""

    text: str
    original: bytes


def is_from_a_server(headers: Headers, sender: str) -> bool:
    """Whether headers look as if a mail server wrote the message, to say how another one fared."""
    subject = decode(headers.first("Subject")[:1_000])
    if _ANSWERS.search(subject):
        return False
    if any(name in headers for name in ("X-Failed-Recipients", "X-MS-Exchange-Message-Is-Ndr")):
        return True
    local = sender.partition("@")[0]
    if _DAEMON.search(headers.first("From")) or _DAEMON.search(f"{local}@"):
        return True
    automatic = headers.first("Auto-Submitted").lower().startswith("auto-")
    nobody = headers.first("Return-Path").strip() == "<>" or automatic
    return bool(_SUBJECT.search(subject)) and (nobody or bool(_SERVERS.fullmatch(local)))


def split(text: str) -> Notice:
    """Where a notice ends and the message it returns begins: at three header lines in a row."""
    lines = text[:MAX_NOTICE].replace("\r\n", "\n").split("\n")[:MAX_LINES]
    lines = [line[:MAX_LINE] for line in lines]
    start, run = 0, 0
    for index, line in enumerate(lines):
        if _HEADER.match(line):
            start = start if run else index
            run += 1
            if run == 3:
                below = "\n".join(each.lstrip("> ") for each in lines[start:])
                return Notice("\n".join(lines[:start]), below.encode("utf-8", "replace"))
        elif not (run and line[:1] in (" ", "\t") and line.strip()):
            run = 0
    return Notice("\n".join(lines), b"")


def outcomes(headers: Headers, text: str, original: Headers) -> Iterator[tuple[str, str, str, str]]:
    """(recipient, action, status, what was said) of each recipient a notice is about."""
    subject = decode(headers.first("Subject")[:1_000])
    fields = list(_fields(text))
    if fields:
        yield from fields
        return
    named = _addresses(headers.first("X-Failed-Recipients"))
    if not named and not (_speaks_of_mail(headers, text, original) and _FAILED.search(text)):
        return
    late = _DELAYED.search(f"{subject}\n{text}") and not _FINAL.search(text)
    for recipient in named or _recipients(headers, text, original):
        said = said_of(text, recipient)
        yield recipient, "delayed" if late and not named else "failed", "", said


def _speaks_of_mail(headers: Headers, text: str, original: Headers) -> bool:
    """Whether a notice is about a message: parcels and payments fail to be delivered, too."""
    returned = original.first("Message-ID") or original.first("Received") or original.first("To")
    return bool(returned or _DAEMON.search(headers.first("From")) or _ANSWER.search(text))


def _fields(text: str) -> Iterator[tuple[str, str, str, str]]:
    """What stands in the prose as it should stand in a part of its own (RFC 3464)."""
    groups: list[dict[str, str]] = []
    for match in _FIELD.finditer(text):
        name = match[1].lower()
        if not groups or name in groups[-1]:
            groups.append({})
        groups[-1][name] = match[2].strip()
    for group in groups[:MAX_RECIPIENTS]:
        told = group.get("final-recipient") or group.get("original-recipient") or ""
        for recipient in _addresses(told.rpartition(";")[2])[:1]:
            status, said = group.get("status", ""), group.get("diagnostic-code", "")
            yield recipient, group.get("action", "").lower(), status, said


def _recipients(headers: Headers, text: str, original: Headers) -> list[str]:
    """Whom the prose is about, as far as that can be told."""
    not_they = {
        address
        for name in ("From", "Reply-To", "Return-Path")
        for address in (*_addresses(headers.first(name)), *_addresses(original.first(name)))
    }
    sent_to = [
        address
        for name in ("To", "Cc", "X-Original-To", "Delivered-To", "X-Envelope-To")
        for address in _addresses(original.first(name))
    ]
    here = [*_addresses(headers.first("To")), *_addresses(headers.first("Delivered-To"))]
    seen = dict.fromkeys(_found(text))
    told = [one for one in seen if one in sent_to]
    not_they.update(one for one in here if one not in sent_to)
    if not told:
        lines = "\n".join(line for line in text.split("\n") if _NAMED.search(line))
        told = [one for one in dict.fromkeys(_found(lines)) if one not in not_they]
    if not told:
        told = [one for one in seen if one not in not_they]
    return (told or (sent_to if len(sent_to) == 1 else []))[:MAX_RECIPIENTS]


def said_of(text: str, recipient: str) -> str:
    """What a notice says of a recipient: the paragraph that speaks of it and says most."""
    blocks = [block for block in re.split(r"\n[ \t]*\n", text) if not _PARTS.fullmatch(block)]
    about = [n for n, block in enumerate(blocks) if recipient in block.lower()]
    near = [_only(blocks[n], recipient) for n in about]
    near += [blocks[n + 1] for n in about if n + 1 < len(blocks) and "@" not in blocks[n + 1]]
    chosen = [block for block in (*near, *blocks) if _CODED.search(block)] or near or blocks
    if not chosen:
        return ""
    match = _ANSWER.search(chosen[0])
    return " ".join(chosen[0][match.start() if match else 0 :].split())[:500]


def _only(block: str, recipient: str) -> str:
    """A paragraph without the lines that begin with what is said of others."""
    kept, ours = [], True
    for line in block.split("\n"):
        first = _ADDRESS.search(line) if _NAMED.search(line) else None
        ours = normalise(first[0]) == recipient if first else ours
        if ours:
            kept.append(line)
    return "\n".join(kept)


def _found(text: str) -> Iterator[str]:
    for match in _ADDRESS.finditer(text):
        if address := normalise(match[0].lstrip(".")):
            yield address


def _addresses(value: str) -> list[str]:
    found = (normalise(one.address) for one in parse_list(decode(value)))
    return [one for one in found if one]
