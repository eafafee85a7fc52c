"""People one has mail with, found while somebody types whom to write to."""

from mailweave.kit import sql
from mailweave.mail.rows import Correspondent
from mailweave.mail.visibility import Viewer, read

WINDOW = 1500
"""Messages of each mailbox, newest first, that say with whom one has mail lately."""
LEAST = 2
"""Characters before anybody is suggested."""
BATCH = 40
"""Addresses that are looked at beyond that."""
LAST = "\U0010ffff"


def begins(viewer: Viewer, text: str, limit: int = 8) -> list[Correspondent]:
    """Those of the viewer's own mailboxes whose address, or a word of whose name, begins with
    ``text``; those one has mail with lately first. Of mail long ago only addresses are looked at,
    and only where there is room."""
    typed = " ".join(text.lower().replace("\0", "").split())
    if len(typed) < LEAST or not viewer.own:
        return []
    found = dict(_ask("lately", viewer, typed, limit))
    if len(found) < limit:
        for address, name in _ask("ever", viewer, typed, limit):
            found.setdefault(address, name)
    return [Correspondent(name, address) for address, name in found.items()][:limit]


def _ask(name: str, viewer: Viewer, typed: str, limit: int) -> list[tuple[str, str]]:
    rows = read(
        sql.load("mailweave.mail", "correspondents")[name],
        viewer,
        own=list(viewer.own),
        text=typed,
        beyond=typed + LAST,
        window=WINDOW,
        batch=BATCH,
        limit=limit,
    )
    return [(address, called) for address, called in rows]
