"""Errors a person can do something about."""


class Expected(Exception):  # noqa: N818 - it names what it is for: shown to a person, not paged
    """Something a person can put right. The message is shown to them as it stands."""
