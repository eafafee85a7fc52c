"""Wiring of the outbox."""

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    """What people write, and how it goes out."""

    name = "mailweave.outbox"
    label = "outbox"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from mailweave.linking import handing
        from mailweave.outbox import reports

        handing.register(reports.READER, reports.read, "outbox_report")
