"""Wiring of the windows."""

from pathlib import Path

from django.apps import AppConfig
from django.conf import settings


class WebConfig(AppConfig):
    """Pages for people."""

    name = "mailweave.web"
    label = "web"

    def ready(self) -> None:
        # WhiteNoise complains of a missing directory before ``prepare`` has filled it.
        Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
