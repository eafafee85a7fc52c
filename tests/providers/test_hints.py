"""Every refusal of Microsoft's that matters: whose move it is, whatever else changes."""

import pytest

from mailweave.providers.errors import (
    AdminNeeded,
    AuthExpired,
    Blocked,
    ConsentNeeded,
    Misconfigured,
    ProofNeeded,
    ProviderError,
    Refused,
    Unavailable,
)
from mailweave.providers.hints import HINTS
from mailweave.providers.refusals import refusal

TRAILER = (
    "\r\nTrace ID: 0f1e2d3c-0000-4000-8000-000000000000\r\n"
    "Correlation ID: 0f1e2d3c-0000-4000-8000-000000000001\r\nTimestamp: 2026-11-21 08:00:00Z"
)

CASES: list[tuple[str, int, type[ProviderError], str]] = [
    ("invalid_grant", 70008, AuthExpired, "has ended"),
    ("invalid_grant", 700082, AuthExpired, "not used for too long"),
    ("invalid_grant", 50173, AuthExpired, "password"),
    ("invalid_grant", 70043, AuthExpired, "from time to time"),
    ("invalid_grant", 700084, AuthExpired, "single-page"),
    ("invalid_grant", 70000, AuthExpired, "has ended"),
    ("invalid_grant", 54005, AuthExpired, "has ended"),
    ("invalid_grant", 501481, AuthExpired, "has ended"),
    *[("interaction_required", n, ProofNeeded, "proof") for n in (50072, 50074, 50076, 50078)],
    ("invalid_grant", 50079, ProofNeeded, "proof"),
    ("invalid_grant", 50055, ProofNeeded, "password"),
    *[
        (error, 53003, Blocked, "Conditional Access")
        for error in ("interaction_required", "access_denied", "invalid_grant")
    ],
    *[("invalid_grant", n, Blocked, "devices") for n in (530032, 53000, 53001, 53002, 50131)],
    ("interaction_required", 90093, Blocked, "closed"),
    ("access_denied", 50105, Blocked, "assigned"),
    *[(e, 90094, AdminNeeded, "only an administrator") for e in ("access_denied", "invalid_grant")],
    ("interaction_required", 90095, AdminNeeded, "only an administrator"),
    ("consent_required", 65001, ConsentNeeded, "not given yet"),
    ("invalid_grant", 65001, ConsentNeeded, "not given yet"),
    ("access_denied", 65004, ConsentNeeded, "was not given"),
    ("invalid_request", 50020, Refused, "another organisation"),
    ("unauthorized_client", 50034, Misconfigured, "may not ask"),
    ("invalid_grant", 50057, AuthExpired, "closed or locked"),
    ("invalid_request", 50194, Misconfigured, "account types"),
    ("invalid_request", 9002332, Misconfigured, "account types"),
    ("invalid_client", 7000215, Misconfigured, "secret"),
    ("invalid_client", 7000222, Misconfigured, "has expired"),
    ("invalid_client", 70002, Misconfigured, "secret"),
    ("invalid_client", 7000218, Misconfigured, "none is entered"),
    ("invalid_client", 700025, Misconfigured, "public client"),
    ("unauthorized_client", 700016, Misconfigured, "client id"),
    ("unauthorized_client", 7000112, Misconfigured, "disabled"),
    ("invalid_grant", 50196, Unavailable, "busy"),
    *[("temporarily_unavailable", n, Unavailable, "busy") for n in (90055, 90033, 90006, 50087)],
]


@pytest.mark.parametrize(("error", "number", "kind", "words"), CASES)
def test_each_refusal_says_whose_move_it_is(
    error: str, number: int, kind: type[ProviderError], words: str
) -> None:
    found = refusal(error, f"AADSTS{number}: Something in English.{TRAILER}")
    assert type(found) is kind
    assert words in str(found)
    assert f"AADSTS{number}" in str(found), "an administrator will ask for it"
    assert "Trace ID" not in str(found)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("invalid_grant", AuthExpired),
        ("interaction_required", ProofNeeded),
        ("access_denied", ConsentNeeded),
        ("invalid_client", Misconfigured),
        ("server_error", Unavailable),
        ("made_up", Refused),
    ],
)
@pytest.mark.parametrize("text", ["", "AADSTS12345678: new", "AADSTS", "AADSTS1", "aadsts53003"])
def test_a_number_nobody_knows_changes_nothing(
    error: str, kind: type[ProviderError], text: str
) -> None:
    assert type(refusal(error, text)) is kind


@pytest.mark.parametrize("number", HINTS)
def test_a_number_never_turns_an_operators_matter_into_a_persons(number: int) -> None:
    """A bad secret must not break mailboxes, nor a dead grant send people to the operator."""
    assert type(refusal("invalid_client", f"AADSTS{number}: x")) is Misconfigured
    persons = (AuthExpired, ConsentNeeded, Unavailable)
    assert isinstance(refusal("invalid_grant", f"AADSTS{number}: x"), persons)


@pytest.mark.parametrize(
    ("suberror", "kind"),
    [
        ("basic_action", ProofNeeded),
        ("additional_action", ProofNeeded),
        ("message_only", Blocked),
        ("consent_required", ConsentNeeded),
        ("user_password_expired", ProofNeeded),
        ("bad_token", AuthExpired),
        ("token_expired", AuthExpired),
        ("made_up", AuthExpired),
    ],
)
def test_a_suberror_says_more_than_the_error(suberror: str, kind: type[ProviderError]) -> None:
    assert type(refusal("invalid_grant", "", suberror)) is kind
