"""Tenant tables: the model base, and the migration operations that fence them.

Fencing means row-level security that holds for the table's owner too, and foreign keys that
carry ``workspace_id`` so that no row can point into another workspace (plain foreign keys are
checked without row-level security).
"""

from typing import Any

from django.db import migrations, models

from mailweave.kit import scope


class TenantManager(models.Manager[Any]):
    """Sees the rows of the current workspace and nothing else."""

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().filter(workspace_id=scope.current())


class TenantModel(models.Model):
    """A row that belongs to one workspace: the current one, unless it says otherwise."""

    workspace_id = models.BigIntegerField(default=scope.current, editable=False)

    objects = TenantManager()

    class Meta:
        abstract = True


def foreign_key(to: str, **options: Any) -> Any:
    """A reference to a tenant row; its constraint is made by :func:`reference` in a migration."""
    options.setdefault("on_delete", models.DO_NOTHING)
    options.setdefault("db_index", False)
    options.setdefault("related_name", "+")
    return models.ForeignKey(to, db_constraint=False, **options)


def fence(table: str, *, readers: str = "") -> migrations.RunSQL:
    """Row-level security for ``table``. Rows that meet ``readers`` may be seen as well."""
    own = f"workspace_id = nullif(current_setting('{SETTING}', true), '')::bigint"
    using = f"({own}) OR ({readers})" if readers else own
    return migrations.RunSQL(
        f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
        CREATE POLICY workspace ON {table} USING ({using}) WITH CHECK ({own});
        """,
        f"""
        DROP POLICY workspace ON {table};
        ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
        ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
        """,
    )


def target(table: str) -> migrations.RunSQL:
    """Let other tables refer to ``table`` by (workspace_id, id)."""
    return migrations.RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {table}_ws_id UNIQUE (workspace_id, id);",
        f"ALTER TABLE {table} DROP CONSTRAINT {table}_ws_id;",
    )


def reference(table: str, column: str, to: str, *, on_delete: str = "CASCADE") -> migrations.RunSQL:
    """The foreign key ``table.column`` -> ``to.id`` within one workspace.

    ``on_delete`` is CASCADE, RESTRICT, NO ACTION or SET NULL (which nulls only ``column``).
    """
    action = f"SET NULL ({column})" if on_delete == "SET NULL" else on_delete
    return migrations.RunSQL(
        f"""
        ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_ws
            FOREIGN KEY (workspace_id, {column}) REFERENCES {to} (workspace_id, id)
            ON DELETE {action};
        """,
        f"ALTER TABLE {table} DROP CONSTRAINT {table}_{column}_ws;",
    )


def owner(table: str) -> migrations.RunSQL:
    """The foreign key ``table.workspace_id`` -> the workspace itself."""
    return migrations.RunSQL(
        f"""
        ALTER TABLE {table} ADD CONSTRAINT {table}_workspace
            FOREIGN KEY (workspace_id) REFERENCES people_workspace (id) ON DELETE CASCADE;
        """,
        f"ALTER TABLE {table} DROP CONSTRAINT {table}_workspace;",
    )


SETTING = "mailweave.workspace_id"
