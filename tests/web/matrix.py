"""A workspace in which everything bears a word that says whose it is, and those who look at it."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

from mailweave.journal import entries
from mailweave.kit import clock, scope
from mailweave.linking import links, owners
from mailweave.linking.models import Dismissal, Link
from mailweave.mail.models import Mailbox, NeverSync
from mailweave.outbox.models import Draft, Signature, Submission, Template
from mailweave.people import invitations, notifications, roles, teams
from mailweave.people.access import Member, Scopes
from mailweave.people.models import Membership, Notification, Role, Scope, Workspace
from mailweave.records.crm.models import Import
from mailweave.records.recruiting.models import (
    Intake,
    IntakeEntry,
    Interview,
    Reference,
    ResumeFile,
)
from mailweave.records.support import processors, tickets
from mailweave.records.support.models import Processor, Ticket
from tests.makers import make_member, make_workspace
from tests.makers_mail import Archive, address_id, make_part
from tests.records.crm.makers import make_company, make_contact, make_deal, make_lead
from tests.records.recruiting.makers import make_application, make_candidate, make_job

NOTHING = 987654321
"""The number of nothing."""
OWN = Scopes(Scope.OWN, Scope.OWN, Scope.OWN, Scope.OWN)
TEXT = ("subject", "people", "body", "file")
ALL = (*TEXT, "name", "note")
SHARED = {("full", part) for part in TEXT}
SHARED |= {("subject", "subject"), ("subject", "people"), ("metadata", "people")}
SHARED |= {("opened", part) for part in TEXT}
SHARED |= {("nobodys", part) for part in ALL}
"""What colleagues see of mail that is about what is everybody's, by how its mailbox is shared."""


def word(facet: str, part: str) -> str:
    """What everything of a facet bears in this part of it, and nothing else does."""
    return f"zq{facet}q{part}q"


@dataclass(frozen=True, slots=True)
class Thing:
    """Something with a number: what kind of thing, whose it is."""

    kind: str
    facet: str
    value: Any


@dataclass(slots=True)
class World:
    """Dora's workspace, what there is in it, and who looks: by name, a member and what they see."""

    place: Workspace
    dora: Member
    archive: Archive = field(default_factory=Archive)
    things: list[Thing] = field(default_factory=list)
    lookers: dict[str, tuple[Member | None, set[tuple[str, str]]]] = field(default_factory=dict)

    def add(self, facet: str, **numbers: Any) -> None:
        """Things of a facet, by their kinds."""
        self.things += [Thing(kind, facet, value) for kind, value in numbers.items()]

    def letter(
        self, facet: str, box: int, record: tuple[str, int] | None, sharing: int | None = None
    ) -> None:
        """A message in a mailbox, by hand about a record if any, its thread shared so far."""
        sender = f"{word(facet, 'people')}@walrus.example"
        thread = self.archive.thread()
        pk = self.archive.message(
            thread,
            minute=len(self.archive.messages),
            sender=sender,
            subject=f"Walrus {word(facet, 'subject')}",
            text=f"Walrus {word(facet, 'body')}",
            attachment_count=1,
        )
        self.archive.copy(pk, box, seen=False, sharing=sharing)
        part = make_part(pk, filename=f"{word(facet, 'file')}.pdf")
        if record:
            kind, record_id = record
            by_hand = {"reason": "manual", "pinned": True}
            Link.objects.create(message_id=pk, kind=kind, record_id=record_id, **by_hand)
        self.archive.settle()
        self.add(facet, thread=thread, message=pk, part=part, sharing=(thread, box))


def make() -> World:
    """The world, and those who look at it."""
    place = make_workspace()
    world = World(place, make_member(Role.OWNER, place, name="Dora"))
    with scope.workspace(place.pk):
        _furnish(world)
    everything = {(facet, part) for facet in ("owned", "ticket") for part in ALL} | SHARED
    with scope.workspace(place.pk):
        roles.change({Role.MEMBER: OWN}, world.dora.user_id)
    world.lookers = {
        "anonymous": (None, set()),
        "stranger": (make_member(Role.OWNER, name="Zed"), set()),
        "without a module": (make_member(Role.MANAGER, place, modules=[]), set()),
        "with own reach": (make_member(Role.MEMBER, place, modules=["crm", "support"]), SHARED),
        "viewer": (make_member(Role.VIEWER, place), everything),
        "manager": (make_member(Role.MANAGER, place), everything | {("imported", "name")}),
    }
    return world


def _furnish(world: World) -> None:
    dora = world.dora
    contact = _crm(world, "nobodys", None)
    owned = _crm(world, "owned", dora.user_id)
    boxes = {
        sharing: world.archive.mailbox(_user(dora), sharing)
        for sharing in ("full", "subject", "metadata", "private")
    }
    for sharing, box in boxes.items():
        world.letter(sharing, box, ("crm.contact", contact))
    world.letter("opened", boxes["private"], ("crm.contact", contact), sharing=3)
    world.letter("closed", boxes["full"], ("crm.contact", contact), sharing=0)
    world.add("house", mailbox=boxes["full"])
    world.letter("owned", boxes["full"], ("crm.contact", owned))
    world.letter("unlinked", boxes["full"], None)
    world.letter("applicant", boxes["full"], ("recruiting.candidate", _recruiting(world)))
    _intake(world, boxes["full"])
    world.letter("ticket", boxes["full"], ("support.ticket", _support(world, boxes["full"])))
    _house(world, boxes["full"])


def _crm(world: World, facet: str, owner_id: int | None) -> int:
    name, more = (
        f"Walrus {word(facet, 'name')}",
        {"note": word(facet, "note"), "owner_id": owner_id},
    )
    company = make_company(name, **more)
    contact = make_contact(name, company=company, **more)
    deal = make_deal(name, contact, company=company, **more)
    lead = make_lead(name, **more)
    world.add(facet, contact=contact.pk, company=company.pk, deal=deal.pk, lead=lead.pk)
    for kind, row in (("contact", contact), ("company", company), ("deal", deal), ("lead", lead)):
        world.add(facet, record=(f"crm.{kind}", row.pk))
    note = entries.write(world.dora, [("crm.contact", contact.pk)], "note", word(facet, "note"))
    world.add(facet, entry=note.pk)
    given = {"kind": "contact", "filename": word(facet, "name"), "encoding": "utf-8"}
    more = {"delimiter": ",", "columns": ["Name"], "mapping": ["name"], "total": 0}
    if owner_id:
        made = Import.objects.create(**given, **more, created_by_id=owner_id)
        world.add("imported", csv=made.pk)
    return int(contact.pk)


def _recruiting(world: World) -> int:
    name, owner = f"Walrus {word('applicant', 'name')}", world.dora.user_id
    job, candidate = make_job(name, owner_id=owner), make_candidate(name, owner_id=owner)
    row = make_application(candidate, job)
    when = {"starts_at": clock.now() + timedelta(days=1), "time_zone": "UTC"}
    interview = Interview.objects.create(application=row, note=word("applicant", "note"), **when)
    reference = Reference.objects.create(candidate=candidate, name=name)
    data = b"%PDF " + word("applicant", "file").encode()
    resume = ResumeFile.objects.create(
        candidate=candidate, name=name, kind="pdf", size=len(data), digest=b"x" * 32, data=data
    )
    note = entries.write(world.dora, [("recruiting.candidate", candidate.pk)], "note", name)
    world.add("applicant", job=job.pk, candidate=candidate.pk, application=row.pk, entry=note.pk)
    world.add("applicant", interview=interview.pk, reference=reference.pk, resume=resume.pk)
    world.add("applicant", record=("recruiting.candidate", candidate.pk), wanted=NOTHING)
    world.add("applicant", record=("recruiting.job", job.pk))
    return int(candidate.pk)


def _intake(world: World, box: int) -> None:
    """A mailbox that applications come to, and one that waits for a person."""
    name = f"Walrus {word('applicant', 'name')}"
    intake = Intake.objects.create(name=name, mailbox_id=box)
    message = [one.value for one in world.things if one.kind == "message"][-1]
    waits = {"outcome": "waiting", "reason": "x", "name": name}
    entry = IntakeEntry.objects.create(intake=intake, message_id=message, **waits)
    world.add("applicant", intake=intake.pk, review=entry.pk)


def _support(world: World, box: int) -> int:
    name = f"Walrus {word('ticket', 'name')}"
    ticket = tickets.open_(Ticket(title=name, owner_id=world.dora.user_id))
    owners.tell(tickets.KIND, {ticket.pk: world.dora.user_id})
    processor = Processor(name="Help", mailbox_id=box)
    processors.store(processor, [])
    note = entries.write(world.dora, [(tickets.KIND, ticket.pk)], "note", word("ticket", "note"))
    world.add("ticket", ticket=ticket.pk, record=(tickets.KIND, ticket.pk), entry=note.pk)
    world.add("house", processor=processor.pk, held=NOTHING)
    return int(ticket.pk)


def _house(world: World, box: int) -> None:
    """What is an owner's or admin's business, or Dora's alone."""
    dora, place = world.dora, world.place
    membership = Membership.objects.get(user=dora.user_id)
    invitation, _ = invitations.invite(dora.user_id, Role.MEMBER)
    world.add("house", membership=membership.pk, invitation=invitation.pk, trial=NOTHING)
    world.add("house", team=teams.add("Sales").pk, workspace=place.pk, act=uuid4())
    told = {"kind": "late", "key": "k", "title": word("house", "name"), "text": "x"}
    notifications.notify([dora.user_id], **told)
    world.add("house", notification=Notification.objects.get(key="k").pk, marking=NOTHING)
    message = next(one.value for one in world.things if one.kind == "message")
    record = next(one.value for one in world.things if one.kind == "record")
    decided = links.link([message], record, dora.user_id)
    person = address_id(f"{word('unlinked', 'people')}@walrus.example")
    act = uuid4()
    Dismissal.objects.create(
        mailbox_id=box, person_id=person, act=act, made_by_id=dora.user_id, made_at=clock.now()
    )
    subject = word("house", "subject")
    draft = Draft.objects.create(author_id=dora.user_id, mailbox_id=box, subject=subject)
    letter = Submission.objects.create(
        draft=draft,
        author_id=dora.user_id,
        mailbox_id=box,
        address="dora@a.example",
        key="k" * 32,
        send_at=clock.now() + timedelta(days=1),
    )
    world.add("house", draft=draft.pk, letter=letter.pk)
    name = word("house", "name")
    signature = Signature.objects.create(user_id=dora.user_id, name=name, html=name)
    template = Template.objects.create(owner_id=dora.user_id, name=name, html=name)
    world.add("house", signature=signature.pk, template=template.pk)
    never = NeverSync.objects.create(
        kind="address", value="a@b.example", made_by_id=dora.user_id, made_at=clock.now()
    )
    world.add("house", decision=decided.decision_id, dismissal=act, never=never.pk)
    world.add("unlinked", person=person)
    assert Mailbox.objects.count() == 4


def _user(member: Member) -> Any:
    return Membership.objects.select_related("user").get(user=member.user_id).user
