"""Ticket pages: added, changed, found, merged and split; 404 for whom they are not."""

import pytest
from django.test import Client
from django.urls import reverse

from mailweave.journal.models import Entry
from mailweave.kit import scope
from mailweave.people.models import Role, User, Workspace
from mailweave.records.support import tickets
from mailweave.records.support.models import Ticket
from tests.makers import make_member, signed_in
from tests.makers_arrivals import BOB, MARA
from tests.records.crm.makers import make_contact
from tests.records.support.makers import Desk, make_ticket, message

pytestmark = pytest.mark.sql
NEW = {"title": "Winch", "status": "open", "priority": "high", "type": "bug", "customer": MARA}


@pytest.fixture
def window(desk: Desk) -> Client:
    return desk.client


def text_of(client: Client, name: str, *args: object, **query: str) -> str:
    answer = client.get(reverse(f"support:{name}", args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_add_edit_and_show(desk: Desk, window: Client) -> None:
    with scope.workspace(desk.id):
        make_contact("Mara Quist", MARA)
    sent = {**NEW, "cc": f"Bob <{BOB}>\n{BOB}", "tags": "Deck, deck, Rope"}
    page = window.post(reverse("support:ticket-new"), sent, follow=True).content.decode()
    for text in ("TKT-0001", "Winch", "Mara Quist", BOB, "deck", "rope"):
        assert text in page
    with scope.workspace(desk.id):
        pk = Ticket.objects.get().pk
    edited = {**sent, "title": "Winch again", "cc": ""}
    window.post(reverse("support:ticket-edit", args=[pk]), edited)
    page = text_of(window, "ticket", pk)
    assert "Winch again" in page
    assert BOB not in page


def test_without_mail_it_says_how_mail_gets_there(desk: Desk, window: Client) -> None:
    with scope.workspace(desk.id):
        pk = make_ticket().pk
    answer = window.get(reverse("panel", args=[tickets.KIND, pk]))
    assert "No mail is filed here yet" in answer.content.decode()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"title": ""}, "This field is required"),
        ({"customer": "not one"}, "This is not an address"),
        ({"cc": "nobody"}, "nobody is not an e-mail address"),
        ({"cc": "\n".join(f"a{n}@x.example" for n in range(21))}, "At most 20"),
    ],
)
def test_bad_input(window: Client, given: dict[str, str], says: str) -> None:
    answer = window.post(reverse("support:ticket-new"), {**NEW, **given})
    assert answer.status_code == 422
    assert says in answer.content.decode()


def test_a_ticket_begins_with_mail_that_waits(desk: Desk, window: Client) -> None:
    theirs = make_member(Role.MEMBER, Workspace.objects.get(pk=desk.id))
    with scope.workspace(desk.id):
        desk.arrive("a", MARA, subject="It waits")
        hidden = desk.archive.mailbox(User.objects.get(pk=theirs.user_id), sharing="private")
        desk.arrive("b", MARA, subject="Not yours", box=hidden)
        mine, other = message("a").pk, message("b").pk
    path = reverse("support:ticket-new")
    page = text_of(window, "ticket-new", customer="Mara@acme.example")
    assert "It waits" in page
    assert "Not yours" not in page
    sent = {**NEW, "title": "", "message": [mine, other, "x", "²"]}
    assert b" checked" in window.post(path, sent).content
    window.post(path, {**sent, "title": "Winch"})
    with scope.workspace(desk.id):
        assert desk.about(Ticket.objects.get()) == {"a"}


def test_the_tabs(desk: Desk, window: Client) -> None:
    assert "No tickets yet" in text_of(window, "tickets")
    with scope.workspace(desk.id):
        make_ticket("Mine", owner_id=desk.member.user_id)
        make_ticket("Free", priority="urgent")
        make_ticket("Done", status="closed")
    for tab, titles in (
        ("", {"Mine", "Free", "Done"}),
        ("mine", {"Mine"}),
        ("unassigned", {"Free"}),
        ("closed", {"Done"}),
        ("nonsense", {"Mine", "Free", "Done"}),
    ):
        rows = window.get(reverse("support:tickets"), {"tab": tab}).context["page"].rows
        assert {one.title for one in rows} == titles, tab
    assert "No ticket is like that" in text_of(window, "tickets", tab="waiting")
    assert "Free" not in text_of(window, "tickets", priority="low")


def test_state_is_set_from_the_page(desk: Desk, window: Client) -> None:
    with scope.workspace(desk.id):
        pk = make_ticket().pk
    mine = str(desk.member.user_id)
    path = reverse("support:ticket-set", args=[pk])
    page = window.post(path, {"status": "waiting", "owner": mine}, follow=True)
    assert b"TKT-0001 was saved" in page.content
    window.post(path, {"status": "nonsense", "priority": "odd"})
    assert window.post(path, {"owner": "999999"}).status_code == 422
    with scope.workspace(desk.id):
        found = Ticket.objects.get()
        assert (found.status, found.owner_id) == ("waiting", desk.member.user_id)
        assert Entry.objects.filter(author=desk.member.user_id).count() == 2


def test_what_somebody_else_set_meanwhile_stays(desk: Desk, window: Client) -> None:
    with scope.workspace(desk.id):
        pk = make_ticket(status="closed").pk
    stale = {"status": "open", "was_status": "open", "priority": "low", "was_priority": "medium"}
    window.post(reverse("support:ticket-set", args=[pk]), stale)
    with scope.workspace(desk.id):
        found = Ticket.objects.get()
        assert (found.status, found.priority) == ("closed", "low")


def test_merge_and_what_the_old_number_leads_to(desk: Desk, window: Client) -> None:
    with scope.workspace(desk.id):
        one, two = make_ticket("One", customer=MARA).pk, make_ticket("Two", customer=MARA).pk
    assert "Merge into TKT-0002" in text_of(window, "ticket-merge", one)
    window.post(reverse("support:ticket-merge", args=[one]), {"into": two})
    answer = window.get(reverse("support:ticket", args=[one]), follow=True)
    assert b"TKT-0001 has become part of TKT-0002" in answer.content
    assert (
        window.post(reverse("support:ticket-merge", args=[two]), {"into": "x"}).status_code == 422
    )


def test_split(desk: Desk, window: Client) -> None:
    with scope.workspace(desk.id):
        desk.processor()
        desk.arrive("a", MARA, subject="First")
        desk.arrive("b", MARA, refs=["a"], subject="Second")
        chosen = message("b").pk
        pk = Ticket.objects.get().pk
    assert "Second" in text_of(window, "ticket-split", pk)
    window.post(reverse("support:ticket-split", args=[pk]), {"message": [chosen]})
    with scope.workspace(desk.id):
        assert desk.about(Ticket.objects.get(number=2)) == {"b"}


def test_a_ticket_whose_mail_named_another_says_so(desk: Desk, window: Client) -> None:
    with scope.workspace(desk.id):
        desk.processor()
        make_ticket("First", customer=BOB)
        desk.arrive("a", MARA, subject="[TKT-0001] me too")
        pk = Ticket.objects.get(number=2).pk
    page = text_of(window, "ticket", pk)
    assert "names TKT-0001" in page
    assert "Merge into TKT-0001" in page


def test_a_merge_is_undone_from_the_toast_and_from_the_page(desk: Desk, window: Client) -> None:
    with scope.workspace(desk.id):
        one, two = make_ticket().pk, make_ticket("Winch").pk
    merged = window.post(reverse("support:ticket-merge", args=[one]), {"into": two}, follow=True)
    path = reverse("support:ticket-part", args=[one])
    assert merged.content.decode().count(f'action="{path}"') == 2
    page = window.post(path, follow=True).content.decode()
    assert "TKT-0001 stands for itself again, as before." in page
    again = window.post(path)
    assert again.status_code == 422
    assert "cannot be undone any more" in again.content.decode()


def test_who_writes_is_said(desk: Desk, window: Client) -> None:
    team = Workspace.objects.get(pk=desk.id)
    kim = signed_in(make_member(Role.ADMIN, team, name="Kim"))
    with scope.workspace(desk.id):
        path = reverse("support:ticket-here", args=[make_ticket().pk])
    kim.get(path, {"writing": "1"})
    assert "Kim is writing something here now." in window.get(path).content.decode()


@pytest.mark.parametrize("name", ["", "-edit", "-delete", "-merge", "-split", "-here"])
def test_strangers_find_nothing(desk: Desk, name: str) -> None:
    with scope.workspace(desk.id):
        pk = make_ticket().pk
    path = reverse(f"support:ticket{name}", args=[pk])
    home = Workspace.objects.get(pk=desk.id)
    no_module = make_member(Role.MEMBER, home, modules=["crm"])
    for stranger in (make_member(), no_module):
        assert signed_in(stranger).get(path).status_code == 404


def test_who_may_only_look(desk: Desk) -> None:
    with scope.workspace(desk.id):
        pk = make_ticket().pk
    viewer = signed_in(make_member(Role.VIEWER, Workspace.objects.get(pk=desk.id)))
    page = text_of(viewer, "ticket", pk)
    assert "Save" not in page
    for name in ("edit", "delete", "merge", "split"):
        answer = viewer.get(reverse(f"support:ticket-{name}", args=[pk]))
        assert answer.status_code == 403
        assert b"Your role may look at these records" in answer.content
    answer = viewer.post(reverse("support:ticket-set", args=[pk]), {"status": "closed"})
    assert answer.status_code == 403


def test_delete(desk: Desk, window: Client) -> None:
    with scope.workspace(desk.id):
        pk = make_ticket().pk
    page = window.post(reverse("support:ticket-delete", args=[pk]), follow=True)
    assert b"was deleted" in page.content
    with scope.workspace(desk.id):
        assert not tickets.find(desk.member)


def test_who_else_is_here(desk: Desk, window: Client) -> None:
    with scope.workspace(desk.id):
        pk = make_ticket().pk
    kim = make_member(Role.MEMBER, Workspace.objects.get(pk=desk.id), name="Kim <b>")
    assert text_of(window, "ticket-here", pk).strip() == ""
    assert "Sam Reyes" in text_of(signed_in(kim), "ticket-here", pk)
    assert "Kim &lt;b&gt;" in text_of(window, "ticket-here", pk)
