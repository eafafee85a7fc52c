"""Who is told of what keeps a mailbox from being read, once, and that it is over.

Derived from the rows, by whoever has changed them and every ten minutes::

    failed                       three tries did not help            owner, admins
    reconnect consent            a person's move, at once            owner, admins
    admin blocked access
    late                         no sync for a day, nobody said why  owner, admins
    expiring                     the permission ends in two days     owner, admins
    push                         notices end, and are not renewed    owner, admins
    the provider refuses our     the operator's move                 admins, once a provider
    OAuth client

A wait the provider asked for is no trouble, until it has lasted for a day. An admin is whoever may
manage integrations, and a shared mailbox's owner is whoever's permission it is opened with.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from mailweave.kit import clock, scope
from mailweave.mail.models import Credential, Mailbox
from mailweave.people import members, notifications
from mailweave.providers import kinds
from mailweave.sync import reports
from mailweave.sync.models import OAuthClient, Subscription, Sync
from mailweave.sync.reports import Report

SOON = timedelta(days=2)
"""More than a quarter of the longest life a provider gives a subscription, which is a week."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Audience:
    """Who is there to be told: users of the workspace, and those of them who are admins."""

    present: set[int]
    admins: set[int]


def look(mailbox_id: int | None = None) -> None:
    """Bring what people were told in line with the rows, of one mailbox or of the workspace's."""
    boxes = Mailbox.objects.select_related("owner", "delegate__owner")
    if mailbox_id is not None:
        boxes = boxes.filter(pk=mailbox_id)
    rows = list(boxes)
    audience = _Audience(
        members.who_may("connect mailboxes"), members.who_may("manage integrations")
    )
    wanted = dict(_wanted(rows))
    for key, (box, report) in wanted.items():
        _tell(audience, box, key, report)
    prefix = "mailbox-" if mailbox_id is None else _key(mailbox_id, "")
    _end(notifications.open_keys(prefix) - wanted.keys(), rows)
    for kind in kinds.names() if mailbox_id is None else {row.kind for row in rows}:
        _look_at_client(audience, kind)


def _wanted(boxes: list[Mailbox]) -> Iterator[tuple[str, tuple[Mailbox, Report]]]:
    """What should be told of these mailboxes now, by its key. Three queries for any number."""
    connected = [box for box in boxes if not box.disconnected_at]
    ids = [box.pk for box in connected]
    syncs = {row.mailbox_id: row for row in Sync.objects.filter(mailbox_id__in=ids)}
    grants = Credential.objects.filter(mailbox_id__in=ids, refresh_expires_at__isnull=False)
    ends = dict(grants.values_list("mailbox_id", "refresh_expires_at"))
    fading = _fading(ids)
    for box in connected:
        if sync := syncs.get(box.pk):
            for report in reports.of(box, sync, ends.get(box.pk), fades=box.pk in fading):
                yield _key(box.pk, report.name), (box, report)


def _fading(mailbox_ids: list[int]) -> set[int]:
    """Those with a subscription that has less than a quarter of its life left: it is renewed after
    a third of it, if that can be done.
    """
    now = clock.now()
    rows = Subscription.objects.filter(mailbox_id__in=mailbox_ids, expires_at__lt=now + SOON)
    return {
        one.mailbox_id for one in rows if 4 * (one.expires_at - now) < one.expires_at - one.made_at
    }


def _tell(audience: _Audience, box: Mailbox, key: str, report: Report) -> None:
    path = f"/settings/integrations/{box.kind}/"
    owner = {reports.holder(box).pk} & audience.present
    said = {"kind": report.kind, "key": key, "title": report.title, "path": path}
    notifications.notify(owner, text=report.text, **said)
    notifications.notify(audience.admins - owner, text=report.for_admins, **said)


def _end(keys: Iterable[str], boxes: list[Mailbox]) -> None:
    """These are over; how they ended is read from what is true of the mailbox now."""
    off = {box.pk for box in boxes if box.disconnected_at}
    broken = {one.mailbox_id for one in Sync.objects.exclude(problem="")} if keys else set()
    for key in keys:
        number, _, name = key.removeprefix("mailbox-").partition(":")
        pk = int(number)
        notifications.end([key], reports.ending(name, pk in off, pk in broken))


def _look_at_client(audience: _Audience, kind: str) -> None:
    """One notification for all the mailboxes of a kind that wait for the operator."""
    waiting = Sync.objects.filter(
        problem=Sync.Problem.OPERATOR, mailbox__kind=kind, mailbox__disconnected_at__isnull=True
    )
    first = waiting.order_by("problem_since").first()
    if first is None:
        notifications.end([f"client-{kind}"], "The client is accepted; nothing was lost.")
        return
    typed = OAuthClient.objects.filter(kind=kind).exists()
    title, text = reports.of_client(kind, first.problem_text, typed=typed)
    path = f"/settings/integrations/{kind}/client/"
    told = notifications.notify(
        audience.admins, kind="client", key=f"client-{kind}", title=title, text=text, path=path
    )
    if told:
        log.error("%s refuses the OAuth client of workspace %s", kind, scope.current())


def _key(mailbox_id: int, name: str) -> str:
    return f"mailbox-{mailbox_id}:{name}"
