"""Google's error answers, word for word where they are known."""

from typing import Any

STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
PROJECT = "123456789012"


class ApiError(Exception):
    """One error answer of an API. ``inner`` is the message inside ``errors[]`` when it differs."""

    def __init__(
        self,
        code: int,
        message: str,
        reason: str,
        *,
        domain: str = "global",
        status: str = "",
        inner: str = "",
        extra: dict[str, str] | None = None,
        details: list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        error: dict[str, Any] = {
            "message": inner or message,
            "domain": domain,
            "reason": reason,
            **(extra or {}),
        }
        self.body: dict[str, Any] = {
            "code": code,
            "message": message,
            "errors": [error],
            "status": status or STATUS.get(code, "UNKNOWN"),
        }
        if details:
            self.body["details"] = details


def bad_request(message: str, reason: str = "invalidArgument") -> ApiError:
    """400 about one value."""
    return ApiError(400, message, reason)


def invalid_value(field: str, kind: str, value: str) -> ApiError:
    """400: a value that is not of the parameter's type."""
    return _violation(f"Invalid value at '{field}' ({kind}), \"{value}\"", field)


def unknown_parameter(name: str) -> ApiError:
    """400: a query parameter nobody knows."""
    return _violation(
        f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter. '
        f"Field '{name}' could not be found in request message.",
        "",
    )


def unknown_field(name: str) -> ApiError:
    """400: a body field nobody knows."""
    message = f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.'
    return _violation(message, "")


def not_json() -> ApiError:
    """400: the body is no JSON object."""
    return ApiError(
        400, "Invalid JSON payload received. Expected an object key or }.", "parseError"
    )


def unauthenticated(*, missing: bool) -> ApiError:
    """401: no token, or none that is good."""
    tail = (
        "Expected OAuth 2 access token, login cookie or other valid authentication credential. "
        "See https://developers.google.com/identity/sign-in/web/devconsole-project."
    )
    place = {"location": "Authorization", "locationType": "header"}
    if missing:
        message = f"Request is missing required authentication credential. {tail}"
        return ApiError(401, message, "required", inner="Login Required.", extra=place)
    message = f"Request had invalid authentication credentials. {tail}"
    return ApiError(401, message, "authError", inner="Invalid Credentials", extra=place)


def insufficient_scope(method: str) -> ApiError:
    """403: the token's scopes do not cover the method."""
    return ApiError(
        403,
        "Request had insufficient authentication scopes.",
        "insufficientPermissions",
        inner="Insufficient Permission",
        details=[
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
                "domain": "googleapis.com",
                "metadata": {"service": "gmail.googleapis.com", "method": method},
            }
        ],
    )


def forbidden(message: str) -> ApiError:
    """403 for another reason than scopes."""
    return ApiError(403, message, "forbidden")


def not_found() -> ApiError:
    """404: well formed, but not here."""
    return ApiError(404, "Requested entity was not found.", "notFound")


def quota_exceeded(whose: str = "user") -> ApiError:
    """403: the units of the minute are spent, a user's or the whole project's."""
    limit = "Units per minute per user" if whose == "user" else "Units per minute"
    return ApiError(
        403,
        f"Quota exceeded for quota metric 'Total Query Cost' and limit '{limit}' of service "
        f"'gmail.googleapis.com' for consumer 'project_number:{PROJECT}'.",
        "rateLimitExceeded",
        domain="usageLimits",
    )


def too_many_concurrent() -> ApiError:
    """429: too much at once."""
    return ApiError(429, "Too many concurrent requests for user.", "rateLimitExceeded")


def exhausted() -> ApiError:
    """429: the other wording."""
    message = "Resource has been exhausted (e.g. check quota)."
    return ApiError(429, message, "rateLimitExceeded")


def retry_after(moment: str, code: int) -> ApiError:
    """A hard block until a moment, which stands in the message."""
    message = f"User-rate limit exceeded.  Retry after {moment}"
    return ApiError(code, message, "rateLimitExceeded", domain="usageLimits")


def precondition_failed() -> ApiError:
    """400 that often passes."""
    return ApiError(
        400, "Precondition check failed.", "failedPrecondition", status="FAILED_PRECONDITION"
    )


def server_error(code: int) -> ApiError:
    """A 5xx."""
    messages = {
        500: ("Internal error encountered.", "backendError"),
        502: ("Bad Gateway", "badGateway"),
        504: ("Deadline expired before operation could complete.", "backendError"),
    }
    message, reason = messages.get(code, ("The service is currently unavailable.", "backendError"))
    return ApiError(code, message, reason)


def _violation(message: str, field: str) -> ApiError:
    violation = {"description": message, **({"field": field} if field else {})}
    return ApiError(
        400,
        message,
        "invalid",
        details=[
            {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]}
        ],
    )
