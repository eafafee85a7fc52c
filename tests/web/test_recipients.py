"""Whom to write to: people of one's own mailboxes and records one sees, and nobody else."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mailweave.mail.models import Copy
from mailweave.people import roles
from mailweave.people.access import Scopes
from mailweave.people.models import Role, Scope
from mailweave.records.crm.models import Contact
from tests.makers_mail import START
from tests.web.letters import Post, make_post

pytestmark = pytest.mark.django_db
OWN = Scopes(Scope.OWN, Scope.OWN, Scope.OWN, Scope.OWN)


@pytest.fixture
def post() -> Post:
    return make_post()


def ask(post: Post, text: str, *, other: bool = False) -> list[str]:
    browser = post.other if other else post.browser
    answer = browser.get("/compose/people/", {"q": text}).content.decode()
    return re.findall(r'data-value="([^"]*)"', answer.replace("&lt;", "<").replace("&gt;", ">"))


def test_people_one_writes_with_come_first_by_how_often(post: Post) -> None:
    for minute in range(3):
        post.letter(sender="mara@acme.example", minute=minute)
    post.letter(sender="mark@acme.example", minute=9)
    with post.inside():
        Copy.objects.update(received_at=START)
    post.contact("Marvin Lee", "marvin@beta.example")
    assert ask(post, "mar") == [
        "Mara <mara@acme.example>",
        "Mark <mark@acme.example>",
        "Marvin Lee <marvin@beta.example>",
    ]
    assert ask(post, "lee") == ["Marvin Lee <marvin@beta.example>"]
    assert ask(post, "ark") == []
    assert ask(post, "m") == []
    assert ask(post, "%_") == []


def test_a_record_lends_its_name_and_is_named_once(post: Post) -> None:
    post.letter(sender="mara@acme.example")
    post.contact("Mara Okafor", "mara@acme.example", "m.okafor@acme.example")
    assert ask(post, "mara") == ["Mara Okafor <mara@acme.example>"]
    assert ask(post, "m.ok") == ["Mara Okafor <m.okafor@acme.example>"]


def test_mail_of_colleagues_names_nobody(post: Post) -> None:
    post.letter(sender="secret@acme.example")
    assert ask(post, "secret", other=True) == []
    assert ask(post, "secret") == ["Secret <secret@acme.example>"]


def test_records_one_may_not_see_name_nobody(post: Post) -> None:
    contact = post.contact("Mara Okafor", "mara@acme.example")
    with post.inside():
        Contact.objects.filter(pk=contact).update(owner_id=post.member.user_id)
        roles.change({Role.MEMBER: OWN}, post.member.user_id)
    assert ask(post, "mara") == ["Mara Okafor <mara@acme.example>"]
    assert ask(post, "mara", other=True) == []


def test_it_asks_as_often_for_many_as_for_one(post: Post) -> None:
    post.letter(sender="mara@acme.example")
    with CaptureQueriesContext(connection) as few:
        ask(post, "ma")
    for number in range(12):
        post.letter(sender=f"ma{number}@acme.example", minute=number)
        post.contact(f"Ma {number}", f"ma{number}@beta.example")
    with CaptureQueriesContext(connection) as many:
        assert len(ask(post, "ma")) == 8
    assert len(many) <= len(few) + 1
