"""Who becomes a contact by a rule, and who never does."""

from datetime import datetime, timedelta

import pytest

from mailweave.journal.models import EntryRecord
from mailweave.kit import clock, scope
from mailweave.linking import handing, making
from mailweave.linking.models import Handed, Link, Watch
from mailweave.mail import policy as mail_policy
from mailweave.mail.models import Mailbox
from mailweave.people.models import User
from mailweave.records.crm import contacts
from mailweave.records.crm.models import Contact, ContactAddress
from tests.makers import make_member
from tests.makers_arrivals import ADA, BOB, MARA, fetch, put
from tests.makers_mail import Archive

pytestmark = [pytest.mark.sql, pytest.mark.django_db(transaction=True)]


class Place:
    """A workspace with one mailbox whose policy is to be chosen."""

    def __init__(self) -> None:
        self.member = make_member()
        with scope.workspace(self.member.workspace_id):
            archive, user = Archive(), User.objects.get()
            self.box = archive.mailbox(user)
            Mailbox.objects.filter(pk=self.box).update(address=ADA)

    def choose(self, rule: str) -> None:
        with scope.workspace(self.member.workspace_id):
            version = mail_policy.current().version
            choices = {"auto_create_contacts": rule}
            mail_policy.change(choices, version=version, user_id=self.member.user_id)
            making.follow()

    def arrive(self, sender: str, received_at: datetime | None = None, **given: object) -> None:
        at = received_at or clock.now() + timedelta(minutes=1)
        with scope.workspace(self.member.workspace_id):
            letter = fetch("", sender, received_at=at, **given)  # type: ignore[arg-type]
            stored = put(self.box, letter)
            handing.hand(self.box, stored.new_here)
        handing.work(self.member.workspace_id)

    def made(self) -> set[str]:
        with scope.workspace(self.member.workspace_id):
            assert not Handed.objects.exists()
            return set(ContactAddress.objects.values_list("address", flat=True))


@pytest.fixture
def place() -> Place:
    return Place()


def test_nobody_without_a_rule(place: Place) -> None:
    place.choose("none")
    place.arrive(MARA)
    assert place.made() == set()


def test_everybody_once_with_name_mail_and_reason(place: Place) -> None:
    place.choose("all")
    place.arrive(f"Mara Okafor <{MARA}>")
    place.arrive(f"Mara <{MARA}>")
    place.arrive(ADA, to=[BOB], sent=True)
    assert place.made() == {MARA, BOB}
    with scope.workspace(place.member.workspace_id):
        mara = Contact.objects.get(name="Mara Okafor")
        links = Link.objects.filter(kind=contacts.KIND, record_id=mara.pk, linked=True)
        assert links.count() == 2
        told = EntryRecord.objects.get(kind=contacts.KIND, record_id=mara.pk)
        assert told.entry.text == "Made by a rule from mail by them"
        assert told.entry.author_id is None


def test_two_ways_are_needed_in_either_order(place: Place) -> None:
    place.choose("two_way")
    place.arrive(MARA)
    assert place.made() == set()
    place.arrive(ADA, to=[MARA, BOB], sent=True)
    assert place.made() == {MARA}
    place.arrive(BOB)
    assert place.made() == {MARA, BOB}


@pytest.mark.parametrize(
    "sender",
    [
        "no-reply@shop.example",
        "noreply+7@shop.example",
        "mailer-daemon@mx.example",
        "orders.notifications@shop.example",
        "ben@home.example",
    ],
)
def test_never_colleagues_and_machines(place: Place, sender: str) -> None:
    place.choose("all")
    place.arrive(sender)
    assert place.made() == set()


@pytest.mark.parametrize(
    "header",
    [
        ("Auto-Submitted", "auto-replied"),
        ("List-Id", "<news.shop.example>"),
        ("Precedence", "bulk"),
    ],
)
def test_never_of_automatic_mail(place: Place, header: tuple[str, str]) -> None:
    place.choose("all")
    place.arrive(MARA, headers=[header])
    assert place.made() == set()


def test_never_of_the_past_private_mailboxes_or_crowds(place: Place) -> None:
    place.choose("all")
    place.arrive(MARA, received_at=clock.now() - timedelta(days=2))
    place.arrive(ADA, to=[f"p{n}@crowd.example" for n in range(11)], sent=True)
    assert place.made() == set()
    with scope.workspace(place.member.workspace_id):
        Mailbox.objects.update(sharing="private")
    place.arrive(BOB)
    assert place.made() == set()


def test_who_is_a_record_already_stays_one(place: Place) -> None:
    place.choose("all")
    with scope.workspace(place.member.workspace_id):
        contacts.store(Contact(name="Mara"), [MARA])
    place.arrive(f"Else <{MARA}>")
    with scope.workspace(place.member.workspace_id):
        assert Contact.objects.get().name == "Mara"


def test_the_rule_ends_where_the_policy_does(place: Place) -> None:
    place.choose("all")
    place.choose("none")
    with scope.workspace(place.member.workspace_id):
        assert not Watch.objects.exists()
        making.follow_one(place.box)
        assert not Watch.objects.exists()
