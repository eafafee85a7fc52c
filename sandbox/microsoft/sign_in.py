"""The addresses of Microsoft's identity platform over HTTP."""

import re

from werkzeug.wrappers import Request, Response

from sandbox.state import Sandbox
from sandbox.wire import Spoiled

OURS = re.compile(
    r"/[^/]+/(?:oauth2/v2\.0/(?:authorize|token|logout)|discovery/v2\.0/keys"
    r"|v2\.0/(?:adminconsent|\.well-known/openid-configuration))"
)


def is_ours(path: str) -> bool:
    """Whether the path is one of the identity platform's."""
    return OURS.fullmatch(path) is not None


def serve_sign_in(sandbox: Sandbox, request: Request) -> Response | Spoiled:
    """Answer one request of the identity platform."""
    return Response("Not found.", status=404)
