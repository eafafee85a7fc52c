"""Choosing a deal's contacts."""

import pytest
from django.http import QueryDict

from mailweave.records.crm.forms import people
from tests.records.crm.makers import make_contact

pytestmark = pytest.mark.usefixtures("within")


def test_chosen_come_first_then_what_is_found() -> None:
    zoe, abel, mara = make_contact("Zoe"), make_contact("Abel"), make_contact("Mara")
    data = QueryDict(f"contact={abel.pk}&contact={zoe.pk}&primary={zoe.pk}&find=mara")
    found = people.read(None, data)
    assert [(each.contact, each.chosen, each.primary) for each in found.choices] == [
        (zoe, True, True),
        (abel, True, False),
        (mara, False, False),
    ]
    assert found.chosen == [zoe.pk, abel.pk]
    assert found.missing == 0


def test_nothing_chosen_offers_some_to_choose_from() -> None:
    mara = make_contact("Mara")
    offered = people.show(None, [])
    assert [each.contact for each in offered.choices] == [mara]
    assert offered.chosen == []


@pytest.mark.parametrize("value", ["0", "99999999", "9" * 30])
def test_contacts_that_do_not_exist_are_counted(value: str) -> None:
    found = people.read(None, QueryDict(f"contact={value}"))
    assert found.chosen == []
    assert found.missing == (1 if value == "99999999" else 0)


@pytest.mark.parametrize("value", ["", "x", "-1", "1.5", "²", "\u0661", "9" * 19])
def test_what_is_no_id_is_none(value: str) -> None:
    assert people.number(value) is None
