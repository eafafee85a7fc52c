"""Presets: choices for both policies of a workspace that go well together, each with a name."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from mailweave.linking import policy, registry
from mailweave.linking.policy import Choice, Matching
from mailweave.mail.policy import Standing


@dataclass(frozen=True, slots=True)
class Preset:
    """A choice for every field. Kinds of record that nobody has registered are left out."""

    name: str
    label: str
    help: str
    mail: Mapping[str, str]
    link: Mapping[str, Choice]

    @property
    def choices(self) -> dict[str, Choice]:
        """The choices for linking, as they can be made here."""
        known = registry.kinds()
        kinds = {name: tuple(k for k in self.link[name] if k in known) for name in policy.OF_KINDS}
        return {**self.link, **kinds}


_ALL = ("primary", "portal", "additional")
_RECORDS = (
    "crm.contact",
    "crm.company",
    "crm.lead",
    "crm.deal",
    "support.ticket",
    "recruiting.candidate",
    "recruiting.job",
)

PRESETS = (
    Preset(
        "standard",
        "Everything where it belongs",
        "All of a message is kept, and filed under every record it is about: people, their "
        "companies and the latest open deal.",
        {
            "body": "full",
            "attachments": "metadata",
            "push": "on",
            "poll_minutes": "auto",
            "folders": "any",
            "read_writeback": "on",
            "internal_mail": "hide",
            "unmatched": "queue",
            "auto_create_contacts": "none",
        },
        {
            "match_types": (),
            "match_kinds": _ALL,
            "roles_in": ("from", "to", "cc"),
            "roles_out": ("to", "cc", "bcc"),
            "link_mode": "all",
            "inherit_thread": "on",
            "deal_mode": "latest",
            "link_company": "on",
            "timeline_first": (),
            "flat_first": ("crm.company",),
        },
    ),
    Preset(
        "first-match",
        "One person for each message",
        "A message is filed under the one person it came from or went to, by their primary "
        "address. Deals show the mail of their people.",
        {
            "body": "full",
            "attachments": "metadata",
            "push": "on",
            "poll_minutes": "auto",
            "folders": "main",
            "read_writeback": "on",
            "internal_mail": "hide",
            "unmatched": "keep",
            "auto_create_contacts": "none",
        },
        {
            "match_types": ("crm.contact", "recruiting.candidate"),
            "match_kinds": ("primary",),
            "roles_in": ("from",),
            "roles_out": ("to",),
            "link_mode": "first",
            "inherit_thread": "on",
            "deal_mode": "via_contact",
            "link_company": "off",
            "timeline_first": (),
            "flat_first": (),
        },
    ),
    Preset(
        "timeline",
        "A timeline for sales",
        "Contacts and leads get the mail they take part in, and so do their companies and latest "
        "open deals. Answers are filed by their own addresses only; nothing is marked as read in "
        "mailboxes.",
        {
            "body": "full",
            "attachments": "metadata",
            "push": "off",
            "poll_minutes": "5",
            "folders": "main",
            "read_writeback": "off",
            "internal_mail": "hide",
            "unmatched": "queue",
            "auto_create_contacts": "none",
        },
        {
            "match_types": ("crm.contact", "crm.lead"),
            "match_kinds": ("primary",),
            "roles_in": ("from", "to", "cc"),
            "roles_out": ("from", "to", "cc"),
            "link_mode": "all",
            "inherit_thread": "off",
            "deal_mode": "latest",
            "link_company": "on",
            "timeline_first": _RECORDS,
            "flat_first": (),
        },
    ),
    Preset(
        "client-profile",
        "Client files, kept short",
        "Companies get the mail of their own addresses: main, portal and additional. Only the "
        "first words of a message are kept, and mail with nobody of theirs is not kept at all.",
        {
            "body": "snippet",
            "attachments": "flag",
            "push": "off",
            "poll_minutes": "15",
            "folders": "main",
            "read_writeback": "off",
            "internal_mail": "hide",
            "unmatched": "discard",
            "auto_create_contacts": "none",
        },
        {
            "match_types": ("crm.company",),
            "match_kinds": _ALL,
            "roles_in": ("from", "to"),
            "roles_out": ("from", "to"),
            "link_mode": "all",
            "inherit_thread": "off",
            "deal_mode": "none",
            "link_company": "off",
            "timeline_first": (),
            "flat_first": _RECORDS,
        },
    ),
)


def find(name: str) -> Preset | None:
    """The preset of this name."""
    return next((one for one in PRESETS if one.name == name), None)


def fitting(standing: Standing, matching: Matching) -> Preset | None:
    """The preset that the policies are, choice for choice; None is called custom."""
    for one in PRESETS:
        mail = {name: str(value) for name, value in asdict(standing).items() if name in one.mail}
        if mail == dict(one.mail) and policy.choose(matching, one.choices) == matching:
            return one
    return None
