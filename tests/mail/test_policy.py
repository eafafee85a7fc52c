"""What a workspace decided to keep: read, changed by one admin at a time, applied at the door."""

from dataclasses import asdict

import pytest
from django.db import connection
from django.db.models import CharField
from django.test.utils import CaptureQueriesContext

from mailweave.kit.errors import Expected
from mailweave.mail import arrival, neversync, policy, search, store
from mailweave.mail.models import Body, Message, NeverSync, Part, Policy, SearchRow
from mailweave.mail.policy import Standing
from mailweave.people.models import User
from mailweave.providers.base import Attachment, Fetched
from tests.makers_arrivals import fetch, read
from tests.makers_mail import Archive, eyes

LONG = "Dear Ada, the price of the heron is " + "very " * 60 + "reasonable. Walrus."
PDF = Attachment("1", "offer.pdf", "application/pdf", 5, "", False)


@pytest.fixture
def box(archive: Archive, sam: User) -> int:
    return archive.mailbox(sam)


def put(box: int, one: Fetched, body: str = "full", attachments: str = "metadata") -> None:
    found = arrival.narrow(read(one, box), body=body, attachments=attachments)
    store.store(box, [found])


def rows() -> tuple[dict[str, object], ...]:
    """Everything that is kept of the only message but its numbers and moments."""
    message = Message.objects.values("preview", "kept", "parts_kept", "attachment_count").get()
    body = Body.objects.values("text", "html_zstd").get()
    words = SearchRow.objects.values("words").get()
    return message, body, words, {"parts": Part.objects.count()}


def finds(sam: User, *words: str) -> list[bool]:
    return [bool(search.search(eyes(sam), word).rows) for word in words]


def test_until_somebody_decides_the_defaults_stand(here: int) -> None:
    standing = policy.current()
    assert standing == Standing()
    assert not Policy.objects.exists()
    assert set(asdict(standing)) - {"version"} == {one.name for one in Policy.choices()}
    row = Policy()
    assert {one.name: str(getattr(row, one.name)) for one in Policy.choices()} == {
        name: str(value) for name, value in asdict(standing).items() if name != "version"
    }


def test_it_takes_one_query(here: int, sam: User) -> None:
    policy.change({"body": "snippet"}, version=0, user_id=sam.pk)
    with CaptureQueriesContext(connection) as asked:
        assert policy.current().body == "snippet"
    assert len(asked) == 1


def test_a_change_moves_the_version_and_a_second_admin_is_told(here: int, sam: User) -> None:
    before, after = policy.change({"push": "off"}, version=0, user_id=sam.pk)
    assert (before.wants_push, after.wants_push, after.version) == (True, False, 1)
    with pytest.raises(Expected, match="Somebody else has changed"):
        policy.change({"push": "on"}, version=0, user_id=sam.pk)
    assert not policy.current().wants_push


@pytest.mark.parametrize("field", Policy.choices(), ids=lambda field: field.name)
def test_only_what_is_offered_can_be_chosen(
    here: int, sam: User, field: "CharField[str, str]"
) -> None:
    name = field.name
    for nonsense in ("", "FULL", "nonsense", "x" * 1000, "\0"):
        with pytest.raises(Expected):
            policy.change({name: nonsense}, version=0, user_id=sam.pk)
    for version, (choice, _) in enumerate(field.flatchoices):
        _, after = policy.change({name: choice}, version=version, user_id=sam.pk)
        assert getattr(after, name) == choice


def test_how_long_a_mailbox_is_left_alone() -> None:
    minutes = {
        choice: [Standing(poll_minutes=choice).pause(is_told=told).seconds // 60 for told in (0, 1)]
        for choice in ("auto", "5", "15", "60")
    }
    assert minutes == {"auto": [5, 60], "5": [5, 5], "15": [15, 15], "60": [60, 60]}
    assert Standing(poll_minutes="off").pause(is_told=True).days == 1


def test_a_mailbox_narrows_the_folders_and_never_widens_them() -> None:
    everything, main = Standing(), Standing(folders="main")
    assert everything.follow([]) == frozenset()
    assert everything.follow(["inbox"]) == {"inbox"}
    assert main.follow([]) == main.follow(["archive"]) == {"inbox", "sent"}
    assert main.follow(["inbox", "archive"]) == {"inbox"}


@pytest.mark.parametrize(
    ("body", "text", "found"),
    [
        ("full", LONG, [True, True, True, True]),
        ("snippet", "", [True, True, True, False]),
        ("headers", "", [True, True, False, False]),
    ],
)
def test_what_is_kept_of_a_text(
    box: int, sam: User, body: str, text: str, found: list[bool]
) -> None:
    put(box, fetch("a", subject="Pelican", text=LONG, html=f"<p>{LONG}</p>"), body)
    message, stored = Message.objects.get(), Body.objects.get()
    assert (message.kept, stored.text, bool(stored.html_zstd)) == (body, text, body == "full")
    assert bool(message.preview) == (body != "headers")
    assert len(message.preview) <= 200
    assert finds(sam, "pelican", "mara", "heron", "walrus") == found


def test_attachments_are_counted_and_not_named(box: int) -> None:
    put(box, fetch("a", parts=[PDF]), attachments="flag")
    put(box, fetch("b"), attachments="flag")
    first, second = Message.objects.order_by("pk")
    assert (first.attachment_count, first.parts_kept) == (1, False)
    assert (second.attachment_count, second.parts_kept) == (0, True)
    assert not Part.objects.exists()


@pytest.mark.parametrize("body", ["snippet", "headers"])
def test_when_more_may_be_kept_the_same_message_is_filled(box: int, body: str) -> None:
    whole = fetch("a", text=LONG, html=f"<p>{LONG}</p>", parts=[PDF])
    put(box, whole)
    expected = rows()
    for model in (Part, SearchRow, Body, Message):
        model.objects.all().delete()
    put(box, whole, body, "flag")
    thin = rows()
    assert thin != expected
    put(box, whole, body, "flag")
    assert rows() == thin
    put(box, whole)
    assert rows() == expected
    put(box, whole, body, "flag")
    assert rows() == expected  # what is stored already is for the purge to narrow


def test_copies_of_two_servers_are_compared_by_what_is_kept(box: int) -> None:
    first, second = fetch("a", text="Hello Ada"), fetch("a", text="", html="<p>Hello Ada</p>")
    forged = fetch("a", text="Goodbye")
    put(box, first, "snippet")
    put(box, second, "snippet")
    assert Message.objects.count() == 1
    put(box, forged, "snippet")
    assert Message.objects.count() == 2


def test_where_nothing_is_kept_only_equals_are_the_same(box: int) -> None:
    put(box, fetch("a", text="Hello Ada"), "headers")
    put(box, fetch("a", text="Hello Ada"), "headers")
    assert Message.objects.count() == 1
    put(box, fetch("a", text="Goodbye"), "headers")
    put(box, fetch("a", text="Good evening"))
    assert Message.objects.count() == 3


@pytest.mark.parametrize(
    ("typed", "kind", "value"),
    [
        (" Ann@Acme.example ", "address", "ann@acme.example"),
        ("ann@bücher.example", "address", "ann@xn--bcher-kva.example"),
        ("acme.example", "domain", "acme.example"),
        ("@Acme.Example.", "domain", "acme.example"),
        ("*.acme.example", "domain", "acme.example"),
        ("BÜCHER.example", "domain", "xn--bcher-kva.example"),
    ],
)
def test_what_can_be_entered(typed: str, kind: str, value: str) -> None:
    assert neversync.read(typed) == (kind, value)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Enter an address"),
        ("@", "neither"),
        ("a@", "no e-mail address"),
        ("@@", "no e-mail address"),
        ("com", "everybody under .com"),
        ("@com", "everybody under .com"),
        ("two words", "neither"),
        ("https://acme.example/", "neither"),
        ("ann@acme.example, ben@acme.example", "no e-mail address"),
        ("a" * 5000, "neither"),
        ("*", "neither"),
        ("..", "neither"),
        ("-acme-.example", "neither"),
        ("\0", "neither"),
    ],
)
def test_nonsense_is_refused_in_words(typed: str, said: str) -> None:
    with pytest.raises(Expected, match=said) as refused:
        neversync.read(typed)
    assert len(str(refused.value)) < 250


def test_own_addresses_and_doubles_are_refused(
    here: int, archive: Archive, sam: User, kim: User
) -> None:
    archive.mailbox(sam)
    with pytest.raises(Expected, match="connected mailbox"):
        neversync.check("box0@home.example", sam.pk)
    with pytest.raises(Expected, match="connected mailbox"):
        neversync.check("box0@home.example", None)
    neversync.check("box0@home.example", kim.pk)  # mail with Sam, in Kim's own mailbox
    NeverSync.objects.create(kind="domain", value="acme.example", user=sam)
    neversync.check("acme.example", None)
    with pytest.raises(Expected, match="already"):
        neversync.check("acme.example", sam.pk)


def found(owner: User, **people: set[str]) -> dict[str, int | None]:
    return neversync.find(people, owner_id=owner.pk, own="Us@home.example")


def test_who_is_on_a_list(here: int, sam: User, kim: User) -> None:
    for value, user in (
        ("ann@acme.example", None),
        ("bank.example", sam),
        ("kims.example", kim),
        ("home.example", sam),
    ):
        kind = "address" if "@" in value else "domain"
        NeverSync.objects.create(kind=kind, value=value, user=user)
    assert found(
        sam,
        a={"ann@acme.example", "us@home.example"},
        b={"ben@acme.example"},
        c={"x@bank.example"},
        d={"x@deep.sub.bank.example"},
        e={"x@notbank.example", "x@bank.example.evil.example"},
        f={"x@kims.example"},
        g={"us@home.example"},
        h={"other@home.example"},
        i={"ann@acme.example", "x@bank.example"},
        j=set(),
    ) == {"a": None, "c": sam.pk, "d": sam.pk, "h": sam.pk, "i": None}


def test_a_long_list_costs_one_query(here: int, sam: User) -> None:
    NeverSync.objects.bulk_create(
        [NeverSync(kind="domain", value=f"n{number}.example") for number in range(10_000)]
    )
    people = {
        str(number): {f"x@n{number}.example", "y@ok.example"} for number in range(0, 20_000, 80)
    }
    with CaptureQueriesContext(connection) as asked:
        assert len(found(sam, **people)) == 125
    assert len(asked) == 1
