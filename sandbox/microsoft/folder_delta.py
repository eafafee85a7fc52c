"""GET mailFolders/delta: which folders came, changed or went, in the whole hierarchy at once."""

import zlib

import msgspec

from sandbox.microsoft import odata, positions
from sandbox.microsoft.call import Call, Json
from sandbox.microsoft.errors import badly_formed_token, sync_state_gone
from sandbox.microsoft.folders import PROPERTIES, render, tree
from sandbox.microsoft.positions import Census

TYPE = "#microsoft.graph.mailFolder"


def list_changes(call: Call) -> Json:
    """One page: what differs from what the token says was told, until nothing does."""
    token = call.options.get("skiptoken") or call.options.get("deltatoken")
    if token and (fault := call.fault("delta_expired")):
        link = call.link("$deltatoken=") if fault.options.get("location", True) else ""
        raise sync_state_gone(link)
    here = _resume(call, token) if token else _begin(call)
    size = call.wishes.page or 10
    chosen = tuple(name for name in here.select.split(",") if name)
    with call.connect() as connection:
        every = tree(call, connection)
        keys = [one.key for one in every if here.hidden or not one.is_hidden]
        now = {str(one["id"]): one for one in render(call, connection, keys, chosen)}
    marks = {key: _mark(one) for key, one in now.items()}
    news = [key for key in marks if here.told.get(key) != marks[key]]
    gone = [key for key in here.told if key not in marks]
    page = [*news, *gone][:size]
    entries = [{"@odata.type": TYPE} | now[key] if key in now else _removed(key) for key in page]
    told = {key: mark for key, mark in here.told.items() if key not in page}
    told |= {key: marks[key] for key in page if key in marks}
    there = msgspec.structs.replace(here, told=told)
    ended = len(news) + len(gone) <= size
    body: Json = {"@odata.context": f"{call.context}Collection(mailFolder)", "value": entries}
    link = call.link(f"${'deltatoken' if ended else 'skiptoken'}={positions.write(there)}")
    body["@odata.deltaLink" if ended else "@odata.nextLink"] = link
    return body


def _begin(call: Call) -> Census:
    select = odata.select(call.options.get("select"), PROPERTIES, "MailFolder")
    hidden = call.options.get("includehiddenfolders", "").lower() == "true"
    return Census(call.account.oid, ",".join(select), hidden=hidden)


def _resume(call: Call, token: str) -> Census:
    here = positions.read(token, Census)
    if here.oid != call.account.oid:
        raise badly_formed_token()
    return here


def _mark(one: Json) -> int:
    return zlib.crc32(msgspec.json.encode(one))


def _removed(key: str) -> Json:
    return {"@odata.type": TYPE, "id": key, "@removed": {"reason": "deleted"}}
