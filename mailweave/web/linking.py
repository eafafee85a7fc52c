"""Settings > Policies, how mail is linked: chosen after a look at what would change, and undone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mailweave.kit.errors import Expected
from mailweave.linking import forecast, policy, presets, registry
from mailweave.linking.forecast import Wish
from mailweave.linking.history import LinkView
from mailweave.linking.models import LinkPolicy, Relinking
from mailweave.linking.policy import Choice, Matching
from mailweave.linking.registry import Card
from mailweave.mail import policy as mail_policy
from mailweave.mail import reading
from mailweave.mail.models import Policy
from mailweave.mail.policy import Standing
from mailweave.mail.reading import MessageView
from mailweave.mail.visibility import viewer_for
from mailweave.people.access import Member
from mailweave.people.member import member_of, members, require
from mailweave.sync import policies
from mailweave.sync.policies import Forecast
from mailweave.web.links import why

SHOWN = 20
"""Samples on the page of a trial."""
SAID = {
    "apply": "The policies are saved. They count from now on; stored mail follows.",
    "undo": "What stood before counts again from now on; stored mail follows.",
    "drop": "Called off. Nothing was changed.",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to decide: ``options`` are (word, label, whether it is chosen), one or, if
    ``several``, any number of them. ``stands`` is what holds now, where that is something else."""

    name: str
    label: str
    help: str
    options: tuple[tuple[str, str, bool], ...]
    several: bool
    stands: str = ""

    @property
    def said(self) -> str:
        """The labels of what is chosen."""
        return ", ".join(label for _, label, chosen in self.options if chosen) or "Nowhere"


@dataclass(frozen=True, slots=True)
class Sample:
    """A link that would come or go. ``message`` is None where the viewer may not see it, ``card``
    where they may not see the record."""

    comes: bool
    message: MessageView | None
    card: Card | None
    why: str


@members
@require_http_methods(["GET", "POST"])
def trial(request: HttpRequest) -> HttpResponse:
    """What was tried last: how far it is, what it would change, what became of it."""
    if request.method == "POST":
        return _propose(request)
    return render(request, "settings/trial.html", _facts(member_of(request)))


@members
@require_GET
def progress(request: HttpRequest) -> HttpResponse:
    """The same alone, as open pages ask for it."""
    return render(request, "settings/_trial.html", _facts(member_of(request)))


@members
@require_POST
def decide(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Apply a trial, call it off, or undo what was applied."""
    member = require(request, "manage policies")
    if verb == "apply":
        policies.adopt(member, pk)
    elif verb == "undo":
        policies.revert(member, pk)
    elif verb == "drop":
        forecast.drop(pk)
    else:
        raise Http404
    messages.success(request, SAID[verb])
    return redirect("policies" if verb == "drop" else "linking")


@members
@require_GET
def preset(request: HttpRequest, name: str) -> HttpResponse:
    """A preset in the forms of both policies, with what differs from what stands."""
    require(request, "manage policies")
    chosen = presets.find(name)
    if chosen is None:
        raise Http404
    standing, matching = mail_policy.current(), policy.current()
    wanted = policy.choose(matching, chosen.choices)
    groups = [
        ("What is kept", _mail_fields(standing, chosen.mail)),
        ("How mail is linked", fields(wanted, matching)),
    ]
    changes = [field for _, found in groups for field in found if field.stands]
    facts = {
        "preset": chosen,
        "groups": groups,
        "changes": changes,
        "versions": (matching.version, standing.version),
    }
    return render(request, "settings/preset.html", facts)


def fields(chosen: Matching, standing: Matching | None = None) -> list[Field]:
    """What can be chosen for linking, and what is; with what stands, where that differs."""
    found = []
    for name in policy.NAMES:
        field = LinkPolicy.field(name)
        stands = _said(name, standing) if standing and _differ(name, standing, chosen) else ""
        options = tuple(
            (word, label, word in _words(name, chosen)) for word, label in policy.offered(name)
        )
        label, text = str(field.verbose_name), str(field.help_text)
        found.append(Field(name, label, text, options, policy.is_set(name), stands))
    return found


def _mail_fields(standing: Standing, chosen: Mapping[str, str]) -> list[Field]:
    found = []
    for one in Policy.choices():
        now = str(getattr(standing, one.name))
        word = chosen.get(one.name, now)
        options = tuple((str(w), str(label), str(w) == word) for w, label in one.flatchoices)
        stands = str(dict(one.flatchoices)[now]) if now != word else ""
        label, text = str(one.verbose_name), str(one.help_text)
        found.append(Field(one.name, label, text, options, several=False, stands=stands))
    return found


def _propose(request: HttpRequest) -> HttpResponse:
    member = require(request, "manage policies")
    versions = (_number(request.POST.get("link", "")), _number(request.POST.get("mail", "")))
    mail = {
        one.name: request.POST[one.name] for one in Policy.choices() if one.name in request.POST
    }
    wish = Wish(_choices(request.POST), mail, versions)
    if forecast.show(wish, member.user_id):
        messages.success(request, "Saved. Pages of records open that way from now on.")
        return redirect("policies")
    if forecast.propose(wish, member.user_id) is None:
        messages.info(request, "Nothing would change: these are the policies as they stand.")
        return redirect("policies")
    return redirect("linking")


def _choices(data: QueryDict) -> dict[str, Choice]:
    """What was chosen for linking. A set of which nothing is checked still is chosen: "with"
    names the sets that were on the page."""
    chosen: dict[str, Choice] = {}
    for name in policy.NAMES:
        if policy.is_set(name):
            if name in data.getlist("with"):
                chosen[name] = tuple(data.getlist(name))
        elif name in data:
            chosen[name] = str(data[name])
    types = chosen.get("match_types")
    if types is not None:
        if not types:
            raise Expected("Kinds of record: choose at least one, or no mail would be linked.")
        chosen["match_types"] = () if set(registry.matched_kinds()) <= set(types) else types
    return chosen


def _facts(member: Member) -> dict[str, Any]:
    row = forecast.last()
    facts: dict[str, Any] = {"row": row, "managing": member.may("manage policies")}
    if row is None:
        return facts
    narrowed = {n: w for n, w in row.choices["mail"].items() if n in {"body", "attachments"}}
    waits = row.state == Relinking.State.READY
    return {
        **facts,
        "works": row.state in Relinking.WORKING,
        "percent": min(99, row.done * 100 // row.total) if row.total else 0,
        "changes": _changes(row),
        "people": len(row.people),
        "samples": _samples(row, member) if waits else (),
        "forecast": _forecast(row, narrowed) if row and waits else None,
        "undoable": forecast.undoable(row),
    }


def _forecast(row: Relinking, narrowed: Mapping[str, str]) -> Forecast:
    """What a trial would take out of what is stored."""
    found = policies.foresee(narrowed) if narrowed else Forecast()
    return replace(found, unmatched=row.left_out)


def _changes(row: Relinking) -> list[tuple[str, str, str]]:
    """(label, before, after) of every field that a trial is about."""
    found: list[tuple[str, str, str]] = []
    for one in Policy.choices():
        if one.name in row.choices["mail"]:
            said = dict(one.flatchoices)
            before, after = row.before["mail"][one.name], row.choices["mail"][one.name]
            found.append((str(one.verbose_name), str(said[before]), str(said[after])))
    for name in policy.NAMES:
        if name in row.choices["link"]:
            before, after = row.before["link"][name], row.choices["link"][name]
            label = str(LinkPolicy.field(name).verbose_name)
            found.append((label, _label(name, before), _label(name, after)))
    return found


def _samples(row: Relinking, member: Member) -> list[Sample]:
    chosen = _some(row.samples)
    seen = reading.messages(viewer_for(member), {one["message"] for one in chosen})
    known = {one.id: one for one in seen}
    records = {(one["kind"], one["record"]) for one in chosen}
    records |= {(one["via_kind"], one["via"]) for one in chosen if one["via_kind"]}
    cards = registry.cards(records, member)
    return [_sample(one, known, cards) for one in chosen]


def _sample(
    one: Mapping[str, Any],
    known: Mapping[int, MessageView],
    cards: Mapping[tuple[str, int], Card],
) -> Sample:
    message = known.get(one["message"])
    card = cards.get((one["kind"], one["record"]))
    via = cards.get((one["via_kind"], one["via"]))
    if message is None or card is None:
        return Sample(one["comes"], message, card, "")
    link = LinkView(
        one["kind"],
        one["record"],
        one["reason"],
        linked=True,
        pinned=False,
        address=one["address"] or "",
        made_by="",
        made_at=message.sent_at,
    )
    return Sample(one["comes"], message, card, why(link, card.title, via.title if via else ""))


def _some(samples: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Half that come and half that go, or more of one where there are few of the other."""
    comes = [one for one in samples if one["comes"]]
    goes = [one for one in samples if not one["comes"]]
    half = SHOWN // 2
    first = comes[: max(half, SHOWN - len(goes))]
    return first + goes[: SHOWN - len(first)]


def _words(name: str, matching: Matching) -> tuple[str, ...]:
    chosen = getattr(matching, name)
    if name == "match_types" and not chosen:
        return registry.matched_kinds()
    return chosen if isinstance(chosen, tuple) else (str(chosen),)


def _said(name: str, matching: Matching) -> str:
    return _label(name, getattr(matching, name))


def _label(name: str, choice: Choice) -> str:
    labels = dict(policy.offered(name))
    if isinstance(choice, str):
        return labels.get(choice, choice)
    if name == "match_types" and not choice:
        return "All of them"
    return ", ".join(labels.get(word, word) for word in choice) or "Nowhere"


def _differ(name: str, one: Matching, other: Matching) -> bool:
    return bool(getattr(one, name) != getattr(other, name))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else -1
