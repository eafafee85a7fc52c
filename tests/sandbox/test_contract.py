"""Every answer and every method is held against the vendor's own discovery document."""

import base64
import itertools
import re
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.google import pubsub
from sandbox.google.methods import METHODS

ANA = "ana@company.example"
NESTED = (
    b"From: a@client.example\r\nSubject: all sorts\r\nMessage-ID: <n@client.example>\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/html; charset=shift_jis\r\n\r\n<b>\x93\xfa\x96{</b>\r\n"
    b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\ntext\r\n"
    b"--b\r\nContent-Type: message/delivery-status\r\n\r\nStatus: 5.1.1\r\n\r\nX: y\r\n"
    b"--b\r\nContent-Type: image/png; name=p.png\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n"
    b"--b--\r\n"
)
# What was never promised: other settings, and deleting whole threads.
LEFT_OUT = re.compile(r"gmail\.users\.(threads\.delete|settings\.(?!sendAs\.(list|get)$))")
COMMON = {"alt": "json", "prettyPrint": "false"}


def methods_of(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from node.get("methods", {}).values()
    for inner in node.get("resources", {}).values():
        yield from methods_of(inner)


def problems(
    value: Any, schema: dict[str, Any], schemas: dict[str, Any], at: str = ""
) -> list[str]:
    """Where a value is not what the schema says."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"]]
    kind, form = schema.get("type"), schema.get("format")
    if kind == "object":
        if not isinstance(value, dict):
            return [f"{at}: no object"]
        known = schema["properties"]
        found = [f"{at}: unknown key {key}" for key in value if key not in known]
        return found + list(itertools.chain.from_iterable(
            problems(item, known[key], schemas, f"{at}.{key}")
            for key, item in value.items() if key in known
        ))  # fmt: skip
    if kind == "array":
        if not isinstance(value, list) or not value:
            return [f"{at}: an array must have something in it, or be left out"]
        return list(itertools.chain.from_iterable(
            problems(item, schema["items"], schemas, f"{at}[]") for item in value
        ))  # fmt: skip
    right = {
        "string": isinstance(value, str), "boolean": isinstance(value, bool),
        "integer": isinstance(value, int) and not isinstance(value, bool),
    }[str(kind)]  # fmt: skip
    found = [] if right else [f"{at}: {value!r} is no {kind}"]
    if form in {"int64", "uint64"} and not re.fullmatch(r"\d+", str(value)):
        found.append(f"{at}: {value!r} is no {form}")
    if form == "byte" and right and base64.urlsafe_b64decode(value) is None:
        found.append(f"{at}: no base64url")
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{at}: {value!r} is none of {schema['enum']}")
    return found


def test_the_judge_sees_what_is_wrong(world: Any) -> None:
    schemas = world.document["schemas"]
    wrong = {"historyId": 5, "messages": [], "id": "1", "strange": 1}
    assert problems(wrong, {"$ref": "Thread"}, schemas) == [
        ": unknown key strange", ".historyId: 5 is no string",
        ".messages: an array must have something in it, or be left out",
    ]  # fmt: skip


@pytest.fixture
def mailbox(world: Any) -> dict[str, str]:
    """A varied mailbox, and path parameters that exist in it."""
    deliver = world.state.deliver
    pubsub.set_topic(world.state)
    plain = deliver(ANA, world.letter())
    deliver(ANA, world.letter("Re: Hello", number="2", refs="<1@client.example>"), ["SENT"])
    nested = deliver(ANA, NESTED, ["Kunden", "STARRED"])
    gone = deliver(ANA, world.letter(number="3"))
    deliver(ANA, b"", [])
    deliver(ANA, b"\xff\xfe no headers at all", [])
    world.state.modify(ANA, nested, remove=["STARRED"])
    world.state.delete(ANA, gone)
    return {"userId": "me", "messageId": nested, "message": plain, "nested": nested,
            "label": world.state.label(ANA, "Kunden"), "sendAsEmail": ANA}  # fmt: skip


class Caller:
    """Calls methods of the discovery document by hand, as strictly as HTTP allows."""

    def __init__(self, world: Any, scopes: list[str] | None = None) -> None:
        self.token = world.credentials(scopes).token
        self.browser = world.browser()
        world.closing.append(self.browser.close)

    def __call__(
        self, method: dict[str, Any], names: dict[str, str], body: Any = None, **query: Any
    ) -> Any:
        path = "/" + re.sub(r"\{(\w+)\}", lambda m: names.get(m[1], "1"), method["path"])
        return self.browser.request(
            method["httpMethod"], path, params=COMMON | query, json=body,
            headers={"Authorization": f"Bearer {self.token}"},
        )  # fmt: skip


def document_methods(world: Any) -> dict[str, dict[str, Any]]:
    return {method["id"]: method for method in methods_of(world.document["resources"]["users"])}


def test_every_method_but_those_left_out_is_there_under_its_path_and_verb(world: Any) -> None:
    theirs = {name: m for name, m in document_methods(world).items() if not LEFT_OUT.match(name)}
    ours = {method.id: method for method in METHODS}
    assert set(theirs) == set(ours)
    for name, method in theirs.items():
        assert (method["httpMethod"], method["path"]) == (ours[name].verb, ours[name].path)
        assert set(method["scopes"]) == set(ours[name].scopes), name
        theirs_params = {key for key, p in method["parameters"].items() if p["location"] == "query"}
        assert theirs_params == set(ours[name].params), name


def test_methods_left_out_are_unknown(world: Any) -> None:
    call = Caller(world)
    for name, method in document_methods(world).items():
        if LEFT_OUT.match(name) and "{id}" not in method["path"]:
            assert call(method, {"userId": "me"}, {}).status_code == 404, name


def test_every_answer_fits_its_schema(world: Any, mailbox: dict[str, str]) -> None:
    methods, schemas, call = document_methods(world), world.document["schemas"], Caller(world)
    start = str(world.state.account(ANA).history_floor)
    raw = base64.urlsafe_b64encode(world.letter(number="9")).decode()
    formats = ("minimal", "metadata", "full")
    part = call(methods["gmail.users.messages.get"], {"userId": "me", "id": mailbox["nested"]})
    mailbox["id"] = part.json()["payload"]["parts"][3]["body"]["attachmentId"]
    message, label = {"id": mailbox["message"]}, {"id": mailbox["label"]}
    ids = world.state.message_ids(ANA)
    change = {"addLabelIds": ["STARRED"]}
    making = methods["gmail.users.drafts.create"]
    draft, other = (
        {"id": call(making, {"userId": "me"}, {"message": {"raw": raw}}).json()["id"]}
        for _ in range(2)
    )
    runs: list[tuple[str, dict[str, str], Any, dict[str, Any]]] = [
        ("getProfile", {}, None, {}), ("labels.list", {}, None, {}),
        ("labels.get", label, None, {}), ("labels.get", {"id": "INBOX"}, None, {}),
        ("labels.create", {}, {"name": "New"}, {}),
        ("labels.patch", label, {"color": {"textColor": "#000000", "backgroundColor": "#ffffff"}},
         {}),
        ("labels.update", label, {"name": "Other", "messageListVisibility": "hide"}, {}),
        ("labels.list", {}, None, {}),
        ("messages.list", {}, None, {}), ("messages.list", {}, None, {"maxResults": 1}),
        ("messages.list", {}, None, {"q": "no such thing"}),
        *(("messages.get", {"id": x}, None, {"format": f}) for x in ids for f in (*formats, "raw")),
        ("messages.attachments.get", {}, None, {}),
        ("messages.modify", message, change, {}), ("messages.trash", message, None, {}),
        ("messages.untrash", message, None, {}),
        ("messages.insert", {}, {"raw": raw, "labelIds": ["INBOX"]}, {}),
        ("messages.import", {}, {"raw": raw}, {"neverMarkSpam": "true"}),
        ("threads.list", {}, None, {}), ("threads.list", {}, None, {"maxResults": 1}),
        *(("threads.get", message, None, {"format": f}) for f in formats),
        ("threads.modify", message, {"removeLabelIds": ["STARRED"]}, {}),
        ("threads.trash", message, None, {}), ("threads.untrash", message, None, {}),
        ("history.list", {}, None, {"startHistoryId": start, "maxResults": 500}),
        ("history.list", {}, None, {"startHistoryId": start, "maxResults": 1}),
        ("settings.sendAs.list", {}, None, {}), ("settings.sendAs.get", {}, None, {}),
        ("messages.batchModify", {}, {"ids": [mailbox["message"]], **change}, {}),
        ("watch", {}, {"topicName": pubsub.TOPIC}, {}), ("stop", {}, None, {}),
        ("messages.send", {}, {"raw": raw}, {}),
        ("drafts.create", {}, {"message": {"raw": raw}}, {}), ("drafts.list", {}, None, {}),
        *(("drafts.get", draft, None, {"format": f}) for f in (*formats, "raw")),
        ("drafts.update", draft, {"message": {"raw": raw}}, {}),
        ("drafts.send", {}, {"id": draft["id"]}, {}), ("drafts.delete", other, None, {}),
        ("labels.delete", label, None, {}),
        ("messages.delete", message, None, {}),
        ("messages.batchDelete", {}, {"ids": [mailbox["nested"]]}, {}),
    ]  # fmt: skip
    seen = set()
    for name, path, body, query in runs:
        method = methods[f"gmail.users.{name}"]
        answer = call(method, mailbox | path, body, **query)
        seen.add(method["id"])
        if "response" not in method:
            assert (answer.status_code, answer.content) == (204, b""), name
            continue
        assert answer.status_code == 200, (name, answer.text)
        assert problems(answer.json(), method["response"], schemas, name) == []
    assert seen == {method.id for method in METHODS}


def test_unknown_parameters_and_fields_are_refused(world: Any, mailbox: dict[str, str]) -> None:
    methods, call = document_methods(world), Caller(world)
    names = mailbox | {"id": mailbox["message"]}
    for method in METHODS:
        answer = call(methods[method.id], names, None, surprise="1")
        assert answer.status_code == 400, method.id
        error = answer.json()["error"]
        assert (error["status"], error["errors"][0]["reason"]) == ("INVALID_ARGUMENT", "invalid")
        if method.body:
            answer = call(methods[method.id], names, {"surprise": 1})
            assert answer.status_code == 400, method.id


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff", b"[" * 100_000, b'{"name": 1e999}'])
def test_wrong_bodies_are_refused(world: Any, body: bytes) -> None:
    call = Caller(world)
    answer = call.browser.post(
        "/gmail/v1/users/me/labels", content=body, headers={"Authorization": f"Bearer {call.token}"}
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == 400


def test_types_enums_and_maxima_are_enforced(world: Any, mailbox: dict[str, str]) -> None:
    methods, call = document_methods(world), Caller(world)
    for method in METHODS:
        for name, spec in methods[method.id]["parameters"].items():
            if spec["location"] != "query":
                continue
            wrong = ["501", "x", "-1"] if name == "maxResults" else []
            wrong += ["never"] if "enum" in spec or spec["type"] == "boolean" else []
            wrong += ["x"] if spec.get("format") == "uint64" else []
            for value in wrong:
                names = mailbox | {"id": mailbox["message"]}
                answer = call(methods[method.id], names, None, **{name: value})
                assert answer.status_code == 400, (method.id, name, value)


def test_scopes_are_enforced_method_by_method(world: Any, mailbox: dict[str, str]) -> None:
    methods, asked = document_methods(world), "https://www.googleapis.com/auth/gmail."
    names = mailbox | {"id": mailbox["message"]}
    for scope in (asked + "metadata", asked + "labels", asked + "send", asked + "readonly"):
        call = Caller(world, [scope, "openid"])
        for method in METHODS:
            answer = call(methods[method.id], names, None, surprise="1")
            if scope in methods[method.id]["scopes"]:
                assert answer.status_code == 400, (scope, method.id)
                continue
            assert answer.status_code == 403, (scope, method.id)
            error = answer.json()["error"]
            assert error["errors"][0]["reason"] == "insufficientPermissions"
            assert error["details"][0]["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"


def test_the_metadata_scope_sees_no_bodies_and_searches_nothing(
    world: Any, mailbox: dict[str, str]
) -> None:
    methods = document_methods(world)
    call = Caller(world, ["https://www.googleapis.com/auth/gmail.metadata", "openid"])
    get, names = methods["gmail.users.messages.get"], {"userId": "me", "id": mailbox["message"]}
    assert call(get, names, format="metadata").status_code == 200
    assert call(get, names, format="full").status_code == 403
    assert call(get, names).status_code == 403
    assert call(methods["gmail.users.messages.list"], names, q="in:inbox").status_code == 403


def test_tokens_missing_wrong_and_old(world: Any) -> None:
    call = Caller(world)
    path = "/gmail/v1/users/me/profile"
    assert call.browser.get(path).json()["error"]["errors"][0]["reason"] == "required"
    wrong = call.browser.get(path, headers={"Authorization": "Bearer nonsense"})
    assert wrong.status_code == 401
    assert wrong.json()["error"]["errors"][0] == {
        "message": "Invalid Credentials", "domain": "global", "reason": "authError",
        "location": "Authorization", "locationType": "header",
    }  # fmt: skip
    good = {"Authorization": f"Bearer {call.token}"}
    assert call.browser.get(path, headers=good).status_code == 200
    world.state.clock.advance(3600)
    assert call.browser.get(path, headers=good).status_code == 401
