"""Forms with formatted text: what the editor sends, and what it is shown."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.html import linebreaks

from mailweave.mime import twin


@dataclass(frozen=True, slots=True)
class Text:
    """What the editor's template shows of a text that is no draft."""

    html: str
    pk: str = "text"
    is_rich: bool = True

    @property
    def text(self) -> str:
        """The same without formatting."""
        return twin.of(self.html) if self.html else ""


class WrittenForm(forms.Form):
    """A form with an editor in it."""

    def written(self) -> str:
        """The text as HTML, however it was written."""
        data: Any = self.data
        if data.get("mode") == "rich":
            return str(data.get("html", ""))
        return linebreaks(data.get("text", ""), autoescape=True) if data.get("text") else ""

    def shown(self) -> Text:
        """The editor's text, as it was sent or as it is kept."""
        return Text(self.written() if self.is_bound else self.initial.get("html", ""))
