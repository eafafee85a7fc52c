"""The control page: what is in the mailboxes, and forms for everything that can happen."""

import json
from collections.abc import Iterable
from html import escape
from typing import Any

from sandbox import bounces, control_sending, transit
from sandbox.accounts import COMPANIES, CONSUMERS, GOOGLE, MICROSOFT
from sandbox.control_notices import told
from sandbox.control_tenants import organizations
from sandbox.faults import KINDS
from sandbox.google import pubsub, send_as
from sandbox.google.pages import page
from sandbox.microsoft import delegates
from sandbox.microsoft.notices import EVENTS
from sandbox.microsoft.tenants import POLICIES
from sandbox.settings import CHOICES
from sandbox.state import Sandbox
from sandbox.stats import mailboxes, messages, stats

Json = dict[str, Any]
SHOWN = 30
BOTH = "Google or Microsoft"
SWITCHED = {"UNREAD": ("Mark read", "Mark unread"), "STARRED": ("Unstar", "Star"),
            "INBOX": ("Archive", "To inbox")}  # fmt: skip


def overview(sandbox: Sandbox, said: str = "", error: str = "") -> bytes:
    """The first page: mailboxes, faults, settings, clock."""
    used = stats(sandbox)["mailboxes"]
    rows = "".join(
        f'<tr><td><a href="/sandbox/mailbox/{escape(one["address"])}">{escape(one["address"])}</a>'
        f"</td><td>{escape(one['name'])}</td><td>{_company(one)}</td>"
        f"<td>{one['messages']}</td><td>{one['unread']}</td>"
        f"<td>{used[one['address']]['units']}</td></tr>"
        for one in mailboxes(sandbox)
    )
    add = _form(
        "mailboxes",
        _field("address", "Address", kind="email")
        + _field("name", "Name")
        + _choice("company", "Company", COMPANIES, GOOGLE)
        + _field("tenant", "Organization (a GUID; empty: one for each domain; or consumers)")
        + _choice("shared", "A shared mailbox at Microsoft", ("false", "true"), "false"),
        "Add",
    )
    return page(
        "Control",
        _said(said, error)
        + "<h2>Mailboxes</h2><table><thead><tr><th>Address</th><th>Name</th><th>Company</th>"
        "<th>Messages</th>"
        f"<th>Unread</th><th>Units used</th></tr></thead><tbody>{rows}</tbody></table>{add}"
        + _organizations(sandbox)
        + _notices(sandbox)
        + _letters(sandbox)
        + _faults(sandbox)
        + _settings(sandbox)
        + _clock(sandbox),
        wide=True,
        whose=BOTH,
    )


def mailbox_page(sandbox: Sandbox, address: str, said: str = "", error: str = "") -> bytes:
    """One mailbox: deliver, change and delete messages; LookupError when there is none."""
    account = sandbox.account(address)
    rows = "".join(_message(account.address, one) for one in messages(sandbox, address, 50))
    fields = (
        _field("from", "From", "Cy Customer <cy@customer.example>")
        + _field("to", "To", account.address)
        + _field("subject", "Subject")
        + _area("text", "Text")
        + _area("html", "HTML (optional)")
        + _field("labels", "Labels", "INBOX UNREAD")
        + _field("in_reply_to", "In reply to (a Message-ID, optional)")
    )
    base = f"mailbox/{account.address}"
    buttons = "".join(
        _form(f"{base}/{name}", "", words, inline=True)
        for name, words in (
            ("revoke", "Revoke every grant"),
            ("expire_tokens", "Expire access tokens"),
            ("expire_history", "Expire history"),
        )
    )
    allowed = ""
    if account.company == MICROSOFT:
        buttons += _form(f"{base}/withdraw_consent", "", "Withdraw consent", inline=True)
        allowed += _delegates(sandbox, account.address)
    else:
        allowed += _send_as(account.address)
    return page(
        f"Mailbox {account.address}",
        _said(said, error)
        + f'<p><a href="/sandbox/">All mailboxes</a></p><p>{buttons}</p>{allowed}'
        + "<h2>Deliver a message</h2>"
        + _form(f"{base}/messages", fields, "Deliver")
        + "<h2>Newest messages</h2><table><thead><tr><th>Received</th><th>From</th><th>Subject</th>"
        f"<th>Labels</th><th>Do</th></tr></thead><tbody>{rows}</tbody></table>",
        wide=True,
        whose=BOTH,
    )


def _delegates(sandbox: Sandbox, address: str) -> str:
    """Who else may open this mailbox, with a form to change it."""
    now = delegates.listed(sandbox).get(address, {})
    said = ", ".join(f"{escape(who)} ({rights})" for who, rights in now.items()) or "nobody"
    fields = _field("delegate", "Somebody of the same organization", kind="email")
    fields += _choice("rights", "May open", delegates.RIGHTS, delegates.FULL)
    fields += _choice("send", "May send", delegates.SEND, delegates.AS)
    return f"<h2>Who else may open it</h2><p>Now: {said}.</p>" + _form(
        f"mailbox/{address}/delegates", fields, "Save"
    )


def _send_as(address: str) -> str:
    """One more address this mailbox may send as, or what its own has."""
    fields = (
        _field("address", "Address", kind="email")
        + _field("name", "Name")
        + _area("signature", "Signature (HTML, optional)")
        + _choice("status", "Verified", send_as.STATES, send_as.STATES[0])
    )
    return f"<h2>Send mail as</h2>{_form(f'mailbox/{address}/send_as', fields, 'Save')}"


def _letters(sandbox: Sandbox) -> str:
    """What mailboxes sent, newest first, and which addresses send mail back."""
    went = "".join(
        _row(one["at"][:19], one["from"], ", ".join(one["recipients"]), one["subject"], one["key"])
        for one in transit.posted(sandbox, newest=SHOWN)[::-1]
    )
    rules = "".join(
        _row(one["address"], one["kind"], f"{one['code']} {one['said']}")
        for one in control_sending.bouncing(sandbox)["bounces"]
    )
    fields = _field("address", "Address, or @ and a domain")
    fields += _choice("kind", "Mail to it", (*bounces.KINDS, "none"), bounces.HARD)
    return (
        "<h2>Mail that went out</h2><table><thead><tr><th>At</th><th>From</th><th>To</th>"
        f"<th>Subject</th><th>Key</th></tr></thead><tbody>{went}</tbody></table><h3>What comes "
        "back</h3><table><thead><tr><th>Address</th><th>How</th><th>Why</th></tr></thead><tbody>"
        f"{rules}</tbody></table>{_form('bounces', fields, 'Save')}"
    )


def _company(one: Json) -> str:
    if one["company"] == GOOGLE:
        return "Google"
    if one["shared"]:
        return f"Microsoft, shared with {escape(', '.join(one['delegates'])) or 'nobody'}"
    return "Microsoft, personal" if one["tenant"] == CONSUMERS else "Microsoft"


def _organizations(sandbox: Sandbox) -> str:
    """Microsoft's tenants: the policy to choose, requests to approve, agreements to take back."""
    rows = ""
    for one in organizations(sandbox)["tenants"]:
        carried = _hidden("tenant", one["tenant"])
        policy = _choice("consent_policy", "Who agrees", POLICIES, one["consent_policy"])
        waiting = "".join(_request(carried, each) for each in one["requests"])
        agreed = "".join(
            f"<p><code>{escape(client)}</code>: {escape(' '.join(names))} "
            + _form("tenants/withdraw", carried + _hidden("client_id", client), "Take back",
                    inline=True)
            + "</p>"
            for client, names in one["granted"].items()
        )  # fmt: skip
        rows += (
            f"<tr><td>{escape(', '.join(one['domains']))}<br><small><code>{one['tenant']}</code>"
            f"</small></td><td>{_form('tenants', carried + policy, 'Save')}</td>"
            f"<td>{agreed}</td><td>{waiting}</td></tr>"
        )
    return (
        "<h2>Organizations at Microsoft</h2><table><thead><tr><th>Organization</th><th>Policy</th>"
        f"<th>Agreed for everybody</th><th>Waiting</th></tr></thead><tbody>{rows}</tbody></table>"
    )


def _request(carried: str, asked: Json) -> str:
    fields = (
        carried
        + _hidden("client_id", asked["client_id"])
        + _hidden("scopes", " ".join(asked["scopes"]))
    )
    return (
        f"<p>{escape(asked['address'])}: {escape(asked['reason']) or '(no reason)'} "
        + _form("tenants/grant", fields, "Approve", inline=True)
        + "</p>"
    )


def _notices(sandbox: Sandbox) -> str:
    """Who is told what happens, the topics of Pub/Sub, and what went out last."""
    now = told(sandbox)
    topics = "".join(_topic(one) for one in now["topics"]) or _topic({"name": pubsub.TOPIC})
    went = "".join(
        _row(one["at"][:19], one["mailbox"], f"{one['count']}: {one['what']}", one["url"],
             f"{one['answer']} (try {one['tries']})")
        for one in now["deliveries"]
    )  # fmt: skip
    return (
        "<h2>Notices</h2><table><thead><tr><th>Mailbox</th><th>Folder</th><th>Told to</th>"
        "<th>Until</th><th>Do</th></tr></thead><tbody>"
        + "".join(_subscription(one) for one in now["subscriptions"])
        + f"</tbody></table><h3>Topics of Pub/Sub</h3>{topics}<h3>Last deliveries</h3>"
        + f"<p>Waiting to go out: {now['waiting']}</p><table><thead><tr><th>At</th><th>Mailbox</th>"
        "<th>What</th><th>Where</th><th>Answer</th></tr></thead>" + f"<tbody>{went}</tbody></table>"
    )


def _subscription(one: Json) -> str:
    base, carried = f"mailbox/{one['mailbox']}", _hidden("id", one["id"])
    buttons = _form(f"{base}/retire", carried, "Retire", inline=True)
    if one["company"] == MICROSOFT:
        events = "".join(f"<option>{event}</option>" for event in EVENTS)
        named = f'<select name="event" aria-label="Event">{events}</select> '
        buttons += _form(f"{base}/lifecycle", carried + named, "Tell", inline=True)
    where = one["url"] or one["what"]
    cells = _row(one["mailbox"], one["folder"], where, one["expires"][:16])
    return f"{cells.removesuffix('</tr>')}<td>{buttons}</td></tr>"


def _topic(one: Json) -> str:
    fields = (
        _field("name", "Topic", one["name"])
        + _field("push_url", "Pushed to", one.get("push_url", ""))
        + _field("audience", "Audience (empty: the address)", one.get("audience", ""))
        + _field("signer", "Signed as", one.get("signer", pubsub.SIGNER))
        + _choice("publisher", "Gmail may publish", ("true", "false"),
                  str(one.get("publisher", True)).lower())
    )  # fmt: skip
    return _form("topics", fields, "Save")


def _row(*cells: str) -> str:
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"


def _message(address: str, one: Json) -> str:
    labels: list[str] = json.loads(one["labels"])
    base, carried = f"mailbox/{address}", _hidden("id", one["id"])
    buttons = ""
    for label, (on, off) in SWITCHED.items():
        change = _hidden("remove" if label in labels else "add", label)
        buttons += _form(
            f"{base}/modify", carried + change, on if label in labels else off, inline=True
        )
    buttons += _form(f"{base}/trash", carried, "Trash", inline=True)
    buttons += _form(f"{base}/delete", carried, "Delete", inline=True)
    name = f"label-{one['id']}"
    own = (
        f'<label for="{name}" class="quiet">Label</label> <input id="{name}" name="add" size="10">'
    )
    buttons += _form(f"{base}/modify", carried + own, "Add", inline=True)
    return (
        f"<tr><td>{escape(one['received'][:16])}</td><td>{escape(one['from'])}</td>"
        f"<td>{escape(one['subject']) or '(no subject)'}<br><small>{one['snippet']}</small><br>"
        f"<small><code>{escape(one['message_id'])}</code></small></td>"
        f"<td>{escape(' '.join(labels))}</td><td>{buttons}</td></tr>"
    )


def _faults(sandbox: Sandbox) -> str:
    rows = ""
    for fault in sandbox.faults.listed():
        left = "until cleared" if fault.left is None else str(fault.left)
        cells = (fault.kind, left, fault.path, fault.mailbox)
        clear = _form("clear_faults", _hidden("number", str(fault.number)), "Clear", inline=True)
        shown = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        rows += f"<tr>{shown}<td>{clear}</td></tr>"
    options = "".join(
        f'<option value="{kind}">{kind}: {escape(words)}</option>' for kind, words in KINDS.items()
    )
    fields = (
        f'<label class="field">Kind <select name="kind">{options}</select></label>'
        + _field("times", "How many calls (empty: until cleared)", "1")
        + _field("path", "Only paths that contain")
        + _field("mailbox", "Only this mailbox")
        + _field("options", "Options as JSON", "{}")
    )
    return (
        "<h2>Faults</h2><table><thead><tr><th>Kind</th><th>Left</th><th>Path</th><th>Mailbox</th>"
        f"<th>Do</th></tr></thead><tbody>{rows}</tbody></table>"
        + _form("faults", fields, "Switch on")
    )


def _settings(sandbox: Sandbox) -> str:
    fields = ""
    for name, now in sandbox.settings.shown().items():
        words, value = name.replace("_", " ").capitalize(), str(now)
        choices: Iterable[str] = CHOICES.get(name, ())
        if isinstance(now, bool):
            choices, value = ("true", "false"), value.lower()
        fields += _choice(name, words, choices, value) if choices else _field(name, words, value)
    return f"<h2>Settings</h2>{_form('settings', fields, 'Save')}"


def _clock(sandbox: Sandbox) -> str:
    clock = sandbox.clock
    state = "standing still" if clock.is_frozen else "running"
    steps = "".join(
        _form("clock", _hidden("advance", str(seconds)), words, inline=True)
        for seconds, words in (
            (3600, "+1 hour"), (86_400, "+1 day"), (604_800, "+7 days"), (2_678_400, "+31 days"),
        )
    )  # fmt: skip
    back = _form("clock", _hidden("reset", "1"), "Back to real time", inline=True)
    moment = clock.now().isoformat(timespec="seconds")
    return f"<h2>Clock</h2><p>{escape(moment)}, {state}</p><p>{steps}{back}</p>"


def _form(action: str, fields: str, button: str, *, inline: bool = False) -> str:
    kind = ' class="inline"' if inline else ""
    return (
        f'<form method="post" action="/sandbox/do/{escape(action)}"{kind}>{fields}'
        f"<button>{escape(button)}</button></form> "
    )


def _field(name: str, words: str, value: str = "", kind: str = "text") -> str:
    return (
        f'<label class="field">{escape(words)} <input type="{kind}" name="{name}"'
        f' value="{escape(value)}"></label>'
    )


def _choice(name: str, words: str, choices: Iterable[str], value: str) -> str:
    options = "".join(
        f"<option{' selected' if choice == value else ''}>{escape(choice)}</option>"
        for choice in choices
    )
    return f'<label class="field">{escape(words)} <select name="{name}">{options}</select></label>'


def _area(name: str, words: str) -> str:
    return (
        f'<label class="field">{escape(words)} <textarea name="{name}" rows="4"></textarea></label>'
    )


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{name}" value="{escape(value)}">'


def _said(said: str, error: str) -> str:
    if error:
        return f'<p class="error" role="alert">{escape(error)}</p>'
    return f'<p class="done" role="status">{escape(said)}</p>' if said else ""
