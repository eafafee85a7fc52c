"""Importing files: what is made, updated and refused is what was announced, and nothing is lost."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse

from mailweave.kit import scope
from mailweave.kit.errors import Expected
from mailweave.linking.models import Companion, Link, RecordAddress
from mailweave.records.crm import contacts, importing
from mailweave.records.crm.models import Company, Contact, Import, ImportRow, Lead
from tests.records.crm.conftest import Home
from tests.records.crm.makers import make_company, make_contact, make_mail

FILE = """Name,Email,Further addresses,Company,Phone
Mara Okafor,mara@acme.example,m@acme.example,Acme,=1+1
Jon Weber,jon@known.example,,Known,
No Name Company,,,Acme,
,nobody@acme.example,,,
Shared,info@acme.example,,,
Mara O.,m@acme.example,,,555
Wrong,not-an-address,,,
Same,same@acme.example,,,
"""


def receive(home: Home, text: str = FILE, kind: str = "contact") -> Import:
    with scope.workspace(home.id):
        return importing.receive(kind, "people.csv", text.encode(), home.member.user_id)


def run(home: Home, one: Import) -> Import:
    with scope.workspace(home.id):
        importing.start(one)
    while importing.step(home.id, one.pk):
        pass
    with scope.workspace(home.id):
        return Import.objects.get(pk=one.pk)


def furnish(home: Home) -> None:
    with scope.workspace(home.id):
        make_mail("mara@acme.example", 1)
        make_contact("Jon", "jon@known.example", title="CTO")
        make_contact("Desk A", "info@acme.example")
        make_contact("Desk B", "info@acme.example")
        make_contact("Same", "same@acme.example")


@pytest.mark.parametrize("step", [1, 3, 250])
def test_it_does_what_it_said(home: Home, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    monkeypatch.setattr(importing, "STEP", step)
    furnish(home)
    one = receive(home)
    with scope.workspace(home.id):
        seen = importing.look(one, home.member)
    assert (seen.made, seen.updated, seen.same, seen.failed) == (2, 2, 1, 3)
    done = run(home, one)
    assert (done.state, done.done, done.total) == ("done", 8, 8)
    assert (done.made, done.updated, done.same, done.failed) == (2, 2, 1, 3)
    with scope.workspace(home.id):
        mara = Contact.objects.get(name="Mara O.")
        assert mara.phone == "555"
        assert mara.company == Company.objects.get(name="Acme")
        assert [row.address for row in contacts.addresses(mara.pk)] == [
            "mara@acme.example",
            "m@acme.example",
        ]
        assert Link.objects.filter(kind="crm.contact", record_id=mara.pk).exists()
        assert Link.objects.filter(kind="crm.company", record_id=mara.company.pk).exists()
        jon = Contact.objects.get(name="Jon Weber")
        assert (jon.title, jon.company.name) == ("CTO", "Known")
        assert Companion.objects.filter(record_id=jon.pk, to_record_id=jon.company.pk).exists()
        assert ImportRow.objects.count() == 3
        lines = list(importing.report(done))
    assert [line[0] for line in lines] == ["Line", "5", "6", "8"]
    assert "no name" in lines[1][1]
    assert "belong to 2 different records" in lines[2][1]
    assert lines[3][2:4] == ["Wrong", "not-an-address"]


def test_the_same_file_again_changes_nothing(home: Home) -> None:
    run(home, receive(home, "Name,Email\nMara,mara@acme.example\nJon,\n"))
    again = run(home, receive(home, "Name,Email\nMara,mara@acme.example\nJon,\n"))
    assert (again.made, again.updated, again.same) == (0, 0, 2)
    with scope.workspace(home.id):
        assert Contact.objects.count() == 2
        assert RecordAddress.objects.filter(kind="crm.contact").count() == 1


def test_companies_are_found_by_address_or_name(home: Home) -> None:
    with scope.workspace(home.id):
        make_company("Acme", "office@acme.example")
        make_company("Globex")
    text = (
        "Name;Website;Email;Portal\n"
        "Acme Ltd;https://www.acme.example/x;office@acme.example;portal@acme.example\n"
        "GLOBEX;;hello@globex.example;\nNew;;;\n"
    )
    done = run(home, receive(home, text, "company"))
    assert (done.made, done.updated, done.failed) == (1, 2, 0)
    with scope.workspace(home.id):
        acme = Company.objects.get(name="Acme Ltd")
        assert acme.domain == "acme.example"
        kinds = RecordAddress.objects.filter(record_id=acme.pk, kind="crm.company")
        assert set(kinds.values_list("address__address", "address_kind")) == {
            ("office@acme.example", "primary"),
            ("portal@acme.example", "portal"),
        }


def test_leads_with_status(home: Home) -> None:
    done = run(home, receive(home, "Name,Status,Company\nNia,Working,Acme\n", "lead"))
    assert done.made == 1
    with scope.workspace(home.id):
        lead = Lead.objects.get()
        assert (lead.status, lead.company_name, lead.owner_id) == (
            "working",
            "Acme",
            home.member.user_id,
        )


def test_it_can_be_stopped_and_begins_once(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "STEP", 1)
    one = receive(home, "Name\nA\nB\nC\n")
    with scope.workspace(home.id):
        importing.start(one)
        with pytest.raises(Expected, match="begun already"):
            importing.start(one)
    assert importing.step(home.id, one.pk)
    with scope.workspace(home.id):
        importing.stop(Import.objects.get(pk=one.pk))
    assert not importing.step(home.id, one.pk)
    with scope.workspace(home.id):
        assert [row.name for row in Contact.objects.all()] == ["A"]
        assert not ImportRow.objects.exists()
        assert Import.objects.get().state == "stopped"


def test_whoever_looks_for_what_runs_finds_it(home: Home, other: Home) -> None:
    receive(other, "Name\nA\n")
    one = receive(home, "Name\nA\n")
    with scope.workspace(home.id):
        importing.start(one)
    with connection.cursor() as cursor:
        cursor.execute("SELECT workspace_id, import_id FROM crm_imports()")
        assert cursor.fetchall() == [(home.id, one.pk)]
    importing.advance(home.id, one.pk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT workspace_id, import_id FROM crm_imports()")
        assert cursor.fetchall() == []
    with scope.workspace(home.id):
        assert Import.objects.get(pk=one.pk).state == "done"


def test_by_its_pages(home: Home, other: Home) -> None:
    path = reverse("crm:contact-import")
    upload = home.client.post(path, {"file": _file("people.csv", FILE.encode())})
    with scope.workspace(home.id):
        one = Import.objects.get()
    page = reverse("crm:import", args=[one.pk])
    assert upload["Location"] == page
    shown = home.client.get(page).content.decode()
    assert "read as UTF-8 with comma" in shown
    sent = {"column": ["name", "address", "more", "company", "phone"]}
    looked = home.client.post(page, {**sent, "look": "1"}).content.decode()
    assert "5 new contacts" in looked
    assert "Line 5: It has no name." in looked
    wrong = home.client.post(page, {"column": ["", "", "", "", ""], "start": "1"})
    assert wrong.status_code == 422
    assert "Choose which column is the name" in wrong.content.decode()
    assert other.client.post(page, {**sent, "start": "1"}).status_code == 404
    assert home.client.post(page, {**sent, "start": "1"}).status_code == 302
    assert "Importing: 0 of 8 rows" in home.client.get(page).content.decode()
    while importing.step(home.id, one.pk):
        pass
    assert "Download them with their reasons" in home.client.get(page).content.decode()
    report = home.client.get(reverse("crm:import-report", args=[one.pk]))
    text = b"".join(report.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert "Wrong,not-an-address" in text
    table = home.client.get(reverse("crm:contact-export"), {"q": "mara"})
    text = b"".join(table.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert "Mara O." in text
    assert "Jon" not in text


def test_bad_uploads_are_said(home: Home) -> None:
    path = reverse("crm:lead-import")
    for given, said in (
        ({}, "Choose a file first"),
        ({"file": _file("x.xlsx", b"PK\x03\x04")}, "spreadsheet"),
    ):
        answer = home.client.post(path, given)
        assert answer.status_code == 422
        assert said in answer.content.decode()
    with scope.workspace(home.id):
        assert not Import.objects.exists()


def _file(name: str, data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, "text/csv")
