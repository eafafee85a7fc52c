"""Settings of support: whose mailbox becomes tickets, and what became of its mail."""

import pytest
from django.urls import reverse

from mailweave.kit import clock, scope
from mailweave.linking.models import Handed, Watch
from mailweave.people.models import Role, Workspace
from mailweave.records.support.models import Desk as Settings
from mailweave.records.support.models import Processor, Reading, Ticket
from tests.makers import make_member, signed_in
from tests.makers_arrivals import BOB, MARA
from tests.records.support.makers import Desk, message

pytestmark = pytest.mark.sql
NEW = {
    "name": "Help",
    "active": "on",
    "priority": "high",
    "type": "support",
    "assignment": "manual",
    "reopening": "within",
    "reopening_days": "7",
}


def test_a_processor_is_added_paused_and_deleted(desk: Desk) -> None:
    browser = desk.client
    answer = browser.post(
        reverse("support:processor-new"), {**NEW, "mailbox": desk.box}, follow=True
    )
    assert b"Nothing has come since it was set up" in answer.content
    with scope.workspace(desk.id):
        made = Processor.objects.get()
        assert (made.reopening_days, made.made_by_id) == (7, desk.member.user_id)
        assert Watch.objects.get().mailbox_id == desk.box
    edited = {**NEW, "mailbox": desk.other}
    browser.post(reverse("support:processor-edit", args=[made.pk]), edited)
    with scope.workspace(desk.id):
        assert Watch.objects.get().mailbox_id == desk.other
    del edited["active"]
    browser.post(reverse("support:processor-edit", args=[made.pk]), edited)
    with scope.workspace(desk.id):
        assert not Watch.objects.exists()
    browser.post(reverse("support:processor-delete", args=[made.pk]))
    with scope.workspace(desk.id):
        assert not Processor.objects.exists()


def test_nobody_makes_tickets_of_a_colleagues_mailbox(desk: Desk) -> None:
    admin = make_member(Role.ADMIN, Workspace.objects.get(pk=desk.id))
    browser = signed_in(admin)
    sent = {**NEW, "mailbox": desk.box}
    assert browser.post(reverse("support:processor-new"), sent).status_code == 422
    with scope.workspace(desk.id):
        shared = desk.archive.mailbox(desk.user, delegate_id=desk.box)
    sent["mailbox"] = shared
    assert browser.post(reverse("support:processor-new"), sent).status_code == 302


def test_assignment_asks_for_somebody(desk: Desk) -> None:
    sent = {**NEW, "mailbox": desk.box, "assignment": "round_robin"}
    answer = desk.client.post(reverse("support:processor-new"), sent)
    assert answer.status_code == 422
    assert b"Choose at least one" in answer.content
    sent["agents"] = [desk.member.user_id]
    assert desk.client.post(reverse("support:processor-new"), sent).status_code == 302


def test_members_see_which_there_are_and_no_more(desk: Desk) -> None:
    with scope.workspace(desk.id):
        made = desk.processor()
        desk.arrive("a", MARA, subject="Secret", headers=[("Precedence", "bulk")])
    home = Workspace.objects.get(pk=desk.id)
    member = signed_in(make_member(Role.MEMBER, home))
    assert b"Help" in member.get(reverse("support:processors")).content
    for name, pk in (
        ("processor", made.pk),
        ("processor-edit", made.pk),
        ("processor-delete", made.pk),
    ):
        assert member.get(reverse(f"support:{name}", args=[pk])).status_code == 404
    admin = signed_in(make_member(Role.ADMIN, home))
    page = admin.get(reverse("support:processor", args=[made.pk])).content
    assert b"A message you may not see" in page
    assert b"Secret" not in page
    assert MARA.encode() not in page
    assert b"Secret" in desk.client.get(reverse("support:processor", args=[made.pk])).content


def test_what_was_held_back_is_let_through(desk: Desk) -> None:
    with scope.workspace(desk.id):
        desk.processor()
        Settings.objects.create(hourly=1)
        for number in range(3):
            row = desk.arrive(f"m{number}", BOB, subject=f"n{number}")
    assert row
    browser = desk.client
    assert b"Held back" in browser.get(reverse("support:processors")).content
    path = reverse("support:processor-release", args=[row.pk])
    assert b"It is TKT-0002 now" in browser.post(path, follow=True).content
    assert browser.post(path).status_code == 422
    with scope.workspace(desk.id):
        assert desk.about(Ticket.objects.get(number=2)) == {"m2"}
        assert Reading.objects.filter(outcome="held").count() == 1


def test_how_many_an_hour(desk: Desk) -> None:
    browser = desk.client
    browser.post(reverse("support:desk"), {"hourly": "5"})
    for wrong in ("0", "x", "", "99999999999", "²"):
        assert browser.post(reverse("support:desk"), {"hourly": wrong}).status_code == 422
    with scope.workspace(desk.id):
        assert Settings.objects.get().hourly == 5


def test_what_could_not_be_read_is_shown_and_tried_again(desk: Desk) -> None:
    with scope.workspace(desk.id):
        desk.processor()
        desk.arrive("a", MARA)
        now = clock.now()
        Handed.objects.create(
            reader="support",
            message=message("a"),
            mailbox_id=desk.box,
            received_at=now,
            due_at=now,
            tries=3,
            stuck=True,
            reason="It could not be read (ValueError).",
        )
    browser = desk.client
    assert (
        b"It could not be read (ValueError)" in browser.get(reverse("support:processors")).content
    )
    browser.post(reverse("support:processor-again"))
    with scope.workspace(desk.id):
        assert Handed.objects.get().stuck is False
