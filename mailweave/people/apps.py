"""Wiring of the people room."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Workspaces, users, memberships and invitations."""

    name = "mailweave.people"
    label = "people"
    default_auto_field = "django.db.models.BigAutoField"
