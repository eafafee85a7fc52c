"""A workspace with a little mail, and browsers that look at it."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from django.test import Client

from mailweave.kit import scope
from mailweave.mail.models import Mailbox
from mailweave.people.access import Member
from mailweave.people.models import User, Workspace
from mailweave.records.crm import contacts, deals
from mailweave.records.crm.models import Contact, Deal
from tests.makers import make_member, signed_in
from tests.makers_mail import Archive

PART = {"HX-Request": "true", "HX-Request-Type": "partial"}
"""What htmx says when it wants a part of a page."""


@dataclass
class Post:
    """Ada with a mailbox, Ben who works with her, and the archive that makes their mail."""

    member: Member
    colleague: Member
    archive: Archive
    mailbox_id: int
    browser: Client
    other: Client

    def inside(self) -> AbstractContextManager[None]:
        """The workspace, to make rows in."""
        return scope.workspace(self.member.workspace_id)

    def letter(
        self, *, thread: int | None = None, seen: bool = True, state: str = "stored", **more: Any
    ) -> tuple[int, int]:
        """A message in Ada's mailbox, alone in its thread unless given; (thread, message)."""
        bcc = more.pop("bcc", ())
        with self.inside():
            thread_id = thread or self.archive.thread()
            message_id = self.archive.message(thread_id, **more)
            self.archive.copy(message_id, self.mailbox_id, seen=seen, state=state, bcc=bcc)
            self.archive.settle()
        return thread_id, message_id

    def share(self, sharing: str) -> None:
        """What colleagues see of Ada's linked mail from now on."""
        with self.inside():
            Mailbox.objects.filter(pk=self.mailbox_id).update(sharing=sharing)

    def contact(self, name: str, *addresses: str) -> int:
        """A contact; mail stored before is matched again."""
        with self.inside():
            contact = Contact(name=name)
            contacts.store(contact, addresses)
            return int(contact.pk)

    def deal(self, name: str, *contact_ids: int) -> int:
        """A deal with these contacts, the primary one first."""
        with self.inside():
            deal = Deal(name=name)
            deals.store(deal, contact_ids)
            return int(deal.pk)


def make_post() -> Post:
    """Ada's mailbox, empty."""
    member = make_member(name="Ada Lind")
    workspace = Workspace.objects.get(pk=member.workspace_id)
    colleague = make_member("member", workspace, name="Ben Roth")
    archive = Archive()
    with scope.workspace(member.workspace_id):
        mailbox_id = archive.mailbox(User.objects.get(pk=member.user_id))
    return Post(member, colleague, archive, mailbox_id, signed_in(member), signed_in(colleague))


def make_stranger() -> Client:
    """A browser of somebody in another workspace."""
    return signed_in(make_member(name="Eve"))
