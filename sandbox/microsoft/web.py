"""Microsoft Graph over HTTP."""

from typing import Any

from werkzeug.wrappers import Response

from sandbox.state import Sandbox
from sandbox.wire import Spoiled


def serve_api(sandbox: Sandbox, environ: dict[str, Any]) -> Response | Spoiled:
    """Answer one request under /v1.0/."""
    return Response("Not found.", status=404)
