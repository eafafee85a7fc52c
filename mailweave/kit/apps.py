"""Wiring of the kit: the database role the application works as."""

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models.signals import post_migrate


class KitConfig(AppConfig):
    """Grants the application's role its rights after every migration."""

    name = "mailweave.kit"
    label = "kit"

    def ready(self) -> None:
        post_migrate.connect(grant, dispatch_uid="mailweave.kit.grant")


def grant(app_config: AppConfig, using: str = DEFAULT_DB_ALIAS, **_: Any) -> None:
    """Make the application's role if we may, and let it read and write rows, but own nothing.

    Row-level security does not bind superusers or roles with BYPASSRLS; this role is neither.
    """
    role = settings.APP_ROLE
    if not role or app_config.label != "people":
        return
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if not cursor.fetchone():
            cursor.execute(f'CREATE ROLE "{role}" NOLOGIN NOSUPERUSER NOBYPASSRLS')
        for right in (
            f'GRANT "{role}" TO CURRENT_USER',
            f'GRANT USAGE ON SCHEMA public TO "{role}"',
            f'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO "{role}"',
            f'GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO "{role}"',
            f'GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO "{role}"',
        ):
            cursor.execute(right)
