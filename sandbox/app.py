"""The sandbox as one WSGI application: Google's and Microsoft's addresses, and the control face."""

from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from sandbox import transit
from sandbox.clock import Clock
from sandbox.control_web import serve_control
from sandbox.google.web import serve_api, serve_sign_in
from sandbox.microsoft import sign_in
from sandbox.microsoft import web as graph
from sandbox.state import Sandbox
from sandbox.wire import Spoiled

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]
API_PATHS = ("/gmail/", "/batch", "/upload/", "/resumable/")
GRAPH_PATH = "/v1.0/"
SESSION_PATH = "/api/v2.0/"
"""Where Microsoft takes the pieces of large attachments."""


class App:
    """Callable as WSGI. A fault that resets the connection leaves as ConnectionResetError, one that
    says nothing for so many seconds as TimeoutError of them."""

    def __init__(self, state: Sandbox) -> None:
        self.state = state

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        response = self.respond(environ)
        if isinstance(response, Spoiled) and response.silence:
            raise TimeoutError(response.silence)
        if isinstance(response, Spoiled):
            raise ConnectionResetError("the sandbox resets this connection")
        chunks, status, headers = response.get_wsgi_response(environ)
        start_response(status, headers)
        # A list goes out in one piece; only what is slow on purpose is streamed.
        return chunks if response.is_streamed else list(chunks)

    def respond(self, environ: dict[str, Any]) -> Response | Spoiled:
        """The response of whichever face the path belongs to."""
        path = environ.get("PATH_INFO", "")
        transit.arrive(self.state)
        if path.startswith(API_PATHS):
            return serve_api(self.state, environ)
        if path.startswith(GRAPH_PATH):
            return graph.serve_api(self.state, environ)
        if path.startswith(SESSION_PATH):
            return graph.serve_upload(self.state, environ)
        request = Request(environ)
        try:
            if path == "/sandbox" or path.startswith("/sandbox/"):
                return serve_control(self.state, request)
            if path == "/":
                return Response(status=302, headers={"Location": "/sandbox/"})
            if sign_in.is_ours(path):
                return sign_in.serve_sign_in(self.state, request)
            return serve_sign_in(self.state, request)
        except HTTPException as error:  # a body too broken to read as a form
            return Response(error.description, status=error.code)


def build(state: Sandbox, clock: Clock | None = None) -> App:
    """The application over a sandbox, on another clock when one is given."""
    if clock is not None:
        state.clock = state.quota.clock = clock
    return App(state)
