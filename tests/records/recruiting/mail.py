"""A mailbox with an intake, and mail that comes to it as from the engine."""

from typing import Any

from mailweave.kit import clock, scope
from mailweave.linking import handing
from mailweave.mail.models import Mailbox
from mailweave.people.models import User
from mailweave.records.recruiting import intakes
from mailweave.records.recruiting.models import Intake, IntakeEntry
from tests.makers_arrivals import fetch, put
from tests.makers_mail import Archive
from tests.records.crm.conftest import Home

NIA = "Nia Patel <nia@patel.example>"


class Desk:
    """A workspace's mailbox, and the intake on it."""

    def __init__(self, home: Home, mode: str = Intake.Mode.AUTO, **given: Any) -> None:
        self.home = home
        with scope.workspace(home.id):
            user = User.objects.get(pk=home.member.user_id)
            self.box = Archive().mailbox(user)
            self.intake = Intake(name="Careers", mailbox_id=self.box, mode=mode, suffix="k3j4")
            self.intake.created_by_id = home.member.user_id
            for name, value in given.items():
                setattr(self.intake, name, value)
            intakes.store(self.intake)
            self.address = intakes.address(Intake.objects.get(pk=self.intake.pk))

    def receive(self, key: str, sender: str = NIA, **given: Any) -> list[IntakeEntry]:
        """A message arrives now and is read; the entries there are then, oldest first."""
        with scope.workspace(self.home.id):
            given.setdefault("received_at", clock.now())
            message = fetch(key, sender, given.pop("to", [self.address]), **given)
            handing.hand(self.box, put(self.box, message).new_here)
        handing.work(self.home.id)
        with scope.workspace(self.home.id):
            return list(IntakeEntry.objects.order_by("pk"))

    def own(self) -> str:
        """The mailbox's own address."""
        with scope.workspace(self.home.id):
            return str(Mailbox.objects.get(pk=self.box).address)
