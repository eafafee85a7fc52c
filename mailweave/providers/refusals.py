"""What an authorization server's refusal means, in words for the person who sees it.

Codes: RFC 6749 4.1.2.1 and 5.2, OpenID Connect Core 3.1.2.6, and Google's own
(https://developers.google.com/identity/protocols/oauth2/web-server#errors). Numbers beside a code
refine it: see :mod:`mailweave.providers.hints`.
"""

from datetime import timedelta

from mailweave.kit import clock, http
from mailweave.providers.errors import (
    AdminNeeded,
    AuthExpired,
    ConsentNeeded,
    Misconfigured,
    ProofNeeded,
    ProviderError,
    RateLimited,
    Refused,
    Unavailable,
)
from mailweave.providers.hints import Hint, hint

_WORDS: dict[str, tuple[type[ProviderError], str]] = {
    "invalid_grant": (AuthExpired, "The permission has ended: it was revoked or has expired."),
    "access_denied": (ConsentNeeded, "Permission was not given."),
    "consent_required": (ConsentNeeded, "The provider wants the permissions confirmed again."),
    "interaction_required": (ProofNeeded, "The provider wants this person to sign in again."),
    "login_required": (ProofNeeded, "The provider wants this person to sign in again."),
    "account_selection_required": (ProofNeeded, "The provider wants an account to be chosen."),
    "admin_policy_enforced": (
        AdminNeeded,
        "The organisation's administrators do not allow this app to reach mail yet.",
    ),
    "invalid_client": (Misconfigured, "The provider does not accept our client id and secret."),
    "unauthorized_client": (Misconfigured, "Our client may not ask for this kind of permission."),
    "deleted_client": (Misconfigured, "Our client was deleted at the provider."),
    "disabled_client": (Misconfigured, "Our client was disabled at the provider."),
    "redirect_uri_mismatch": (
        Misconfigured,
        "The address people return to is not registered at the provider.",
    ),
    "invalid_scope": (Misconfigured, "The provider does not know a permission we ask for."),
    "unsupported_grant_type": (Misconfigured, "The token address does not speak this protocol."),
    "unsupported_response_type": (Misconfigured, "The sign-in address does not speak OAuth 2.0."),
    "org_internal": (Refused, "Our client admits only accounts of its own organisation."),
    "disallowed_useragent": (Refused, "The provider does not allow sign-in from this browser."),
    "server_error": (Unavailable, "The provider had a fault."),
    "temporarily_unavailable": (Unavailable, "The provider is busy."),
}


_PERSONS = (AuthExpired, ConsentNeeded)


def refusal(code: str, description: str = "", suberror: str = "") -> ProviderError:
    """The error to raise or show for an OAuth ``error`` code, also one on the way back."""
    kind, words = _sort(code, hint(description, suberror))
    first = description.replace("\r", "\n").partition("\n")[0]
    detail = http.redact(first or ("" if code in _WORDS else code), limit=200)
    return kind(f"{words} ({detail})" if detail else words)


def _sort(code: str, hinted: Hint | None) -> Hint:
    """Go by the code; a hint may say more, but never blames an operator for a person's matter."""
    found = _WORDS.get(code, (Refused, "The provider refused."))
    if hinted is None:
        return found
    if issubclass(found[0], _PERSONS):
        if issubclass(hinted[0], (*_PERSONS, Unavailable)):
            return hinted
        return found if hinted[0] is Misconfigured else (found[0], hinted[1])
    return hinted if found[0] in (Refused, hinted[0]) else found


def failed(
    status: int, retry_after: str, code: str, description: str, suberror: str = ""
) -> ProviderError:
    """The same for an answer of the token or revocation address with its HTTP status."""
    if status == 429 or code in {"rate_limit_exceeded", "slow_down"}:
        wait = int(retry_after) if retry_after.isascii() and retry_after.isdigit() else 60
        retry_at = clock.now() + timedelta(seconds=min(max(wait, 1), 3600))
        return RateLimited("The provider asks us to sign in less often.", retry_at)
    if code:
        return refusal(code, description, suberror)
    if status in {404, 405}:
        return Misconfigured(f"There is no sign-in service at that address ({status}).")
    return Unavailable(f"The provider's sign-in service answered {status}.")
