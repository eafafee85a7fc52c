"""The control API: everything a person or a test does to the world outside, as JSON.

Paths are under ``/sandbox/api/``. Bad input is answered 400 with ``{"error": sentence}``.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from werkzeug.wrappers import Request, Response

from sandbox import control_notices, control_sending, control_shared, control_tenants
from sandbox.accounts import CONSUMERS, GOOGLE
from sandbox.compose import compose
from sandbox.google.tokens import expire_access_tokens
from sandbox.state import Item, Sandbox
from sandbox.stats import mailboxes, messages, stats

Json = dict[str, Any]
LABELS = ("INBOX", "UNREAD")


class WrongInputError(ValueError):
    """What was asked for cannot be read; the message is for the caller."""


def api(sandbox: Sandbox, request: Request) -> Response:
    """Answer one request under /sandbox/api/."""
    steps = [step for step in request.path.removeprefix("/sandbox/api").split("/") if step]
    try:
        result = _route(sandbox, request, steps)
    except KeyError as error:
        return _json({"error": f"missing: {error.args[0]}"}, 400)
    except LookupError as error:
        return _json({"error": str(error)}, 404)
    except (ValueError, TypeError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        return _json({"error": str(error)}, 400)
    return _json(result, 200)


def do(sandbox: Sandbox, name: str, given: Json) -> Json:
    """One action on the whole sandbox by its name; LookupError for an unknown one."""
    if name not in ACTIONS:
        raise LookupError(f"no such action: {name}")
    return ACTIONS[name](sandbox, given)


def do_in(sandbox: Sandbox, address: str, name: str, given: Json) -> Json:
    """One action in one mailbox; LookupError for an unknown one or no such mailbox."""
    if name not in MAILBOX_ACTIONS:
        raise LookupError(f"no such action: {name}")
    return MAILBOX_ACTIONS[name](sandbox, sandbox.account(address).address, given)


def _route(sandbox: Sandbox, request: Request, steps: list[str]) -> Any:
    if request.method == "GET":
        return _look(sandbox, request, steps)
    if request.method == "DELETE" and steps[:1] == ["faults"]:
        number = int(steps[1]) if len(steps) > 1 else None
        return do(sandbox, "clear_faults", {"number": number})
    if request.method != "POST" or not steps:
        raise LookupError("no such address")
    if steps[0] == "mailboxes" and len(steps) == 3:
        if steps[2] == "messages" and request.mimetype == "message/rfc822":
            return _deliver_raw(sandbox, steps[1], request)
        return do_in(sandbox, steps[1], steps[2], _body(request))
    return do(sandbox, "/".join(steps), _body(request))


def _look(sandbox: Sandbox, request: Request, steps: list[str]) -> Any:
    if len(steps) == 3 and steps[0] == "mailboxes" and steps[2] == "messages":
        return {"messages": messages(sandbox, steps[1], int(request.args.get("limit", "50")))}
    views: dict[str, Callable[[], Json]] = {
        "mailboxes": lambda: {"mailboxes": mailboxes(sandbox)},
        "stats": lambda: stats(sandbox),
        "tenants": lambda: control_tenants.organizations(sandbox),
        "deliveries": lambda: control_sending.deliveries(sandbox, request.args),
        "bounces": lambda: control_sending.bouncing(sandbox),
        "notices": lambda: control_notices.told(sandbox),
        "settings": sandbox.settings.shown,
        "faults": lambda: {"faults": [fault.shown() for fault in sandbox.faults.listed()]},
        "clock": lambda: _clock(sandbox),
    }
    if len(steps) != 1 or steps[0] not in views:
        raise LookupError("no such address")
    return views[steps[0]]()


def _add_mailbox(sandbox: Sandbox, given: Json) -> Json:
    company, tenant = str(given.get("company") or GOOGLE), str(given.get("tenant") or "")
    account = sandbox.add_account(
        str(given["address"]), str(given.get("name") or ""), company,
        CONSUMERS if tenant == "consumers" else tenant or None, str(given.get("oid") or "") or None,
        shared=given.get("shared") in {True, "true"},
    )  # fmt: skip
    told = {"address": account.address, "name": account.name, "sub": account.sub,
            "company": account.company}  # fmt: skip
    ids = {"tenant": account.tenant, "oid": account.oid}
    return told if account.company == GOOGLE else told | ids


def _add_client(sandbox: Sandbox, given: Json) -> Json:
    redirects = given["redirects"]
    if not isinstance(redirects, list) or not all(isinstance(item, str) for item in redirects):
        raise WrongInputError("redirects: a list of addresses")
    sandbox.register_client(
        str(given["client_id"]), str(given["secret"]), redirects,
        str(given.get("company") or GOOGLE),
    )  # fmt: skip
    return {"client_id": given["client_id"]}


def _add_fault(sandbox: Sandbox, given: Json) -> Json:
    times = given.get("times", 1)
    if times is not None and (not isinstance(times, int) or times < 1):
        raise WrongInputError("times: a number of calls, or null until cleared")
    options = given.get("options") or {}
    if not isinstance(options, dict):
        raise WrongInputError("options: an object")
    for name in ("seconds", "status", "megabytes", "share"):
        if name in options and not isinstance(options[name], int | float):
            raise WrongInputError(f"{name}: a number")
    return sandbox.faults.add(
        str(given.get("kind", "")), times, str(given.get("path") or ""),
        str(given.get("mailbox") or ""), **{str(key): value for key, value in options.items()},
    ).shown()  # fmt: skip


def _clear_faults(sandbox: Sandbox, given: Json) -> Json:
    sandbox.faults.clear(given.get("kind"), given.get("number"))
    return {"faults": [fault.shown() for fault in sandbox.faults.listed()]}


def _set(sandbox: Sandbox, given: Json) -> Json:
    sandbox.change_settings(**given)
    return sandbox.settings.shown()


def _move_clock(sandbox: Sandbox, given: Json) -> Json:
    if "advance" in given:
        sandbox.clock.advance(float(given["advance"]))
    if given.get("freeze"):
        moment = given["freeze"]
        sandbox.clock.freeze(None if moment is True else read_time(str(moment)))
    if given.get("thaw"):
        sandbox.clock.thaw()
    if given.get("reset"):
        sandbox.clock.thaw()
        sandbox.clock.offset = 0.0
    sandbox.save_clock()
    return _clock(sandbox)


def _clock(sandbox: Sandbox) -> Json:
    clock = sandbox.clock
    return {"now": clock.now().isoformat(), "offset": clock.offset, "frozen": clock.is_frozen}


def _reset(sandbox: Sandbox, _: Json) -> Json:
    sandbox.reset()
    return {}


def _reset_stats(sandbox: Sandbox, _: Json) -> Json:
    sandbox.quota.reset()
    return {}


def _deliver_raw(sandbox: Sandbox, address: str, request: Request) -> Json:
    labels = request.args.getlist("label") or list(LABELS)
    received = request.args.get("received_at")
    moment = read_time(received) if received else None
    return {"id": sandbox.deliver(address, request.get_data(), labels, moment)}


def _deliver(sandbox: Sandbox, address: str, given: Json) -> Json:
    moment = read_time(str(given["received_at"])) if given.get("received_at") else None
    raw = compose(
        str(given.get("from") or ""), str(given.get("to") or address),
        str(given.get("subject") or ""), str(given.get("text") or ""),
        str(given.get("html") or ""), moment or sandbox.clock.now(),
        str(given.get("in_reply_to") or ""),
    )  # fmt: skip
    return {"id": sandbox.deliver(address, raw, _labels(given), moment)}


def _bulk(sandbox: Sandbox, address: str, given: Json) -> Json:
    items = given.get("messages")
    if not isinstance(items, list):
        raise WrongInputError("messages: a list of {raw, labels, received_at}")
    return {"ids": sandbox.deliver_many(address, [_item(item) for item in items])}


def _item(item: Any) -> Item:
    if not isinstance(item, dict) or not isinstance(item.get("raw"), str):
        raise WrongInputError("a message is {raw: base64, labels, received_at}")
    try:
        raw = base64.b64decode(item["raw"], validate=True)
    except binascii.Error as error:
        raise WrongInputError(f"raw: {error}") from None
    received = item.get("received_at")
    return raw, _labels(item), read_time(str(received)) if received else None


def _modify(sandbox: Sandbox, address: str, given: Json) -> Json:
    sandbox.modify(address, _ids(given), given.get("add") or [], given.get("remove") or [])
    return {}


def _trash(sandbox: Sandbox, address: str, given: Json) -> Json:
    sandbox.trash(address, _ids(given))
    return {}


def _delete(sandbox: Sandbox, address: str, given: Json) -> Json:
    sandbox.delete(address, _ids(given))
    return {}


def _revoke(sandbox: Sandbox, address: str, _: Json) -> Json:
    sandbox.revoke(address)
    return {}


def _expire_history(sandbox: Sandbox, address: str, _: Json) -> Json:
    sandbox.expire_history(address)
    return {}


def _expire_tokens(sandbox: Sandbox, address: str, _: Json) -> Json:
    expire_access_tokens(sandbox, sandbox.account(address).id)
    return {}


ACTIONS: Mapping[str, Callable[[Sandbox, Json], Json]] = {
    "mailboxes": _add_mailbox, "clients": _add_client, "faults": _add_fault,
    "clear_faults": _clear_faults, "settings": _set, "clock": _move_clock, "reset": _reset,
    "stats/reset": _reset_stats, "tenants": control_tenants.set_policy,
    "tenants/grant": control_tenants.grant, "tenants/withdraw": control_tenants.take_back,
    "topics": control_notices.set_topic, "bounces": control_sending.set_bounce,
}  # fmt: skip
MAILBOX_ACTIONS: Mapping[str, Callable[[Sandbox, str, Json], Json]] = {
    "messages": _deliver, "bulk": _bulk, "modify": _modify, "trash": _trash, "delete": _delete,
    "revoke": _revoke, "expire_history": _expire_history, "expire_tokens": _expire_tokens,
    "withdraw_consent": control_tenants.withdraw_consent,
    "retire": control_notices.retire, "lifecycle": control_notices.lifecycle,
    "delegates": control_shared.allow, "aliases": control_shared.add_alias,
    "send_as": control_sending.set_send_as,
}  # fmt: skip


def read_time(text: str) -> datetime:
    """An ISO 8601 moment; without a zone it is UTC. ValueError otherwise."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _labels(given: Json) -> list[str]:
    labels = given.get("labels")
    if labels is None:
        return list(LABELS)
    if not isinstance(labels, list) or not all(isinstance(one, str) and one for one in labels):
        raise WrongInputError("labels: a list of ids or names")
    return labels


def _ids(given: Json) -> list[str]:
    ids = given.get("ids") or ([given["id"]] if given.get("id") else [])
    if not isinstance(ids, list) or not ids:
        raise WrongInputError("ids: a list of message ids")
    for item in ids:
        if not isinstance(item, str) or int(item, 16) >= 2**63:
            raise WrongInputError(f"no message id: {str(item)[:50]!r}")
    return ids


def _body(request: Request) -> Json:
    data = request.get_data()
    body = msgspec.json.decode(data) if data.strip() else {}
    if not isinstance(body, dict):
        raise WrongInputError("the body is a JSON object")
    return body


def _json(body: Any, status: int) -> Response:
    return Response(msgspec.json.encode(body), status=status, content_type="application/json")
