"""Shared mailboxes: adding one, and choosing who opens it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from mailweave.kit import scope
from mailweave.kit.errors import Expected
from mailweave.mail.models import Mailbox
from mailweave.people.member import member_of, networked
from mailweave.sync import delegates, offers
from mailweave.sync import shared as sharing
from mailweave.web.heirs import number
from mailweave.web.mailboxes import own

LONGEST = 320


@networked
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a shared mailbox that is opened with the permission of this one."""
    member = member_of(request)
    with scope.workspace(member.workspace_id):
        mailbox = own(request, pk)
    typed, refusal = request.POST.get("address", ""), ""
    if request.method == "POST":
        try:
            return _added(request, sharing.add(member, mailbox, typed[: LONGEST + 1]), mailbox)
        except Expected as error:
            refusal = str(error)
    facts = {
        "mailbox": mailbox,
        "kind": offers.describe(mailbox.kind),
        "typed": typed[:LONGEST],
        "refusal": refusal,
    }
    with scope.workspace(member.workspace_id):
        return render(request, "mailboxes/add_shared.html", facts, status=422 if refusal else 200)


@networked
@require_http_methods(["GET", "POST"])
def hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose whose permission a shared mailbox is opened with."""
    member, refusal = member_of(request), ""
    with scope.workspace(member.workspace_id):
        mailbox = own(request, pk)
        if not mailbox.is_shared:
            raise Expected("This is somebody's own mailbox. It is opened with their permission.")
    if request.method == "POST":
        try:
            delegate = sharing.hand_over(member, mailbox, number(request.POST.get("delegate", "")))
        except Expected as error:
            refusal = str(error)
        else:
            messages.success(
                request, f"{mailbox.address} is opened through {delegate.address} now."
            )
            return redirect("provider", mailbox.kind)
    with scope.workspace(member.workspace_id):
        facts = {
            "mailbox": mailbox,
            "kind": offers.describe(mailbox.kind),
            "able": delegates.able(member, mailbox),
            "refusal": refusal,
        }
        return render(request, "mailboxes/delegate.html", facts, status=422 if refusal else 200)


def _added(request: HttpRequest, added: sharing.Added, mailbox: Mailbox) -> HttpResponse:
    if added.was_here:
        messages.success(
            request,
            f"{added.address} is here already, with all its mail. You are one of those now with "
            "whose permission it can be opened.",
        )
    elif added.was_known:
        messages.success(
            request, f"{added.address} is connected again. It kept all its mail and goes on."
        )
    else:
        messages.success(request, f"{added.address} is added for everybody here.")
        return redirect("mailbox_range", added.mailbox_id)
    return redirect("provider", mailbox.kind)
