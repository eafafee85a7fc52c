"""People one has mail with, found while somebody types whom to write to."""

from mailweave.kit import sql
from mailweave.mail.rows import Correspondent
from mailweave.mail.visibility import Viewer, read

WINDOW = 1500
"""Messages of each mailbox, newest first, that say with whom one has mail lately."""
LEAST = 2
"""Characters before anybody is suggested."""
LAST = "\U0010ffff"


def begins(viewer: Viewer, text: str, limit: int = 8) -> list[Correspondent]:
    """Those of the viewer's own mailboxes whose address, or a word of whose name, begins with
    ``text``; the likeliest first."""
    typed = " ".join(text.lower().replace("\0", "").split())
    if len(typed) < LEAST or not viewer.own:
        return []
    rows = read(
        sql.load("mailweave.mail", "correspondents")["begins"],
        viewer,
        own=list(viewer.own),
        text=typed,
        beyond=typed + LAST,
        window=WINDOW,
        limit=limit,
    )
    return [Correspondent(name, address) for address, name in rows]
