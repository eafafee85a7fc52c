"""What the columns of an imported file can mean, and what a row says by that."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mailweave.mime.address import normalise
from mailweave.mime.headers import strip_controls
from mailweave.records.common.addresses import Pair
from mailweave.records.crm.csvfile import unescape
from mailweave.records.crm.models import Lead

LEFT_OUT = ""
"""The meaning of a column that is not imported."""
MAX_ADDRESSES = 50

_PEOPLE = (
    ("name", "Name", ("name", "full name", "display name", "contact", "lead")),
    ("first", "First name", ("first name", "given name", "firstname", "vorname")),
    ("last", "Last name", ("last name", "family name", "surname", "lastname", "nachname")),
    ("title", "Job title", ("job title", "title", "position")),
    ("phone", "Phone", ("phone", "telephone", "mobile", "phone number")),
    ("note", "Note", ("note", "notes", "comment", "description")),
    ("address", "E-mail address", ("email", "e-mail", "mail", "email address", "e-mail address")),
    ("more", "Further addresses", ("further addresses", "addresses", "other emails", "email 2")),
)
FIELDS: Mapping[str, tuple[tuple[str, str, tuple[str, ...]], ...]] = {
    "contact": (
        *_PEOPLE,
        ("company", "Company", ("company", "organisation", "organization", "account")),
    ),
    "lead": (
        *_PEOPLE,
        ("company_name", "Company", ("company", "organisation", "organization", "account")),
        ("status", "Status", ("status", "lead status")),
        ("source", "Source", ("source", "lead source")),
    ),
    "company": (
        ("name", "Name", ("name", "company", "company name", "organisation", "organization")),
        ("domain", "Domain", ("domain", "website", "web", "url")),
        ("note", "Note", ("note", "notes", "comment", "description")),
        ("address", "Main address", ("email", "e-mail", "mail", "main address", "e-mail address")),
        ("portal", "Portal address", ("portal", "portal address", "portal email")),
        ("more", "Further addresses", ("further addresses", "addresses", "other emails")),
    ),
}
"""For each kind: field, what people call it, and headers that mean it."""

LONGEST = {
    "name": 200,
    "title": 200,
    "company": 200,
    "company_name": 200,
    "phone": 64,
    "source": 100,
    "domain": 253,
    "note": 20_000,
}
_KINDS = {"address": "primary", "portal": "portal", "more": "additional"}


@dataclass(frozen=True, slots=True)
class Draft:
    """What a row says: the fields that have a value, and addresses. ``fault`` is what is wrong."""

    values: Mapping[str, str] = field(default_factory=dict)
    pairs: tuple[Pair, ...] = ()
    fault: str = ""

    @property
    def addresses(self) -> list[str]:
        """The addresses alone."""
        return [address for address, _ in self.pairs]


def offered(kind: str) -> list[tuple[str, str]]:
    """What a column can mean: (field, label)."""
    return [(LEFT_OUT, "Left out"), *((name, label) for name, label, _ in FIELDS[kind])]


def guess(kind: str, columns: Sequence[str]) -> list[str]:
    """What the columns seem to mean by their headers; each field once, but for addresses."""
    taken: set[str] = set()
    found = []
    for column in columns:
        said = " ".join(re.sub(r"[_\W]+", " ", column.lower().replace("e-mail", "email")).split())
        named = (
            name
            for name, label, words in FIELDS[kind]
            if said in {*words, label.lower(), *(w.replace("e-mail", "email") for w in words)}
        )
        meant = next((name for name in named if name not in taken), LEFT_OUT)
        taken.add(meant)
        found.append(meant)
    return found


def check(kind: str, mapping: Sequence[str]) -> str:
    """What is wrong with a mapping, in words; empty if nothing is."""
    known = {name for name, _ in offered(kind)}
    if not set(mapping) <= known:
        return "A column has a meaning that does not exist."
    meant = [name for name in mapping if name not in {LEFT_OUT, "more"}]
    if len(meant) > len(set(meant)):
        return "Two columns mean the same. Only further addresses may stand in several columns."
    if not {"name", "first", "last"} & set(meant):
        return "Choose which column is the name."
    return ""


def draft(kind: str, mapping: Sequence[str], cells: Sequence[str]) -> Draft:
    """What a row says by a mapping."""
    if len(cells) > len(mapping):
        return Draft(fault=f"It has {len(cells)} cells where the header has {len(mapping)}.")
    values: dict[str, str] = {}
    given: list[tuple[str, str]] = []
    for name, cell in zip(mapping, cells, strict=False):
        text = unescape(cell.strip())
        if name in _KINDS:
            given += [(one, _KINDS[name]) for one in re.split(r"[,;\s]+", text) if one]
        elif name and text:
            values[name] = _clean(name, text)
    first, last = values.pop("first", ""), values.pop("last", "")
    values["name"] = values.get("name") or " ".join(filter(None, (first, last)))
    pairs, wrong = _addresses(given)
    return Draft(values, pairs, wrong or _fault(kind, values))


def _clean(name: str, text: str) -> str:
    if name == "note":
        return text.replace("\r\n", "\n")
    line = " ".join(strip_controls(text).split())
    if name == "domain":
        host = line.lower().partition("://")[2] or line.lower()
        return host.split("/", 1)[0].removeprefix("www.")
    return line


def _addresses(given: Sequence[tuple[str, str]]) -> tuple[tuple[Pair, ...], str]:
    if len(given) > MAX_ADDRESSES:
        return (), f"It has more than {MAX_ADDRESSES} addresses."
    found: dict[str, str] = {}
    for text, kind in given:
        address = normalise(text.strip("<>"))
        if address is None:
            return (), f"“{text[:100]}” is not an e-mail address."
        found.setdefault(address, kind)
    return tuple(found.items()), ""


def _fault(kind: str, values: dict[str, str]) -> str:
    if not values["name"]:
        return "It has no name."
    for name, text in values.items():
        if len(text) > LONGEST.get(name, 200):
            label = next(label for one, label, _ in FIELDS[kind] if one == name)
            return f"{label} is longer than {LONGEST[name]:,} characters."
    if "status" in values:
        words = {str(label).lower(): word for word, label in Lead.Status.choices}
        status = words.get(values["status"].lower())
        if status is None:
            return f"“{values['status'][:50]}” is no status of a lead."
        values["status"] = status
    return ""
