"""Microsoft Graph's refusals, word for word where they are known."""

from collections.abc import Mapping

AUTHORIZE = "https://login.microsoftonline.com/common/oauth2/authorize"
GRAPH_APP = "00000003-0000-0000-c000-000000000000"
CHALLENGE = f'Bearer realm="", authorization_uri="{AUTHORIZE}", client_id="{GRAPH_APP}"'
GONE = "The sync state generation is not found; generation=149;[highest=157][157][155][156]."
BUSY = "Application is over its MailboxConcurrency limit."
SPENT = "Application is over its RequestsPerTenMinutes limit."


class GraphError(Exception):
    """A refusal with its HTTP status, its code and sentence, and headers beside the usual ones."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers = dict(headers or {})
        if status == 401:
            self.headers.setdefault("WWW-Authenticate", CHALLENGE)


def bad_request(message: str, code: str = "BadRequest") -> GraphError:
    """400 about the request as a whole."""
    return GraphError(400, code, message)


def bad_option(message: str) -> GraphError:
    """400: a query option that cannot be read."""
    return GraphError(400, "RequestBroker--ParseUri", message)


def unknown_property(name: str, kind: str) -> GraphError:
    """400: an entity has no such property."""
    owner = f"Microsoft.OutlookServices.{kind}"
    return bad_option(f"Could not find a property named '{name[:100]}' on type '{owner}'.")


def inefficient() -> GraphError:
    """400: $orderby and $filter do not go together."""
    return GraphError(
        400, "InefficientFilter", "The restriction or sort order is too complex for this operation."
    )


def malformed_id() -> GraphError:
    """400: no id of anything in this mailbox."""
    return GraphError(400, "ErrorInvalidIdMalformed", "Id is malformed.")


def badly_formed_token() -> GraphError:
    """400: a delta or skip token that nobody gave out."""
    return bad_request("Badly formed token.")


def not_found(message: str = "The specified object was not found in the store.") -> GraphError:
    """404: well formed, but not here."""
    return GraphError(404, "ErrorItemNotFound", message)


def no_segment(name: str) -> GraphError:
    """400: an address nobody answers."""
    return bad_request(f"Resource not found for the segment '{name[:100]}'.")


def denied() -> GraphError:
    """403: the token or the person may not."""
    return GraphError(
        403, "ErrorAccessDenied", "Access is denied. Check credentials and try again."
    )


def invalid_user(name: str) -> GraphError:
    """404: nobody of that name."""
    return GraphError(404, "ErrorInvalidUser", f"The requested user '{name[:200]}' is invalid.")


def no_mailbox() -> GraphError:
    """404: an account whose mailbox is elsewhere or nowhere."""
    return GraphError(
        404,
        "MailboxNotEnabledForRESTAPI",
        "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
    )


def stale() -> GraphError:
    """412: changed since the etag was read."""
    return GraphError(
        412,
        "ErrorIrresolvableConflict",
        "The send or update operation could not be performed because the change key"
        " passed in the request does not match the current change key for the item.",
    )


def sync_state_gone(location: str = "") -> GraphError:
    """410: a delta token that is too old; ``location`` is where to begin again."""
    return GraphError(410, "SyncStateNotFound", GONE, {"Location": location} if location else None)


def throttled(wait: str | None, message: str = BUSY) -> GraphError:
    """429, with ``wait`` as its Retry-After, or without one."""
    headers = {} if wait is None else {"Retry-After": wait}
    return GraphError(429, "ApplicationThrottled", message, headers)
