"""A way to work is chosen over real mailboxes, mail comes while it is applied, and it is undone."""

import pytest

from mailweave.linking import forecast, policy, presets, relinking
from mailweave.linking.forecast import Wish
from mailweave.linking.models import Link, Relinking
from mailweave.mail import policy as mail_policy
from mailweave.mail.models import Body, Message
from mailweave.records.crm.models import Company
from mailweave.sync import policies, purging
from mailweave.sync.models import Purge
from tests.flows.checks import derived, inside, poll
from tests.flows.test_policies import ADA, mail
from tests.flows.world import World
from tests.linking import naive
from tests.records.crm.makers import make_contact, make_deal

pytestmark = pytest.mark.sql
MARA, BOB = "mara@acme.example", "bob@acme.example"


@pytest.fixture
def box(world: World) -> int:
    """Ada's mailbox, with letters of Mara and Bob of Acme, who have a deal."""
    with inside(world):
        acme = Company.objects.create(name="Acme")
        mara = make_contact("Mara", MARA, company=acme)
        bob = make_contact("Bob", BOB, company=acme)
        make_deal("Herons", mara, bob, opened_on="2026-01-01")
    world.sandbox.add_account(ADA, "Ada")
    for number in range(4):
        world.sandbox.deliver(ADA, mail(number, cc=BOB))
    mailbox = world.connect(ADA)
    world.backfill(mailbox)
    world.work(mailbox)
    return mailbox


def links(world: World) -> dict[str, int]:
    with inside(world):
        kinds = list(Link.objects.filter(linked=True).values_list("kind", flat=True))
        marked = Message.objects.filter(linked=True).values_list("pk", flat=True)
        assert set(marked) == set(
            Link.objects.filter(linked=True).values_list("message", flat=True)
        )
        return {kind: kinds.count(kind) for kind in set(kinds)}


def work(world: World) -> None:
    with inside(world):
        rows = list(Relinking.objects.filter(state__in=Relinking.WORKING))
        purges = list(Purge.objects.filter(ended_at=None))
    for row in rows:
        relinking.advance(world.member.workspace_id, row.pk)
    for purge in purges:
        purging.advance(world.member.workspace_id, purge.pk)


def test_one_person_for_each_message_and_back(
    world: World, box: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relinking, "STEP", 1)
    before = links(world)
    assert before == {"crm.contact": 8, "crm.company": 4, "crm.deal": 4}
    chosen = presets.find("first-match")
    assert chosen
    with inside(world):
        versions = (policy.current().version, mail_policy.current().version)
        row = forecast.propose(Wish(chosen.choices, chosen.mail, versions), world.member.user_id)
        assert row
    work(world)
    with inside(world):
        found = Relinking.objects.get()
        assert (found.state, found.added, found.removed) == ("ready", 0, 12)
        policies.adopt(world.member, row.pk)
    relinking.step(world.member.workspace_id, row.pk)
    world.sandbox.deliver(ADA, mail(9, sender=BOB))
    poll(world, box)
    work(world)
    assert links(world) == {"crm.contact": 5}
    with inside(world):
        assert mail_policy.current().folders == "main"
        assert naive_is_met()
        derived()
        policies.revert(world.member, row.pk)
    work(world)
    assert links(world) == {"crm.contact": 9, "crm.company": 5, "crm.deal": 5}
    with inside(world):
        assert mail_policy.current().folders == "any"
        assert presets.fitting(mail_policy.current(), policy.current()) == presets.PRESETS[0]
        assert Body.objects.exclude(text="").count() == 5
        derived()


def naive_is_met() -> bool:
    links = {key for key, why in naive.actual().items() if why[0]}
    return links == {key for key, why in naive.expected({}, policy.current()).items() if why[0]}
