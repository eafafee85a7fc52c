"""Wiring of the windows."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Pages for people."""

    name = "mailweave.web"
    label = "web"
