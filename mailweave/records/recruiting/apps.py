"""Wiring of the recruiting plug-in."""

from django.apps import AppConfig


class RecruitingConfig(AppConfig):
    """Jobs and candidates."""

    name = "mailweave.records.recruiting"
    label = "recruiting"
    default_auto_field = "django.db.models.BigAutoField"
