"""/sandbox/: the control page, its forms, its style sheet, and the way to the control API."""

import json
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from werkzeug.wrappers import Request, Response

from sandbox.control import api, do, do_in
from sandbox.control_page import mailbox_page, overview
from sandbox.google.authorize import html
from sandbox.google.pages import STYLE
from sandbox.settings import Settings
from sandbox.state import Sandbox

Json = dict[str, Any]


def serve_control(sandbox: Sandbox, request: Request) -> Response:
    """Answer one request under /sandbox."""
    path = request.path
    if request.method not in {"GET", "HEAD"} and not _from_here(request):
        return Response("Only from this page.", status=403)
    if path.startswith("/sandbox/api"):
        return api(sandbox, request)
    if path == "/sandbox/style.css":
        return Response(STYLE, content_type="text/css; charset=utf-8")
    if request.method == "POST" and path.startswith("/sandbox/do/"):
        return _act(sandbox, request, path.removeprefix("/sandbox/do/").split("/"))
    said, error = request.args.get("said", ""), request.args.get("error", "")
    if path in {"/sandbox", "/sandbox/"}:
        return html(overview(sandbox, said, error))
    if path.startswith("/sandbox/mailbox/"):
        return _mailbox(sandbox, path.removeprefix("/sandbox/mailbox/"), said, error)
    return Response("Not found.", status=404)


def _mailbox(sandbox: Sandbox, address: str, said: str, error: str) -> Response:
    try:
        return html(mailbox_page(sandbox, address, said, error))
    except LookupError as missing:
        return html(overview(sandbox, error=str(missing)), status=404)


def _act(sandbox: Sandbox, request: Request, steps: list[str]) -> Response:
    target = "/sandbox/"
    try:
        given = _given(steps[-1], request.form.to_dict())
        if steps[0] == "mailbox" and len(steps) == 3:
            target = f"/sandbox/mailbox/{quote(steps[1], safe='@')}"
            do_in(sandbox, steps[1], steps[2], given)
        else:
            do(sandbox, "/".join(steps), given)
    except (LookupError, ValueError, TypeError, OverflowError) as error:
        return _see(target, error=str(error)[:300])
    return _see(target, said="Done.")


def _given(action: str, form: dict[str, str]) -> Json:
    """A form's strings as what the action takes."""
    given: Json = {key: value for key, value in form.items() if value.strip()}
    if action == "settings":
        return {key: _setting(key, value) for key, value in form.items()}
    if action == "faults":
        given["times"] = int(given["times"]) if "times" in given else None
        given["options"] = json.loads(given.get("options", "{}"))
    if action == "clear_faults" and "number" in given:
        given["number"] = int(given["number"])
    if action == "topics":
        given["publisher"] = given.get("publisher") != "false"
    if action == "messages":
        given["labels"] = given.get("labels", "").split()
    for key in ("add", "remove"):
        if key in given:
            given[key] = [given[key]]
    return given


def _setting(name: str, value: str) -> Any:
    kind = type(getattr(Settings(), name, ""))
    if kind is bool:
        return {"true": True, "false": False}.get(value, value)
    if kind is str:
        return value
    return float(value) if kind is float else int(value)


def _see(target: str, **words: str) -> Response:
    return Response(status=303, headers={"Location": f"{target}?{urlencode(words)}"})


def _from_here(request: Request) -> bool:
    """Another site's page must not press our buttons; tools send no Origin at all."""
    origin = request.headers.get("Origin")
    return not origin or urlsplit(origin).netloc == request.host
