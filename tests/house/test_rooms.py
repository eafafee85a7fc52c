"""The rooms: what stands in their doors, and that nothing reaches up or into another's tables."""

import ast
import re
import tomllib
from collections.abc import Iterator

import pytest
from django.db import models

from mailweave.kit.tenancy import TenantModel
from tests.house import tree, writing
from tests.house.tree import PRODUCT, ROOT, Module

WRITES_ABROAD = {
    ("web", "mail_imageconsent"): "a reader's own consent; it decides nothing in the archive",
    ("web", "mail_mailbox"): "its owner says how far it is shared",
    ("linking", "mail_address"): "a record may have an address no mail has come from yet",
    ("sync", "mail_mailbox"): "connecting makes a mailbox, disconnecting closes it",
    ("sync", "mail_credential"): "whoever holds the conversation with the provider keeps the grant",
    ("sync", "mail_folder"): "the provider's folders as it names them",
    ("sync", "mail_copy"): "a copy begins as a line on the list of what is to be fetched",
}
"""The doors: tables that a room above their own writes, and why."""


def test_the_floors_are_those_of_the_import_contracts() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = next(one for one in contracts["contracts"] if one["type"] == "layers")["layers"]
    assert [tuple(level.split(" | ")) for level in layers] == list(tree.FLOORS)


def test_every_room_has_its_floor() -> None:
    assert set(tree.rooms()) == {room for level in tree.FLOORS for room in level}


@pytest.mark.parametrize("room", tree.rooms())
def test_a_room_opens_with_a_docstring_and_nothing_else(room: str) -> None:
    body = ast.parse((PRODUCT / room / "__init__.py").read_text()).body
    assert len(body) == 1, f"mailweave/{room}/__init__.py holds more than its docstring"
    assert isinstance(body[0], ast.Expr)
    assert isinstance(body[0].value, ast.Constant)
    assert isinstance(body[0].value.value, str)


def test_references_point_down_or_stay_at_home() -> None:
    wrong = [
        f"{model._meta.label} refers to {there}"
        for model in tree.own_models()
        for there in _targets(model)
        if there != tree.room_of(model) and tree.floor(there) >= tree.floor(tree.room_of(model))
    ]
    assert wrong == []


def test_every_table_but_users_and_workspaces_belongs_to_a_workspace() -> None:
    outside = {one._meta.db_table for one in tree.own_models() if not issubclass(one, TenantModel)}
    assert outside == {"people_user", "people_workspace"}


def test_nudges_name_tasks_that_exist() -> None:
    tasks = {name: module.room for module in tree.modules() for name in _tasks(module)}
    nudges = [(module, name) for module in tree.modules() for name in _nudges(module)]
    assert tasks
    assert nudges
    for module, name in nudges:
        assert name in tasks, f"{module.name} nudges {name!r}, which no worker knows"
        assert tree.floor(module.room) >= tree.floor(tasks[name]), f"{module.name} reaches up"


def test_only_the_owning_room_writes_its_tables() -> None:
    tables = {one._meta.db_table: tree.room_of(one) for one in tree.own_models()}
    found = {
        (room, table): place
        for room, table, place in writing.writes(tables)
        if tables[table] != room
    }
    strangers = [
        f"{place} writes {key[1]}" for key, place in found.items() if key not in WRITES_ABROAD
    ]
    assert strangers == []
    assert set(found) == set(WRITES_ABROAD), "a door that nobody uses any more"


def _targets(model: type[models.Model]) -> Iterator[str]:
    for field in model._meta.get_fields():
        if isinstance(field, models.ForeignKey | models.ManyToManyField):
            target = field.related_model
            if isinstance(target, type) and target.__module__.startswith("mailweave."):
                yield tree.room_of(target)


def _tasks(module: Module) -> Iterator[str]:
    """The names of ``@app.task(name="…")`` in a module."""
    for call in _calls(module, r"\btask$"):
        for keyword in call.keywords:
            if keyword.arg == "name" and isinstance(keyword.value, ast.Constant):
                yield str(keyword.value.value)


def _nudges(module: Module) -> Iterator[str]:
    for call in _calls(module, r"\bnudge$"):
        first = call.args[0] if call.args else None
        assert isinstance(first, ast.Constant), f"{module.name}: a nudge names its task in words"
        yield str(first.value)


def _calls(module: Module, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and re.search(name, ast.unparse(node.func)):
            yield node
