"""Reports about letters of ours, from the mailboxes they left from: found, read, believed or not.

The mailbox tells us of what arrives (:mod:`mailweave.linking.handing`); headers alone say what is
worth reading in full; its bytes are then asked of the provider, since what we keep of a message has
no machine-readable part. Anybody can write a report: one is believed only if it names a letter
that left from here, and somebody it went to.
"""

import logging
from collections.abc import Collection
from datetime import timedelta

from django.db.models import Q

from mailweave.kit import clock, live, scope
from mailweave.linking import handing
from mailweave.linking.models import Handed, Watch
from mailweave.mail import arrival
from mailweave.mail.models import Body, Copy, Message
from mailweave.mime import reports
from mailweave.mime.headers import Headers
from mailweave.outbox import recipients, rules, submissions, unread
from mailweave.outbox.models import Outcome, Report, Submission
from mailweave.people import notifications
from mailweave.providers.errors import ProviderError, Refused
from mailweave.sync import hands

log = logging.getLogger(__name__)

READER = "outbox"
LARGEST = 4 * 1024 * 1024
"""Bytes of a report: what came back may hang on it."""
WAITS = (30, 120, 600, 3600, 6 * 3600, 24 * 3600)
"""Seconds until the provider is asked again for a report's bytes."""
CLAIM = timedelta(minutes=5)


def follow(submission: Submission) -> None:
    """Hand us what arrives in the mailbox a letter is about to leave from."""
    rows = Watch.objects.filter(reader=READER, mailbox_id=submission.mailbox_id)
    if not rows.exists():
        handing.watch(READER, submission.mailbox_id, submission.made_at)


def read(row: Handed) -> None:
    """Take note of a message if it looks like a report."""
    body = Body.objects.filter(message_id=row.message_id).first()
    sender = Message.objects.filter(pk=row.message_id).values_list("sender__address", flat=True)
    if body is None:
        return
    headers = Headers(arrival.split_headers(arrival.decompress(bytes(body.headers_zstd))))
    if not reports.looks_like_report(headers, sender.first() or ""):
        return
    made, _ = Report.objects.get_or_create(
        message_id=row.message_id,
        defaults={"mailbox_id": row.mailbox_id, "due_at": clock.now()},
    )
    unread.wake(made)


def advance(workspace_id: int, report_id: int) -> None:
    """Read one report that is due, unless somebody else is at it. Talks to the network."""
    now = clock.now()
    with scope.workspace(workspace_id):
        rows = Report.objects.filter(pk=report_id, due_at__lte=now)
        if not rows.update(due_at=now + CLAIM):
            return None
        report = Report.objects.get(pk=report_id)
        copies = Copy.objects.filter(mailbox_id=report.mailbox_id, message_id=report.message_id)
        copy = copies.filter(state=Copy.State.STORED).first()
    if copy is None:
        return _give_up(report, "Its mailbox does not have it any more.")
    try:
        with hands.visit(workspace_id, report.mailbox_id) as provider:
            raw = provider.reader.raw(copy.remote_id, LARGEST)
    except Refused as error:
        return _give_up(report, str(error))
    except ProviderError:
        return _put_off(report)
    try:
        found = reports.read(raw)
    except Exception as error:  # noqa: BLE001 - mail from outside must not end the worker
        # The class only: what an error of reading says may hold what was read.
        log.error("report %s cannot be read: %s", report_id, type(error).__name__)  # noqa: TRY400
        return _give_up(report, "It is written in a way we do not understand yet.")
    with scope.workspace(workspace_id):
        _settle(report, found)
    return None


def outcomes(submission_ids: Collection[int]) -> dict[int, list[Outcome]]:
    """What reports say of these submissions, the last word for each recipient, in their order. One
    query."""
    found: dict[int, list[Outcome]] = {}
    for one in _last(Q(submission_id__in=submission_ids)):
        found.setdefault(one.submission_id, []).append(one)
    return found


def outcomes_of(message_ids: Collection[int]) -> dict[int, list[Outcome]]:
    """The same by the messages that the letters became."""
    found: dict[int, list[Outcome]] = {}
    for one in _last(Q(submission__message_id__in=message_ids)):
        found.setdefault(one.submission.message_id, []).append(one)
    return found


def outcomes_in(thread_ids: Collection[int]) -> list[Outcome]:
    """The same of all letters that are messages of these threads."""
    return _last(Q(submission__message__thread_id__in=thread_ids))


def _last(wanted: Q) -> list[Outcome]:
    """The last word for each recipient of the letters that are asked for. Delayed is no news of
    what has ended: such reports come late."""
    rows = Outcome.objects.filter(wanted).order_by("pk")
    last: dict[tuple[int, str], Outcome] = {}
    for one in rows.select_related("submission__draft", "submission__message"):
        key = one.submission_id, one.address
        if one.action != Outcome.Action.DELAYED or key not in last:
            last[key] = one
    return list(last.values())


def _settle(report: Report, found: reports.Report | None) -> None:
    """Write down what a report says, if it is about a letter of ours."""
    letter = _letter(report, found) if found else None
    told = _believed(letter, found) if letter and found else []
    state = Report.State.READ if told else Report.State.FOREIGN
    Report.objects.filter(pk=report.pk).update(state=state, due_at=None)
    if letter is None or not told:
        return
    Outcome.objects.bulk_create(
        [
            Outcome(
                submission=letter,
                report=report,
                address=address,
                action=one.action,
                lasting=one.lasting,
                status=one.status[:16],
                reason=one.reason,
                words=one.words if one.action in {"failed", "delayed"} else "",
                diagnostic=one.diagnostic,
            )
            for address, one in told
        ],
        ignore_conflicts=True,
    )
    _tell(letter, [(address, one) for address, one in told if one.action == "failed"])


def _letter(report: Report, found: reports.Report) -> Submission | None:
    """The letter a report is about: by our key, by the id that came back, by what it answers."""
    rows = Submission.objects.select_related("draft").filter(mailbox_id=report.mailbox_id)
    rows = rows.exclude(released_at=None)
    if found.key and (letter := rows.filter(key=found.key).first()):
        return letter  # type: ignore[no-any-return]
    for ids in ([found.message_id], found.references):
        named = [one for one in ids if one]
        known = (
            Q(own_message_id__in=named)
            | Q(staged_message_id__in=named)
            | Q(remote_message_id__in=named)
            | Q(message__message_id__in=named)
        )
        if named and (letter := rows.filter(known).order_by("-pk").first()):
            return letter  # type: ignore[no-any-return]
    return None


def _believed(letter: Submission, found: reports.Report) -> list[tuple[str, reports.Outcome]]:
    """The outcomes for those the letter went to. Where it went to one person only, and the report
    names another, that is where their mail is passed on to."""
    draft = letter.draft
    entries = [*draft.to, *draft.cc, *draft.bcc, *rules.current().copy_to]
    went_to = {one.normal for one in recipients.read(entries) if one.normal}
    told = [(one.recipient, one) for one in found.outcomes if one.recipient in went_to]
    if not told and len(went_to) == 1:
        (only,) = went_to
        return [(only, one) for one in found.outcomes[:1]]
    return told


def _tell(letter: Submission, failed: list[tuple[str, reports.Outcome]]) -> None:
    live.tell("mail", *submissions.topics(letter))
    if not failed:
        return
    named = ", ".join(address for address, _ in failed[:3])
    more = f" and {len(failed) - 3} more" if len(failed) > 3 else ""
    notifications.notify(
        [letter.author_id],
        kind="bounce",
        key=f"bounce-{letter.pk}",
        title=f"Not delivered to {named}{more}",
        text=f"{failed[0][1].words} Your message: {letter.draft.subject[:200] or '(no subject)'}",
        path=f"/mail/outbox/{letter.pk}/",
    )


def _put_off(report: Report) -> None:
    """The provider is away: again later, for more than a day."""
    if report.tries >= len(WAITS):
        return _give_up(report, "The provider did not answer.")
    again = clock.now() + timedelta(seconds=WAITS[report.tries])
    with scope.workspace(report.workspace_id):
        Report.objects.filter(pk=report.pk).update(due_at=again, tries=report.tries + 1)
    return None


def _give_up(report: Report, why: str) -> None:
    with scope.workspace(report.workspace_id):
        unread.give_up(report, why)
