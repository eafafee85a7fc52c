"""Wiring of the journal."""

from django.apps import AppConfig


class JournalConfig(AppConfig):
    """What happened to records besides mail."""

    name = "mailweave.journal"
    label = "journal"
    default_auto_field = "django.db.models.BigAutoField"
