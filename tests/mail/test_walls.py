"""No workspace sees, writes or points into another: asked of the database itself, for every table.

Tables are found in the catalogue and filled by what their columns ask for, so that a table made
tomorrow is tested tomorrow.
"""

from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, IntegrityError, ProgrammingError, connection, transaction

from mailweave.kit import scope, tenancy
from mailweave.people import workspaces

pytestmark = pytest.mark.sql

# Unique across workspaces on purpose: hashes of secrets that cannot be guessed.
SECRETS = {
    "people_invitation.token_hash",
    "sync_authorization.state_hash",
    "sync_consentrequest.state_hash",
}
# Values that constraints ask for.
GIVEN = {
    "mail_copy.state": "stored",
    "outbox_draft.act": "new",
    "outbox_habit.undo_seconds": "10",
    "outbox_submission.state": "sent",
    "people_membership.role": "member",
    "sync_backfill.state": "running",
}
BY_TYPE = {
    "bigint": "1",
    "integer": "1",
    "smallint": "1",
    "boolean": "true",
    "double precision": "1",
    "numeric": "1",
    "bytea": r"'\x01'",
    "timestamp with time zone": "now()",
    "tsvector": "'x'",
    "jsonb": "'{}'",
    "ARRAY": "'{}'",
    "uuid": "gen_random_uuid()",
    "date": "now()",
}


def ask(query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return list(cursor.fetchall())


def tenant_tables() -> list[str]:
    rows = ask(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE a.attname = 'workspace_id' AND c.relkind IN ('r', 'p')"
        " AND c.relnamespace = 'public'::regnamespace AND NOT a.attisdropped ORDER BY 1"
    )
    return [name for (name,) in rows]


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key as the database has it."""

    name: str
    table: str
    columns: tuple[str, ...]
    target: str

    @property
    def column(self) -> str:
        """The column that names the row; the workspace's is the same for all."""
        return next((one for one in self.columns if one != "workspace_id"), "workspace_id")


def references() -> list[Reference]:
    rows = ask(
        "SELECT c.conname, c.conrelid::regclass::text, c.confrelid::regclass::text,"
        " array(SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY k (num, place)"
        "  JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.num ORDER BY k.place)"
        " FROM pg_constraint c WHERE c.contype = 'f'"
    )
    tenants = set(tenant_tables())
    return [
        Reference(name, table, tuple(columns), target)
        for name, table, target, columns in rows
        if table in tenants
    ]


@pytest.fixture
def two(db: None) -> tuple[int, int]:
    """Two workspaces, each with a row in every tenant table."""
    ids = []
    for name in ("North", "South"):
        user = workspaces.open_workspace(name, "X", f"x@{name}.example".lower(), "x", "UTC")
        (member,) = workspaces.memberships(user)
        ids.append(member.workspace_id)
        ask("SELECT set_config('mailweave.user_id', '', true)")  # one's own memberships show
        scope.tell_database(member.workspace_id)
        fill(member.workspace_id, member.user_id)
    return ids[0], ids[1]


def fill(workspace_id: int, user_id: int) -> None:
    """One row in every tenant table, those that are pointed at first."""
    targets = {(one.table, one.column): one.target for one in references()}
    required = required_columns()
    waiting = [table for table in tenant_tables() if not count(table)]
    while waiting:
        table = next(
            one
            for one in waiting
            if not {targets.get((one, column)) for column in required[one]} & set(waiting)
        )
        values = {
            column: value_for(table, column, kind, targets.get((table, column)), workspace_id)
            for column, kind in required[table].items()
        }
        insert(table, {**values, "workspace_id": str(workspace_id)}, user_id)
        waiting.remove(table)


def required_columns() -> dict[str, dict[str, str]]:
    """By table the columns that must be given, with their types."""
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in ask(
        "SELECT table_name::text, column_name::text, data_type::text"
        " FROM information_schema.columns WHERE table_schema = 'public' AND is_nullable = 'NO'"
        " AND column_default IS NULL AND is_identity = 'NO'"
    ):
        found.setdefault(table, {})[column] = kind
    return found


def value_for(table: str, column: str, kind: str, target: str | None, workspace_id: int) -> str:
    """SQL for a value that the column takes."""
    name = f"{table}.{column}"
    if target == "people_user":
        return "{user}"
    if target:
        return f"(SELECT max(id) FROM {target})"
    if name in SECRETS:
        return f"'secret {workspace_id}'"
    return f"'{GIVEN[name]}'" if name in GIVEN else BY_TYPE.get(kind, "'x'")


def insert(table: str, values: dict[str, str], user_id: int) -> None:
    names = ", ".join(f'"{column}"' for column in values)
    given = ", ".join(values.values()).replace("{user}", str(user_id))
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({names}) VALUES ({given})")


def count(table: str, where: str = "true") -> int:
    return int(ask(f"SELECT count(*) FROM {table} WHERE {where}")[0][0])


def refused(statement: str, *parameters: Any) -> type[Exception] | None:
    """The class of the database's refusal, None if it did as it was told."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except DatabaseError as error:
        return type(error)
    return None


def test_the_application_owns_nothing_and_cannot_pass_the_fence(db: None) -> None:
    ((role, superuser, bypass),) = ask(
        "SELECT rolname::text, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
    )
    assert (role, superuser, bypass) == (settings.APP_ROLE, False, False)
    assert not ask("SELECT relname FROM pg_class WHERE relowner = current_user::regrole")
    assert not ask("SELECT proname FROM pg_proc WHERE proowner = current_user::regrole")
    assert ask("SELECT has_schema_privilege('public', 'CREATE')") == [(False,)]
    for statement in (
        "ALTER TABLE mail_message DISABLE ROW LEVEL SECURITY",
        "DROP POLICY workspace ON mail_message",
        "TRUNCATE mail_imageconsent",
    ):
        assert refused(statement), statement


def test_every_tenant_table_is_fenced(db: None) -> None:
    rows = ask(
        "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity,"
        " array(SELECT pg_get_expr(p.polqual, p.polrelid) || ' / '"
        "  || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '')"
        "  FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'workspace'"
        "  AND p.polroles = '{0}' AND p.polpermissive AND p.polcmd = '*')"
        " FROM pg_class c WHERE c.relname = ANY(%s)",
        tenant_tables(),
    )
    assert len(rows) > 20
    for table, forced, policies in rows:
        assert forced, table
        (policy,) = policies
        reading, writing = policy.split(" / ")
        for clause in (reading, writing):
            assert "workspace_id = (NULLIF(current_setting('mailweave.workspace_id'" in clause, (
                table
            )
        assert " OR " not in writing, table


def test_every_tenant_model_has_a_fenced_table(db: None) -> None:
    models = {m._meta.db_table for m in apps.get_models() if issubclass(m, tenancy.TenantModel)}
    assert models == set(tenant_tables())


def test_only_the_search_index_has_a_second_reader(db: None) -> None:
    rows = ask(
        "SELECT tablename::text, policyname::text, cmd FROM pg_policies"
        " WHERE policyname <> 'workspace'"
    )
    assert rows == [("mail_searchrow", "owner_reads", "SELECT")]
    roles = ask("SELECT roles::text[] FROM pg_policies WHERE policyname = 'owner_reads'")
    owner = ask("SELECT tableowner::text FROM pg_tables WHERE tablename = 'mail_searchrow'")
    assert roles == [([owner[0][0]],)]
    assert owner[0][0] != settings.APP_ROLE


def test_no_reference_leaves_its_workspace(db: None) -> None:
    tenants = set(tenant_tables())
    found = references()
    inside = [one for one in found if one.target in tenants]
    assert len(inside) > 20
    for one in inside:
        assert one.columns[0] == "workspace_id", one
    for one in found:
        assert one.target in tenants | {"people_user", "people_workspace"}, one


def test_every_reference_between_models_is_one_in_the_database(db: None) -> None:
    known = {(one.table, one.column) for one in references()}
    for model in apps.get_models():
        if issubclass(model, tenancy.TenantModel):
            for field in model._meta.concrete_fields:
                if field.is_relation:
                    assert (model._meta.db_table, field.column) in known, field


def test_no_unique_key_tells_of_other_workspaces(db: None) -> None:
    rows = ask(
        "SELECT i.indrelid::regclass::text, array(SELECT a.attname::text FROM pg_attribute a"
        "  WHERE a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey))"
        " FROM pg_index i WHERE i.indisunique AND NOT i.indisprimary"
        " AND i.indrelid::regclass::text = ANY(%s)",
        tenant_tables(),
    )
    wide = {f"{table}.{'.'.join(names)}" for table, names in rows if "workspace_id" not in names}
    assert wide == SECRETS


def test_no_view_shows_rows_with_its_owners_eyes(db: None) -> None:
    views = ask(
        "SELECT relname, reloptions FROM pg_class WHERE relkind IN ('v', 'm')"
        " AND relnamespace = 'public'::regnamespace"
    )
    assert [name for name, options in views if "security_invoker=true" not in (options or [])] == []


def test_definers_are_known(db: None) -> None:
    rows = ask(
        "SELECT proname::text FROM pg_proc"
        " WHERE prosecdef AND pronamespace = 'public'::regnamespace"
    )
    assert rows == [("mail_search",)]


def test_each_workspace_sees_its_own_rows_in_every_table(two: tuple[int, int]) -> None:
    for here, there in (two, two[::-1]):
        scope.tell_database(here)
        for table in tenant_tables():
            assert count(table) == count(table, f"workspace_id = {here}") > 0, table
            assert count(table, f"workspace_id = {there}") == 0, table


@pytest.mark.parametrize("setting", ["", "0", "999999999"])
def test_without_a_workspace_there_is_nothing(two: tuple[int, int], setting: str) -> None:
    ask("SELECT set_config('mailweave.workspace_id', %s, true)", setting)
    assert {table: count(table) for table in tenant_tables()} == dict.fromkeys(tenant_tables(), 0)


def test_no_row_can_be_written_into_another_workspace(two: tuple[int, int]) -> None:
    here, there = two
    scope.tell_database(here)
    for table in tenant_tables():
        statement = f"UPDATE {table} SET workspace_id = %s"
        assert refused(statement, there) is ProgrammingError, table
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table} WHERE workspace_id = %s", [there])
            assert cursor.rowcount == 0, table


def test_no_row_can_point_into_another_workspace(two: tuple[int, int]) -> None:
    here, there = two
    tenants = set(tenant_tables())
    for one in references():
        if one.target not in tenants:
            continue
        scope.tell_database(there)
        ((foreign,),) = ask(f"SELECT max(id) FROM {one.target}")
        scope.tell_database(here)
        assert count(one.table) > 0
        statement = f'UPDATE {one.table} SET "{one.column}" = %s'
        assert refused(statement, foreign) is IntegrityError, one
        assert refused(statement, foreign + 10**6) is IntegrityError, one
