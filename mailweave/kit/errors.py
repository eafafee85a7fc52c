"""Errors a person can do something about."""


class Expected(Exception):
    """Something a person can put right. The message is shown to them as it stands."""
