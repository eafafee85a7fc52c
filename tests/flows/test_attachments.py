"""The bytes of an attachment, from the provider to whoever asks."""

import pytest

from mailweave.kit import scope
from mailweave.mail.models import Credential, Part
from mailweave.sync.models import Sync
from tests.flows.world import World
from tests.makers import signed_in

ADA = "ada@northwind.example"
LETTER = b"""From: Mara <mara@acme.example>\r
To: ada@northwind.example\r
Subject: Terms\r
Message-ID: <terms@acme.example>\r
Date: Mon, 02 Feb 2026 10:00:00 +0100\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary="b"\r
\r
--b\r
Content-Type: text/plain\r
\r
Here they are.\r
--b\r
Content-Type: application/pdf; name="terms.pdf"\r
Content-Disposition: attachment; filename="terms.pdf"\r
Content-Transfer-Encoding: base64\r
\r
JVBERi0xLjQgdGVybXM=\r
--b--\r
"""


@pytest.fixture
def part(world: World) -> int:
    """The attachment's id, after the letter has come in."""
    world.sandbox.add_account(ADA, "Ada")
    world.sandbox.deliver(ADA, LETTER)
    mailbox = world.connect(ADA)
    world.backfill(mailbox)
    world.work(mailbox)
    with scope.workspace(world.member.workspace_id):
        return int(Part.objects.get().pk)


def test_the_bytes_come_from_the_provider_and_are_booked(world: World, part: int) -> None:
    with scope.workspace(world.member.workspace_id):
        before = Sync.objects.get().units_spent
    answer = signed_in(world.member).get(f"/mail/attachments/{part}/")
    assert b"".join(answer.streaming_content) == b"%PDF-1.4 terms"
    assert answer["Content-Disposition"] == 'attachment; filename="terms.pdf"'
    with scope.workspace(world.member.workspace_id):
        assert Sync.objects.get().units_spent > before


def test_a_mailbox_without_grant_must_be_reconnected(world: World, part: int) -> None:
    with scope.workspace(world.member.workspace_id):
        Credential.objects.all().delete()
    answer = signed_in(world.member).get(f"/mail/attachments/{part}/")
    assert answer.status_code == 409
    assert "must be reconnected" in answer.content.decode()


def test_what_was_deleted_at_the_provider_is_said(world: World, part: int) -> None:
    world.sandbox.delete(ADA, world.sandbox.message_ids(ADA))
    answer = signed_in(world.member).get(f"/mail/attachments/{part}/")
    assert answer.status_code == 410
