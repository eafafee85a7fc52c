"""The tree of folders: roles by well-known name, the rest by what it lies in."""

from collections.abc import Iterator
from typing import Any

import pytest

from mailweave.kit import clock
from mailweave.providers.base import RemoteFolder
from mailweave.providers.errors import ConsentNeeded, Unavailable
from mailweave.providers.graph import folders
from tests.providers.graph import stub
from tests.providers.graph.stub import ALIASES, NOW, Inner, each, folder, reader


@pytest.fixture(autouse=True)
def hands() -> Iterator[clock.Hands]:
    with clock.use(clock.Hands(NOW)) as held:
        yield held


class Tree:
    """Folders by what they lie in; "" is the top."""

    def __init__(self, **below: list[dict[str, Any]]) -> None:
        self.below = {"": [folder("inbox"), folder("drafts")], **below}
        self.aliases = dict(ALIASES)
        self.asked: list[str] = []

    def __call__(self, path: str) -> Inner:
        self.asked.append(path)
        match path.partition("?")[0].strip("/").split("/"):
            case ["me", "mailFolders"]:
                return 200, {"value": self.below[""]}
            case ["me", "mailFolders", name]:
                return (200, {"id": self.aliases[name]}) if name in self.aliases else stub.NOT_FOUND
            case ["me", "mailFolders", name, "childFolders"]:
                found = self.below.get(name.removeprefix("f-"))
                return stub.NOT_FOUND if found is None else (200, {"value": found})
        raise AssertionError(path)


def told(tree: Tree) -> dict[str, RemoteFolder]:
    with reader(each(tree)) as made:
        found = made.folders()
    assert len({one.remote_id for one in found}) == len(found)
    return {one.name: one for one in found}


def test_roles_come_from_well_known_names_whatever_the_language() -> None:
    tree = Tree()
    tree.below[""] = [
        folder("inbox", displayName="Posteingang"),
        folder("sent", displayName="Gesendete Elemente"),
        folder("own", displayName="Kunden"),
    ]
    assert {one.name: one.role for one in told(tree).values()} == {
        "Inbox": "inbox",
        "Sent Items": "sent",
        "Kunden": "",
    }


def test_folders_lie_in_folders() -> None:
    tree = Tree()
    tree.below[""] = [folder("customers", 2), folder("inbox", 1)]
    tree.below["customers"] = [folder("north", 1), folder("south")]
    tree.below["north"] = [folder("coast")]
    tree.below["inbox"] = [folder("news")]
    assert set(told(tree)) == {
        "Customers",
        "Customers/North",
        "Customers/North/Coast",
        "Customers/South",
        "Inbox",
        "Inbox/News",
    }


def test_what_lies_in_the_bin_is_in_the_bin() -> None:
    tree = Tree(deleted=[folder("old", 1)], old=[folder("older")], junk=[folder("worse")])
    tree.below[""] = [folder("deleted", 1), folder("junk", 1)]
    assert {one.name: one.role for one in told(tree).values()} == {
        "Deleted Items": "trash",
        "Deleted Items/Old": "trash",
        "Deleted Items/Old/Older": "trash",
        "Junk Email": "junk",
        "Junk Email/Worse": "junk",
    }


def test_machinery_searches_and_hidden_folders_are_not_shown() -> None:
    tree = Tree(secret=[folder("below")])
    tree.below[""] = [
        folder("outbox"),
        folder("secret", 1, isHidden=True),
        folder("search", 3, **{"@odata.type": "#microsoft.graph.mailSearchFolder"}),
        folder("inbox"),
    ]
    found = told(tree)
    assert {name for name, one in found.items() if one.hidden} == {
        "Outbox",
        "Secret",
        "Secret/Below",
        "Search",
    }
    assert not any("f-search/childFolders" in path for path in tree.asked)


def test_which_folders_are_followed() -> None:
    tree = Tree(deleted=[folder("old")])
    tree.below[""] = [
        *[folder(name.removeprefix("f-"), int(name == "f-deleted")) for name in ALIASES.values()],
        folder("own"),
        folder("secret", isHidden=True),
    ]
    with reader(each(tree)) as made:
        found = made.tree.read().values()
    assert {one.id for one in found if one.is_followed} == {
        "f-inbox",
        "f-sent",
        "f-archive",
        "f-own",
    }


def test_a_mailbox_need_not_have_every_well_known_folder() -> None:
    tree = Tree()
    tree.aliases = {"inbox": "f-inbox"}
    assert [(one.name, one.role) for one in told(tree).values()] == [
        ("Inbox", "inbox"),
        ("Drafts", ""),
    ]


def test_a_folder_that_vanishes_meanwhile_has_nothing_below() -> None:
    tree = Tree()
    tree.below[""] = [folder("gone", 2), folder("inbox")]
    assert set(told(tree)) == {"Gone", "Inbox"}


def test_odd_names_do_no_harm() -> None:
    tree = Tree()
    tree.below[""] = [folder("a", displayName=None), folder("b", displayName=""), folder("c")]
    assert set(told(tree)) == {"f-a", "f-b", "C"}


def test_folders_in_circles_end() -> None:
    tree = Tree(a=[folder("b", 1)], b=[folder("a", 1)])
    tree.below[""] = [folder("a", 1)]
    assert set(told(tree)) == {"A", "A/B"}


def test_many_folders_come_over_pages() -> None:
    tree = Tree()
    second = f"{stub.API}/v1.0/me/mailFolders?$skip=1"

    def answer(path: str) -> Inner:
        if "$skip=1" in path:
            return 200, {"value": [folder("two")]}
        status, body = tree(path)
        return status, body | ({"@odata.nextLink": second} if "value" in body else {})

    with reader(each(answer)) as made:
        assert [one.name for one in made.folders()] == ["Inbox", "Drafts", "Two"]


@pytest.mark.parametrize(
    "link", [f"{stub.API}/v1.0/me/mailFolders?$skip=1", "https://evil.example/v1.0/me"]
)
def test_pages_in_circles_or_elsewhere_are_not_followed(link: str) -> None:
    def answer(path: str) -> Inner:
        if path.startswith("/me/mailFolders?"):
            return 200, {"value": [], "@odata.nextLink": link}
        return stub.NOT_FOUND

    with reader(each(answer)) as made, pytest.raises(Unavailable):
        made.folders()


def test_a_missing_permission_is_not_a_missing_folder() -> None:
    def answer(path: str) -> Inner:
        return stub.DENIED

    with reader(each(answer)) as made, pytest.raises(ConsentNeeded):
        made.folders()


@pytest.mark.parametrize(
    ("inner", "kind"), [(stub.BROKEN, Unavailable), (stub.DENIED, ConsentNeeded)], ids=str
)
def test_a_bin_that_does_not_answer_is_not_an_ordinary_folder(
    inner: Inner, kind: type[Exception]
) -> None:
    tree = Tree()

    def answer(path: str) -> Inner:
        return inner if "/deleteditems" in path else tree(path)

    with reader(each(answer)) as made, pytest.raises(kind):
        made.folders()


def test_folders_come_by_the_large_page() -> None:
    tree = Tree()
    told(tree)
    assert any("/me/mailFolders?includeHiddenFolders=true&$top=250" in one for one in tree.asked)


def test_machinery_may_be_closed_to_everybody() -> None:
    tree = Tree()

    def answer(path: str) -> Inner:
        return stub.DENIED if "/recoverableitemsdeletions" in path else tree(path)

    with reader(each(answer)) as made:
        assert len(made.folders()) == 2


def test_a_tree_is_good_for_a_minute(hands: clock.Hands) -> None:
    tree = Tree()
    with reader(each(tree)) as made:
        made.tree.recent()
        count = len(tree.asked)
        hands.advance(59)
        made.tree.recent()
        assert len(tree.asked) == count
        hands.advance(2)
        made.tree.recent()
        assert len(tree.asked) == 2 * count
        made.folders()
        assert len(tree.asked) == 3 * count


def test_nobody_has_that_many_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "_MOST", 3)
    tree = Tree()
    tree.below[""] = [folder(f"x{n}") for n in range(4)]
    with reader(each(tree)) as made, pytest.raises(Unavailable):
        made.folders()
