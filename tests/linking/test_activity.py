"""When something last happened to a record: mail and changes, and nothing that is private."""

from datetime import timedelta

import pytest

from mailweave.kit import clock
from mailweave.linking import activity, addresses, links, matching
from mailweave.linking.models import Activity
from mailweave.people.models import User
from tests.makers_mail import KIND, START, Archive

pytestmark = pytest.mark.sql


def mail_at(record_id: int = 1) -> int | None:
    """The minute of the record's newest mail that counts."""
    row = Activity.objects.filter(kind=KIND, record_id=record_id).first()
    return None if row is None or row.mail_at is None else (row.mail_at - START).seconds // 60


def letter(archive: Archive, box: int, minute: int, sender: str = "ann@client.example") -> int:
    pk = archive.message(archive.thread(), minute=minute, sender=sender)
    archive.copy(pk, box)
    matching.link({archive.messages[pk].thread_id})
    return pk


def test_it_moves_with_mail_and_back(archive: Archive, sam: User) -> None:
    box = archive.mailbox(sam)
    addresses.set_addresses(KIND, 1, [("ann@client.example", "primary")])
    letter(archive, box, 3)
    newest = letter(archive, box, 9)
    letter(archive, box, 20, "else@x.example")
    assert mail_at() == 9
    links.unlink([newest], (KIND, 1), sam.pk)
    assert mail_at() == 3
    addresses.set_addresses(KIND, 1, [])
    assert mail_at() is None
    links.link([newest], (KIND, 1), sam.pk)
    assert mail_at() == 9


def test_mail_of_private_mailboxes_moves_nothing(archive: Archive, sam: User, kim: User) -> None:
    private, shared = archive.mailbox(sam, "private"), archive.mailbox(kim, "metadata")
    addresses.set_addresses(KIND, 1, [("ann@client.example", "primary")])
    letter(archive, shared, 3)
    letter(archive, private, 9)
    assert mail_at() == 3


def test_the_newest_in_a_thread_that_is_seen_counts(archive: Archive, sam: User, kim: User) -> None:
    private, shared = archive.mailbox(sam, "private"), archive.mailbox(kim)
    addresses.set_addresses(KIND, 1, [("ann@client.example", "primary")])
    thread = archive.thread()
    for minute, box in ((3, shared), (9, private)):
        archive.copy(archive.message(thread, minute=minute), box)
    matching.link({thread})
    assert mail_at() == 3


def test_a_change_counts_where_there_is_no_mail(archive: Archive, sam: User) -> None:
    box = archive.mailbox(sam)
    addresses.set_addresses(KIND, 1, [("ann@client.example", "primary")])
    letter(archive, box, 3)
    activity.touch(KIND, [1, 2])
    last = dict(Activity.objects.values_list("record_id", "last_at"))
    assert last[1] == START + timedelta(minutes=3)
    assert clock.now() - last[2] < timedelta(minutes=1)
    addresses.forget(KIND, 1)
    assert list(Activity.objects.values_list("record_id", flat=True)) == [2]
