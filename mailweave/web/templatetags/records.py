"""How long nothing has happened to a record, in words."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from mailweave.kit import clock

register = template.Library()

DAY = timedelta(days=1)
QUIET = timedelta(days=30)
STEPS = ((365, "year"), (30, "month"), (7, "week"), (1, "day"))


@dataclass(frozen=True, slots=True)
class Age:
    """A moment in ageing words; ``quiet`` after more than thirty days."""

    time: SafeString
    quiet: bool


@register.simple_tag
def aged(moment: datetime | str | None) -> Age | None:
    """The age of a moment; none of none, and of what a row does not have (empty text)."""
    if not isinstance(moment, datetime):
        return None
    local = timezone.localtime(moment)
    full = f"{local.day} {local:%B %Y, %H:%M}"
    stamp = moment.isoformat(timespec="seconds")
    time = format_html('<time datetime="{}" title="{}">{}</time>', stamp, full, words(moment))
    return Age(time, clock.now() - moment > QUIET)


def words(moment: datetime) -> str:
    """How long ago a moment was, in the largest unit that fits: "3 weeks ago", "today"."""
    days = (timezone.localdate(clock.now()) - timezone.localdate(moment)).days
    if days < 2:
        return "yesterday" if days == 1 else "today"
    for length, unit in STEPS:
        if days >= length:
            number = days // length
            return f"{number} {unit} ago" if number == 1 else f"{number} {unit}s ago"
    return "today"
