"""A message as one of its readers may open it; for everybody else it is not found."""

from dataclasses import dataclass

from django.http import Http404

from mailweave.mail import opening, reading
from mailweave.mail.models import Message
from mailweave.mail.reading import MessageView
from mailweave.mail.visibility import Level, NotFound, Viewer


@dataclass(frozen=True, slots=True)
class Found:
    """A message in its thread. ``newest``: it is the last one there."""

    message: MessageView
    thread_id: int
    newest: bool


def find(viewer: Viewer, pk: int) -> Found:
    """A message the viewer may read in full, else 404."""
    thread_id = Message.objects.filter(pk=pk).values_list("thread_id", flat=True).first()
    if thread_id is None:
        raise Http404
    try:
        found = reading.message(viewer, pk)
    except NotFound:
        raise Http404 from None
    if found.level < Level.FULL:
        raise Http404
    return Found(found, thread_id, opening.is_newest(viewer, thread_id, pk))


def find_all(viewer: Viewer, thread_id: int) -> list[MessageView]:
    """The messages of a thread that the viewer may read in full, oldest first."""
    ids = Message.objects.filter(thread_id=thread_id).values_list("pk", flat=True)
    return [one for one in reading.messages(viewer, list(ids)) if one.level >= Level.FULL]
