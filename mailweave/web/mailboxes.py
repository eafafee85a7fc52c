"""One mailbox: its card, its range, sync now, sharing, disconnecting."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mailweave.kit import scope
from mailweave.kit.errors import Expected
from mailweave.mail import policy
from mailweave.mail.models import Mailbox, Policy
from mailweave.people.member import member_of, members, networked
from mailweave.sync import auditing, backfill, cards, connecting, delegates, engine, offers
from mailweave.web import card_news, heirs
from mailweave.web.card_news import Seen
from mailweave.web.errors import is_partial
from mailweave.web.templatetags.ui import count


@members
@require_GET
def card(request: HttpRequest, pk: int) -> HttpResponse:
    """The card alone, as open pages ask for it when something changed."""
    return _card(request, visible(request, pk), card_news.read(request.GET))


@members
@require_http_methods(["GET", "POST"])
def range_(request: HttpRequest, pk: int) -> HttpResponse:
    """How much mail should be synced? Asked after connecting, and whenever it should be more."""
    mailbox = own(request, pk)
    if mailbox.disconnected_at:
        raise Expected("This mailbox is disconnected. Reconnect it first.")
    if request.method == "POST":
        chosen = request.POST.get("range", "")
        if chosen not in {"skip", *backfill.RANGES}:
            raise Expected("Choose how much mail should be synced.")
        _follow(mailbox, request.POST.get("folders", ""))
        if chosen == "skip":
            messages.success(
                request, "Only new mail will come in. You can import more at any time."
            )
        else:
            backfill.start(mailbox, chosen)
            label = backfill.RANGES[chosen][0].lower()
            messages.success(request, f"The import has begun: {label}, newest mail first.")
        return redirect("provider", mailbox.kind)
    standing = policy.current()
    facts = {
        "mailbox": mailbox,
        "kind": offers.describe(mailbox.kind),
        "ranges": [(name, label) for name, (label, _) in backfill.RANGES.items()],
        "recommended": backfill.RECOMMENDED,
        "running": backfill.current(mailbox.pk),
        "everything": not standing.follow(mailbox.followed_roles),
        "only_main": standing.folders == Policy.Folders.MAIN,
    }
    return render(request, "mailboxes/range.html", facts)


@members
@require_POST
def steer(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Pause, resume or cancel the import."""
    mailbox = own(request, pk)
    verbs = {"pause": backfill.pause, "resume": backfill.resume, "cancel": backfill.cancel}
    if verb not in verbs:
        raise Http404
    running = backfill.current(mailbox.pk)
    if verb == "cancel" and running:
        done = count(backfill.progress(running).done, "message")
        messages.success(
            request, f"The import is canceled. What came in stays ({done}), and new mail goes on."
        )
    verbs[verb](mailbox.pk)
    return _after(request, mailbox)


@members
@require_POST
def sync_now(request: HttpRequest, pk: int) -> HttpResponse:
    """Look for new mail at once."""
    mailbox = visible(request, pk)
    if mailbox.disconnected_at:
        raise Expected("This mailbox is disconnected. Reconnect it first.")
    engine.want(mailbox.pk)
    card_news.expect(request, mailbox.pk)
    if not is_partial(request):
        messages.info(request, f"Looking for new mail in {mailbox.address}.")
    return _after(request, mailbox, Seen(asked=True))


@members
@require_http_methods(["GET", "POST"])
def sharing(request: HttpRequest, pk: int) -> HttpResponse:
    """What colleagues see of this mailbox on records."""
    mailbox = own(request, pk)
    if mailbox.is_shared:
        raise Expected("A shared mailbox belongs to the workspace: everybody sees all of it.")
    if request.method == "POST":
        chosen = request.POST.get("sharing", "")
        if chosen not in Mailbox.Sharing.values:
            raise Expected("Choose what colleagues may see.")
        mailbox.sharing = chosen
        mailbox.save(update_fields=["sharing"])
        messages.success(request, f"Sharing of {mailbox.address} is changed.")
        return redirect("provider", mailbox.kind)
    choices = Mailbox.Sharing.choices
    return render(request, "mailboxes/sharing.html", {"mailbox": mailbox, "choices": choices})


@networked
@require_http_methods(["GET", "POST"])
def disconnect(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then end the grant and stop; mail and links stay."""
    member, refusal = member_of(request), ""
    with scope.workspace(member.workspace_id):
        mailbox = own(request, pk)
        ending = heirs.listed(member, mailbox)
    if request.method == "POST":
        try:
            heirs.bequeath(member, ending, request.POST)
        except Expected as error:
            refusal = str(error)
        else:
            connecting.disconnect(member.workspace_id, mailbox.pk)
            messages.success(request, f"{mailbox.address} is disconnected. Its mail is kept.")
            return redirect("provider", mailbox.kind)
    kind = offers.describe(mailbox.kind)
    facts = {"mailbox": mailbox, "kind": kind, "heirs": ending, "refusal": refusal}
    with scope.workspace(member.workspace_id):
        return render(request, "mailboxes/disconnect.html", facts, status=422 if refusal else 200)


def own(request: HttpRequest, pk: int) -> Mailbox:
    """A mailbox the member who asks decides about; any other is not found."""
    mailbox = visible(request, pk)
    if not delegates.may_change(member_of(request), mailbox):
        raise Http404
    return mailbox


def visible(request: HttpRequest, pk: int) -> Mailbox:
    """A mailbox that is the member's who asks, or the workspace's; any other is not found."""
    mailbox: Mailbox | None = cards.with_people(Mailbox.objects.filter(pk=pk)).first()
    if mailbox is None:
        raise Http404
    if not (mailbox.is_shared or mailbox.owner_id == member_of(request).user_id):
        raise Http404
    return mailbox


def _card(request: HttpRequest, mailbox: Mailbox, seen: Seen) -> HttpResponse:
    shown = cards.of_mailbox(mailbox, member_of(request))
    seen = card_news.recall(request, shown, seen)
    card_news.tell(request, shown, seen)
    facts = {
        "card": shown,
        "seen": card_news.go_on(shown, seen),
        "fell_back": card_news.fell_back(shown, seen),
    }
    return render(request, "mailboxes/_card.html", facts)


def _after(request: HttpRequest, mailbox: Mailbox, seen: Seen | None = None) -> HttpResponse:
    if is_partial(request):
        return _card(request, mailbox, seen or Seen())
    return redirect("provider", mailbox.kind)


def _follow(mailbox: Mailbox, folders: str) -> None:
    """Which folders are followed from now on."""
    roles = [] if folders == "all" else connecting.DEFAULT_FOLLOWED
    if roles != mailbox.followed_roles:
        mailbox.followed_roles = roles
        mailbox.save(update_fields=["followed_roles"])
        auditing.want(mailbox.pk)
