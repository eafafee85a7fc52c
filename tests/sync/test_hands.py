"""How fast a mailbox may be read: the vendor's own number, in the vendor's own time."""

from typing import Any

import pytest

from mailweave.providers import kinds
from mailweave.sync import hands


@pytest.mark.parametrize(("kind", "published"), [("gmail", 6000), ("outlook", 1000)])
def test_by_default_the_pace_is_the_kinds_own(kind: str, published: float, settings: Any) -> None:
    assert settings.PROVIDER_UNITS_PER_MINUTE[kind] == published
    budget, described = hands.make_budget(kind, 0, None), kinds.describe(kind)
    assert budget.rate == described.units_per_second
    assert budget.burst == budget.level == described.units_at_once
    assert 60 * budget.rate + budget.burst <= published * 1.2


@pytest.mark.parametrize("kind", kinds.names())
def test_another_number_changes_it_in_proportion(kind: str, settings: Any) -> None:
    usual = hands.make_budget(kind, 0, None).rate
    settings.PROVIDER_UNITS_PER_MINUTE = {
        name: number / 4 for name, number in settings.PROVIDER_UNITS_PER_MINUTE.items()
    }
    assert hands.make_budget(kind, 0, None).rate == pytest.approx(usual / 4)
    settings.PROVIDER_UNITS_PER_MINUTE = dict.fromkeys(kinds.names(), 0)
    assert hands.make_budget(kind, 0, None).rate == 0


@pytest.mark.parametrize("kind", kinds.names())
def test_settings_and_kind_name_the_same_places(kind: str, settings: Any) -> None:
    """Unless the environment says otherwise, we go where the real provider is."""
    ours, theirs = settings.PROVIDER_ENDPOINTS[kind], kinds.describe(kind).endpoints
    assert (ours.authorize, ours.token, ours.certs, ours.api, ours.admin_consent) == (
        theirs.authorize,
        theirs.token,
        theirs.certs,
        theirs.api,
        theirs.admin_consent,
    )
    assert set(ours.issuers) == set(theirs.issuers)
