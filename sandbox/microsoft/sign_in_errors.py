"""The identity platform's errors: their codes, how each is told, and the shape all have.

https://learn.microsoft.com/entra/identity-platform/reference-error-codes
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.microsoft.scopes import GRAPH_ID

Json = dict[str, Any]
ERROR_URI = "https://login.microsoftonline.com/error?code="


@dataclass(frozen=True, slots=True)
class Kind:
    """How one code is told. ``page``: shown to the person, who is not sent back to the app."""

    error: str
    sentence: str
    status: int = 400
    suberror: str = ""
    claims: bool = False
    page: bool = False


GRANT, CLIENT, REQUEST = "invalid_grant", "invalid_client", "invalid_request"
DENIED, ASK = "access_denied", "interaction_required"
BUSY = "temporarily_unavailable"
KINDS: Mapping[int, Kind] = {
    16000: Kind(ASK, "Several accounts are signed in and the request does not choose one."),
    50011: Kind(
        REQUEST,
        "The redirect URI specified in the request does not match the redirect URIs configured for"
        " the application.",
        page=True,
    ),
    50020: Kind(
        GRANT,
        "User account from another identity provider does not exist in this tenant and cannot"
        " access the application in it. Sign out and sign in again with a different account.",
        page=True,
    ),
    50034: Kind(GRANT, "The user account does not exist in this directory.", page=True),
    50058: Kind("login_required", "A silent sign-in request was sent but no user is signed in."),
    50072: Kind(
        GRANT,
        "Due to a configuration change made by your administrator, or because you moved to a new"
        f" location, you must enroll in multi-factor authentication to access '{GRAPH_ID}'.",
        suberror="basic_action",
        claims=True,
    ),
    50076: Kind(
        GRANT,
        "Due to a configuration change made by your administrator, or because you moved to a new"
        f" location, you must use multi-factor authentication to access '{GRAPH_ID}'.",
        suberror="basic_action",
        claims=True,
    ),
    50079: Kind(
        ASK,
        "Due to a configuration change made by your administrator, or because you moved to a new"
        " location, you must enroll in multi-factor authentication.",
        suberror="basic_action",
        claims=True,
    ),
    50105: Kind(
        DENIED,
        "Your administrator has configured the application to block users unless they are"
        " specifically granted access to it. The signed in user is blocked because they are not"
        " assigned.",
        page=True,
    ),
    50173: Kind(
        GRANT,
        "The provided grant has expired due to it being revoked, a fresh auth token is needed. The"
        " user might have changed or reset their password.",
        suberror="bad_token",
    ),
    50194: Kind(
        "unauthorized_client",
        "The application is not configured as a multi-tenant application. Usage of the /common"
        " endpoint is not supported for such apps.",
        page=True,
    ),
    50196: Kind(
        GRANT, "The server terminated an operation because it encountered a client request loop."
    ),
    53000: Kind(
        ASK, "Your device is required to be compliant to access this resource.",
        suberror="message_only", claims=True, page=True,
    ),
    53003: Kind(
        GRANT,
        "Access has been blocked by Conditional Access policies. The access policy does not allow"
        " token issuance.",
        suberror="message_only",
        claims=True,
        page=True,
    ),
    54005: Kind(
        GRANT,
        "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use"
        " an existing refresh token.",
    ),
    65001: Kind(
        GRANT,
        "The user or administrator has not consented to use the application. Send an interactive"
        " authorization request for this user and resource.",
        suberror="consent_required",
    ),
    65004: Kind(DENIED, "User declined to consent to access the app."),
    70000: Kind(
        GRANT,
        "The user could not be authenticated as the grant is expired. The user must sign in again.",
        suberror="bad_token",
    ),
    70003: Kind("unsupported_grant_type", "The app requested an unsupported grant type."),
    70005: Kind("unsupported_response_type", "The app requested an unsupported response type."),
    70008: Kind(
        GRANT,
        "The provided authorization code or refresh token has expired due to inactivity. Send a new"
        " interactive authorization request for this user and resource.",
    ),
    70011: Kind(
        "invalid_scope", "The provided value for the input parameter 'scope' is not valid."
    ),
    70043: Kind(
        GRANT,
        "The refresh token has expired or is invalid due to sign-in frequency checks by Conditional"
        " Access.",
        suberror="token_expired",
    ),
    90002: Kind(
        REQUEST,
        "Tenant not found. Check to make sure you have the correct tenant ID and are signing into"
        " the correct cloud.",
        page=True,
    ),
    90009: Kind(REQUEST, "Administrators cannot consent there: name a tenant or organizations.",
                page=True),
    90014: Kind(REQUEST, "A required field is missing from the request."),
    90023: Kind(REQUEST, "The request has a parameter with a value that is not valid."),
    90033: Kind(BUSY, "A transient error has occurred. Please try again.", 503),
    90055: Kind(BUSY, "Too many requests; the server is busy. Please try again later.", 429),
    90094: Kind(
        DENIED, "Admin consent is required for the permissions requested by this application."
    ),
    90095: Kind(
        DENIED, "Admin consent is required; a request for approval can be sent to the admin."
    ),
    500011: Kind(
        "invalid_resource", "The resource principal asked for was not found in the tenant."
    ),
    500112: Kind(
        CLIENT,
        "The reply address does not match the reply address provided when requesting Authorization"
        " code.",
        401,
    ),
    501481: Kind(
        GRANT,
        "The Code_Verifier does not match the code_challenge supplied in the authorization"
        " request.",
    ),
    501491: Kind(REQUEST, "Invalid size of Code_Challenge parameter."),
    650053: Kind(CLIENT, "The application asked for a scope that doesn't exist on the resource."),
    700005: Kind(
        GRANT, "The provided authorization code is intended to use against other tenant, rejected."
    ),
    700016: Kind(
        "unauthorized_client",
        "Application was not found in the directory. This can happen if the application has not"
        " been installed by the administrator of the tenant or consented to by any user in it.",
        page=True,
    ),
    700082: Kind(
        GRANT,
        "The refresh token has expired due to inactivity. The token was inactive for 90.00:00:00.",
        suberror="bad_token",
    ),
    700084: Kind(
        GRANT,
        "The refresh token was issued to a single page app (SPA), and therefore has a fixed,"
        " limited lifetime of 1.00:00:00, which cannot be extended.",
        suberror="bad_token",
    ),
    900144: Kind(REQUEST, "The request body must contain the following parameter:"),
    7000112: Kind("unauthorized_client", "The application is disabled.", page=True),
    7000215: Kind(
        CLIENT,
        "Invalid client secret provided. Ensure the secret being sent in the request is the client"
        " secret value, not the client secret ID.",
        401,
    ),
    7000218: Kind(
        CLIENT,
        "The request body must contain the following parameter: 'client_assertion' or"
        " 'client_secret'.",
        401,
    ),
    7000222: Kind(
        CLIENT,
        "The provided client secret keys for the app are expired. Create new keys for the app.",
        401,
    ),
    9002313: Kind(GRANT, "Invalid request. Request is malformed or invalid.", suberror="bad_token"),
    9002326: Kind(
        REQUEST,
        "Cross-origin token redemption is permitted only for the 'Single-Page Application'"
        " client-type.",
    ),
}  # fmt: skip


class SignInError(Exception):
    """One error of the identity platform. What is given here wins over its kind's."""

    def __init__(
        self,
        code: int,
        more: str = "",
        *,
        error: str = "",
        suberror: str | None = None,
        status: int = 0,
        retry_after: str = "",
    ) -> None:
        super().__init__(code)
        self.code, self.more, self.error, self.suberror = code, more, error, suberror
        self.status, self.retry_after = status or self.kind.status, retry_after
        self.trace = str(uuid.uuid4())

    @property
    def kind(self) -> Kind:
        """What is known of the code; codes nobody knows are bad requests."""
        return KINDS.get(self.code, Kind(REQUEST, "The request could not be served."))

    @property
    def name(self) -> str:
        """OAuth's name for it."""
        return self.error or self.kind.error

    def described(self, now: datetime) -> str:
        """``error_description``: for people who debug, never for programs."""
        return (
            f"AADSTS{self.code}: {self.kind.sentence}{' ' + self.more if self.more else ''}\r\n"
            f"Trace ID: {self.trace}\r\nCorrelation ID: {self.correlation}\r\n"
            f"Timestamp: {_stamp(now)}"
        )

    @property
    def correlation(self) -> str:
        """The same all through one error."""
        return str(uuid.uuid5(uuid.NAMESPACE_OID, self.trace))

    def body(self, now: datetime) -> Json:
        """As the token endpoint tells it."""
        body: Json = {
            "error": self.name,
            "error_description": self.described(now),
            "error_codes": [self.code],
            "timestamp": _stamp(now),
            "trace_id": self.trace,
            "correlation_id": self.correlation,
            "error_uri": f"{ERROR_URI}{self.code}",
        }
        suberror = self.kind.suberror if self.suberror is None else self.suberror
        if suberror:
            body["suberror"] = suberror
        if self.kind.claims:
            policy = str(uuid.uuid5(uuid.NAMESPACE_OID, str(self.code)))
            wanted = {"access_token": {"capolids": {"essential": True, "values": [policy]}}}
            body["claims"] = json.dumps(wanted, separators=(",", ":"))
        return body

    def query(self, now: datetime) -> dict[str, str]:
        """As a redirect to the app tells it."""
        told = {"error": self.name, "error_description": self.described(now),
                "error_uri": f"{ERROR_URI}{self.code}"}  # fmt: skip
        return told if self.suberror is None else told | {"error_subcode": self.suberror}


def switched(options: Mapping[str, Any]) -> SignInError:
    """The error a fault of kind ``aadsts`` stands for."""
    code = int(options.get("code", 90033))
    return SignInError(
        code,
        error=str(options.get("error", "")),
        suberror=str(options["suberror"]) if "suberror" in options else None,
        status=int(options.get("status", 0)),
        retry_after=str(options.get("retry_after", "10" if code == 90055 else "")),
    )


def _stamp(now: datetime) -> str:
    return now.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
