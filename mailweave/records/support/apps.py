"""Wiring of the support plug-in."""

from django.apps import AppConfig


class SupportConfig(AppConfig):
    """Tickets, and the processors that make them of mail."""

    name = "mailweave.records.support"
    label = "support"
    verbose_name = "Support"
    default_auto_field = "django.db.models.BigAutoField"
