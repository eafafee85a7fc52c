"""The documents stay true: the tree, the decisions, the settings, the links."""

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from tests.house import tree
from tests.house.tree import PRODUCT, ROOT, Module

HOUSE = ROOT / "docs" / "house.md"
DECISIONS = ROOT / "docs" / "decisions"
README = ROOT / "README.md"
UNNAMED = re.compile(
    r"(^|/)(__init__\.py|migrations/.*|static/vendor/.*|static/(img|fonts)/.*|.*\.(svg|png))$"
)
"""Files the tree need not name: doors, the generated, the foreign, pictures."""
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def test_the_tree_in_house_md_is_the_tree_on_disk() -> None:
    there = {
        path.relative_to(PRODUCT).as_posix() for path in tree.files() if PRODUCT in path.parents
    }
    drawn = set(_drawn())
    folders = {name for name in drawn if name.endswith("/")}
    covered = {name for name in there if any(name.startswith(one) for one in folders)}
    named = {name for name in drawn if not name.endswith("/")}
    missing = {name for name in there - covered - named if not UNNAMED.search(name)}
    assert missing == set(), "docs/house.md does not name these"
    gone = (named - there) | {one for one in folders if not any(n.startswith(one) for n in there)}
    assert gone == set(), "docs/house.md names these, which are not there"


def _drawn() -> Iterator[str]:
    """The paths of the tree in docs/house.md, from its indentation.

    A line is ``name  what it is``; several names that share a line stand with a space between
    them. A folder ends in ``/``; one with nothing below it is named whole (``templates/mail/``).
    """
    block = HOUSE.read_text().partition("```tree\n")[2].partition("\n```")[0]
    assert block, "docs/house.md has no tree"
    lines = [line for line in block.splitlines() if line.strip()]
    above: list[tuple[int, str]] = []
    for number, line in enumerate(lines):
        depth = len(line) - len(line.lstrip())
        while above and above[-1][0] >= depth:
            above.pop()
        prefix = above[-1][1] if above else ""
        following = lines[number + 1] if number + 1 < len(lines) else ""
        for name in re.split(r"\s{2,}", line.strip())[0].split():
            if name.endswith("/") and len(following) - len(following.lstrip()) > depth:
                above.append((depth, prefix + name))
            else:
                yield prefix + name


def _dependencies() -> list[str]:
    lines = (ROOT / "requirements" / "base.in").read_text().splitlines()
    names = [re.split(r"[\[~=<>!;#\s]", line.strip())[0] for line in lines]
    return [name for name in names if name]


@pytest.mark.parametrize("name", _dependencies())
def test_every_dependency_has_its_reason(name: str) -> None:
    rows = (DECISIONS / "0000-dependencies.md").read_text().splitlines()
    found = [row for row in rows if row.lower().startswith(f"| `{name.lower()}` |")]
    assert len(found) == 1, f"docs/decisions/0000-dependencies.md has no line for {name}"


def test_no_reason_is_given_for_a_dependency_that_went_away() -> None:
    text = (DECISIONS / "0000-dependencies.md").read_text()
    given = set(
        re.findall(r"^\| `([^`]+)` \|", text.partition("## For development")[0], re.MULTILINE)
    )
    assert {one.lower() for one in given} == {one.lower() for one in _dependencies()}


def test_decisions_are_numbered_one_by_one_and_say_what_else() -> None:
    pages = sorted(DECISIONS.glob("[0-9]*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(len(pages)))
    for page in pages[1:]:
        text = page.read_text()
        assert text.startswith(f"# {int(page.name[:4])}. "), page.name
        assert "\n## Instead of\n" in text, f"{page.name} does not say what else was possible"


def test_every_setting_of_the_environment_is_in_the_readme() -> None:
    asked = set()
    for module in tree.modules():
        asked |= set(re.findall(r"\b(?:MAILWEAVE_[A-Z_]+|DATABASE_URL)\b", _code(module)))
    explained = set(re.findall(r"`(MAILWEAVE_[A-Z_]+|DATABASE_URL)`", README.read_text()))
    assert asked - explained == set(), "README.md does not explain these"
    assert explained - asked == set(), "README.md explains these, which nothing reads"


def test_every_command_is_in_the_documents() -> None:
    said = README.read_text() + "".join(path.read_text() for path in ROOT.glob("docs/**/*.md"))
    for path in tree.files():
        if path.parent.name == "commands" and path.stem != "__init__":
            assert re.search(rf"\b(?:script/manage )?{path.stem}\b", said), path.stem
        if path.parent == ROOT / "script" and not path.suffix:
            assert f"script/{path.name}" in said, path.name


def test_every_promise_names_tests_that_exist() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "docs" / "promises.md").read_text())
    assert len(named) > 20
    gone = [
        f"{path}::{name}" for path, name in named if f"def {name}(" not in (ROOT / path).read_text()
    ]
    assert gone == []


@cache
def _documents() -> tuple[str, ...]:
    found = (path for path in tree.files() if path.suffix == ".md")
    return tuple(path.relative_to(ROOT).as_posix() for path in found)


@pytest.mark.parametrize("name", _documents())
def test_links_between_documents_lead_somewhere(name: str) -> None:
    page = ROOT / name
    targets = [one for one in LINK.findall(page.read_text()) if "://" not in one]
    assert [one for one in targets if not (page.parent / one).exists()] == []


def test_every_module_says_what_it_is() -> None:
    silent = [
        one.name for one in tree.modules() if one.tree.body and not ast.get_docstring(one.tree)
    ]
    assert silent == []


def test_everything_public_says_what_it_promises() -> None:
    silent = [f"{m.name}: {name}" for m in tree.modules() for name in _silent(m)]
    assert [one for one in silent if one.partition(":")[0] not in PLAIN] == []
    assert set(PLAIN) <= {one.partition(":")[0] for one in silent}, "explained by now: take it out"


PLAIN = {
    "mailweave/mime/tree.py": "each is one line, named after what it asks",
    "mailweave/providers/gmail/calls.py": "each is a call of the vendor's reference, by its name",
    "mailweave/providers/gmail/wire.py": "each is a shape of the vendor's reference, by its name",
}
"""Modules whose docstring speaks for all that is in them."""


def _silent(module: Module) -> Iterator[str]:
    """Public functions and classes at the top of a module without a docstring."""
    is_command = module.path.parent.name == "commands"
    for node in module.tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            public = not node.name.startswith("_") and not (is_command and node.name == "Command")
            if public and not ast.get_docstring(node):
                yield node.name


def _code(module: Module) -> str:
    """A module without its docstrings and comments."""
    return ast.unparse(
        ast.Module([node for node in module.tree.body if not _is_docstring(node)], type_ignores=[])
    )


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
