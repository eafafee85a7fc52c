"""Asking an administrator: the page that makes the link, and the one they come back to."""

from urllib.parse import quote

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mailweave.kit.errors import Expected
from mailweave.people.member import members, require
from mailweave.providers.base import Kind
from mailweave.sync import asking, offers
from mailweave.sync.asking import Waiting


@members
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, kind: str) -> HttpResponse:
    """What an administrator is needed for, and the link to send them, as soon as there is one."""
    member = require(request, "connect mailboxes")
    described = _described(kind)
    if request.method == "POST":
        asking.ask(member, kind)
        return redirect("ask_admin", kind)
    waiting = asking.waiting(member, kind)
    facts = {
        "kind": described,
        "waiting": waiting,
        "letter": _letter(described, waiting) if waiting else "",
    }
    return render(request, "integrations/ask_admin.html", facts)


@members
@require_POST
def forget(request: HttpRequest, kind: str) -> HttpResponse:
    """Wait no longer."""
    member = require(request, "connect mailboxes")
    described = _described(kind)
    asking.forget(member, kind)
    messages.success(request, "You wait for nobody any more. The link does not work now.")
    return redirect("provider", described.name)


@never_cache
@require_GET
def back(request: HttpRequest, kind: str) -> HttpResponse:
    """Where the provider sends administrators back to. They need not be known here."""
    described = _described(kind)
    error, told = request.GET.get("error", ""), request.GET.get("error_description", "")
    state = request.GET.get("state", "")
    try:
        answer = asking.answer(kind, state[:200], error[:200], told[:1000])
    except Expected as dead:
        facts = {"kind": described, "message": str(dead)}
        return render(request, "integrations/admin_back.html", facts, status=410)
    return render(request, "integrations/admin_back.html", {"kind": described, "answer": answer})


def _described(kind: str) -> Kind:
    if kind not in offers.kinds() or not asking.offered(kind):
        raise Http404
    return offers.describe(kind)


def _letter(kind: Kind, waiting: Waiting) -> str:
    """An address that opens a letter to an administrator in the person's own mail program."""
    subject = f"Please allow Mailweave to use {kind.company} mail"
    body = (
        f"Hello,\n\nI would like to connect my {kind.label} mailbox to Mailweave. Our organisation "
        "lets only an administrator allow that. You can do it here, once for everybody:\n\n"
        f"{waiting.link}\n\nMailweave reads a mailbox only after its owner has connected it. The "
        f"link works until {waiting.until:%d %B %Y}.\n"
    )
    return f"mailto:?subject={quote(subject)}&body={quote(body)}"
