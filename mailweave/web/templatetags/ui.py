"""Tags every page uses: icon, avatar, when, ago, field, and the filter count."""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django import template
from django.forms import BoundField
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from mailweave.kit import clock
from mailweave.web.fields import zones

register = template.Library()

NOTICES = {
    "failed": "triangle-alert",
    "reconnect": "plug",
    "client": "key-round",
    "late": "clock",
    "expiring": "calendar",
    "bounce": "triangle-alert",
}
"""By the kind of a notification, which is a word of the room that tells."""

HIDDEN = 'aria-hidden="{}"'

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """A symbol of static/icons.svg. Hidden from screen readers unless it has a ``label``."""
    return _icon(name, "icon", label)


@register.simple_tag
def notice_icon(kind: str) -> SafeString:
    """The symbol of a kind of notification."""
    return icon(NOTICES.get(kind, "bell"))


@register.simple_tag
def direction(inbound: bool) -> SafeString:
    """The arrow of a message: blue and down for received, green and up for sent."""
    if inbound:
        return _icon("arrow-down", "icon dir dir-in", "Received")
    return _icon("arrow-up", "icon dir dir-out", "Sent")


@lru_cache(maxsize=512)
def _icon(name: str, classes: str, label: str) -> SafeString:
    # There are some dozens, and a page has hundreds.
    said = (
        format_html('role="img" aria-label="{}"', label) if label else format_html(HIDDEN, "true")
    )
    return format_html(
        '<svg class="{}" {}><use href="{}#{}"></use></svg>',
        classes,
        said,
        static("icons.svg"),
        name,
    )


@register.simple_tag
def avatar(name: str) -> SafeString:
    """Initials in a circle. Decoration: the name stands beside it."""
    return format_html('<span class="avatar" aria-hidden="true">{}</span>', initials(name))


def initials(name: str) -> str:
    """At most two letters for a name or an address."""
    words = [w for w in name.partition("@")[0].replace(".", " ").split() if w[0].isalnum()]
    picked = [words[0], words[-1]] if len(words) > 1 else words
    return "".join(word[0] for word in picked).upper() or "?"


@register.simple_tag
def when(moment: datetime | None) -> SafeString:
    """The moment as a list shows it, in the user's zone: 09:41, Yesterday, 19 Nov, 19 Nov 2025."""
    if moment is None:
        return SafeString("")
    return _time(moment, short(moment))


@register.simple_tag
def moment(at: datetime | None) -> SafeString:
    """The moment something begins or ends: 14:20, or on another day 22 Nov, 14:20."""
    return SafeString("") if at is None else _time(at, clock_time(at))


def clock_time(at: datetime) -> str:
    """The same as plain text."""
    local = timezone.localtime(at)
    is_today = local.date() == timezone.localtime(clock.now()).date()
    return f"{local:%H:%M}" if is_today else f"{local.day} {local:%b, %H:%M}"


@register.simple_tag
def exactly(moment: datetime) -> SafeString:
    """The moment as a message shows it, in the user's zone: 19 Nov 2026, 09:41."""
    local = timezone.localtime(moment)
    return _time(moment, f"{local.day} {local:%b %Y, %H:%M}")


@register.simple_tag
def ago(moment: datetime | None) -> SafeString:
    """How long since the moment: "3 min ago", kept true by the page; after a week, the date."""
    if moment is None:
        return SafeString("")
    return format_html("<local-time>{}</local-time>", _time(moment, since(moment)))


def short(moment: datetime) -> str:
    """The moment in as few characters as say enough today."""
    local, today = timezone.localtime(moment), timezone.localtime(clock.now()).date()
    if local.date() == today:
        return f"{local:%H:%M}"
    if local.date() == today - DAY:
        return "Yesterday"
    return f"{local.day} {local:%b}" + ("" if local.year == today.year else f" {local.year}")


def since(moment: datetime) -> str:
    """The time from ``moment`` to now in words."""
    age = clock.now() - moment
    if age < MINUTE:
        return "just now"
    if age < HOUR:
        return f"{age // MINUTE} min ago"
    if age < DAY:
        return f"{age // HOUR} h ago"
    if age < 2 * DAY:
        return "1 day ago"
    return f"{age // DAY} days ago" if age < 7 * DAY else short(moment)


def _time(moment: datetime, text: str) -> SafeString:
    local = timezone.localtime(moment)
    zone = f"{timezone.get_current_timezone_name()}, {local:%Z}"
    full = f"{local:%A} {local.day} {local:%B %Y, %H:%M} ({zone})"
    stamp = moment.isoformat(timespec="seconds")
    return format_html('<time datetime="{}" title="{}">{}</time>', stamp, full, text)


@register.filter
def count(number: int, noun: str = "") -> str:
    """A number as people read it; with a noun, in its number: ``3|count:"message"``."""
    text = f"{number:,}"
    if not noun:
        return text
    return f"{text} {noun}" if number == 1 else f"{text} {noun}s"


@register.inclusion_tag("parts/field.html")
def field(bound: BoundField, **attributes: Any) -> dict[str, Any]:
    """One form field with its label, help and errors, tied together for screen readers.

    ``attributes`` go on the control, with ``_`` for ``-``.
    """
    attrs = {name.replace("_", "-"): value for name, value in attributes.items()}
    if bound.widget_type != "checkbox":
        attrs.setdefault("class", "input")
    return {"field": bound, "control": bound.as_widget(attrs=attrs)}


@register.inclusion_tag("parts/zone.html")
def zone(bound: BoundField) -> dict[str, Any]:
    """The field of a time zone, with the zones to choose from."""
    return {"field": bound, "zones": zones()}
