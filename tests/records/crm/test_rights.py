"""Who sees which records of the CRM, and who may change them, by their owner and a role's reach."""

from dataclasses import dataclass

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from mailweave.kit import scope
from mailweave.linking import registry
from mailweave.people import roles, workspaces
from mailweave.people.access import Member, Scopes
from mailweave.people.member import Refused
from mailweave.people.models import Role, Scope, Workspace
from mailweave.records.crm import companies, contacts, converting, deals, importing, kinds, merging
from mailweave.records.crm.converting import Wish
from mailweave.records.crm.models import Company, Contact, Deal, Import, Lead
from tests.makers import make_member, make_team, make_workspace, signed_in
from tests.records.crm.makers import make_company, make_contact, make_deal, make_lead

pytestmark = pytest.mark.django_db
CANARY = "Zyxel"
OWN = Scopes(Scope.OWN, Scope.OWN, Scope.OWN, Scope.OWN)
TEAM = Scopes(Scope.TEAM, Scope.OWN, Scope.NONE, Scope.TEAM)


@dataclass(frozen=True, slots=True)
class World:
    """Two members and what each looks after; what is named by the canary is Ben's."""

    workspace_id: int
    ann: Member
    ben: Member
    theirs: dict[str, int]
    mine: dict[str, int]
    nobodys: int


@pytest.fixture
def place() -> Workspace:
    return make_workspace()


def furnish(place: Workspace, scopes: Scopes, *, together: bool = False) -> World:
    """Ann's role reaches this far; with ``together`` she and Ben are one team."""
    team = make_team(place) if together else None
    ann = make_member(Role.MEMBER, place, name="Ann", team=team)
    ben = make_member(Role.ADMIN, place, name="Ben Keeper", team=team)
    with scope.workspace(place.pk):
        roles.change({Role.MEMBER: scopes}, ben.user_id)
        theirs, mine = of_one(ben.user_id, CANARY), of_one(ann.user_id, "Mine")
        acme = Company.objects.get(pk=theirs["company"])
        nobodys = make_contact("Shared", "shared@x.example", company=acme).pk
        found = workspaces.member(ann.user_id)
        assert found
        deal = Deal.objects.get(pk=mine["deal"])
        both = [theirs["contact"], mine["contact"]]
        deals.store(deal, both)
    return World(place.pk, found, ben, theirs, mine, nobodys)


def of_one(user_id: int, name: str) -> dict[str, int]:
    low = name.lower()
    company = make_company(f"{name} Works", f"office@{low}.example", owner_id=user_id)
    Company.objects.filter(pk=company.pk).update(domain=f"{low}.example")
    person = make_contact(
        f"{name} Person", f"p@{low}.example", company=company, owner_id=user_id, note="secret"
    )
    return {
        "company": company.pk,
        "contact": person.pk,
        "deal": make_deal(f"{name} Deal", person, company=company, owner_id=user_id).pk,
        "lead": make_lead(f"{name} Lead", f"l@{low}.example", owner_id=user_id).pk,
    }


def pages(of: dict[str, int]) -> list[str]:
    many = {"company": "companies", "contact": "contacts", "deal": "deals", "lead": "leads"}
    return [f"/crm/{many[kind]}/{pk}/" for kind, pk in of.items()]


LISTS = ("contacts", "companies", "leads", "deals")


def texts(browser: Client, world: World) -> dict[str, str]:
    """Every page that lists something, with what it says."""
    asked = [f"/crm/{one}/{tail}" for one in LISTS for tail in ("", "?sort=active", "?q=zyxel")]
    asked += [f"/crm/{one}/{tail}/" for one in LISTS[:3] for tail in ("merge", "import")]
    asked += [f"/crm/{one}/export.csv" for one in LISTS[:3]]
    asked += ["/crm/companies/names/?company=z", "/crm/contacts/?q=p@zyxel.example"]
    asked += [f"/crm/contacts/{world.nobodys}/", f"/crm/contacts/{world.nobodys}/edit/"]
    asked += [path for one in pages(world.mine) for path in (one, f"{one}edit/")]
    asked += [f"/crm/contacts/merge/?id={world.mine['contact']}&id={world.theirs['contact']}"]
    asked += [f"/crm/contacts/merge/?id={world.mine['contact']}&q=zyxel"]
    found = {}
    for path in asked:
        answer = browser.get(path)
        body = b"".join(answer) if answer.streaming else answer.content
        found[path] = body.decode().replace("q=zyxel", "").replace("“zyxel”", "")
    return found


def test_what_is_somebody_elses_is_not_there_and_never_named(place: Workspace) -> None:
    world = furnish(place, OWN)
    browser = signed_in(world.ann)
    for path, text in texts(browser, world).items():
        assert CANARY not in text, path
        assert "office@zyxel" not in text, path
    for path in pages(world.theirs):
        for verb in ("", "edit/", "delete/"):
            assert browser.get(path + verb).status_code == 404, path + verb
            assert verb == "" or browser.post(path + verb, {"name": "x"}).status_code == 404
    with scope.workspace(place.pk):
        assert Contact.objects.filter(pk=world.theirs["contact"], name=f"{CANARY} Person").exists()
    shown = [browser.get(path).status_code for path in pages(world.mine)]
    assert shown == [200] * 4
    assert browser.get(f"/crm/contacts/{world.nobodys}/").status_code == 200


def test_the_same_pages_name_it_to_who_sees_all(place: Workspace) -> None:
    """The test before this one looks where it can be found."""
    world = furnish(place, OWN)
    named = [path for path, text in texts(signed_in(world.ben), world).items() if CANARY in text]
    assert len(named) > 20


def test_a_team_sees_each_others_and_changes_its_own(place: Workspace) -> None:
    world = furnish(place, TEAM, together=True)
    browser = signed_in(world.ann)
    for path in pages(world.theirs):
        page = browser.get(path).content.decode()
        assert CANARY in page
        assert "/edit/" not in page.replace(f"/crm/contacts/{world.mine['contact']}", "")
        assert "/delete/" not in page
        for verb in ("edit/", "delete/"):
            refused = browser.post(path + verb, {"name": "x"})
            assert refused.status_code == 403
            assert "Nothing was changed." in refused.content.decode()
        assert "ask Ben Keeper" in browser.get(path + "edit/").content.decode()
    mine = pages(world.mine)[0]
    assert browser.get(mine + "edit/").status_code == 200
    assert "Your role may look at" in browser.get(mine + "delete/").content.decode()


def test_a_viewer_looks_and_changes_nothing(place: Workspace) -> None:
    furnish(place, OWN)
    vic = make_member(Role.VIEWER, place)
    browser = signed_in(vic)
    assert browser.get("/crm/contacts/").status_code == 200
    assert "/new/" not in browser.get("/crm/contacts/").content.decode()
    posts = [f"/crm/{one}/new/" for one in LISTS] + ["/crm/contacts/import/", "/crm/leads/merge/"]
    for path in posts:
        assert browser.post(path, {"name": "x"}).status_code == 403, path
    assert browser.get("/crm/contacts/export.csv").status_code == 403
    with scope.workspace(place.pk):
        assert not Contact.objects.filter(name="x").exists()
        assert registry.creation_paths("x", "x@x.example", vic) == []


def test_who_does_not_have_the_module_finds_nothing(place: Workspace) -> None:
    world = furnish(place, OWN)
    rex = make_member(Role.MANAGER, place, modules=["recruiting"])
    browser = signed_in(rex)
    lists = [f"/crm/{one}/{tail}" for one in LISTS for tail in ("", "new/")]
    for path in (*lists, *pages(world.theirs), "/crm/contacts/export.csv", "/crm/leads/merge/"):
        assert browser.get(path).status_code == 404, path
    assert "/crm/" not in browser.get("/settings/members/").content.decode()
    with scope.workspace(place.pk):
        record = ("crm.contact", world.theirs["contact"])
        assert registry.cards([record], rex) == {}
        assert registry.search("zyxel", rex) == []
        assert registry.at_domain("zyxel.example", rex) == []
        assert not registry.adopt(record, "new@x.example", rex)
        paths = [path for _, path in registry.creation_paths("x", "x@x.example", rex)]
        assert not any(path.startswith("/crm/") for path in paths)


def test_cards_search_and_adopting_follow_the_owner(place: Workspace) -> None:
    world = furnish(place, OWN)
    with scope.workspace(place.pk):
        record = ("crm.contact", world.theirs["contact"])
        mine = ("crm.contact", world.mine["contact"])
        assert set(registry.cards([record, mine], world.ann)) == {mine}
        assert registry.search("zyxel", world.ann) == []
        assert registry.at_domain("zyxel.example", world.ann) == []
        assert not registry.adopt(record, "new@x.example", world.ann)
        assert registry.adopt(mine, "new@x.example", world.ann)
        registry.release(record, "p@zyxel.example", world.ann)
        assert len(contacts.addresses(record[1])) == 1
        paths = registry.creation_paths("P", "p@zyxel.example", world.ann)
        assert paths
        assert all(CANARY not in path for _, path in paths)


def test_saving_takes_nothing_away_that_was_not_seen(place: Workspace) -> None:
    world = furnish(place, OWN)
    browser = signed_in(world.ann)
    form = {"name": "Shared", "address": "shared@x.example", "primary": "0", "company": ""}
    assert browser.post(f"/crm/contacts/{world.nobodys}/edit/", form).status_code == 302
    deal = {"name": "Mine Deal", "stage": "new", "currency": "EUR", "company": "Mine Works"}
    deal |= {"contact": str(world.mine["contact"]), "primary": str(world.mine["contact"])}
    path = f"/crm/deals/{world.mine['deal']}/edit/"
    assert browser.post(path, deal).status_code == 302
    with scope.workspace(place.pk):
        assert Contact.objects.get(pk=world.nobodys).company_id == world.theirs["company"]
        both = {world.theirs["contact"], world.mine["contact"]}
        assert set(deals.people(Deal.objects.get(pk=world.mine["deal"]))) == both


def test_handing_a_record_over_leads_back_to_the_list(place: Workspace) -> None:
    world = furnish(place, OWN)
    form = {"name": "Mine Lead", "address": "l@mine.example", "primary": "0", "status": "new"}
    path = f"/crm/leads/{world.mine['lead']}/edit/"
    answer = signed_in(world.ann).post(path, {**form, "owner": world.ben.user_id})
    assert (answer.status_code, answer["Location"]) == (302, "/crm/leads/")


def test_merging_and_converting_change_only_what_is_theirs(place: Workspace) -> None:
    world = furnish(place, TEAM, together=True)
    with scope.workspace(place.pk):
        pks = [world.mine["contact"], world.theirs["contact"]]
        with pytest.raises(Refused, match="Ben Keeper"):
            merging.merge(kinds.CONTACT, pks[0], pks, {}, world.ann)
        lead = Lead.objects.get(pk=world.mine["lead"])
        assert converting.alike(lead, world.ann) == []
        with pytest.raises(Refused, match="Ben Keeper"):
            converting.convert(lead, Wish("x", "", into=world.theirs["contact"]), world.ann)


def test_a_company_of_somebody_elses_name_is_not_given_away(place: Workspace) -> None:
    world = furnish(place, OWN)
    with scope.workspace(place.pk):
        made, new = companies.named(world.ann, f"{CANARY} Works")
        assert new
        assert made
        assert made.pk != world.theirs["company"]


def test_an_import_changes_only_what_is_theirs_and_says_what_it_left(place: Workspace) -> None:
    world = furnish(place, OWN)
    ann, ben = signed_in(world.ann), signed_in(world.ben)
    rows = "Name,Email,Phone\nA,p@zyxel.example,1\nB,p@mine.example,2\nC,new@x.example,3\n"
    for browser in (ann, ben):
        upload = SimpleUploadedFile("people.csv", rows.encode())
        assert browser.post("/crm/contacts/import/", {"file": upload}).status_code == 302
    with scope.workspace(place.pk):
        first = Import.objects.get(created_by=world.ann.user_id)
        second = Import.objects.get(created_by=world.ben.user_id)
    assert ann.get(f"/crm/imports/{first.pk}/").status_code == 200
    for tail in ("", "report.csv"):
        assert ann.get(f"/crm/imports/{second.pk}/{tail}").status_code == 404
    assert ben.get(f"/crm/imports/{first.pk}/").status_code == 200
    start = {"column": ["name", "address", "phone"], "start": "1"}
    assert ann.post(f"/crm/imports/{first.pk}/", start).status_code == 302
    importing.advance(place.pk, first.pk)
    with scope.workspace(place.pk):
        done = Import.objects.get(pk=first.pk)
        assert (done.made, done.updated, done.failed) == (1, 1, 1)
        report = list(importing.report(done))
        assert "somebody else looks after" in report[1][1]
        assert Contact.objects.get(pk=world.theirs["contact"]).phone == ""
