"""A deal's own fields."""

import pytest

from mailweave.records.crm.forms.deal import DealForm

GOOD = {"name": "Renewal", "stage": "new", "amount": "1200.50", "currency": "eur"}


def test_currency_is_upper_case() -> None:
    form = DealForm(GOOD)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["currency"] == "EUR"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", ""),
        ("name", "x" * 201),
        ("stage", "nonsense"),
        ("amount", "-1"),
        ("amount", "NaN"),
        ("amount", "1e40"),
        ("amount", "1.001"),
        ("amount", "a lot"),
        ("currency", "E"),
        ("currency", "€€€"),
        ("company", "x" * 201),
        ("note", "x\0"),
    ],
)
def test_bad_input_has_an_error_on_its_field(name: str, value: str) -> None:
    form = DealForm({**GOOD, name: value})
    assert not form.is_valid()
    assert set(form.errors) == {name}
