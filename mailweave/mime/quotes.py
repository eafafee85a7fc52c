# ruff: noqa: RUF001 - letters of many alphabets on purpose
"""Where the quoted part of a plain text starts, as mail programs mark it in common languages."""

import re
from collections.abc import Sequence

MAX_LINE = 400

_VERBS = (
    *("wrote", "writes", "schrieb", "écrit", "ecrit", "escribió", "escribio", "ha scritto"),
    *("scrisse", "escreveu", "schreef", "skrev", "kirjoitti", "napisał", "napisal", "píše"),
    *("написал", "пишет", "пише", "yazdı", "írta", "a scris", "έγραψε", "כתב", "のメール"),
    *("写道", "寫道", "작성", "書きました"),
)
_DATED = re.compile(r"\d{4}|\d[:.]\d\d|\d[./-]\d|[年月日@]")
_ORIGINAL = (
    *("original message", "original appointment", "ursprüngliche nachricht", "original-nachricht"),
    *("ursprünglicher termin", "message d'origine", "message d’origine", "mensaje original"),
    *("messaggio originale", "mensagem original", "oorspronkelijk bericht", "исходное сообщение"),
    *("ursprungligt meddelande", "oprindelig meddelelse", "opprinnelig melding", "özgün ileti"),
    *("alkuperäinen viesti", "oryginalna wiadomość", "wiadomość oryginalna", "původní zpráva"),
    *("orijinal mesaj", "eredeti üzenet", "元のメッセージ", "原始邮件", "邮件原件", "원본 메시지"),
)
_FROM = (
    *("from:", "von:", "de:", "de :", "da:", "van:", "från:", "fra:", "lähettäjä:", "od:", "от:"),
    *(
        "kimden:",
        "feladó:",
        "expéditeur",
        "差出人:",
        "发件人:",
        "发件人：",
        "寄件者:",
        "보낸 사람:",
    ),
)
_SENT = (
    "sent:|date:|gesendet:|datum:|envoyé|enviado|inviato:|data:|verzonden:|skickat:|sendt:"
    "|lähetetty:|wysłano:|odesláno:|отправлено:|дата:|gönderme|gönderildi:|elküldve:"
    "|送信日時:|日時:|发送时间|傳送時間|보낸 날짜:"
)
_SENT_LINE = re.compile(rf"[*_ ]{{0,3}}(?:{_SENT})", re.IGNORECASE)
_SENT_INSIDE = re.compile(rf"(?:^|\s)[*_]?(?:{_SENT})", re.IGNORECASE)
FROM_STARTS = frozenset("*_ fFvVdDlLoOkKeEоОот差发寄보От")


def introduction(lines: Sequence[str], index: int) -> int:
    """How many lines, ending with ``lines[index]``, introduce a quote ("On …, … wrote:").

    0 when they do not. A line that only says "Anna wrote:" does not count: a date or an address
    has to stand there too. At most three lines, since programs wrap.
    """
    text = ""
    for count in range(1, 4):
        line = lines[index + 1 - count] if count <= index + 1 else ""
        if not line.strip() or len(line) > MAX_LINE or line.startswith(">"):
            return 0
        text = f"{line} {text}"
        if _DATED.search(text) and _says_wrote(text):
            return count
    return 0


def is_original(lines: Sequence[str], index: int) -> bool:
    """Whether ``lines[index]`` starts a copy of the message answered, Outlook's way.

    That is "-----Original Message-----", or a "From:" line with a "Sent:" line within three.
    """
    line = lines[index][: MAX_LINE + 1].strip()
    if line.startswith("--"):
        return len(line) <= MAX_LINE and _names_original(line.lower())
    if not _is_from(line):
        return False
    return any(_SENT_LINE.match(after.strip()) for after in lines[index + 1 : index + 4])


def _names_original(line: str) -> bool:
    return any(name in line for name in _ORIGINAL)


def _says_wrote(text: str) -> bool:
    text = text.lower()
    return any(verb in text for verb in _VERBS)


def _is_from(line: str) -> bool:
    return line[:24].lower().lstrip("*_ ").startswith(_FROM)


def is_header_block(text: str) -> bool:
    """Whether a text begins with the header lines Outlook puts over the message answered."""
    return _is_from(text) and _SENT_INSIDE.search(text[:400]) is not None


def starts_copy(lines: Sequence[str], index: int) -> bool:
    """Whether everything from ``lines[index]`` on copies the message answered."""
    first = lines[index][:1]
    if not first:
        return False
    if (first in "-_" or first in FROM_STARTS) and is_original(lines, index):
        return True
    if not lines[index].rstrip().endswith((":", "：")):
        return False
    return introduction(lines, index) == 1 and not any(
        line.startswith(">") for line in lines[index + 1 : index + 4]
    )
