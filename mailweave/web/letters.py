"""A letter being written, as its composer shows it, and as the composer's form says it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils import timezone

from mailweave.kit import clock
from mailweave.linking import registry
from mailweave.linking.registry import Card
from mailweave.mime import frame as frames
from mailweave.mime import twin, writing
from mailweave.outbox import files, identities, recipients, signing, submissions, templates
from mailweave.outbox.identities import Choice
from mailweave.outbox.models import Draft, DraftFile, Template
from mailweave.people.access import Member
from mailweave.web.templatetags.ui import clock_time

FRAMES = ("dock", "inline", "record", "page")
"""In the corner, in its conversation, beside its record, on a page of its own."""
DAY = timedelta(days=1)
MORNING, EVENING = 9, 18
FORGOTTEN = re.compile(
    r"\b(?:attach(?:ed|ment|ments|ing)|enclosed|anhang|angehängt|anbei|beigefügt|anlage|adjunt[oa]s?"
    r"|ci-joint|pièce jointe|allegat[oi]|bijlage|załącz\w*|em anexo)\b",
    re.IGNORECASE,
)
"""How people say that something is attached."""


@dataclass(frozen=True, slots=True)
class Preset:
    """A time to send at, with one click. ``value`` is the wall clock's."""

    label: str
    value: str
    said: str


@dataclass(frozen=True, slots=True)
class Composer:
    """All that the composer's template needs of a draft."""

    draft: Draft
    frame: str
    title: str
    choices: list[Choice]
    chosen: Choice | None
    html: str
    text: str
    is_rich: bool
    files: list[DraftFile]
    cards: list[Card]
    room: int
    sandbox: str
    templates: list[Template]
    may_sign: bool
    """Whether there are signatures to choose from."""

    @property
    def sender(self) -> str:
        """The chosen entry of From, as the form names it."""
        return sender_value(self.chosen) if self.chosen else ""

    @property
    def to(self) -> str:
        """To, an entry a line."""
        return "\n".join(self.draft.to)

    @property
    def cc(self) -> str:
        """Cc, an entry a line."""
        return "\n".join(self.draft.cc)

    @property
    def bcc(self) -> str:
        """Bcc, an entry a line."""
        return "\n".join(self.draft.bcc)

    @property
    def pk(self) -> str:
        """What the ids of its elements end in."""
        return str(self.draft.pk)

    @property
    def others(self) -> bool:
        """Whether Cc or Bcc is in use."""
        return bool(self.draft.cc or self.draft.bcc)

    @property
    def has_quote(self) -> bool:
        """Whether the text of what is answered goes along."""
        return self.draft.quoted and self.draft.source_id is not None


def show(member: Member, draft: Draft, frame: str) -> Composer:
    """A draft, ready to be written on."""
    there = files.listed(draft.pk)
    html = draft.html
    if html:
        paths = {cid: path for path, cid in sources(draft).items()}
        html = writing.clean(html, sources=paths).html
    return Composer(
        draft=draft,
        frame=frame if frame in FRAMES else "page",
        title=draft.subject or Draft.Act(draft.act).label,
        choices=identities.choices(member),
        chosen=identities.find(member, draft.mailbox_id, draft.address),
        html=html,
        text=twin.of(draft.html) if draft.html else draft.text,
        is_rich=bool(draft.html) or not draft.text,
        files=[one for one in there if not one.content_id],
        cards=list(registry.cards(submissions.records(draft), member).values()),
        room=files.LARGEST,
        sandbox=frames.SANDBOX,
        templates=templates.listed(member),
        may_sign=bool(signing.listed(member)),
    )


def read(member: Member, given: QueryDict) -> dict[str, Any]:
    """What the form says, as fields of a draft; a field it does not have stays as it is."""
    found: dict[str, Any] = {
        name: [str(one) for one in recipients.read(given.getlist(name))]
        for name in ("to", "cc", "bcc")
        if name in given
    }
    if "subject" in given:
        found["subject"] = " ".join(str(given["subject"]).split())[:1000]
    choice = choice_of(member, given.get("sender", ""))
    if choice:
        found |= {"mailbox_id": choice.mailbox_id, "address": choice.address}
    return found | _words(given)


def sources(draft: Draft) -> dict[str, str]:
    """Where the browser finds the images of a draft's text, and what stands for each there."""
    there = files.listed(draft.pk)
    return {path_of(one): f"cid:{one.content_id}" for one in there if one.content_id}


def _words(given: Mapping[str, str]) -> dict[str, Any]:
    """What was written, in the form it was written in."""
    if "mode" not in given:
        return {}
    if given["mode"] == "plain":
        return {"html": "", "text": given.get("text", "").replace("\r\n", "\n")}
    return {"html": given.get("html", ""), "text": ""}


def questions(draft: Draft) -> list[str]:
    """What one would rather be asked before this goes."""
    asked = []
    if not draft.subject.strip():
        asked.append("It has no subject.")
    words = twin.of(draft.html) if draft.html else draft.text
    if FORGOTTEN.search(words) and not files.listed(draft.pk):
        asked.append("It says that something is attached, and nothing is.")
    return asked


def presets() -> list[Preset]:
    """Times to send at that people often mean, in the time zone of the request."""
    now = timezone.localtime(clock.now())
    tomorrow = now + DAY
    monday = now + (7 - now.weekday()) * DAY
    found = [("Tomorrow morning", tomorrow, MORNING), ("Monday morning", monday, MORNING)]
    if now.hour < EVENING - 1:
        found.insert(0, ("This evening", now, EVENING))
    if monday.date() == tomorrow.date():
        found.pop()
    return [_preset(label, day.replace(hour=hour, minute=0)) for label, day, hour in found]


def saved(draft: Draft) -> str:
    """When a draft was saved, in words."""
    return f"Saved {clock_time(draft.saved_at)}"


def path_of(file: DraftFile) -> str:
    """Where the bytes of a draft's file are."""
    return reverse("compose_file", args=[file.draft_id, file.pk])


def sender_value(choice: Choice) -> str:
    """An entry of From, as forms name it."""
    return f"{choice.mailbox_id}:{choice.address}"


def frame_of(request: HttpRequest) -> str:
    """The frame a request is made in."""
    said = request.POST.get("frame") or request.GET.get("frame", "")
    return said if said in FRAMES else "page"


def choice_of(member: Member, value: str) -> Choice | None:
    """The entry of From that a form names; None if it is not the member's."""
    found = identities.choices(member)
    return next((one for one in found if sender_value(one) == value), None)


def _preset(label: str, at: datetime) -> Preset:
    return Preset(label, f"{at:%Y-%m-%dT%H:%M}", f"{at:%a} {at.day} {at:%b, %H:%M}")
