"""Connected mailboxes for tests of their pages, made row by row or through the sandbox."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.test import Client
from django.utils import timezone

from mailweave.kit import scope
from mailweave.mail.models import Copy, Mailbox
from mailweave.people.access import Member
from mailweave.sync.models import Backfill, Sync
from tests.makers import signed_in

ROOT = "/settings/integrations/"


@dataclass
class Box:
    """A member with a mailbox, and their browser."""

    member: Member
    address: str = "sam@northwind.example"
    pk: int = 0
    sync: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with self.inside():
            made = Mailbox.objects.create(
                kind="gmail",
                owner_id=self.member.user_id,
                address=self.address,
                remote_account_id=self.address,
                followed_roles=["inbox", "sent"],
            )
            self.pk = made.pk
            facts = {"last_synced_at": timezone.now(), "polled_at": timezone.now(), **self.sync}
            Sync.objects.create(mailbox_id=made.pk, **facts)
        self.browser: Client = signed_in(self.member)

    @contextmanager
    def inside(self) -> Iterator[None]:
        with scope.workspace(self.member.workspace_id):
            yield

    def path(self, rest: str) -> str:
        return f"{ROOT}mailboxes/{self.pk}/{rest}/"

    def card(self, query: str = "") -> str:
        headers = {"HX-Request": "true"}
        answer = self.browser.get(self.path("card") + query, headers=headers)
        assert answer.status_code == 200
        return answer.content.decode()

    def press(self, rest: str, *, partial: bool = True, **fields: str) -> Any:
        headers = {"HX-Request": "true"} if partial else {}
        return self.browser.post(self.path(rest), fields, headers=headers)

    def set_sync(self, **fields: Any) -> None:
        with self.inside():
            Sync.objects.filter(mailbox_id=self.pk).update(**fields)

    def set_box(self, **fields: Any) -> None:
        with self.inside():
            Mailbox.objects.filter(pk=self.pk).update(**fields)

    def row(self) -> Mailbox:
        with self.inside():
            found: Mailbox = Mailbox.objects.get(pk=self.pk)
            return found

    def backfill(self, **fields: Any) -> int:
        with self.inside():
            facts = {"range_name": "90d", "listed_count": 200, "listing_done": True, **fields}
            return int(Backfill.objects.create(mailbox_id=self.pk, **facts).pk)

    def state(self) -> str:
        with self.inside():
            return str(Backfill.objects.order_by("-pk")[0].state)

    def copies(self, number: int, state: str = "listed", place: int = 1, **fields: Any) -> None:
        with self.inside():
            start = Copy.objects.filter(mailbox_id=self.pk).count()
            Copy.objects.bulk_create(
                Copy(
                    mailbox_id=self.pk,
                    remote_id=f"r{start + n}",
                    remote_thread_id="t",
                    state=state,
                    place=place,
                    **fields,
                )
                for n in range(number)
            )
