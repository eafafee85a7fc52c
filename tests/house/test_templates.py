"""Templates: no script or style inside them, and every page stands in a frame."""

import re
from functools import cache

import pytest

from tests.house import tree

INLINE = {
    "a script of its own": r"<script\b(?![^>]*\bsrc=)",
    "a style sheet of its own": r"<style\b",
    "a style attribute": r"\sstyle\s*=",
    "an event handler": r"\son[a-z]+\s*=",
    "hx-on": r"\shx-on\b",
    "script in an attribute": r"\b(?:javascript|js):",
    "a condition that htmx would evaluate": r"hx-trigger=\"[^\"{]*\[",
}
SKELETON = "skeleton.html"
EXTENDS = re.compile(r"\{%\s*extends\s+[^%\"]*\"([^\"]+)\"")
INCLUDES = re.compile(r"\{%\s*include\s+\"([^\"]+)\"")


@cache
def texts() -> dict[str, str]:
    """Templates by the name that others call them by."""
    return {path.partition("/templates/")[2]: text for path, text in tree.templates()}


@pytest.mark.parametrize("what", INLINE)
def test_nothing_runs_or_paints_from_inside_a_template(what: str) -> None:
    pattern = re.compile(INLINE[what], re.IGNORECASE)
    found = [name for name, text in texts().items() if pattern.search(_bare(text))]
    assert found == [], f"these hold {what}, which the content security policy forbids"


def test_a_comment_ends_on_its_line() -> None:
    """Or else it is text, which everybody reads."""
    found = [name for name, text in texts().items() if re.search(r"\{#(?!.*#\})", text)]
    assert found == []


def test_every_page_stands_in_a_frame_and_everything_else_is_a_part() -> None:
    included = {name for text in texts().values() for name in INCLUDES.findall(text)}
    for name in texts():
        if name == SKELETON or _is_part(name) or name in included:
            continue
        assert _frames(name)[-1] == SKELETON, f"{name} is neither a page in a frame nor a part"


def test_what_templates_extend_and_include_exists() -> None:
    asked = {
        (name, other)
        for name, text in texts().items()
        for other in (*_extended(text), *INCLUDES.findall(text))
    }
    assert {pair for pair in asked if pair[1] not in texts()} == set()


def test_plug_ins_extend_the_frame_and_no_other_page_of_web() -> None:
    for path, text in tree.templates():
        if path.startswith("mailweave/records/"):
            plug_in = path.split("/")[2]
            for other in _extended(text):
                assert other == "base.html" or other.startswith(f"{plug_in}/"), path


def _bare(text: str) -> str:
    """A template without what only its authors read."""
    return re.sub(r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", "", text, flags=re.DOTALL)


def _is_part(name: str) -> bool:
    folders, _, file = name.rpartition("/")
    return file.startswith("_") or "parts" in folders.split("/")


def _extended(text: str) -> list[str]:
    """What a template extends; of ``{% extends x|yesno:"a,b" %}`` both."""
    found = EXTENDS.search(text)
    return found[1].split(",") if found else []


def _frames(name: str) -> list[str]:
    """A template and what it extends, up to the outermost, along the first choice of each."""
    chain = [name]
    while found := _extended(texts()[chain[-1]]):
        assert found[0] not in chain, f"{chain} is a ring"
        chain.append(found[0])
    return chain
