"""Every table of a tenant is fenced, for whoever owns it too, and refers within its workspace."""

import pytest
from django.apps import apps
from django.db import connection

from mailweave.kit.tenancy import TenantModel

pytestmark = [pytest.mark.sql, pytest.mark.django_db]
TENANTS = [one for one in apps.get_models() if issubclass(one, TenantModel)]


def ask(query: str, *given: object) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, given)
        return list(cursor.fetchall())


def test_there_are_tenants() -> None:
    assert len(TENANTS) > 15


@pytest.mark.parametrize("model", TENANTS, ids=lambda one: one._meta.db_table)
def test_a_table_is_fenced(model: type[TenantModel]) -> None:
    table = model._meta.db_table
    found = ask(
        "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = %s::regclass", table
    )
    assert found == [(True, True)]
    policies = ask(
        "SELECT with_check FROM pg_policies WHERE tablename = %s"
        " AND (roles && '{public}' OR pg_has_role(current_user, roles[1], 'member'))",
        table,
    )
    assert len(policies) == 1
    assert "mailweave.workspace_id" in str(policies[0][0])


@pytest.mark.parametrize("model", TENANTS, ids=lambda one: one._meta.db_table)
def test_references_to_tenants_carry_the_workspace(model: type[TenantModel]) -> None:
    defined = ask(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = %s::regclass AND contype = 'f'",
        model._meta.db_table,
    )
    for field in model._meta.get_fields():
        to = field.related_model
        if field.concrete and field.is_relation and to in TENANTS:
            wanted = f"FOREIGN KEY (workspace_id, {field.column})"  # type: ignore[union-attr]
            assert any(wanted in str(one) for (one,) in defined), field


def test_the_application_is_no_owner_and_no_superuser() -> None:
    found = ask("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
    assert found == [(False, False)]
