"""Changing the policy and the never-sync lists: what would happen, and what follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from mailweave.kit import live
from mailweave.kit.errors import Expected
from mailweave.linking import forecast, making
from mailweave.mail import narrowing, neversync, policy, store
from mailweave.mail.models import Copy, Mailbox, Message, NeverSync, Policy
from mailweave.mail.policy import Standing
from mailweave.people.access import Member
from mailweave.sync import backfill, purging, refilling, unmatched
from mailweave.sync import filter as rules
from mailweave.sync.models import Purge, Sync


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a change would take out of what is stored: messages whose text is shortened, about how
    many bytes that is, messages whose attachments are named no more, and messages about no record
    that would be left out."""

    texts: int = 0
    size: int = 0
    named: int = 0
    unmatched: int = 0

    @property
    def takes(self) -> bool:
        """Whether anything would go, so that people are asked first."""
        return bool(self.texts or self.named or self.unmatched)


def foresee(choices: Mapping[str, str]) -> Forecast:
    """What choosing these would take out; without any, what the policy has not taken out yet."""
    standing = policy.current()
    body = choices.get("body", standing.body)
    texts, size = narrowing.measure_bodies(body) if body in Policy.Body.values else (0, 0)
    names_go = choices.get("attachments", standing.attachments) == Policy.Attachments.FLAG
    leaves = choices.get("unmatched") == Policy.Unmatched.DISCARD
    named = narrowing.count_parts() if names_go else 0
    return Forecast(texts, size, named, unmatched.count() if leaves else 0)


def change(member: Member, choices: Mapping[str, str], version: int) -> Standing:
    """Choose anew, and begin what follows. Raises Expected as :func:`mail.policy.change` does."""
    before, after = _choose(member, choices, version)
    if before.internal_mail != after.internal_mail and (count := purging.count_messages()):
        purging.start(Purge.What.INTERNAL, count)
    return after


def _choose(member: Member, choices: Mapping[str, str], version: int) -> tuple[Standing, Standing]:
    """The same, without linking stored mail anew."""
    before, after = policy.change(choices, version=version, user_id=member.user_id)
    going = foresee({})
    if before.body != after.body and going.texts:
        purging.start(Purge.What.BODY, going.texts)
    if before.attachments != after.attachments and going.named:
        purging.start(Purge.What.ATTACHMENTS, going.named)
    if before.unmatched != after.unmatched:
        _follow_unmatched(before)
    if before.auto_create_contacts != after.auto_create_contacts:
        making.follow()
    _wake_all()
    live.tell(purging.TOPIC)
    return before, after


def _follow_unmatched(before: Standing) -> None:
    """Leave out what is stored and about no record, or have back what was left out."""
    if unmatched.is_left_out():
        purging.start(Purge.What.UNMATCHED, purging.count_messages())
    elif before.unmatched == Policy.Unmatched.DISCARD:
        unmatched.have_back()


def _follow_matching() -> None:
    """What was left out may be about something by another linking policy, and the reverse."""
    unmatched.look_anew()
    if unmatched.is_left_out():
        purging.start(Purge.What.UNMATCHED, purging.count_messages())


def adopt(member: Member, pk: int) -> None:
    """Choose what a trial of linking was about, both policies at once, and begin what follows.

    Raises Expected as :func:`linking.forecast.ready` does.
    """
    row = forecast.ready(pk)
    if row.choices["mail"]:
        _choose(member, row.choices["mail"], row.versions[1])
    forecast.apply(row, member.user_id)
    _follow_matching()


def revert(member: Member, pk: int) -> None:
    """Choose what stood before a trial was applied, and begin what follows. What was taken out of
    stored mail meanwhile does not come back by itself.

    Raises Expected as :func:`linking.forecast.applied` does.
    """
    row = forecast.applied(pk)
    if row.before["mail"]:
        _choose(member, row.before["mail"], row.versions[1])
    forecast.undo(row, member.user_id)
    _follow_matching()


def concerned(user_id: int | None, text: str) -> tuple[NeverSync, int]:
    """The entry that a text would make, not saved, and how many stored messages it concerns.

    Raises Expected, in words, for what cannot be entered.
    """
    kind, value = neversync.read(text)
    neversync.check(value, user_id)
    entry = NeverSync(kind=kind, value=value, user_id=user_id)
    return entry, len(purging.find_with(entry))


def never(member: Member, text: str, *, everybody: bool) -> NeverSync:
    """Put somebody on the member's list, or the workspace's, and begin to take out their mail."""
    store.hold()
    entry, count = concerned(None if everybody else member.user_id, text)
    neversync.add(entry, member.user_id)
    if count:
        purging.start(Purge.What.NEVER, count, entry)
    return entry


def allow(entry: NeverSync) -> None:
    """Take somebody off a list. What was left out stays so until somebody asks for it again."""
    neversync.drop(entry)


def left_out(user_id: int | None) -> int:
    """How many messages a list has left out: a person's in their mailboxes, or the workspace's."""
    return int(_left_out(user_id).count())


def look_again(user_id: int | None) -> int:
    """Have what a list left out looked at once more, where a mailbox is connected; who is still on
    a list stays out."""
    store.hold()
    open_ = Mailbox.objects.filter(disconnected_at__isnull=True).values("pk")
    rows = _left_out(user_id).filter(message__isnull=True, mailbox_id__in=open_)
    boxes = sorted(set(rows.values_list("mailbox_id", flat=True)))
    count = int(rows.update(state=Copy.State.LISTED, reason="", place=-1))
    for sync in Sync.objects.filter(mailbox_id__in=boxes):
        live.tell(f"mailbox-{sync.mailbox_id}")
        backfill.wake(sync)
    return count


def thin() -> int:
    """How many messages are kept shorter than the policy now allows."""
    rule = policy.current()
    rows = Message.objects.filter(refilling.thinner_than(rule))
    return int(rows.count())


def fill() -> int:
    """Fetch again what is kept shorter than it may be; returns in how many mailboxes.

    Raises Expected where no connected mailbox has any of it.
    """
    boxes = Mailbox.objects.filter(disconnected_at__isnull=True).values_list("pk", flat=True)
    begun = [pk for pk in boxes if refilling.start(pk)]
    if not begun:
        raise Expected("No connected mailbox has a message that could be fetched again.")
    live.tell(purging.TOPIC)
    return len(begun)


def _left_out(user_id: int | None) -> QuerySet[Copy]:
    rows = Copy.objects.filter(state=Copy.State.SKIPPED)
    if user_id is None:
        return rows.filter(reason=rules.WORKSPACES_LIST)
    mine = Mailbox.objects.filter(owner_id=user_id, delegate__isnull=True)
    return rows.filter(reason=rules.OWNERS_LIST, mailbox_id__in=mine.values("pk"))


def _wake_all() -> None:
    """Every mailbox is looked at, since how often that is, or what it follows, may have changed."""
    for sync in Sync.objects.filter(mailbox__disconnected_at__isnull=True):
        backfill.wake(sync)
