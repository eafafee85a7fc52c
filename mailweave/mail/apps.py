"""Wiring of the mail room."""

from django.apps import AppConfig


class MailConfig(AppConfig):
    """The archive."""

    name = "mailweave.mail"
    label = "mail"
    default_auto_field = "django.db.models.BigAutoField"
