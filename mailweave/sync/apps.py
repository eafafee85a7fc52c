"""Wiring of the sync room."""

from django.apps import AppConfig


class SyncConfig(AppConfig):
    """The engine that reads mailboxes."""

    name = "mailweave.sync"
    label = "sync"
    default_auto_field = "django.db.models.BigAutoField"
