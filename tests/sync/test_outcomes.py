"""What a person reads who comes back from a provider without a mailbox."""

import pytest

from mailweave.providers import kinds
from mailweave.sync import outcomes

OUTLOOK, GMAIL = kinds.describe("outlook"), kinds.describe("gmail")


@pytest.mark.parametrize(
    ("error", "number", "code"),
    [
        ("access_denied", 0, "declined"),
        ("access_denied", 65004, "declined"),
        ("access_denied", 90094, "admin_consent"),
        ("access_denied", 90095, "admin_consent"),
        ("interaction_required", 90094, "admin_consent"),
        ("consent_required", 0, "consent"),
        ("consent_required", 65001, "consent"),
        ("access_denied", 53003, "blocked"),
        ("access_denied", 50105, "blocked"),
        ("interaction_required", 50076, "proof"),
        ("login_required", 0, "proof"),
        ("access_denied", 50020, "consent"),
        ("unauthorized_client", 700016, "client_refused"),
        ("invalid_request", 50194, "client_refused"),
        ("server_error", 0, "provider_error"),
        ("temporarily_unavailable", 90033, "refused"),
        ("", 0, "provider_error"),
        ("made_up", 0, "provider_error"),
    ],
)
def test_each_return_has_its_code_and_says_that_nothing_was_connected(
    error: str, number: int, code: str
) -> None:
    told = f"AADSTS{number}: In English.\r\nTrace ID: 0" if number else ""
    found = outcomes.sent_back(OUTLOOK, error, told, asks_admin=True)
    assert found.code == code
    words = str(found)
    assert "othing was connected" in words or "you did nothing wrong" in words
    assert "Trace ID" not in words


def test_only_who_can_be_sent_a_link_is_told_to_send_one() -> None:
    told = "AADSTS90094: In English."
    without = outcomes.sent_back(OUTLOOK, "access_denied", told, asks_admin=False)
    assert without.code == "admin_policy"
    assert not without.admin_may_help
    google = outcomes.sent_back(GMAIL, "admin_policy_enforced", "", asks_admin=False)
    assert google.code == "admin_policy"
    assert "at Google" in str(google)


def test_what_an_address_says_is_not_repeated_as_it_stands() -> None:
    told = "AADSTS50020: token=eyJhbGciOi.secret <b>\x00" + "x" * 5000
    words = str(outcomes.sent_back(OUTLOOK, "access_denied", told, asks_admin=True))
    assert "secret" not in words
    assert "\x00" not in words
    assert len(words) < 500
