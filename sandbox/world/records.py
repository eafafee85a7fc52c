"""The CRM side of the world: contacts, companies and deals that the correspondence is about."""

from random import Random

from sandbox.world.cast import Actor, Cast
from sandbox.world.shapes import Contact, Deal, Records

STAGES = ("Lead", "Qualified", "Proposal", "Negotiation", "Won", "Lost")
SUBJECTS = (
    "Berthplan rollout",
    "Tidewatch sensors",
    "Renewal",
    "Yardbook for the yard",
    "Crewdeck pilot",
    "Second harbour",
)


def records(seed: int, cast: Cast) -> Records:
    """Contacts with all their addresses; people the firm does not keep on file are left out."""
    known = [one for one in cast.others if one.known]
    contacts = tuple(contact(one) for one in known)
    return Records(contacts, cast.companies, tuple(deals(Random(f"{seed}:deals"), cast, known)))


def contact(actor: Actor) -> Contact:
    """One correspondent as a contact."""
    person = actor.person
    others = (actor.second,) if actor.second else ()
    return Contact(person.name, person.title, person.company, person.address, others)


def deals(rng: Random, cast: Cast, known: list[Actor]) -> list[Deal]:
    """One or two deals with each customer and prospect."""
    made = []
    for company in cast.companies:
        people = [
            one.person.address
            for one in known
            if one.person.company == company.name and one.kind in {"customer", "prospect"}
        ]
        if not people:
            continue
        for subject in rng.sample(SUBJECTS, rng.choice((1, 1, 2))):
            there = rng.sample(people, rng.randrange(1, len(people) + 1))
            name = f"{company.name}: {subject}"
            made.append(
                Deal(
                    name,
                    company.name,
                    rng.choice(STAGES),
                    rng.randrange(8, 240) * 250,
                    tuple(there),
                    there[0],
                )
            )
    return made
