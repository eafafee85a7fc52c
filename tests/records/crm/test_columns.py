"""What columns mean, and what rows say by that."""

import pytest

from mailweave.records.crm import columns


def test_headers_are_understood() -> None:
    given = ["First Name", "last_name", "E-Mail", "Company", "Email Address", "Shoe size", "Notes"]
    found = columns.guess("contact", given)
    assert found == ["first", "last", "address", "company", "", "", "note"]
    assert columns.guess("company", ["Company name", "Website"]) == ["name", "domain"]
    assert columns.guess("lead", ["Name", "Lead source"]) == ["name", "source"]


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        (["name", "address", "more", "more", ""], ""),
        (["first", "address"], ""),
        (["address"], "the name"),
        (["name", "name"], "mean the same"),
        (["name", "spaceship"], "does not exist"),
        (["name", "status"], "does not exist"),
    ],
)
def test_mappings_are_checked(mapping: list[str], said: str) -> None:
    assert said in columns.check("contact", mapping)
    assert bool(said) == bool(columns.check("contact", mapping))


def test_a_row_in_full() -> None:
    mapping = ["first", "last", "address", "more", "note", ""]
    cells = ["Zoë ", " Müller", "Zoe@ACME.example", "z@acme.example; zo@x.example", "'=1+1", "x"]
    draft = columns.draft("contact", mapping, cells)
    assert draft.values == {"name": "Zoë Müller", "note": "=1+1"}
    assert draft.pairs == (
        ("zoe@acme.example", "primary"),
        ("z@acme.example", "additional"),
        ("zo@x.example", "additional"),
    )
    assert draft.fault == ""


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["", "a@acme.example", "new"], "no name"),
        (["x" * 10_000, "", ""], "longer than 200"),
        (["Nia", "nonsense", ""], "“nonsense” is not an e-mail address"),
        (["Nia", "", "cold"], "no status"),
        (["Nia", "", "", "more", "cells"], "5 cells where the header has 3"),
        (["Nia", " ".join(f"a{n}@x.example" for n in range(60)), ""], "more than 50"),
    ],
)
def test_faults_are_said(cells: list[str], said: str) -> None:
    assert said in columns.draft("lead", ["name", "address", "status"], cells).fault


def test_a_status_is_known_by_its_label_and_short_rows_are_filled() -> None:
    draft = columns.draft("lead", ["name", "status", "source"], ["Nia", "QUALIFIED"])
    assert draft.values == {"name": "Nia", "status": "qualified"}
