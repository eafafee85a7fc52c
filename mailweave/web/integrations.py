"""Settings > Integrations: the connected mailboxes, and connecting another."""

from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

from csp.decorators import csp_update
from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mailweave.kit import scope
from mailweave.mail.models import Mailbox
from mailweave.people.access import Member
from mailweave.people.member import View, member_of, members, networked, require
from mailweave.providers.base import Kind
from mailweave.sync import asking, cards, clients, connecting, health, offers
from mailweave.sync.asking import Waiting
from mailweave.sync.health import Health
from mailweave.sync.models import Sync
from mailweave.sync.outcomes import NotConnected


@dataclass(frozen=True, slots=True)
class Section:
    """One provider on the page: what it is, whether it can be connected, and its mailboxes.

    ``asks_admin``: an administrator may have to allow it; ``waiting``: whether one was asked.
    """

    kind: Kind
    offered: bool
    typed: bool
    asks_admin: bool
    waiting: Waiting | None
    mine: tuple[cards.Card, ...]
    personal: tuple[cards.Card, ...]
    others: tuple[cards.Card, ...]
    worst: Health | None
    refused: Sync | None
    """Of a mailbox that waits because the provider refuses our OAuth client."""


class ClientForm(forms.Form):
    """An OAuth client as an admin types it. The secret is never shown again."""

    client_id = forms.CharField(max_length=255, label="Client ID", strip=True)
    client_secret = forms.CharField(
        max_length=255,
        required=False,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Stored sealed and never shown again. Leave empty to keep the present one.",
    )


def _to_providers(view: View) -> View:
    """A form that leads to a provider's sign-in page must be allowed to arrive there.

    Browsers hold every redirect on the way to this list. A sign-in page that leads on to an
    organisation's own, before it has shown anything, may lead to any address.
    """
    addresses = [urlsplit(one.authorize) for one in settings.PROVIDER_ENDPOINTS.values()]
    origins = [f"{one.scheme}://{one.netloc}" for one in addresses]
    anywhere = any(offers.describe(kind).dialect.leads_on for kind in offers.kinds())
    return cast(View, csp_update({"form-action": [*origins, *["https:"] * anywhere]})(view))


@members
@_to_providers
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Every provider with its worst mailbox's health."""
    member = member_of(request)
    sections = [section(member, kind) for kind in offers.kinds()]
    none = not any(one.mine or one.waiting for one in sections)
    facts = {"sections": sections, "none": none, **_rights(member)}
    return render(request, "integrations/index.html", facts)


@members
@_to_providers
@require_GET
def provider(request: HttpRequest, kind: str) -> HttpResponse:
    """One provider: its mailboxes as cards, and the dialog to connect another."""
    member = member_of(request)
    facts = {"section": section(member, kind), **_rights(member)}
    return render(request, "integrations/provider.html", facts)


@members
@require_http_methods(["GET", "POST"])
def client(request: HttpRequest, kind: str) -> HttpResponse:
    """Enter the OAuth client of this workspace for a provider."""
    member = require(request, "manage integrations")
    described = _described(kind)
    source = clients.find(kind)
    typed = source if source and source.typed else None
    start = {"client_id": typed.client.client_id} if typed else None
    form = ClientForm(request.POST or None, initial=start)
    if request.method == "POST" and "forget" in request.POST:
        clients.forget(kind)
        messages.success(request, "The OAuth client of this workspace is removed.")
        return redirect("provider", kind)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        if not given["client_secret"] and not typed:
            form.add_error("client_secret", "Enter the client secret.")
        else:
            clients.save(kind, given["client_id"], given["client_secret"], member.user_id)
            messages.success(request, f"The OAuth client for {described.label} is saved.")
            return redirect("provider", kind)
    facts = {
        "kind": described,
        "form": form,
        "typed": typed,
        "redirect_uri": connecting.redirect_uri(kind),
        "consent_uri": asking.redirect_uri(kind) if asking.offered(kind) else "",
    }
    return render(request, "integrations/client.html", facts, status=422 if form.errors else 200)


@members
@_to_providers
@require_POST
def connect(request: HttpRequest, kind: str) -> HttpResponse:
    """Send the person to the provider, for a new mailbox or to reconnect one of theirs."""
    member = require(request, "connect mailboxes")
    _described(kind)
    known, shared = request.POST.get("reconnect", ""), "shared" in request.POST
    mailbox: Mailbox | None = None
    if known:
        mine = Mailbox.objects.filter(owner_id=member.user_id, kind=kind, delegate=None)
        mailbox = mine.filter(pk=_number(known)).first()
        if mailbox is None:
            raise Http404
    url = connecting.begin(member, kind, _session(request), mailbox, shared=shared)
    return redirect(url)


@networked
@_to_providers
@require_GET
def callback(request: HttpRequest, kind: str) -> HttpResponse:
    """Where the provider sends people back to."""
    member = member_of(request)
    described = _described(kind)
    asked: Any = request.GET
    try:
        connected = connecting.finish(
            member,
            kind,
            _session(request),
            state=asked.get("state", "")[:200],
            code=asked.get("code", "")[:8000],  # Microsoft's are long
            error=asked.get("error", "")[:200],
            description=asked.get("error_description", "")[:1000],
        )
    except NotConnected as refusal:
        with scope.workspace(member.workspace_id):
            facts = {
                "kind": described,
                "refusal": refusal,
                "asks_admin": asking.offered(kind) and refusal.admin_may_help,
                **_rights(member),
            }
            return render(request, "integrations/refused.html", facts, status=422)
    if connected.lacks_shared:
        messages.error(
            request,
            f"{connected.address} is connected, but {described.company} did not allow it to open "
            "shared mailboxes.",
        )
        return redirect("provider", kind)
    if connected.asked_shared and connected.was_known:
        messages.success(request, f"{connected.address} may open shared mailboxes.")
        return redirect("provider", kind)
    if connected.was_known:
        messages.success(
            request, f"{connected.address} is connected again. It kept all its mail and goes on."
        )
        return redirect("provider", kind)
    messages.success(request, f"{connected.address} is connected.")
    return redirect("mailbox_range", connected.mailbox_id)


def section(member: Member, kind: str) -> Section:
    """What the page says about one provider."""
    described = _described(kind)
    source = clients.find(kind)
    shown = cards.of_kind(kind, member)
    mine = tuple(card for card in shown if card.mine)
    others = tuple(card for card in shown if not card.mine)
    known = [card.health for card in mine if card.health.name != "off"]
    waiting = next((card.sync for card in shown if card.awaits_operator), None)
    return Section(
        kind=described,
        offered=source is not None,
        typed=bool(source and source.typed),
        asks_admin=asking.offered(kind),
        waiting=asking.waiting(member, kind),
        mine=mine,
        personal=tuple(card for card in mine if _is_personal(card)),
        others=others if member.may("manage integrations") else (),
        worst=health.worst(known),
        refused=waiting,
    )


def _is_personal(card: cards.Card) -> bool:
    """Whether shared mailboxes may be added through it: it is one's own, and connected."""
    return not card.mailbox.is_shared and card.mailbox.disconnected_at is None


def _described(kind: str) -> Kind:
    if kind not in offers.kinds():
        raise Http404
    return offers.describe(kind)


def _rights(member: Member) -> dict[str, bool]:
    return {"may_manage": member.may("manage integrations")}


def _session(request: HttpRequest) -> str:
    return request.session.session_key or ""


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 19 else 0
