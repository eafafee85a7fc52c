"""Tickets from a document, as often as one likes."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from mailweave.kit import scope
from mailweave.kit.errors import Expected
from mailweave.people.models import User
from mailweave.records.support import loading
from mailweave.records.support.models import Ticket
from tests.makers_arrivals import MARA
from tests.records.support.makers import Desk

pytestmark = pytest.mark.sql


def test_twice_the_same_changes_nothing(desk: Desk, tmp_path: Path) -> None:
    email = User.objects.get(pk=desk.member.user_id).email
    row = {"title": "Winch", "customer": MARA.upper(), "assignee": email, "tags": ["Deck"]}
    path = tmp_path / "world.json"
    path.write_text(json.dumps({"contacts": [{"name": "not ours"}], "tickets": [row]}))
    for _ in range(2):
        call_command("load_tickets", str(path), "--workspace", str(desk.id), verbosity=0)
    with scope.workspace(desk.id):
        ticket = Ticket.objects.get()
        assert (ticket.owner_id, ticket.customer) == (desk.member.user_id, MARA)
        assert ticket.tags == ["deck"]
    with pytest.raises(CommandError):
        call_command("load_tickets", str(path), "--workspace", str(desk.id + 10**6))


@pytest.mark.parametrize(
    "text",
    [
        b"[",
        b'{"tickets": [{"title": "", "customer": "a@b.example"}]}',
        b'{"tickets": [{"title": "A", "customer": "x"}]}',
        b'{"tickets": [{"title": "A", "customer": "a@b.example", "status": "odd"}]}',
    ],
)
def test_what_cannot_be_read_changes_nothing(within: Desk, text: bytes) -> None:
    with pytest.raises(Expected):
        loading.load(text)
    assert not Ticket.objects.exists()
