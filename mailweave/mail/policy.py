"""The policy of a workspace: read once a slice of work and once a request, changed by admins."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta

from mailweave.kit import clock
from mailweave.kit.errors import Expected
from mailweave.mail import store
from mailweave.mail.models import Policy, Switch

MAIN = frozenset({"inbox", "sent"})
DAY = timedelta(days=1)
_BY_ITSELF = {True: timedelta(hours=1), False: timedelta(minutes=5)}


@dataclass(frozen=True, slots=True)
class Standing:
    """The policy as it stands, a choice of :class:`Policy` for each of its fields.

    ``version`` moves with every change, so that a form can tell whether it is out of date.
    """

    body: str = Policy.Body.FULL
    attachments: str = Policy.Attachments.METADATA
    push: str = Switch.ON
    poll_minutes: str = Policy.Poll.AUTO
    folders: str = Policy.Folders.ANY
    read_writeback: str = Switch.ON
    internal_mail: str = Policy.Internal.HIDE
    unmatched: str = Policy.Unmatched.QUEUE
    auto_create_contacts: str = Policy.AutoContacts.NONE
    version: int = 0

    @property
    def wants_push(self) -> bool:
        """Whether providers are asked to tell us of new mail."""
        return self.push == Switch.ON

    @property
    def writes_back(self) -> bool:
        """Whether what is read here becomes read in the mailbox."""
        return self.read_writeback == Switch.ON

    def pause(self, *, is_told: bool) -> timedelta:
        """How long a mailbox is left alone between two looks; ``is_told``: notices come for it."""
        if self.poll_minutes == Policy.Poll.AUTO:
            return _BY_ITSELF[is_told]
        if self.poll_minutes == Policy.Poll.OFF:
            return DAY
        return timedelta(minutes=int(self.poll_minutes))

    def follow(self, roles: Collection[str]) -> frozenset[str]:
        """The folders' roles to follow where a mailbox asks for these; empty is all folders."""
        if self.folders == Policy.Folders.ANY:
            return frozenset(roles)
        return MAIN & frozenset(roles) or MAIN


def current() -> Standing:
    """The policy of the workspace. One query; until somebody decides, the defaults."""
    row = Policy.objects.first()
    return _read(row) if row else Standing()


def change(choices: Mapping[str, str], *, version: int, user_id: int) -> tuple[Standing, Standing]:
    """Choose anew; returns the policy before and after. What is stored now waits for us.

    Raises Expected for a choice there is not, and where somebody else has changed the policy since
    ``version``: nothing is changed then.
    """
    store.hold()
    row, _ = Policy.objects.get_or_create()
    before = _read(row)
    if before.version != version:
        raise Expected(
            "Somebody else has changed the policies meanwhile. Nothing of yours was saved: look at "
            "them again, then choose."
        )
    for field in Policy.choices():
        chosen = choices.get(field.name, getattr(row, field.name))
        if chosen not in dict(field.flatchoices):
            raise Expected(f"{field.verbose_name}: choose one of what is offered.")
        setattr(row, field.name, chosen)
    row.version, row.changed_by_id, row.changed_at = version + 1, user_id, clock.now()
    row.save()
    return before, _read(row)


def _read(row: Policy) -> Standing:
    chosen = {field.name: str(getattr(row, field.name)) for field in Policy.choices()}
    return Standing(**chosen, version=row.version)
