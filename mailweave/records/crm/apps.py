"""Wiring of the CRM plug-in."""

from django.apps import AppConfig


class CrmConfig(AppConfig):
    """Contacts, companies, leads and deals."""

    name = "mailweave.records.crm"
    label = "crm"
    verbose_name = "CRM"
    default_auto_field = "django.db.models.BigAutoField"
