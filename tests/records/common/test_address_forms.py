"""Rows of addresses: what people type, paste and get wrong."""

import pytest
from django.http import QueryDict

from mailweave.records.common import address_forms


def typed(*texts: str, primary: str = "0") -> QueryDict:
    data = QueryDict(mutable=True)
    data.setlist("address", list(texts))
    data["primary"] = primary
    return data


def test_good_rows_come_primary_first_and_an_empty_row_follows() -> None:
    rows = address_forms.read(typed("a@x.example", "", "B@X.example", primary="2"))
    assert address_forms.good(rows) == ["b@x.example", "a@x.example"]
    assert [(row.text, row.primary) for row in rows] == [
        ("a@x.example", False),
        ("B@X.example", True),
        ("", False),
    ]


@pytest.mark.parametrize("primary", ["", "1", "9", "x"])
def test_without_a_usable_choice_the_first_is_primary(primary: str) -> None:
    rows = address_forms.read(typed("a@x.example", "", primary=primary))
    assert [row.primary for row in rows] == [True, False]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Mara <Mara@Acme.example>", "mara@acme.example"),
        ("  mara@acme.example ", "mara@acme.example"),
        ("mara+crm@acme.example", "mara+crm@acme.example"),
        ("mara@bücher.example", "mara@xn--bcher-kva.example"),
    ],
)
def test_what_is_pasted_is_understood(text: str, address: str) -> None:
    assert address_forms.good(address_forms.read(typed(text))) == [address]


@pytest.mark.parametrize(
    "text",
    [
        "mara",
        "mara@",
        "@acme.example",
        "mara okafor@acme.example",
        "a@x.example, b@x.example",
        "A <a@x.example>, B <b@x.example>",
        "<>",
        "a@x.example\0",
        "x" * 400 + "@acme.example",
        "mara@acme..example",
    ],
)
def test_bad_addresses_are_told(text: str) -> None:
    rows = address_forms.read(typed(text))
    assert rows[0].error
    assert rows[0].text == text
    assert address_forms.good(rows) == []


def test_more_keeps_what_was_typed_unjudged() -> None:
    rows = address_forms.more(typed("a@x.example", "nonsense", primary="1"))
    assert [(row.text, row.primary, row.error, row.fresh) for row in rows] == [
        ("a@x.example", False, "", False),
        ("nonsense", True, "", False),
        ("", False, "", True),
    ]


def test_rows_are_limited() -> None:
    many = typed(*[f"a{n}@x.example" for n in range(1000)])
    assert len(address_forms.read(many)) == address_forms.MAX_ROWS + 1
    assert len(address_forms.more(many)) == address_forms.MAX_ROWS
