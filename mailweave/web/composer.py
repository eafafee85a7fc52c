"""Writing: a letter begun, kept, sent, thrown away and had back. What it says is for its writer
alone; for everybody else it is not found."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from mailweave.kit.errors import Expected
from mailweave.mail.visibility import NotFound, viewer_for
from mailweave.outbox import answering, drafts, files, identities, submissions
from mailweave.outbox.models import Draft, Submission
from mailweave.outbox.submissions import When
from mailweave.people.access import Member
from mailweave.people.member import member_of, members
from mailweave.web import beginnings, letters, lists, pending
from mailweave.web.errors import is_partial
from mailweave.web.templatetags.ui import clock_time


@dataclass(frozen=True, slots=True)
class Asked:
    """What a form of a composer asks for: its draft as it is saved now, and the rest of ``do``."""

    request: HttpRequest
    member: Member
    draft: Draft
    word: str

    @property
    def frame(self) -> str:
        """Where the composer stands."""
        return letters.frame_of(self.request)


@members
@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """A new letter: about a record, to somebody, or to nobody yet."""
    member = _writer(request)
    draft = beginnings.new(member, request.POST.get("record", ""), request.POST.getlist("to"))
    return opened(request, member, draft)


@members
@require_POST
def answer(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Answer a message, or pass it on: in the draft where that is begun already."""
    member = _writer(request)
    try:
        draft = answering.begin(member, viewer_for(member), pk, _act(act))
    except NotFound:
        raise Http404 from None
    return opened(request, member, draft)


@members
@require_POST
def answer_about(request: HttpRequest, kind: str, record_id: int) -> HttpResponse:
    """Answer the newest message about a record, to all who have it unless ``act`` says otherwise,
    and to who is to get a copy; or pass it on."""
    member = _writer(request)
    viewer, about = viewer_for(member), (kind, record_id)
    lists.card_of(about, member)
    newest = pending.newest_about(viewer, *about)
    if newest is None:
        raise Http404
    act = _act(request.POST.get("act", Draft.Act.REPLY_ALL))
    draft = beginnings.answer(member, viewer, newest, act, about)
    return opened(request, member, draft)


@members
@require_http_methods(["GET", "POST"])
def composer(request: HttpRequest, pk: int) -> HttpResponse:
    """A draft's composer; posted, it is saved first, and then what its button says is done."""
    member = member_of(request)
    draft = find(member, pk)
    if request.method == "GET":
        return opened(request, member, draft)
    do, _, word = request.POST.get("do", "save").partition(":")
    if do not in VERBS:
        raise Http404
    version = request.POST.get("version", "")
    if not version.isdecimal():
        raise Http404
    try:
        given = letters.read(member, request.POST)
        draft = drafts.save(member, pk, int(version), sources=letters.sources(draft), **given)
    except drafts.Conflict as conflict:
        return _conflict(request, member, conflict.current)
    return VERBS[do](Asked(request, member, draft, word))


@members
@require_POST
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Have a discarded draft back, and go on writing it."""
    member = member_of(request)
    try:
        draft = drafts.restore(member, pk)
    except drafts.NotFound:
        raise Http404 from None
    return docked(request, member, draft)


def find(member: Member, pk: int) -> Draft:
    """A draft of the member's, else 404."""
    try:
        return drafts.find(member, pk)
    except drafts.NotFound:
        raise Http404 from None


def _act(word: str) -> Draft.Act:
    if word not in {Draft.Act.REPLY, Draft.Act.REPLY_ALL, Draft.Act.FORWARD}:
        raise Http404
    return Draft.Act(word)


def _writer(request: HttpRequest) -> Member:
    """The member, if there is a mailbox they can write from."""
    member = member_of(request)
    if not identities.choices(member):
        raise Expected("Connect a mailbox first: what you write is sent from there.")
    identities.wake(member)
    return member


def opened(request: HttpRequest, member: Member, draft: Draft) -> HttpResponse:
    """The composer in the frame that is asked for; without script, on its page."""
    part = is_partial(request)
    if not part and request.method == "POST":
        return redirect("compose_draft", draft.pk)
    facts = facts_of(member, draft, letters.frame_of(request) if part else "page")
    return render(request, "compose/_composer.html" if part else "compose/page.html", facts)


def docked(request: HttpRequest, member: Member, draft: Draft) -> HttpResponse:
    """The composer in the corner of whatever page it is that asks."""
    if not is_partial(request):
        return redirect("compose_draft", draft.pk)
    return render(request, "compose/_docked.html", facts_of(member, draft, "dock"))


def facts_of(member: Member, draft: Draft, frame: str) -> dict[str, object]:
    """What the composer's template needs."""
    return {
        "composer": letters.show(member, draft, frame),
        "presets": letters.presets(),
        "zone_name": timezone.get_current_timezone_name(),
        "saved": letters.saved(draft),
    }


def _save(asked: Asked) -> HttpResponse:
    said = letters.saved(asked.draft)
    if is_partial(asked.request):
        return JsonResponse({"version": asked.draft.version, "said": said})
    messages.success(asked.request, f"{said}.")
    return redirect("compose_draft", asked.draft.pk)


def _send(asked: Asked) -> HttpResponse:
    return _submit(asked, None)


def _later(asked: Asked) -> HttpResponse:
    """At a time that stands in the button, or in the field."""
    local = asked.word or asked.request.POST.get("local_time", "")
    return _submit(asked, When(local, timezone.get_current_timezone_name()))


def _submit(asked: Asked, when: When | None) -> HttpResponse:
    given = asked.request.POST
    found = [] if "sure" in given else letters.questions(asked.draft)
    if found:
        return _held(asked, {"questions": found})
    try:
        made = submissions.submit(
            asked.member,
            viewer_for(asked.member),
            asked.draft.pk,
            asked.draft.version,
            when=when,
            in_spite="in_spite" in given,
        )
    except submissions.Unsendable as error:
        return _held(asked, {"problems": error.problems})
    except submissions.Answered as error:
        return _held(asked, {"answered": error.message_ids})
    messages.success(asked.request, _said(made), extra_tags=_undo(made))
    return _gone(asked)


def _discard(asked: Asked) -> HttpResponse:
    drafts.discard(asked.member, asked.draft.pk)
    undo = reverse("compose_restore", args=[asked.draft.pk])
    messages.success(asked.request, "The draft was discarded.", extra_tags=undo)
    return _gone(asked)


def _close(asked: Asked) -> HttpResponse:
    """It stays among the drafts; where nothing was written, nothing stays."""
    if asked.draft.version == 1 and not files.listed(asked.draft.pk):
        drafts.discard(asked.member, asked.draft.pk)
    return _gone(asked)


def _attach(asked: Asked) -> HttpResponse:
    """Files that came with the form: the way without script."""
    for one in asked.request.FILES.getlist("file"):
        size = one.size or 0
        made = files.begin(asked.draft, one.name or "", one.content_type or "", size)
        for start in range(0, size, files.PIECE):
            files.put(made, start, one.read(files.PIECE))
    return redirect("compose_draft", asked.draft.pk)


def _remove(asked: Asked) -> HttpResponse:
    if asked.word.isdecimal():
        files.drop(asked.draft.pk, int(asked.word))
    return redirect("compose_draft", asked.draft.pk)


def _quote(asked: Asked) -> HttpResponse:
    """The text of what is answered goes along, or not."""
    quoted = asked.word == "on"
    draft = drafts.save(asked.member, asked.draft.pk, asked.draft.version, quoted=quoted)
    if not is_partial(asked.request):
        return redirect("compose_draft", draft.pk)
    facts = {"composer": letters.show(asked.member, draft, asked.frame)}
    return render(asked.request, "compose/_quote_changed.html", facts)


VERBS: Mapping[str, Callable[[Asked], HttpResponse]] = {
    "save": _save,
    "send": _send,
    "later": _later,
    "discard": _discard,
    "close": _close,
    "attach": _attach,
    "remove": _remove,
    "quote": _quote,
}
"""What buttons of a composer say in ``do``, with a word of theirs behind a colon."""


def _held(asked: Asked, why: Mapping[str, object]) -> HttpResponse:
    """Nothing was sent: why not, and how it can be, above the buttons."""
    facts = {
        **facts_of(asked.member, asked.draft, asked.frame),
        **why,
        "do": asked.request.POST["do"],
    }
    template = "compose/_held_part.html" if is_partial(asked.request) else "compose/page.html"
    return render(asked.request, template, facts, status=422)


def _conflict(request: HttpRequest, member: Member, current: Draft) -> HttpResponse:
    """Another tab wrote meanwhile: both are there, and a person chooses."""
    facts: dict[str, object] = {"theirs": letters.show(member, current, letters.frame_of(request))}
    if request.POST.get("do") == "save" and is_partial(request):
        return render(request, "compose/_conflict.html", facts, status=409)
    facts |= facts_of(member, current, "page")
    template = "compose/_conflict_part.html" if is_partial(request) else "compose/page.html"
    return render(request, template, facts, status=409)


def _gone(asked: Asked) -> HttpResponse:
    """The composer goes; its page, to where it was come from."""
    if is_partial(asked.request) and asked.frame != "page":
        return render(asked.request, "compose/_gone.html", {"draft": asked.draft})
    source = asked.draft.source
    return redirect("thread", source.thread_id) if source else redirect("drafts")


def _said(made: Submission) -> str:
    if made.zone:
        return f"It will be sent {clock_time(made.send_at)} ({made.zone})."
    return "Sent in a moment."


def _undo(made: Submission) -> str:
    """Where it is taken back, and for how many seconds the toast offers that."""
    seconds = 30 if made.zone else round((made.send_at - made.made_at).total_seconds())
    return reverse("outbox_undo", args=[made.pk]) + f"?for={seconds}"
