"""One call of Microsoft Graph on its way: what was asked, by whom, and what is answered."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import msgspec

from sandbox.accounts import Account
from sandbox.faults import Fault
from sandbox.microsoft.errors import bad_request
from sandbox.microsoft.ids import Ids
from sandbox.microsoft.tokens import Grant
from sandbox.state import Sandbox

Json = dict[str, Any]
JSON_TYPE = (
    "application/json; odata.metadata=minimal; odata.streaming=true;"
    " IEEE754Compatible=false; charset=utf-8"
)
PREFERENCE = re.compile(r'\s*([\w.-]+)\s*(?:=\s*("[^"]*"|[^,;\s]*))?[^,]*,?')
KEYED = re.compile(r"([^(]+)\((.*)\)")
SKIP = re.compile(r"(?i)(?:\$|%24)?skip=")


@dataclass(frozen=True, slots=True)
class Request:
    """What one call is made of; header names in lower case, the path still encoded. ``origin`` is
    scheme and host as the caller wrote them."""

    verb: str
    path: str
    query: str
    headers: Mapping[str, str]
    origin: str
    body: bytes = b""


@dataclass(slots=True)
class Answer:
    """What comes back. ``fault`` asks the HTTP side to spoil it on the wire; ``skew`` is how many
    seconds this answer's clock is off."""

    status: int
    body: bytes = b""
    content_type: str = JSON_TYPE
    headers: dict[str, str] = field(default_factory=dict)
    fault: Fault | None = None
    skew: float = 0.0


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a Prefer header asks for."""

    immutable: bool = False
    text: bool = False
    page: int | None = None

    @property
    def applied(self) -> str:
        """The same as Preference-Applied says it."""
        said = ['outlook.body-content-type="text"'] if self.text else []
        said += [f"odata.maxpagesize={self.page}"] if self.page else []
        return ", ".join([*said, *(['IdType="ImmutableId"'] if self.immutable else [])])


@dataclass(slots=True)
class Call:
    """Everything a method needs to answer."""

    sandbox: Sandbox
    grant: Grant
    account: Account
    """Whose mailbox it is about."""
    request: Request
    path: Mapping[str, str]
    options: Mapping[str, str]
    wishes: Wishes
    ids: Ids
    skew: float = 0.0

    @property
    def context(self) -> str:
        """The start of every @odata.context."""
        return f"{self.request.origin}/v1.0/$metadata#"

    def fault(self, kind: str) -> Fault | None:
        """A switch of that kind that is on for this call, counted as used."""
        return self.sandbox.faults.take(frozenset({kind}), self.request.path, self.account.address)

    def link(self, query: str) -> str:
        """An absolute link to the same address with another query."""
        host = self.fault("next_foreign")
        origin = f"https://{host.options.get('host', 'graph.evil.example')}" if host else None
        return f"{origin or self.request.origin}{self.request.path}?{query}"

    def next_page(self, skip: int) -> str:
        """The link to what follows so many entries, everything else as it was asked for."""
        pairs = [pair for pair in self.request.query.split("&") if pair]
        kept = [pair for pair in pairs if not SKIP.match(pair)]
        return self.link("&".join([*kept, f"$skip={skip}"]))

    def connect(self) -> Any:
        """A reading connection, as a context."""
        return self.sandbox.db.read()

    def body(self) -> Json:
        """The JSON object that was sent, its keys in lower case; 400 when it is none."""
        try:
            given = msgspec.json.decode(self.request.body or b"{}")
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise bad_request("Unable to read JSON request payload.") from None
        if not isinstance(given, dict):
            raise bad_request("Unable to read JSON request payload.")
        return {key.lower(): value for key, value in given.items()}


def read_wishes(header: str) -> Wishes:
    """A Prefer header; what is not known in it is passed over."""
    given = {match[1].lower(): (match[2] or "").strip('"') for match in PREFERENCE.finditer(header)}
    page = given.get("odata.maxpagesize", "")
    return Wishes(
        given.get("idtype", "").lower() == "immutableid",
        given.get("outlook.body-content-type", "").lower() == "text",
        min(int(page), 1000) if re.fullmatch(r"0*[1-9]\d{0,8}", page) else None,
    )


def steps_of(path: str) -> list[str]:
    """An address below /v1.0 in steps: keys in parentheses and qualified names are undone."""
    found: list[str] = []
    for step in path.strip("/").split("/"):
        text = unquote(step)
        match = KEYED.fullmatch(text)
        name = (match[1] if match else text).removeprefix("microsoft.graph.")
        found.append(name)
        if match and match[2]:
            found.append(match[2].strip("'").replace("''", "'"))
    return found
