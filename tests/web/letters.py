"""A workspace with a little mail, and browsers that look at it."""

from dataclasses import dataclass

from django.test import Client

from mailweave.kit import scope
from mailweave.mail.models import Mailbox
from mailweave.people.access import Member
from mailweave.people.models import User, Workspace
from mailweave.records.crm.models import Contact
from tests.makers import make_member, signed_in
from tests.makers_mail import Archive


@dataclass
class Post:
    """A member with a mailbox, a colleague, and the archive that makes their mail."""

    member: Member
    colleague: Member
    archive: Archive
    mailbox_id: int
    browser: Client
    other: Client

    def inside(self) -> "scope._GeneratorContextManager":  # type: ignore[name-defined]
        """The workspace, to make rows in."""
        return scope.workspace(self.member.workspace_id)

    def letter(self, **fields: object) -> tuple[int, int]:
        """A message alone in its thread, in the member's mailbox; returns (thread, message)."""
        seen = bool(fields.pop("seen", True))
        with self.inside():
            thread_id = self.archive.thread()
            message_id = self.archive.message(thread_id, **fields)  # type: ignore[arg-type]
            self.archive.copy(message_id, self.mailbox_id, seen=seen)
            self.archive.settle()
        return thread_id, message_id

    def share(self, sharing: str) -> None:
        """Share the member's mailbox with colleagues so far."""
        with self.inside():
            Mailbox.objects.filter(pk=self.mailbox_id).update(sharing=sharing)

    def contact(self, name: str, address: str) -> int:
        """A contact; mail stored already is matched again."""
        from mailweave.records.crm import contacts

        with self.inside():
            contact = Contact(name=name)
            contacts.store(contact, [(address, "primary")])
            return int(contact.pk)


def make_post() -> Post:
    """Ada's mailbox, and Ben who works with her."""
    member = make_member(name="Ada Lind", email="ada@northwind.example")
    workspace = Workspace.objects.get(pk=member.workspace_id)
    colleague = make_member("member", workspace, name="Ben Roth", email="ben@northwind.example")
    archive = Archive()
    with scope.workspace(member.workspace_id):
        mailbox_id = archive.mailbox(User.objects.get(pk=member.user_id))
    return Post(member, colleague, archive, mailbox_id, signed_in(member), signed_in(colleague))
