"""The words: what the project does not speak of, and what things are called."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house import tree

HERE = Path(__file__).resolve()
GLOSSARY = tree.ROOT / "docs" / "glossary.md"
UNREAD = ("mailweave/web/static/vendor/", "tests/browser/axe.min.js", "tests/samples/", "LICENSE")
"""Text of others, and mail."""

UNSPOKEN = {
    "a package registry's host": r"pypi\.org|pythonhosted|npmjs\.|deb\.debian\.org|/opt/pypi",
    "a path of somebody's machine": r"(?<![\w.~/:-])/(?:work|root|workspace)/",
    "who wrote it": r"\b(?:helpers?|subagents?|co-authored-by)\b",
    "the occasion it was written on": r"\b(?:previous|earlier|later|next|this coding) session\b",
    "an issue's number": r"\bissues?[ /]#?\d+\b|\(#\d+\)",
    "work left undone": r"(?-i:\b(?:TODO|FIXME)\b)",
}
RESERVED = re.compile(
    r"(?:^|\.)(?:example|test|invalid|localhost)$|(?:^|\.)example\.(?:com|net|org)$"
)
OF_A_PROVIDER = {
    "gmail-api-push@system.gserviceaccount.com",
    "mailer-daemon@googlemail.com",
}
"""Who publishes Gmail's notices: operators have to let it by name. Who reports what Gmail could not
deliver: it is known by that."""
ADDRESS = re.compile(r"(?<![\w.%+/@-])[\w.%+-]+@((?:[a-z0-9-]+\.)+[a-z]{2,})\b", re.IGNORECASE)


def spoken() -> Iterator[tuple[str, str]]:
    """(path, text) of everything we wrote, but this list."""
    for path in tree.files():
        name = path.relative_to(tree.ROOT).as_posix()
        if path == HERE or name.startswith(UNREAD):
            continue
        try:
            yield name, path.read_text()
        except UnicodeDecodeError:
            continue


@pytest.mark.parametrize("what", UNSPOKEN)
def test_the_project_speaks_of_itself_alone(what: str) -> None:
    pattern = re.compile(UNSPOKEN[what], re.IGNORECASE)
    found = [f"{name}: {match[0]}" for name, text in spoken() for match in pattern.finditer(text)]
    assert found == [], f"these name {what}"


def test_addresses_are_invented() -> None:
    found = {
        f"{name}: {match[0]}"
        for name, text in spoken()
        for match in ADDRESS.finditer(text)
        if not RESERVED.search(match[1].lower()) and match[0] not in OF_A_PROVIDER
    }
    assert found == set(), "use the domains that RFC 2606 keeps for examples"


def test_models_bear_the_names_of_the_glossary() -> None:
    never = {word for row in glossary() for word in _never_called(row)}
    assert {"tenant", "conversation", "account"} <= never
    named = {one.__name__.lower(): one._meta.label for one in tree.own_models()}
    assert {label for word, label in named.items() if word in never} == set()


def test_the_glossary_explains_every_model() -> None:
    explained = " ".join(row[0] for row in glossary())
    known = set(re.findall(r"[A-Z]\w+", explained))
    missing = {one.__name__ for one in tree.own_models()} - known
    assert missing == set(), "new words enter the glossary before the code"


def glossary() -> list[list[str]]:
    """The rows of the glossary's tables: word, meaning, standard, never called."""
    rows = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in GLOSSARY.read_text().splitlines()
        if line.startswith("|")
    ]
    found = [row for row in rows if len(row) == 4 and not set(row[0]) <= {"-", " ", ":"}]
    assert len(found) > 20, "the glossary's tables cannot be read"
    return found


def _never_called(row: list[str]) -> list[str]:
    plain = re.sub(r"\([^)]*\)", "", row[3])
    return [word.strip().lower().replace(" ", "") for word in plain.split(",") if word.strip(" -")]
