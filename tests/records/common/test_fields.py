"""Fields that take what people paste, and say what is wrong with the rest."""

import pytest
from django import forms

from mailweave.records.common.fields import Domain, Line


def test_a_line_is_one_line() -> None:
    assert Line(max_length=20).clean("  Mara\r\n\tOkafor\u202e ") == "Mara Okafor"
    with pytest.raises(forms.ValidationError):
        Line().clean(" \n ")


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("", ""),
        ("Acme.Example", "acme.example"),
        ("https://www.acme.example/about?x=1", "acme.example"),
        ("mara@acme.example", "acme.example"),
        ("bücher.example", "xn--bcher-kva.example"),
    ],
)
def test_a_domain_is_read_from_what_is_pasted(text: str, domain: str) -> None:
    assert Domain(required=False).clean(text) == domain


@pytest.mark.parametrize(
    "text", ["acme", "https://", "a b.example", "x." * 200, "acme..example", "."]
)
def test_what_is_no_domain_is_told(text: str) -> None:
    with pytest.raises(forms.ValidationError, match=r"acme\.example"):
        Domain(required=False).clean(text)
