"""Which code writes which table: by the ORM, as far as it can be read, and by SQL."""

import ast
import re
from collections.abc import Iterator, Mapping

from tests.house.tree import PRODUCT, ROOT, Module, files, modules

VERBS = frozenset(
    {
        "abulk_create", "acreate", "bulk_create", "bulk_update", "create", "delete",
        "get_or_create", "save", "update", "update_or_create",
    }
)  # fmt: skip
STATEMENT = re.compile(r"\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+(?:ONLY\s+)?([a-z]+_[a-z]+)\b")

Found = tuple[str, str, str]


def writes(tables: Mapping[str, str]) -> Iterator[Found]:
    """(room, table, file) of every write; ``tables`` names those to look for."""
    for module in modules():
        if module.path.parent == PRODUCT:
            continue
        for table in sorted(_by_orm(module) | _by_sql(module.path.read_text())):
            if table in tables:
                yield module.room, table, module.name
    for path in files():
        if path.suffix == ".sql" and PRODUCT in path.parents:
            room = path.relative_to(PRODUCT).parts[0]
            for table in sorted(_by_sql(path.read_text())):
                if table in tables:
                    yield room, table, path.relative_to(ROOT).as_posix()


def _by_sql(text: str) -> set[str]:
    return set(STATEMENT.findall(text))


def _by_orm(module: Module) -> set[str]:
    """Tables whose models' managers, querysets or rows are told to write in this module."""
    known = _models(module.tree)
    found: set[str] = set()
    for function in ast.walk(module.tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            found |= _in(function, known)
    return found


def _models(tree: ast.Module) -> dict[str, str]:
    """Table by the name a model was imported under."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and re.search(
            r"^mailweave\..*models", node.module or ""
        ):
            label = (node.module or "").split(".models")[0].rsplit(".", 1)[-1]
            for alias in node.names:
                found[alias.asname or alias.name] = f"{label}_{alias.name.lower()}"
    return found


def _in(function: ast.FunctionDef | ast.AsyncFunctionDef, known: Mapping[str, str]) -> set[str]:
    """Follows each write to the name it begins with, through variables set from a model."""
    names = dict(known)
    for argument in (*function.args.args, *function.args.kwonlyargs):
        if argument.annotation is not None:
            _learn(names, [argument.arg], _table(argument.annotation, known))
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            _learn(
                names, [n.id for t in node.targets for n in _leaves(t)], _table(node.value, names)
            )
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            _learn(names, [node.target.id], _table(node.annotation, known))
    found = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            table = _table(node.func.value, names)
            if table and node.func.attr in VERBS:
                found.add(table)
    return found


def _leaves(target: ast.expr) -> list[ast.Name]:
    """The first name of an assignment: of ``row, made = …`` it is the row."""
    first = target.elts[0] if isinstance(target, ast.Tuple) and target.elts else target
    return [first] if isinstance(first, ast.Name) else []


def _learn(names: dict[str, str], learned: list[str], table: str) -> None:
    if table:
        names.update(dict.fromkeys(learned, table))


def _table(node: ast.expr, names: Mapping[str, str]) -> str:
    """The table an expression such as ``Copy.objects.filter(…)`` or ``row`` stands for."""
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute | ast.Subscript):
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.BinOp):  # Model | None
            node = node.left
        else:
            return ""
    return names.get(node.id, "")
