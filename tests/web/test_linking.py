"""The pages of the linking policy: who may, what is seen first, presets, and taking it back."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from mailweave.kit import scope
from mailweave.linking import policy, presets, registry, relinking
from mailweave.linking.models import Link, LinkPolicy, Relinking
from mailweave.mail import policy as mail_policy
from mailweave.mail.models import Mailbox
from mailweave.people.access import Member
from mailweave.people.models import Role, User
from mailweave.records.crm.models import Company, Contact, Deal
from mailweave.sync.models import Purge, Sync
from tests.makers import make_member, make_workspace, signed_in
from tests.makers_arrivals import ADA, MARA, fetch, put
from tests.makers_mail import Archive
from tests.records.crm.makers import make_contact, make_deal

pytestmark = pytest.mark.django_db
POLICIES = "/settings/policies/"
TRIAL = f"{POLICIES}linking/"


class Place:
    """An admin with a mailbox, and Mara Lind of Acme with a deal and two messages."""

    def __init__(self) -> None:
        self.team = make_workspace()
        self.admin = make_member(Role.ADMIN, self.team, name="Olga Admin")
        self.mia = make_member(Role.MEMBER, self.team, name="Mia Member")
        with self.inside():
            self.box = Archive().mailbox(User.objects.get(pk=self.admin.user_id))
            Sync.objects.create(mailbox_id=self.box)
            acme = Company.objects.create(name="Acme")
            self.mara: Contact = make_contact("Mara Lind", MARA, company=acme)
            self.deal: Deal = make_deal("Herons", self.mara, opened_on="2026-01-01")
            for n in range(2):
                put(self.box, fetch(f"m{n}", MARA, [ADA], subject=f"Offer {n}", minute=n))

    @contextmanager
    def inside(self) -> Iterator[None]:
        with scope.workspace(self.team.pk):
            yield

    def get(self, path: str, member: Member | None = None) -> Any:
        answer = signed_in(member or self.admin).get(path)
        assert answer.status_code == 200
        return answer

    def post(self, path: str, member: Member | None = None, **fields: Any) -> Any:
        return signed_in(member or self.admin).post(path, fields, follow=True)

    def form(self, path: str = POLICIES) -> dict[str, Any]:
        """What the linking form of a page would send."""
        html = self.get(path).content.decode()
        html = html[html.rindex('name="link"') - 200 :]
        sent: dict[str, list[str]] = {}
        for tag in re.findall(r"<input [^>]*>", html):
            name, value = (re.search(rf'{one}="([^"]*)"', tag) for one in ("name", "value"))
            if name and value and ("hidden" in tag or " checked" in tag):
                sent.setdefault(name[1], []).append(value[1])
        sent.pop("csrfmiddlewaretoken", None)
        return sent

    def choose(self, member: Member | None = None, **fields: Any) -> Any:
        return self.post(TRIAL, member, **{**self.form(), **fields})

    def work(self) -> None:
        with self.inside():
            rows = list(Relinking.objects.filter(state__in=Relinking.WORKING))
        for row in rows:
            relinking.advance(self.team.pk, row.pk)

    def decide(self, verb: str, member: Member | None = None) -> Any:
        with self.inside():
            pk = Relinking.objects.latest("pk").pk
        return self.post(f"{TRIAL}{pk}/{verb}/", member)

    def kinds(self) -> set[str]:
        with self.inside():
            return set(Link.objects.filter(linked=True).values_list("kind", flat=True))


@pytest.fixture
def place(transactional_db: None) -> Place:
    return Place()


def words(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


def test_every_choice_stands_on_the_page_with_its_sentence(place: Place) -> None:
    text = place.get(POLICIES).content.decode().replace("&#x27;", "'")
    for name in policy.NAMES:
        assert str(LinkPolicy.field(name).help_text) in text
        for word, label in policy.offered(name):
            assert f'name="{name}" value="{word}"' in text
            assert label in text
    chosen = place.form()
    assert chosen["match_types"] == list(registry.matched_kinds())
    assert "support.ticket" not in chosen["match_types"]  # a ticket's mail is filed
    assert chosen["roles_in"] == ["from", "to", "cc"]
    assert chosen["deal_mode"] == ["latest"]


def test_members_read_and_admins_choose(place: Place) -> None:
    text = words(place.get(POLICIES, place.mia))
    assert "The latest deal that was open when the message was sent" in text
    assert 'type="checkbox"' not in place.get(POLICIES, place.mia).content.decode()
    assert place.choose(place.mia, deal_mode="none").status_code == 404
    place.choose(deal_mode="none")
    place.work()
    text = words(place.get(TRIAL, place.mia))
    assert "It would add 0 links and remove 2." in text
    assert "Apply" not in text
    for verb in ("apply", "drop", "undo"):
        assert place.decide(verb, place.mia).status_code == 404
    path = f"{POLICIES}presets/timeline/"
    assert signed_in(place.mia).get(path).status_code == 404


def test_first_it_is_looked_at_then_applied_then_undone(place: Place) -> None:
    answer = place.choose(deal_mode="none", link_company="off")
    assert "0 of 2 messages" in words(answer)
    assert "Nothing is changed by looking" in words(answer)
    place.work()
    text = words(place.get(f"{TRIAL}progress/"))
    assert "It would add 0 links and remove 4." in text
    assert "Mara" in text
    assert "Offer 1" in text
    assert "an open deal of Mara Lind" in text
    assert "Mara Lind works at Acme" in text
    assert place.kinds() == {"crm.contact", "crm.company", "crm.deal"}
    answer = place.decide("apply")
    assert "They count from now on; stored mail follows." in words(answer)
    assert "Linking stored mail anew: 0 of 2 messages" in words(place.get(POLICIES))
    place.work()
    assert place.kinds() == {"crm.contact"}
    assert "Last changed by Olga Admin" in words(place.get(POLICIES))
    answer = place.decide("undo")
    place.work()
    assert "The change was undone" in words(place.get(TRIAL))
    assert place.kinds() == {"crm.contact", "crm.company", "crm.deal"}


def test_people_who_would_appear_on_deals_are_told(place: Place) -> None:
    place.choose(deal_mode="via_contact")
    place.work()
    place.decide("apply")
    place.work()
    place.choose(deal_mode="all")
    place.work()
    assert "1 person would appear on deals they were not on" in words(place.get(TRIAL))


def test_calling_off_changes_nothing(place: Place) -> None:
    place.choose(deal_mode="none")
    place.work()
    assert "Called off. Nothing was changed." in words(place.decide("drop"))
    assert place.decide("apply").status_code == 422
    assert place.decide("undo").status_code == 422
    with place.inside():
        assert policy.current().version == 0


def test_nothing_else_chosen_is_no_trial(place: Place) -> None:
    answer = place.choose()
    assert "Nothing would change: these are the policies as they stand." in words(answer)
    with place.inside():
        assert not Relinking.objects.exists()
    assert "No other linking policy has been looked at yet." in words(place.get(TRIAL))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"roles_in": [], "roles_out": []}, "with neither, no mail would be linked"),
        ({"match_types": []}, "Kinds of record: choose at least one"),
        ({"match_kinds": []}, "choose at least one kind"),
        ({"match_types": ["crm.nobody"]}, "choose from what is offered"),
        ({"link_mode": "\0"}, "choose from what is offered"),
        ({"deal_mode": "x" * 10_000}, "choose from what is offered"),
        ({"link": "7"}, "were changed meanwhile"),
        ({"link": ""}, "were changed meanwhile"),
        ({"mail": "9" * 99}, "were changed meanwhile"),
        ({"push": "sideways"}, "choose one of what is offered"),
    ],
)
def test_nonsense_changes_nothing(place: Place, fields: dict[str, Any], said: str) -> None:
    answer = place.choose(**fields)
    assert answer.status_code == 422
    assert said in words(answer)
    with place.inside():
        assert not Relinking.objects.exists()


def test_of_two_admins_at_once_the_second_is_told(place: Place) -> None:
    old = place.form()
    place.choose(deal_mode="none")
    place.work()
    place.decide("apply")
    place.work()
    answer = place.post(TRIAL, **{**old, "link_company": "off"})
    assert answer.status_code == 422
    assert "were changed meanwhile" in words(answer)


def test_a_message_one_may_not_see_is_counted_and_not_told(place: Place) -> None:
    with place.inside():
        Mailbox.objects.filter(pk=place.box).update(sharing="private")
    place.choose(deal_mode="none")
    place.work()
    text = words(place.get(TRIAL, place.mia))
    assert "remove 2" in text
    assert "A message you may not see" in text
    assert "Offer" not in text
    with place.inside():
        Mailbox.objects.filter(pk=place.box).update(sharing="metadata")
    text = words(place.get(TRIAL, place.mia))
    assert "subject not shown" in text
    assert "Offer" not in text


@pytest.mark.parametrize("name", [one.name for one in presets.PRESETS[1:]])
def test_a_preset_sets_both_policies_and_is_undone(place: Place, name: str) -> None:
    text = words(place.get(POLICIES))
    assert presets.PRESETS[0].label in text
    before = place.kinds()
    path = f"{POLICIES}presets/{name}/"
    assert "would be other than now" in words(place.get(path))
    place.post(TRIAL, **place.form(path))
    place.work()
    text = words(place.get(TRIAL))
    if name == "client-profile":
        assert "The text of 2 stored messages is shortened here" in text
    place.decide("apply")
    place.work()
    with place.inside():
        fitting = presets.fitting(mail_policy.current(), policy.current())
        assert fitting
        assert fitting.name == name
        assert Purge.objects.filter(what="body").exists() is (name == "client-profile")
    assert "Now" in words(place.get(POLICIES))
    place.decide("undo")
    place.work()
    with place.inside():
        standing = presets.fitting(mail_policy.current(), policy.current())
        assert standing == presets.PRESETS[0]
    assert place.kinds() == before


def test_a_choice_of_ones_own_is_called_custom(place: Place) -> None:
    place.choose(deal_mode="none")
    place.work()
    place.decide("apply")
    assert "Custom" in words(place.get(POLICIES))


def test_there_is_no_other_preset_and_no_other_verb(place: Place) -> None:
    assert signed_in(place.admin).get(f"{POLICIES}presets/nonsense/").status_code == 404
    assert place.post(f"{TRIAL}1/explode/").status_code == 404
    assert place.post(f"{TRIAL}1/apply/").status_code == 422


def test_a_deals_page_shows_what_the_policy_says(place: Place) -> None:
    path = f"/records/crm.deal/{place.deal.pk}/threads/"
    client = signed_in(place.admin)
    for mode, shown in (("latest", True), ("via_contact", True), ("none", False)):
        with place.inside():
            version = policy.current().version
            policy.change({"deal_mode": mode}, version=version, user_id=place.admin.user_id)
            Link.objects.filter(kind="crm.deal").delete()
        assert ("Offer" in client.get(path).content.decode()) is shown
