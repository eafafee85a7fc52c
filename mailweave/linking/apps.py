"""Wiring of the linking room."""

from django.apps import AppConfig


class LinkingConfig(AppConfig):
    """Links between mail and records."""

    name = "mailweave.linking"
    label = "linking"
    default_auto_field = "django.db.models.BigAutoField"
