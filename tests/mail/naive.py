"""Reading mail the slow way, straight from the rules: what the real thing is compared with."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from tests.makers_mail import Archive, CopyFact, MessageFact

SHARED = {"full": 3, "subject": 2, "metadata": 1, "private": 0}
OWN = 4


@dataclass(frozen=True, slots=True)
class Eyes:
    """A user looking at an archive."""

    archive: Archive
    user_id: int

    def level_of_box(self, mailbox_id: int) -> int:
        if self.archive.owners[mailbox_id] == self.user_id or mailbox_id in self.archive.delegates:
            return OWN
        return SHARED[self.archive.sharing[mailbox_id]]

    def boxes(self, *, own: bool = False) -> set[int]:
        lowest = OWN if own else 1
        found = {pk for pk in self.archive.owners if self.level_of_box(pk) >= lowest}
        if not own:
            found |= {copy.mailbox_id for copy in self.archive.copies if copy.sharing}
        return found

    def level_of(self, copy: CopyFact) -> int:
        """The level through one copy, 0 where it is not seen."""
        box, said = copy.mailbox_id, copy.sharing
        opened_with = self.archive.delegates.get(box, box)
        if self.user_id in {self.archive.owners[box], self.archive.owners[opened_with]}:
            return OWN
        if box in self.archive.delegates:
            return OWN if said in {None, 3} else said or 0
        level = self.level_of_box(box) if said is None else said
        return level if self.archive.linked(copy.message_id) else 0

    def levels(self, fact: MessageFact) -> dict[int, int]:
        """The level through each mailbox that shows the message."""
        return {
            copy.mailbox_id: level
            for copy in self.archive.copies
            if copy.message_id == fact.id and copy.state in {"stored", "gone"}
            if (level := self.level_of(copy))
        }

    def level(self, fact: MessageFact) -> int:
        return max(self.levels(fact).values(), default=0)

    def shown(self, fact: MessageFact, scope: set[int]) -> bool:
        return bool(self.levels(fact).keys() & scope)

    def unread(self, fact: MessageFact, scope: set[int]) -> bool:
        return any(
            copy.message_id == fact.id
            and copy.mailbox_id in scope
            and self.level_of(copy) == OWN
            and copy.state == "stored"
            and not copy.seen
            for copy in self.archive.copies
        )

    def scope(self, mailbox_id: int | None, *, unread: bool) -> set[int]:
        boxes = self.boxes(own=unread)
        return boxes if mailbox_id is None else boxes & {mailbox_id}

    def inbox(self, mailbox_id: int | None = None, *, unread: bool = False) -> list[int]:
        """Thread ids, by where each mailbox of the list has the thread."""
        places: dict[int, datetime] = {}
        for box in self.scope(mailbox_id, unread=unread):
            for thread_id in {fact.thread_id for fact in self.archive.messages.values()}:
                facts = [one for one in self.archive.of(thread_id) if self._lies_in(one, box)]
                if not any(self.shown(one, {box}) for one in facts):
                    continue
                if unread and not any(self.unread(one, {box}) for one in facts):
                    continue
                place = max(one.at for one in facts)
                places[thread_id] = max(places.get(thread_id, place), place)
        return sorted(places, key=lambda pk: (places[pk], pk), reverse=True)

    def matching(
        self, wanted: Callable[[MessageFact], bool], scope: set[int], *, unread: bool = False
    ) -> list[int]:
        """Thread ids, by the newest visible message that is ``wanted``."""
        best: dict[int, tuple[datetime, int]] = {}
        for fact in self.archive.messages.values():
            if self.shown(fact, scope) and wanted(fact):
                place = (fact.at, fact.id)
                best[fact.thread_id] = max(best.get(fact.thread_id, place), place)
        if unread:
            best = {pk: at for pk, at in best.items() if self.thread_unread(pk, scope)}
        return sorted(best, key=lambda pk: best[pk], reverse=True)

    def thread_unread(self, thread_id: int, scope: set[int]) -> bool:
        return any(self.unread(one, scope) for one in self.archive.of(thread_id))

    def readable(self, fact: MessageFact) -> str:
        """The words by which this user may find a message."""
        level = self.level(fact)
        words = [*fact.people]
        words += [fact.subject] if level >= 2 else []
        words += [fact.text] if level >= 3 else []
        return " | ".join(words)

    def about(self, records: Iterable[int]) -> Callable[[MessageFact], bool]:
        wanted = list(records)

        def is_about(fact: MessageFact) -> bool:
            return any(self._about_one(fact, record) for record in wanted)

        return is_about

    def _about_one(self, fact: MessageFact, record_id: int) -> bool:
        linked, pinned = self.archive.links.get((fact.id, record_id), (False, False))
        if linked or pinned:
            return linked
        return bool(fact.matched & self.archive.addresses.get(record_id, set()))

    def history(self, records: Iterable[int]) -> list[int]:
        """Thread ids, by the newest visible message about the records."""
        is_about = self.about(records)
        best: dict[int, datetime] = {}
        for fact in self.archive.messages.values():
            if self.level(fact) and is_about(fact):
                best[fact.thread_id] = max(best.get(fact.thread_id, fact.at), fact.at)
        return sorted(best, key=lambda pk: (best[pk], pk), reverse=True)

    def _lies_in(self, fact: MessageFact, mailbox_id: int) -> bool:
        return any(
            copy.message_id == fact.id
            and copy.mailbox_id == mailbox_id
            and copy.state in {"stored", "gone"}
            for copy in self.archive.copies
        )
