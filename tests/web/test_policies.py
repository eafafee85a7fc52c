"""The pages of policies and never-sync lists: who may, what is asked first, and what is said."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from mailweave.kit import clock, scope
from mailweave.linking.models import Handed
from mailweave.mail import policy
from mailweave.mail.models import Body, Copy, Mailbox, Message, NeverSync, Policy
from mailweave.people.access import Member
from mailweave.people.models import Role, User, Workspace
from mailweave.sync import filter as rules
from mailweave.sync import purging
from mailweave.sync.models import Purge, Refill, Sync
from tests.makers import make_member, make_workspace, signed_in
from tests.makers_mail import Archive, make_part

pytestmark = pytest.mark.django_db
POLICIES, NEVER = "/settings/policies/", "/settings/never-sync/"


class Place:
    """A workspace with an admin who owns a mailbox with three letters, and a plain member."""

    def __init__(self) -> None:
        self.team: Workspace = make_workspace()
        self.admin = make_member(Role.ADMIN, self.team, name="Olga Admin")
        self.mia = make_member(Role.MEMBER, self.team, name="Mia Member")
        self.archive = Archive()
        self.letters: list[int] = []
        with self.inside():
            self.box = self.archive.mailbox(User.objects.get(pk=self.admin.user_id))
            Sync.objects.create(mailbox_id=self.box)
            for minute in range(3):
                one = self.archive.message(
                    self.archive.thread(), minute=minute, text="walrus " * 60, attachment_count=1
                )
                make_part(one)
                self.archive.copy(one, self.box)
                self.letters.append(one)
            self.archive.settle()

    @contextmanager
    def inside(self) -> Iterator[None]:
        with scope.workspace(self.team.pk):
            yield

    def get(self, path: str, member: Member | None = None) -> str:
        answer = signed_in(member or self.admin).get(path)
        assert answer.status_code == 200
        return answer.content.decode()

    def post(self, path: str, member: Member | None = None, **fields: str) -> Any:
        return signed_in(member or self.admin).post(path, fields, follow=True)

    def version(self) -> str:
        with self.inside():
            return str(policy.current().version)

    def choose(self, member: Member | None = None, **fields: str) -> Any:
        return self.post(POLICIES, member, **{"version": self.version(), **fields})

    def purge(self) -> None:
        with self.inside():
            open_ = list(Purge.objects.filter(ended_at=None).values_list("pk", flat=True))
        for pk in open_:
            purging.advance(self.team.pk, pk)


@pytest.fixture
def place(transactional_db: None) -> Place:
    return Place()


def words(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


def test_every_choice_stands_on_the_page_with_its_sentence(place: Place) -> None:
    text = place.get(POLICIES)
    for field in Policy.choices():
        assert str(field.help_text) in text
        for name, label in field.flatchoices:
            assert f'name="{field.name}" value="{name}"' in text
            assert str(label) in text
    kept, _, _ = text.partition('id="linking"')
    assert kept.count(" checked") == len(Policy.choices())


def test_members_read_and_admins_choose(place: Place) -> None:
    text = place.get(POLICIES, place.mia)
    assert "All of it" in text
    assert 'type="radio"' not in text
    for path in (POLICIES, f"{POLICIES}fill/"):
        assert place.choose(place.mia, body="headers").status_code == 404
        assert place.post(path, place.mia).status_code == 404
    with place.inside():
        assert policy.current().body == "full"


def test_a_choice_is_saved_and_says_by_whom(place: Place) -> None:
    answer = place.choose(poll_minutes="15", read_writeback="off", internal_mail="show")
    assert "The policies are saved." in words(answer)
    assert "Last changed by Olga Admin" in words(answer)
    with place.inside():
        standing = policy.current()
        assert (standing.poll_minutes, standing.writes_back) == ("15", False)
        assert standing.push == "on"
        assert Sync.objects.get().due_at is not None


def test_keeping_less_is_asked_first_in_numbers(place: Place) -> None:
    answer = place.choose(body="headers", attachments="flag", push="off")
    assert "The text of 3 stored messages is shortened here" in words(answer)
    assert "3 messages keep only the number of their attachments" in words(answer)
    assert "Nothing changes at the provider" in words(answer)
    with place.inside():
        assert policy.current().version == 0
        assert not Purge.objects.exists()
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="(\w+)"', answer.content.decode()))
    assert hidden.pop("csrfmiddlewaretoken", "") is not None
    answer = place.post(POLICIES, **hidden)
    assert "Shortening stored messages: 0 of 3 messages" in words(answer)
    with place.inside():
        standing = policy.current()
        assert (standing.body, standing.attachments, standing.wants_push) == (
            "headers",
            "flag",
            False,
        )
    place.purge()
    text = words(signed_in(place.mia).get(f"{POLICIES}progress/"))
    assert "3 of 3 messages changed" in text
    with place.inside():
        assert not Body.objects.exclude(text="").exists()


def test_keeping_more_offers_to_fetch_again(place: Place) -> None:
    place.choose(body="snippet", sure="yes")
    place.purge()
    answer = place.choose(body="full")
    assert "3 messages were kept shorter than the policies allow now" in words(answer)
    assert "Fetch them again" in words(answer)
    answer = place.post(f"{POLICIES}fill/")
    assert "Fetching again in one mailbox" in words(answer)
    assert "Fetching stored messages again: 0 of 3" in words(answer)
    with place.inside():
        assert Refill.objects.get().mailbox_id == place.box


def test_of_two_admins_at_once_the_second_is_told(place: Place) -> None:
    old = place.version()
    place.choose(push="off")
    for fields in ({"version": old}, {"version": ""}, {"version": "9" * 99}, {}):
        answer = place.post(POLICIES, push="on", **fields)
        assert answer.status_code == 422
        assert "Somebody else has changed the policies" in words(answer)
    with place.inside():
        assert not policy.current().wants_push


@pytest.mark.parametrize("value", ["", "nonsense", "FULL", "\0", "x" * 10_000])
def test_nonsense_changes_nothing(place: Place, value: str) -> None:
    assert place.choose(body=value).status_code == 422
    with place.inside():
        assert policy.current().version == 0


@pytest.mark.parametrize(
    ("body", "said"),
    [("snippet", "keeps only the first words"), ("headers", "keeps no text of messages")],
)
def test_a_message_without_its_body_says_why(place: Place, body: str, said: str) -> None:
    place.choose(body=body, attachments="flag", sure="yes")
    place.purge()
    text = words(signed_in(place.admin).get(f"/mail/messages/{place.letters[0]}/"))
    assert said in text
    assert "All of it is in box0@home.example" in text
    assert "1 attachment. By its policy" in text
    assert ("walrus" in text) is (body == "snippet")
    answer = signed_in(place.admin).get(f"/mail/messages/{place.letters[0]}/body/")
    assert "walrus" not in answer.content.decode()


def test_where_only_inbox_and_sent_are_allowed_nothing_else_is_offered(place: Place) -> None:
    path = f"/settings/integrations/mailboxes/{place.box}/range/"
    assert 'value="all"' in place.get(path)
    place.choose(folders="main")
    text = place.get(path)
    assert 'name="folders" value="all"' not in text
    assert POLICIES in text


def test_an_entry_is_asked_about_with_its_number(place: Place) -> None:
    answer = place.post(NEVER, whose="mine", value=" @Client.EXAMPLE ")
    assert "3 stored messages will be removed here" in words(answer)
    assert "Nothing changes at the provider" in words(answer)
    with place.inside():
        assert not NeverSync.objects.exists()
    answer = place.post(NEVER, whose="mine", value="client.example", sure="yes")
    assert "Mail with client.example is not taken in from now on." in words(answer)
    assert "Added by Olga Admin" in words(answer)
    place.purge()
    with place.inside():
        assert not Message.objects.exists()
        assert Copy.objects.filter(state="skipped", reason=rules.OWNERS_LIST).count() == 3
    assert "3 messages were left out by this list" in words(signed_in(place.admin).get(NEVER))
    with place.inside():
        pk = NeverSync.objects.get().pk
    assert "client.example is off the list" in words(place.post(f"{NEVER}{pk}/remove/"))
    assert "Looking again at 3 messages" in words(place.post(f"{NEVER}mine/again/"))
    with place.inside():
        assert Copy.objects.filter(state="listed").count() == 3


def test_without_stored_mail_nobody_is_asked(place: Place) -> None:
    place.post(NEVER, whose="workspace", value="bank.example")
    with place.inside():
        entry = NeverSync.objects.get()
        assert (entry.user_id, entry.value, entry.made_by_id) == (
            None,
            "bank.example",
            place.admin.user_id,
        )
        assert not Purge.objects.exists()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("", "Enter an address"),
        ("com", "everybody under .com"),
        ("@", "neither an e-mail address nor a domain"),
        ("<script>alert(1)</script>", "neither"),
        ("box0@home.example", "connected mailbox itself"),
    ],
)
def test_what_cannot_be_entered_says_why_and_keeps_what_was_typed(
    place: Place, value: str, said: str
) -> None:
    answer = place.post(NEVER, whose="mine", value=value)
    assert answer.status_code == 422
    assert said in words(answer)
    assert "<script>alert" not in answer.content.decode()
    assert 'aria-invalid="true"' in answer.content.decode()


def test_whose_list_is_whose(place: Place) -> None:
    with place.inside():
        mine = NeverSync.objects.create(
            kind="domain", value="secret.example", user_id=place.admin.user_id
        )
        ours = NeverSync.objects.create(kind="domain", value="ours.example")
    text = place.get(NEVER, place.mia)
    assert "secret.example" not in text
    assert "ours.example" in text
    assert f"{ours.pk}/remove/" not in text
    for path in (f"{NEVER}{mine.pk}/remove/", f"{NEVER}{ours.pk}/remove/", f"{NEVER}99999/remove/"):
        assert place.post(path, place.mia).status_code == 404
    assert place.post(f"{NEVER}workspace/again/", place.mia).status_code == 404
    assert place.post(f"{NEVER}nonsense/again/").status_code == 404
    assert place.post(NEVER, place.mia, whose="workspace", value="a.example").status_code == 404
    assert place.post(NEVER, whose="nonsense", value="a.example").status_code == 404
    with place.inside():
        assert NeverSync.objects.count() == 2


def test_a_long_list_is_turned_page_by_page(place: Place) -> None:
    with place.inside():
        NeverSync.objects.bulk_create(
            NeverSync(kind="domain", value=f"n{number:05}.example") for number in range(250)
        )
    seen: list[str] = []
    path = NEVER
    while path:
        text = place.get(path)
        seen += re.findall(r"n\d{5}\.example(?= <span)", text)
        found = re.search(r'href="(/settings/never-sync/\?[^"#]*)', text)
        path = found[1].replace("&amp;", "&") if found else ""
    assert seen == [f"n{number:05}.example" for number in range(250)]
    assert place.get(f"{NEVER}?list=workspace&after=%00").count("n00000.example") >= 1


def test_a_shared_mailbox_is_not_under_ones_own_list(place: Place) -> None:
    with place.inside():
        shared = Mailbox.objects.create(
            kind="outlook",
            owner_id=place.admin.user_id,
            address="support@home.example",
            remote_account_id="shared",
            delegate_id=place.box,
        )
        one = place.archive.message(place.archive.thread())
        place.archive.copy(one, shared.pk)
    answer = place.post(NEVER, whose="mine", value="client.example")
    assert "3 stored messages" in words(answer)
    answer = place.post(NEVER, whose="workspace", value="client.example")
    assert "4 stored messages" in words(answer)


def test_what_the_rule_for_contacts_could_not_read_is_told_and_tried_again(place: Place) -> None:
    at, (letter, *_) = clock.now(), place.letters
    where = {"reader": "making", "message_id": letter, "mailbox_id": place.box}
    with place.inside():
        Handed.objects.create(**where, received_at=at, due_at=at, tries=3, stuck=True)
    assert "The rule could not read 1 message, after three tries" in place.get(POLICIES)
    path = f"{POLICIES}contacts/retry/"
    assert place.post(path, place.mia).status_code == 404
    assert "Looking again at 1 message" in words(place.post(path))
    assert "The rule could not read" not in place.get(POLICIES)
    with place.inside():
        assert not Handed.objects.get().stuck


def test_leaving_out_mail_about_nothing_is_asked_first_in_numbers(place: Place) -> None:
    answer = place.choose(unmatched="discard")
    assert "About 3 messages that are linked to no record are left out" in words(answer)
    with place.inside():
        assert policy.current().unmatched == "queue"
    answer = place.choose(unmatched="discard", sure="yes")
    assert "The policies are saved." in words(answer)
    place.purge()
    with place.inside():
        assert Message.objects.count() == 0
        assert set(Copy.objects.values_list("reason", flat=True)) == {rules.UNMATCHED}
    assert "Leaving out mail about no record: done" in words(signed_in(place.admin).get(POLICIES))
    place.choose(unmatched="keep")
    with place.inside():
        assert set(Copy.objects.values_list("state", "place")) == {("listed", -1)}
