"""Intakes set up, changed, watched; applications decided about in the queue."""

import pytest
from django.urls import reverse

from mailweave.kit import scope
from mailweave.linking.models import Watch
from mailweave.people.models import Role, User
from mailweave.records.recruiting.models import Candidate, Intake, IntakeEntry
from tests.makers_mail import Archive
from tests.records.crm.conftest import Home
from tests.records.recruiting.mail import Desk
from tests.records.recruiting.makers import make_candidate, make_colleague, make_job

NEW = {"name": "Careers", "address": "generated", "mode": "review", "active": "on"}


def text_of(page: object) -> str:
    return page.content.decode()  # type: ignore[attr-defined,no-any-return]


@pytest.fixture
def box(home: Home) -> int:
    with scope.workspace(home.id):
        return Archive().mailbox(User.objects.get(pk=home.member.user_id))


def test_one_is_set_up_changed_rotated_and_deleted(home: Home, box: int) -> None:
    assert "can become candidates" in text_of(home.client.get(reverse("recruiting:intakes")))
    new = reverse("recruiting:intake-new")
    assert 'id="id_name_error"' in text_of(home.client.post(new, {"mode": "no"}))
    shown = text_of(home.client.post(new, {**NEW, "mailbox": str(box)}, follow=True))
    with scope.workspace(home.id):
        intake = Intake.objects.get()
        assert Watch.objects.get().mailbox_id == box
    assert len(intake.suffix) == 10
    assert f"box0+{intake.suffix}@home.example" in shown
    path = reverse("recruiting:intake-edit", args=[intake.pk])
    home.client.post(path, {**NEW, "mode": "auto", "code": "sea"})
    home.client.post(reverse("recruiting:intake-rotate", args=[intake.pk]))
    with scope.workspace(home.id):
        changed = Intake.objects.get()
    assert (changed.mode, changed.code, changed.retired) == ("auto", "sea", [intake.suffix])
    home.client.post(reverse("recruiting:intake-delete", args=[intake.pk]))
    with scope.workspace(home.id):
        assert not Intake.objects.exists()
        assert not Watch.objects.exists()


def test_the_own_address_of_a_mailbox_is_one_intakes(home: Home, box: int) -> None:
    new = reverse("recruiting:intake-new")
    sent = {**NEW, "mailbox": str(box), "address": "own"}
    assert home.client.post(new, sent).status_code == 302
    again = home.client.post(new, sent)
    assert (again.status_code, "has the mailbox" in text_of(again)) == (422, True)


def test_nobody_has_anothers_mailbox_read(home: Home, box: int) -> None:
    with scope.workspace(home.id):
        _, client = make_colleague("Mo", Role.MEMBER, ("recruiting",))
    assert client.get(reverse("recruiting:intake-new")).status_code == 403
    sent = {**NEW, "mailbox": str(box)}
    assert client.post(reverse("recruiting:intake-new"), sent).status_code == 403
    home.client.post(reverse("recruiting:intake-new"), sent)
    with scope.workspace(home.id):
        intake = Intake.objects.get()
    assert client.get(reverse("recruiting:intake", args=[intake.pk])).status_code == 200
    for verb in ("edit", "rotate", "delete"):
        path = reverse(f"recruiting:intake-{verb}", args=[intake.pk])
        assert client.post(path, NEW).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_the_queue(home: Home) -> None:
    with scope.workspace(home.id):
        job = make_job("Skipper")
        jo = make_candidate("Nia Patell", "nia@old.example")
    desk = Desk(home, Intake.Mode.REVIEW)
    (entry,) = desk.receive("a@x", subject="My application")
    listed = text_of(home.client.get(reverse("recruiting:candidates")))
    assert "1 application waits" in listed
    queue = reverse("recruiting:review")
    for said in ("Nia Patel", "nia@patel.example", "My application", "The sender applies"):
        assert said in text_of(home.client.get(queue))
    one = reverse("recruiting:entry", args=[entry.pk])
    assert "Add to<span" in text_of(home.client.get(one, {"q": "patell"}))
    accept = reverse("recruiting:entry-accept", args=[entry.pk])
    wrong = home.client.post(accept, {"name": "Nia", "address": "no"})
    assert (wrong.status_code, 'id="id_address_error"' in text_of(wrong)) == (422, True)
    sent = {"name": "Nia P.", "address": "nia@patel.example", "job": str(job.pk)}
    answer = home.client.post(accept, sent)
    assert answer.status_code == 302
    undo = reverse("recruiting:entry-undo", args=[entry.pk])
    assert f'action="{undo}"' in text_of(home.client.get(answer["Location"]))
    home.client.post(undo)
    with scope.workspace(home.id):
        assert Candidate.objects.count() == 1
    join = reverse("recruiting:entry-join", args=[entry.pk])
    assert home.client.post(join, {"candidate": "x"}).status_code == 422
    assert home.client.post(join, {"candidate": "999999"}).status_code == 404
    home.client.post(join, {"candidate": str(jo.pk)})
    with scope.workspace(home.id):
        assert IntakeEntry.objects.get().candidate_id == jo.pk
    home.client.post(undo)
    home.client.post(reverse("recruiting:entry-dismiss", args=[entry.pk]))
    assert "Nothing waits" in text_of(home.client.get(queue))
    shown = text_of(home.client.get(reverse("recruiting:intake", args=[desk.intake.pk])))
    assert "Dismissed" in shown


@pytest.mark.django_db(transaction=True)
def test_a_message_in_anothers_mailbox_is_not_shown_before_it_is_accepted(home: Home) -> None:
    (entry,) = Desk(home, Intake.Mode.REVIEW).receive("a@x", subject="Secret subject")
    with scope.workspace(home.id):
        _, client = make_colleague("Mo", Role.MEMBER, ("recruiting",))
    for path in (reverse("recruiting:review"), reverse("recruiting:entry", args=[entry.pk])):
        shown = text_of(client.get(path))
        assert "Nia Patel" in shown
        assert "Secret subject" not in shown
