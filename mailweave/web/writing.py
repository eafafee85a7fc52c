"""Settings > Writing: how long Send can be undone, signatures, templates, and what goes for all."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from mailweave.outbox import identities, rules, signing, templates
from mailweave.outbox.models import SendingRule, Signature
from mailweave.people.access import Member
from mailweave.people.member import member_of, members, require
from mailweave.web import letters


class RulesForm(forms.Form):
    """What goes for every message of the workspace."""

    copy_to = forms.CharField(
        label="Copy every message to",
        required=False,
        max_length=4000,
        help_text="Addresses set in Cc of all that is sent from here, separated by commas.",
    )
    mailbox_hour = forms.IntegerField(label="Messages a mailbox may send in an hour", min_value=1)
    mailbox_day = forms.IntegerField(label="In a day", min_value=1)
    workspace_day = forms.IntegerField(label="All mailboxes together, in a day", min_value=1)


@members
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """All of it on a page."""
    return _page(request)


@members
@require_POST
def undo_seconds(request: HttpRequest) -> HttpResponse:
    """How long Send can be undone, for this member."""
    typed = request.POST.get("seconds", "")
    seconds = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 5 else 0
    identities.allow_undo(member_of(request), seconds)
    messages.success(request, f"Send can be undone for {seconds} seconds from now on.")
    return redirect("writing")


@members
@require_POST
def retry(request: HttpRequest) -> HttpResponse:
    """Let an address be chosen again that the provider would not send as."""
    choice = letters.choice_of(member_of(request), request.POST.get("sender", ""))
    if choice is None:
        raise Http404
    identities.forgive(choice)
    messages.success(request, f"{choice.address} can be chosen again. The next message shows it.")
    return redirect("writing")


@members
@require_POST
def rules_(request: HttpRequest) -> HttpResponse:
    """What goes for every message of the workspace."""
    member = require(request, "manage policies")
    form = RulesForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    given = form.cleaned_data
    rules.change(member, **{**given, "copy_to": [given["copy_to"]]})
    messages.success(request, "This goes for every message from now on.")
    return redirect("writing")


def _page(request: HttpRequest, form: RulesForm | None = None) -> HttpResponse:
    member = member_of(request)
    may_rule = member.may("manage policies")
    facts = {
        "seconds": identities.undo_seconds(member),
        "least": identities.LEAST_UNDO,
        "most": identities.MOST_UNDO,
        "refused": [
            (one, letters.sender_value(one)) for one in identities.choices(member) if one.refused
        ],
        "signatures": [(one, _is_theirs(member, one)) for one in signing.listed(member)],
        "templates": [(one, templates.may_change(member, one)) for one in templates.listed(member)],
        "form": (form or _filled(rules.current())) if may_rule else None,
    }
    return render(request, "writing/index.html", facts, status=422 if form else 200)


def _is_theirs(member: Member, one: Signature) -> bool:
    if one.user_id is None:
        return member.may("manage policies")
    return bool(one.user_id == member.user_id)


def _filled(rule: SendingRule) -> RulesForm:
    names = ("mailbox_hour", "mailbox_day", "workspace_day")
    limits = {name: getattr(rule, name) for name in names}
    return RulesForm(initial={"copy_to": ", ".join(rule.copy_to), **limits})
