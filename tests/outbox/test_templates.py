"""Templates: whose they are, and what they say of the records of every module."""

from typing import Any

import pytest

from mailweave.kit.errors import Expected
from mailweave.linking import fields
from mailweave.outbox import submissions, templates
from mailweave.outbox.models import Template
from mailweave.people.access import Member
from mailweave.records.crm import contacts, deals
from mailweave.records.crm.models import Company, Contact, Deal, DealContact
from mailweave.records.recruiting import candidates, jobs
from mailweave.records.recruiting.models import Application, Candidate, Job
from mailweave.records.support import tickets
from mailweave.records.support.models import Ticket
from tests.makers import make_member
from tests.outbox.post import Desk


def _made() -> dict[str, tuple[str, int]]:
    """A record of every kind that has fields, by its word."""
    acme = Company.objects.create(name="Acme", domain="acme.example")
    mara = Contact(name="Mara Okafor", company=acme, title="CTO")
    contacts.store(mara, ["mara@acme.example"])
    deal = Deal.objects.create(name="Sails", company=acme, amount=1200, currency="EUR")
    DealContact.objects.create(deal=deal, contact=mara, primary=True)
    ticket = Ticket.objects.create(
        number=7, title="Torn", customer="li@acme.example", customer_name="Li Wen"
    )
    job = Job.objects.create(name="Rigger")
    candidate = Candidate(name="Silva, Ana")
    candidates.store(candidate, ["ana@silva.example"])
    Application.objects.create(candidate=candidate, job=job)
    return {
        "contact": (contacts.KIND, mara.pk),
        "company": ("crm.company", acme.pk),
        "deal": (deals.KIND, deal.pk),
        "ticket": (tickets.KIND, ticket.pk),
        "candidate": (candidates.KIND, candidate.pk),
        "job": (jobs.KIND, job.pk),
    }


SAID = {
    "contact": "{{contact.first_name}} {{contact.company}} {{contact.email}} {{contact.title}}",
    "company": "{{company.name}} {{company.domain}}",
    "deal": "{{deal.name}} {{deal.amount}} {{deal.stage}} {{contact.first_name}}",
    "ticket": "{{ticket.reference}} {{ticket.title}} {{ticket.customer_first_name}}",
    "candidate": "{{candidate.first_name}} {{candidate.job}} {{candidate.stage}}",
    "job": "{{job.name}}",
}
MEANT = {
    "contact": "Mara Acme mara@acme.example CTO",
    "company": "Acme acme.example",
    "deal": "Sails 1,200.00 EUR New Mara",
    "ticket": "TKT-0007 Torn Li",
    "candidate": "Ana Rigger Applied",
    "job": "Rigger",
}


def test_every_module_says_what_it_knows(desk: Desk) -> None:
    with desk.inside():
        made = _made()
        for word, record in made.items():
            row = Template(name=word, subject=SAID[word], html=SAID[word])
            filled = templates.fill(desk.member, templates.save(desk.member, row), [record])
            assert (filled.subject.content, filled.unresolved) == (MEANT[word], ())
            assert filled.html.content == MEANT[word]


def test_every_field_there_is_has_a_value_that_is_a_word(desk: Desk) -> None:
    with desk.inside():
        found = fields.values(list(_made().values()), desk.member)
    known = {tuple(one.split(".")) for one in fields.known()}
    assert {(word, name) for word, given in found.items() for name in given} == {
        one for one in known if one[0] != "lead"
    }
    assert all(isinstance(value, str) for given in found.values() for value in given.values())


def test_what_the_writer_does_not_see_stays_unfilled(desk: Desk) -> None:
    with desk.inside():
        made = _made()
    workspace = type("W", (), {"pk": desk.member.workspace_id})()
    other = make_member("member", workspace, modules=["crm"])  # type: ignore[arg-type]
    with desk.inside():
        row = templates.save(desk.member, Template(name="t", html=SAID["candidate"]))
        filled = templates.fill(other, row, [made["candidate"]])
        assert set(filled.unresolved) == {
            "candidate.first_name", "candidate.job", "candidate.stage",
        }  # fmt: skip
        assert "Ana" not in filled.html.content


def test_what_stays_unfilled_keeps_a_letter_from_going(desk: Desk) -> None:
    with desk.inside():
        row = Template(name="t", subject="For {{contact.first_name}}", html="Hi {{deal.name}}")
        filled = templates.fill(desk.member, templates.save(desk.member, row), [])
    draft = desk.draft(subject=filled.subject.content, html=filled.html.content)
    with pytest.raises(submissions.Unsendable, match="Contact: First name, Deal: Name"):
        desk.submit(draft)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"html": "{{contact.shoe_size}}"}, "shoe_size"),
        ({"html": "{{contact.name | explode}}"}, "explode"),
        ({"subject": "{% include 'x' %}"}, "include"),
        ({"name": " "}, "name"),
        ({"html": "x" * (templates.LONGEST + 1)}, "too long"),
    ],
)
def test_mistakes_are_told_when_it_is_kept(desk: Desk, given: dict[str, Any], words: str) -> None:
    row = {"name": "t", "subject": "", "html": "x"} | given
    with desk.inside():
        with pytest.raises(Expected, match=words):
            templates.save(desk.member, Template(**row))
        assert not Template.objects.exists()


def test_whose_templates_are(desk: Desk) -> None:
    workspace = type("W", (), {"pk": desk.member.workspace_id})()
    other: Member = make_member("member", workspace)  # type: ignore[arg-type]
    with desk.inside():
        mine = Template(name="mine", html="x", owner_id=desk.member.user_id)
        shared = Template(name="shared", html="x")
        for one in (mine, shared):
            templates.save(desk.member, one)
        assert [one.name for one in templates.listed(other)] == ["shared"]
        assert not templates.may_change(other, shared)
        for pk in (mine.pk, shared.pk):
            with pytest.raises(templates.NotFound):
                templates.remove(other, pk)
        theirs = templates.save(other, Template(name="theirs", html="x"))
        assert templates.may_change(other, theirs)
        assert templates.may_change(desk.member, theirs)
        templates.remove(desk.member, theirs.pk)
