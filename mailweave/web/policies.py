"""Settings > Policies: what the workspace keeps of its mail; admins choose, everybody sees."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mailweave.linking import forecast, handing, making, presets
from mailweave.linking import policy as link_policy
from mailweave.linking.models import LinkPolicy, Relinking
from mailweave.mail import policy
from mailweave.mail.models import Policy
from mailweave.people.member import member_of, members, require
from mailweave.sync import policies
from mailweave.sync.models import Purge, Refill
from mailweave.web import linking
from mailweave.web.templatetags.ui import count as how_many

State = Relinking.State

WORK = {
    "body": "Shortening stored messages",
    "attachments": "Taking out the names of attachments",
    "never": "Removing mail with people on a never-sync list",
    "internal": "Sorting mail among colleagues anew",
    "unmatched": "Leaving out mail about no record",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to decide: what is chosen is one of ``choices``, by name and label."""

    name: str
    label: str
    help: str
    choices: tuple[tuple[str, str], ...]
    chosen: str

    @property
    def said(self) -> str:
        """The label of what is chosen."""
        return dict(self.choices)[self.chosen]


@dataclass(frozen=True, slots=True)
class Work:
    """What follows from a change and goes on in the background."""

    label: str
    done: int
    total: int

    @property
    def percent(self) -> int:
        """Below 100 until it has really ended."""
        return min(99, self.done * 100 // self.total) if self.total else 0


@members
@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """The policies; choosing what takes something out asks first, in numbers."""
    if request.method == "POST":
        return _choose(request)
    member = member_of(request)
    standing = policy.current()
    changed = Policy.objects.select_related("changed_by").first()
    facts = {
        "fields": fields(standing),
        "version": standing.version,
        "managing": member.may("manage policies"),
        "changed": changed,
        **_linking(standing),
        **_work(),
    }
    return render(request, "settings/policies.html", facts)


@members
@require_GET
def work(request: HttpRequest) -> HttpResponse:
    """What goes on because of a change, alone, as open pages ask for it."""
    managing = member_of(request).may("manage policies")
    return render(request, "settings/_work.html", {"managing": managing, **_work()})


@members
@require_POST
def fill(request: HttpRequest) -> HttpResponse:
    """Fetch again what is kept shorter than the policies allow."""
    require(request, "manage policies")
    boxes = policies.fill()
    said = "one mailbox" if boxes == 1 else f"{boxes:,} mailboxes"
    messages.success(request, f"Fetching again in {said}, when there is nothing else to do.")
    return redirect("policies")


@members
@require_POST
def retry(request: HttpRequest) -> HttpResponse:
    """Look again at the mail that the rule for new contacts could not read."""
    require(request, "manage policies")
    count = handing.retry(making.READER)
    messages.success(request, f"Looking again at {how_many(count, 'message')}.")
    return redirect("policies")


def fields(standing: policy.Standing) -> list[Field]:
    """What can be chosen, and what is."""
    return [
        Field(
            one.name,
            str(one.verbose_name),
            str(one.help_text),
            tuple((str(name), str(label)) for name, label in one.flatchoices),
            str(getattr(standing, one.name)),
        )
        for one in Policy.choices()
    ]


def _choose(request: HttpRequest) -> HttpResponse:
    member = require(request, "manage policies")
    chosen = {
        one.name: request.POST[one.name] for one in Policy.choices() if one.name in request.POST
    }
    version = request.POST.get("version", "")
    number = int(version) if version.isascii() and version.isdecimal() and len(version) < 9 else -1
    standing = policy.current()
    if request.POST.get("sure") != "yes" and number == standing.version:
        narrowed = _narrowed(standing, chosen)
        forecast = policies.foresee(narrowed)
        if narrowed and forecast.takes:
            facts = {"forecast": forecast, "chosen": chosen, "version": version}
            return render(request, "settings/policies_sure.html", facts)
    policies.change(member, chosen, number)
    messages.success(request, "The policies are saved. They count from now on.")
    return redirect("policies")


def _narrowed(standing: policy.Standing, chosen: dict[str, str]) -> dict[str, str]:
    """What takes something out of what is stored, if it is another choice than before."""
    watched = ("body", "attachments", "unmatched")
    return {n: chosen[n] for n in watched if n in chosen and chosen[n] != getattr(standing, n)}


def _linking(standing: policy.Standing) -> dict[str, Any]:
    matching, trial = link_policy.current(), forecast.last()
    open_states = {*Relinking.WORKING, Relinking.State.READY}
    return {
        "presets": presets.PRESETS,
        "fitting": presets.fitting(standing, matching),
        "link_fields": linking.fields(matching),
        "link_version": matching.version,
        "link_changed": LinkPolicy.objects.select_related("changed_by").first(),
        "trial_open": trial is not None and trial.state in open_states,
        "trial_undoable": forecast.undoable(trial),
    }


def _work() -> dict[str, Any]:
    purges = Purge.objects.filter(ended_at=None).order_by("pk")
    refills = list(Refill.objects.filter(ended_at=None))
    going = [Work(WORK[one.what], one.done, one.total) for one in purges]
    going += [
        Work("Linking stored mail anew", one.done, one.total)
        for one in Relinking.objects.filter(state__in=[State.APPLYING, State.UNDOING])
    ]
    if refills:
        done, total = sum(one.done for one in refills), sum(one.total for one in refills)
        going.append(Work("Fetching stored messages again", done, total))
    last = Purge.objects.filter(ended_at__isnull=False).order_by("-ended_at").first()
    return {
        "going": going,
        "unread_by_rule": len(handing.stuck(making.READER)),
        "last": last if not going else None,
        "last_label": WORK[last.what] if last else "",
        "thin": 0 if refills else policies.thin(),
    }
