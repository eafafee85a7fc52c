"""Microsoft Graph's refusals."""

from collections.abc import Mapping


class GraphError(Exception):
    """A refusal with its HTTP status, its code and sentence, and headers beside the usual ones."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers = dict(headers or {})
