"""Fields that the forms of the CRM share."""

from django import forms

from mailweave.records.common.fields import Line


class CompanyName(Line):
    """The name of a company, new or known; names are offered while it is typed."""

    def __init__(self, label: str = "Company") -> None:
        widget = forms.TextInput(attrs={"list": "companies", "autocomplete": "off"})
        super().__init__(
            required=False,
            max_length=200,
            widget=widget,
            label=label,
            help_text="A name that is not known yet becomes a new company.",
        )
