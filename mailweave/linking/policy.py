"""Which addresses of a message count for linking. One workspace policy; this is its default."""

from dataclasses import dataclass

from mailweave.mail.models import Participant

FROM, TO, CC = Participant.Role.FROM, Participant.Role.TO, Participant.Role.CC


@dataclass(frozen=True, slots=True)
class Policy:
    """Roles that are matched on received and on sent mail, and whether threads inherit."""

    roles_in: tuple[int, ...] = (FROM, TO, CC)
    roles_out: tuple[int, ...] = (TO, CC)
    bcc: bool = True
    inherit_thread: bool = True


STANDARD = Policy()
