"""Wiring of the linking room."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class LinkingConfig(AppConfig):
    """Links between mail and records."""

    name = "mailweave.linking"
    label = "linking"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from mailweave.linking import handing, making

        handing.register(making.READER, making.read)
        autodiscover_modules("linkables", "merge_fields")
