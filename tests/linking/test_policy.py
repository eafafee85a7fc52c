"""The linking policy: read, chosen, refused; and what each of its choices does to mail."""

from collections.abc import Mapping
from dataclasses import fields

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailweave.kit.errors import Expected
from mailweave.linking import addresses, companions, history, links, matching, policy, presets
from mailweave.linking.companions import Companion
from mailweave.linking.models import Link, LinkPolicy
from mailweave.linking.policy import Choice, Matching
from mailweave.mail import policy as mail_policy
from mailweave.mail.models import Message, Thread
from mailweave.people.models import User
from mailweave.providers.base import Fetched
from tests import database
from tests.linking import naive
from tests.linking.test_matching import LETTERS
from tests.makers_arrivals import ADA, BOB, MALLORY, MARA, START, by_key, fetch, put
from tests.makers_mail import Archive, eyes

pytestmark = pytest.mark.sql
CONTACT, COMPANY, DEAL = "crm.contact", "crm.company", "crm.deal"
CAROL = "carol@acme.example"


@pytest.fixture
def box(archive: Archive, sam: User) -> int:
    return archive.mailbox(sam)


def own(record_id: int, *given: str, kind: str = CONTACT, what: str = "primary") -> None:
    addresses.set_addresses(kind, record_id, [(one, what) for one in given])


def choose(user: User, **choices: Choice) -> None:
    policy.change(choices, version=policy.current().version, user_id=user.pk)


def about(key: str) -> dict[tuple[str, int], str]:
    found = Link.objects.filter(message=by_key()[key], linked=True)
    return {(one.kind, one.record_id): one.reason for one in found}


def test_until_somebody_decides_the_standard_stands(here: int) -> None:
    assert policy.current() == Matching()
    assert not LinkPolicy.objects.exists()
    row = LinkPolicy()
    for name in policy.NAMES:
        value = getattr(Matching(), name)
        assert getattr(row, name) == (list(value) if isinstance(value, tuple) else value)
    assert {one.name for one in fields(Matching)} == {*policy.NAMES, "version"}


def test_it_takes_one_query(here: int, sam: User) -> None:
    choose(sam, link_mode="first")
    with CaptureQueriesContext(connection) as asked:
        assert policy.current().takes_first
    assert len(asked) == 1


def test_every_choice_can_be_chosen_and_says_what_it_means(here: int, sam: User) -> None:
    for name in policy.NAMES:
        assert LinkPolicy.field(name).help_text
        for word, label in policy.offered(name):
            assert label
            choose(sam, **{name: (word,) if policy.is_set(name) else word})
            chosen = getattr(policy.current(), name)
            assert chosen == ((word,) if policy.is_set(name) else word)
    assert LinkPolicy.objects.get().changed_by_id == sam.pk


def test_choices_are_kept_in_the_order_they_are_offered_in(here: int, sam: User) -> None:
    choose(sam, roles_in=["cc", "from", "cc"], match_types=[DEAL, CONTACT])
    assert policy.current().roles_in == ("from", "cc")
    assert policy.current().match_types == (CONTACT, DEAL)


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"match_types": ["crm.nobody"]}, "Kinds of record: choose from what is offered"),
        ({"match_kinds": ["secret"]}, "Addresses: choose from what is offered"),
        ({"match_kinds": []}, "choose at least one kind"),
        ({"roles_in": [], "roles_out": []}, "on received or on sent mail"),
        ({"roles_in": "from"}, "choose from what is offered"),
        ({"link_mode": ["all"]}, "choose from what is offered"),
        ({"link_mode": ""}, "choose from what is offered"),
        ({"deal_mode": "x" * 1000}, "Deals of a person: choose from what is offered"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    here: int, sam: User, choices: Mapping[str, Choice], said: str
) -> None:
    with pytest.raises(Expected, match=said):
        choose(sam, **choices)
    assert policy.current() == Matching()


def test_of_two_at_once_the_second_is_told(here: int, sam: User) -> None:
    policy.change({"link_mode": "first"}, version=0, user_id=sam.pk)
    with pytest.raises(Expected, match="Somebody else has changed how mail is linked"):
        policy.change({"link_mode": "all"}, version=0, user_id=sam.pk)
    assert policy.current().takes_first


def test_only_kinds_of_record_that_were_chosen(box: int, sam: User) -> None:
    own(1, MARA)
    own(1, MARA, kind=COMPANY)
    choose(sam, match_types=[COMPANY])
    put(box, fetch("a", MARA, [ADA]))
    assert about("a") == {(COMPANY, 1): "sender"}


@pytest.mark.parametrize("what", ["primary", "portal", "additional"])
def test_only_kinds_of_address_that_were_chosen(box: int, sam: User, what: str) -> None:
    for place, kind in enumerate(["primary", "portal", "additional"]):
        own(place, MARA, what=kind)
    choose(sam, match_kinds=[what])
    put(box, fetch("a", MARA, [ADA]))
    place = ["primary", "portal", "additional"].index(what)
    assert about("a") == {(CONTACT, place): "sender"}


def test_an_address_of_another_kind_is_matched_anew(box: int, sam: User) -> None:
    choose(sam, match_kinds=["primary"])
    put(box, fetch("a", MARA, [ADA]))
    own(1, MARA, what="additional")
    assert about("a") == {}
    own(1, MARA)
    assert about("a") == {(CONTACT, 1): "sender"}
    own(1, MARA, what="portal")
    assert about("a") == {}


PLACES = {"from": MARA, "to": BOB, "cc": CAROL, "bcc": "hidden@acme.example"}


@pytest.mark.parametrize("sent", [False, True])
@pytest.mark.parametrize("role", list(PLACES))
def test_only_where_an_address_was_chosen_to_count(
    box: int, sam: User, role: str, *, sent: bool
) -> None:
    for place, address in enumerate(PLACES.values()):
        own(place, address)
    choose(sam, **{"roles_out" if sent else "roles_in": [role]})
    hidden = [("Bcc", PLACES["bcc"])]
    put(box, fetch("a", MARA, [BOB], cc=[CAROL], headers=hidden, sent=sent))
    place = list(PLACES).index(role)
    assert about("a") == {(CONTACT, place): "sender" if role == "from" else "recipient"}
    naive.check_matched(policy.current())


def test_the_first_of_several_by_a_fixed_order(box: int, sam: User) -> None:
    choose(sam, link_mode="first", inherit_thread="off")
    own(1, BOB)
    own(2, MARA)
    put(box, fetch("sender", MARA, [BOB]))
    assert about("sender") == {(CONTACT, 2): "sender"}
    put(box, fetch("position", MALLORY, [MARA, BOB]), fetch("role", MALLORY, [BOB], cc=[MARA]))
    assert about("position") == {(CONTACT, 2): "recipient"}
    assert about("role") == {(CONTACT, 1): "recipient"}


def test_then_by_kind_of_address_of_record_and_number(box: int, sam: User) -> None:
    choose(sam, link_mode="first")
    own(1, MARA, kind=CONTACT, what="additional")
    own(2, MARA, kind=COMPANY, what="portal")
    put(box, fetch("a", MARA, [ADA]))
    assert about("a") == {(COMPANY, 2): "sender"}
    own(9, MARA, kind=COMPANY)
    assert about("a") == {(COMPANY, 9): "sender"}
    own(8, MARA, kind=COMPANY)
    assert about("a") == {(COMPANY, 8): "sender"}
    own(99, MARA, kind=CONTACT)
    assert about("a") == {(CONTACT, 99): "sender"}


def test_one_record_for_a_conversation(box: int, sam: User) -> None:
    choose(sam, link_mode="first")
    own(1, MARA)
    own(2, BOB)
    put(
        box,
        fetch("q", MARA, [ADA, BOB], thread="1"),
        fetch("r", BOB, [ADA], thread="1", minute=1),
        fetch("s", "x@else.example", [ADA, BOB], thread="1", minute=2),
    )
    assert about("q") == {(CONTACT, 1): "sender"}
    assert about("r") == {(CONTACT, 1): "thread"}
    assert about("s") == {(CONTACT, 2): "recipient"}, "who did not take part inherits nothing"


def test_what_a_person_decided_comes_first_of_all(box: int, sam: User) -> None:
    choose(sam, link_mode="first")
    own(1, MARA)
    put(box, fetch("a", MARA, [ADA], thread="1"), fetch("b", MARA, [ADA], thread="1", minute=1))
    links.link([by_key()["b"].pk], (DEAL, 5), sam.pk)
    assert about("b") == {(DEAL, 5): "manual"}
    assert about("a") == {(DEAL, 5): "thread"}
    links.unlink([by_key()["a"].pk], (DEAL, 5), sam.pk)
    assert about("a") == {(CONTACT, 1): "sender"}


def test_the_company_of_the_one_record_follows(box: int, sam: User) -> None:
    choose(sam, link_mode="first")
    own(1, MARA)
    own(2, BOB)
    companions.set_all(CONTACT, {1: [Companion(COMPANY, 7, "company")]})
    companions.set_all(CONTACT, {2: [Companion(COMPANY, 8, "company")]})
    put(box, fetch("a", MARA, [ADA, BOB]))
    assert about("a") == {(CONTACT, 1): "sender", (COMPANY, 7): "company"}


def test_answers_that_do_not_inherit(box: int, sam: User) -> None:
    choose(sam, inherit_thread="off")
    own(1, MARA)
    put(box, fetch("a", MARA, [ADA], thread="1"), fetch("b", ADA, [BOB], sent=True, thread="1"))
    assert about("a") == {(CONTACT, 1): "sender"}
    assert about("b") == {}


def shown(user: User, *records: tuple[str, int]) -> int:
    return len(history.threads_of(eyes(user), records).rows)


def test_mail_not_linked_yet_obeys_the_same_policy(archive: Archive, box: int, sam: User) -> None:
    put(box, fetch("a", MARA, [ADA], cc=[BOB]))
    for place, address in ((1, MARA), (2, BOB)):
        own(place, address)
        own(place, address, kind=COMPANY, what="portal")
    Link.objects.all().delete()
    assert [shown(sam, (kind, pk)) for kind in (CONTACT, COMPANY) for pk in (1, 2)] == [1, 1, 1, 1]
    choose(sam, match_types=[CONTACT])
    assert [shown(sam, (kind, pk)) for kind in (CONTACT, COMPANY) for pk in (1, 2)] == [1, 1, 0, 0]
    choose(sam, match_types=[], match_kinds=["portal"])
    assert [shown(sam, (kind, pk)) for kind in (CONTACT, COMPANY) for pk in (1, 2)] == [0, 0, 1, 1]
    choose(sam, match_kinds=["primary"], roles_in=["cc"])
    assert [shown(sam, (CONTACT, pk)) for pk in (1, 2)] == [0, 1]
    choose(sam, roles_in=["from", "cc"], link_mode="first")
    matching.link(list(Thread.objects.values_list("pk", flat=True)))
    assert [shown(sam, (CONTACT, pk)) for pk in (1, 2)] == [1, 0]


def test_presets_can_be_chosen_and_are_recognised(here: int, sam: User) -> None:
    for preset in presets.PRESETS:
        standing = mail_policy.current()
        mail_policy.change(preset.mail, version=standing.version, user_id=sam.pk)
        choose(sam, **preset.choices)
        assert presets.fitting(mail_policy.current(), policy.current()) == preset
    choose(sam, link_mode="first")
    assert presets.fitting(mail_policy.current(), policy.current()) is None
    standard = presets.PRESETS[0]
    assert policy.choose(Matching(), standard.choices) == Matching(), "the default is a preset"


def some(words: list[str], least: int = 0) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(words), min_size=least, unique=True)


PEOPLE = [MARA, BOB, ADA, MALLORY, CAROL]
RECORDS = st.tuples(st.sampled_from([CONTACT, COMPANY]), st.integers(1, 2))
MINUTES = st.sampled_from([None, 0, 1, 2])
CHOICES = st.fixed_dictionaries(
    {},
    optional={
        "match_types": some([CONTACT, COMPANY]),
        "match_kinds": some(naive.KINDS, 1),
        "roles_in": some(list(PLACES), 1),
        "roles_out": some(list(PLACES)),
        "link_mode": st.sampled_from(["first", "first", "all"]),
        "inherit_thread": st.sampled_from(["on", "off"]),
        "deal_mode": st.sampled_from(["latest", "all", "none"]),
        "link_company": st.sampled_from(["on", "off"]),
    },
)
STEPS = st.one_of(
    st.tuples(st.just("store"), st.lists(LETTERS, min_size=1, max_size=3)),
    st.tuples(
        st.just("own"),
        RECORDS,
        st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(naive.KINDS)), max_size=2),
    ),
    st.tuples(
        st.just("tell"),
        RECORDS,
        st.lists(st.tuples(st.integers(5, 7), MINUTES, MINUTES), max_size=3),
    ),
    st.tuples(st.sampled_from(["link", "unlink", "reset"]), st.integers(0, 9), RECORDS),
    st.tuples(st.just("choose"), CHOICES),
    st.tuples(st.just("forget"), RECORDS),
)
Pins = dict[tuple[int, naive.Record], bool]


@settings(
    max_examples=database.fewer(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(first=CHOICES, steps=st.lists(STEPS, min_size=3, max_size=9))
def test_links_are_what_the_policy_says(
    box: int, sam: User, first: dict[str, Choice], steps: list[tuple[object, ...]]
) -> None:
    """After mail, addresses, companions, decisions and policies in any order."""
    with transaction.atomic():
        pins: Pins = {}
        choose(sam, **first)
        for step in steps:
            take(step, box, sam, pins)
            assert naive.actual() == naive.expected(pins, policy.current())
            naive.check_matched(policy.current())
            naive.check_inherited()
            naive.check_derived()
        transaction.set_rollback(True)


def take(step: tuple[object, ...], box: int, sam: User, pins: Pins) -> None:
    match step:
        case ("store", [*page]):
            put(box, *[one for one in page if isinstance(one, Fetched)])
        case ("own", (str(kind), int(pk)), [*given]):
            addresses.set_addresses(kind, pk, given)
        case ("tell", (str(kind), int(pk)), [*given]):
            companions.set_all(kind, {pk: [tell(*one) for one in given]})
        case ("choose", dict(choices)):
            choose(sam, **choices)
            matching.link_again(list(Thread.objects.values_list("pk", flat=True)))
        case ("forget", (str(kind), int(pk))):
            addresses.forget(kind, pk)
            for key in [key for key in pins if key[1] == (kind, pk)]:
                del pins[key]
        case (str(verb), int(place), (str(kind), int(pk))):
            decide(verb, place, (kind, pk), sam, pins)


def tell(pk: int, since: int | None, until: int | None) -> Companion:
    """Odd ones are companies, the others deals."""
    moments = [None if one is None else START.replace(minute=one) for one in (since, until)]
    return Companion(COMPANY, pk, "company") if pk % 2 else Companion(DEAL, pk, "deal", *moments)


def decide(verb: str, place: int, record: naive.Record, sam: User, pins: Pins) -> None:
    found = list(Message.objects.order_by("pk").values_list("pk", flat=True))
    if not found:
        return
    message = found[place % len(found)]
    if verb == "reset":
        links.reset([message], record, sam.pk)
        pins.pop((message, record), None)
    else:
        does = links.link if verb == "link" else links.unlink
        does([message], record, sam.pk)
        pins[message, record] = verb == "link"


def test_a_page_opens_with_one_view(here: int) -> None:
    both = {"timeline_first": ("crm.deal",), "flat_first": ("crm.deal", "crm.lead")}
    chosen = policy.choose(Matching(), both)
    views = [chosen.view_of(kind) for kind in ("crm.deal", "crm.lead", "crm.company")]
    assert views == ["timeline", "flat", "threads"]
