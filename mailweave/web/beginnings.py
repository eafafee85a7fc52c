"""How a letter that answers nothing begins: from where, to whom, with which signature."""

from collections.abc import Sequence

from mailweave.linking import registry, suggestions
from mailweave.mail.visibility import Viewer
from mailweave.outbox import answering, drafts, identities, recipients, signing
from mailweave.outbox.models import Draft
from mailweave.people.access import Member
from mailweave.web import lists, offers


def new(member: Member, record: str, to: Sequence[str]) -> Draft:
    """A new letter to these people. With ``record`` (:func:`offers.parse`) it is about that one,
    and goes to whom one writes about it. 404 for a record that is not this member's to see."""
    about = offers.parse(record)
    wanted = [str(one) for one in recipients.read(to)]
    copied: list[str] = []
    if about:
        lists.card_of(about, member)
        found, copied = write_to(member, about)
        wanted = wanted or found
    choice = identities.pick(member)
    return drafts.begin(
        member,
        records=[about, *registry.along_with(about, member)] if about else [],
        mailbox_id=choice.mailbox_id if choice else None,
        address=choice.address if choice else "",
        to=wanted,
        cc=copied,
        subject=registry.subject(about) if about else "",
        html=signing.opening(member, choice, reply=False),
    )


def answer(
    member: Member, viewer: Viewer, message_id: int, act: Draft.Act, about: tuple[str, int]
) -> Draft:
    """An answer to a message about a record, or that message passed on; who is told of everything
    about the record gets a copy of answers."""
    draft = answering.begin(member, viewer, message_id, act, [about])
    if act == Draft.Act.FORWARD:
        return draft
    said = registry.write_to(about)
    here = {one.normal for one in recipients.read([*draft.to, *draft.cc])}
    missing = [one for one in (said[1] if said else ()) if one not in here]
    if draft.version > 1 or not missing:
        return draft
    return drafts.save(member, draft.pk, draft.version, cc=[*draft.cc, *missing])


def write_to(member: Member, record: tuple[str, int]) -> tuple[list[str], list[str]]:
    """Whom one writes to about a record, and who gets a copy: as its module says, else the first
    address of the foremost of its people."""
    said = registry.write_to(record)
    if said is not None:
        return [str(one) for one in recipients.read(said[0])], list(said[1])
    sources = registry.sources(record, member)
    reached = suggestions.reached_at(sources)
    cards = registry.cards(sources, member)
    for one in sources:
        if one in reached and one in cards:
            name, address = cards[one].title, reached[one][0]
            return [str(recipients.Recipient(name, address, address))], []
    return [], []
