"""Loading a document: twice is once, and a broken one changes nothing."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from mailweave.kit import scope
from mailweave.kit.errors import Expected
from mailweave.records.crm import contacts, deals, leads, loading
from mailweave.records.crm.models import Company, CompanyAddress, Contact, Deal, Lead
from tests.records.crm.conftest import Home

DOCUMENT: dict[str, Any] = {
    "companies": [
        {"name": "Group"},
        {
            "name": "Acme",
            "domain": "acme.example",
            "part_of": "Group",
            "addresses": ["Office@acme.example"],
            "portal": ["portal@acme.example"],
        },
    ],
    "leads": [
        {"name": "Nia", "company": "Initech", "status": "working", "addresses": ["nia@x.example"]},
        {"name": "Nobody yet"},
    ],
    "contacts": [
        {
            "name": "Mara Okafor",
            "title": "CFO",
            "company": "Acme",
            "addresses": ["Mara@acme.example", "m@acme.example"],
        },
        {"name": "Jonas Weber", "company": "Globex", "addresses": ["jonas@globex.example"]},
        {"name": "Nobody"},
        {"name": "Assistant of Mara", "addresses": ["mara@acme.example"]},
    ],
    "deals": [
        {
            "name": "Renewal",
            "company": "Acme",
            "stage": "proposal",
            "amount": 1200.5,
            "contacts": ["jonas@globex.example", "mara@acme.example"],
        }
    ],
}


def run(home: Home, path: Path, document: Any) -> None:
    path.write_text(json.dumps(document))
    call_command("load_contacts", str(path), "--workspace", str(home.id), verbosity=0)


def seen() -> dict[str, Any]:
    return {
        "companies": list(Company.objects.order_by("pk").values_list("pk", "name", "domain")),
        "contacts": [
            (each.pk, each.name, each.title, [row.address for row in contacts.addresses(each.pk)])
            for each in Contact.objects.order_by("pk")
        ],
        "offices": [
            (each.company.name, each.company.parent.name, each.address, each.kind)
            for each in CompanyAddress.objects.select_related("company__parent").order_by("pk")
        ],
        "leads": [
            (each.pk, each.name, each.company_name, each.status, len(leads.addresses(each.pk)))
            for each in Lead.objects.order_by("pk")
        ],
        "deals": [
            (
                each.pk,
                each.stage,
                each.amount,
                [row.contact.name for row in deals.contacts(None, each.pk)],
            )
            for each in Deal.objects.order_by("pk")
        ],
    }


def test_loading_twice_is_loading_once(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(home, tmp_path / "world.json", DOCUMENT)
    assert "2 companies, 4 contacts, 2 leads and 1 deals" in capsys.readouterr().out
    with scope.workspace(home.id):
        first = seen()
    run(home, tmp_path / "world.json", DOCUMENT)
    with scope.workspace(home.id):
        assert seen() == first
    assert [row[1:] for row in first["companies"]] == [
        ("Group", ""),
        ("Acme", "acme.example"),
        ("Globex", ""),
    ]
    assert first["offices"] == [
        ("Acme", "Group", "office@acme.example", "primary"),
        ("Acme", "Group", "portal@acme.example", "portal"),
    ]
    assert [row[1:] for row in first["leads"]] == [
        ("Nia", "Initech", "working", 1),
        ("Nobody yet", "", "new", 0),
    ]
    assert first["contacts"][0][1:] == (
        "Mara Okafor",
        "CFO",
        ["mara@acme.example", "m@acme.example"],
    )
    assert first["deals"][0][3] == ["Jonas Weber", "Mara Okafor"]


@pytest.mark.usefixtures("within")
@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"contacts": [{"title": "x"}]}',
        b'{"contacts": [{"name": " "}]}',
        b'{"contacts": [{"name": "a\\u0000b"}]}',
        b'{"contacts": [{"name": "Mara", "addresses": ["nonsense"]}]}',
        b'{"companies": [{"name": "' + b"x" * 201 + b'"}]}',
        b'{"deals": [{"name": "x", "stage": "y"}]}',
        b'{"deals": [{"name": "x", "amount": "NaN"}]}',
        b'{"deals": [{"name": "x", "amount": 1e40}]}',
        b'{"deals": [{"name": "x", "currency": "EURO"}]}',
        b'{"contacts": [{"name": "\\ud800"}]}',
    ],
)
def test_a_broken_document_is_refused_whole(text: bytes) -> None:
    with pytest.raises(Expected):
        loading.load(text)
    assert not Contact.objects.exists()
    assert not Deal.objects.exists()


def test_the_command_tells_what_is_wrong(home: Home, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no such workspace"):
        call_command("load_contacts", "--workspace", str(home.id + 1))
    with pytest.raises(CommandError, match="No such file"):
        call_command("load_contacts", str(tmp_path / "none"), "--workspace", str(home.id))
