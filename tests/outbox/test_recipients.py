"""What people type where recipients go."""

import pytest

from mailweave.outbox import recipients

THREE = "Ana <a@x.example>; b@y.example, c@z.example"


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("ana@x.example", ["ana@x.example"]),
        (THREE, ["a@x.example", "b@y.example", "c@z.example"]),
        ("ana@x.example\nben@y.example", ["ana@x.example", "ben@y.example"]),
        ("ana@x.example;", ["ana@x.example"]),
        ("  ", []),
    ],
)  # fmt: skip
def test_a_line_names_people(typed: str, found: list[str]) -> None:
    assert [one.address for one in recipients.split(typed)] == found


def test_names_stay_and_an_address_counts_once() -> None:
    found = recipients.read(["Ana Silva <Ana@X.Example>", "ana@x.example", "ben@y.example"])
    assert [(one.name, one.address, one.normal) for one in found] == [
        ("Ana Silva", "Ana@X.Example", "ana@x.example"),
        ("", "ben@y.example", "ben@y.example"),
    ]
    assert str(found[0]) == "Ana Silva <Ana@X.Example>"


@pytest.mark.parametrize("typed", ["ana", "ana@", "@x.example", "ana x.example"])
def test_what_is_no_address_is_kept_and_named(typed: str) -> None:
    found = recipients.read([typed])
    assert recipients.problems([found, []]) == [one.problem for one in found]
    assert all(typed.split(maxsplit=1)[0].strip("<>") in one.problem for one in found[:1])


def test_a_letter_goes_to_somebody_and_not_to_a_crowd() -> None:
    assert recipients.problems([[], [], []]) == ["Please name at least one recipient."]
    crowd = recipients.read(f"p{n}@x.example" for n in range(501))
    assert recipients.problems([crowd[:500]]) == []
    assert "500" in recipients.problems([crowd])[0]
