"""How the sandbox behaves until told otherwise; kept over restarts."""

from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(slots=True)
class Settings:
    """Switches that are a state, not an accident."""

    latency_ms: int = 0
    """Added to every API call; a whole batch waits once."""
    quota_profile: str = "new"
    """new, legacy or off."""
    units_per_minute: int = 0
    """Overrides the profile's budget of one mailbox; 0 keeps it."""
    concurrency: int = 10
    """Calls of one mailbox in flight at once, batch parts counted; 0 is no limit."""
    history_days: float = 30.0
    """How far back history.list reaches, and how long a delta token is good for."""
    bare_records: bool = False
    """Write history records that say nothing but which message."""
    consent_boxes: bool = False
    """Show the box for a scope even when it is the only one, so that it can be left unticked."""
    admin_policy: str = "off"
    """off, redirect (error=admin_policy_enforced) or page (an error page, no way back)."""
    testing_app: bool = False
    """The app is in Testing: refresh tokens die after seven days."""

    delivery_seconds: float = 0.0
    """How long mail takes from one mailbox here to another."""
    bounce_seconds: float = 1.0
    """How long until what cannot be delivered comes back."""
    gmail_new_message_ids: bool = True
    """Gmail gives what its API sends a Message-ID and a Date of its own."""
    gmail_sends_a_day: int = 2000
    """Gmail: letters of one mailbox in twenty-four hours; 0 is no limit."""

    http_hooks: bool = False
    """Notices may go to plain http addresses on this machine; both companies want https."""
    notices_per_second: float = 1.0
    """Gmail: what happens in a mailbox faster than that is not told; 0 tells everything."""

    graph_requests: int = 10_000
    """Microsoft Graph: requests of one app to one mailbox in ten minutes; 0 is no limit."""
    graph_concurrency: int = 4
    """Microsoft Graph: requests of one app to one mailbox in flight at once; 0 is no limit."""
    graph_sent_seconds: float = 0.0
    """Microsoft: how long until what was sent lies in Sent Items; in between it is nowhere."""
    graph_new_sent_ids: bool = False
    """Microsoft: what was a draft gets another immutable id when it is sent."""
    graph_new_message_ids: bool = False
    """Microsoft: what is sent gets another Message-ID."""
    graph_lost_properties: bool = False
    """Microsoft: extended properties of a draft are not on the sent copy."""
    graph_sends_a_minute: int = 30
    """Microsoft: letters of one mailbox in a minute; 0 is no limit."""
    graph_from_aliases: bool = True
    """Microsoft: the organization lets people send from their aliases; else From is replaced."""
    graph_shared_uploads: bool = True
    """Microsoft: upload sessions work in a mailbox that others share."""
    graph_language: str = "en"
    """The language of Microsoft's own folder names: en or de."""
    graph_plain_as_html: bool = False
    """Microsoft Graph shows plain text bodies as HTML unless text is asked for."""

    def change(self, values: dict[str, Any]) -> None:
        """Set several at once; ValueError on an unknown name or a value out of its choices."""
        known = {item.name: item for item in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"unknown setting {name!r}")
            setattr(self, name, _checked(name, value, type(getattr(self, name))))

    def shown(self) -> dict[str, Any]:
        """All of them, as JSON."""
        return asdict(self)


CHOICES = {
    "quota_profile": ("new", "legacy", "off"),
    "admin_policy": ("off", "redirect", "page"),
    "graph_language": ("en", "de"),
}


def _checked(name: str, value: Any, kind: type) -> Any:
    if kind is bool:
        if not isinstance(value, bool):
            raise ValueError(f"{name} is true or false")
        return value
    if kind is str:
        if value not in CHOICES[name]:
            raise ValueError(f"{name} is one of {', '.join(CHOICES[name])}")
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 10**7:
        raise ValueError(f"{name} is a number from 0 to 10000000")
    return kind(value)
