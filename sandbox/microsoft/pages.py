"""What a person sees on the way through Microsoft's sign-in, consent and approval."""

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from sandbox.accounts import Account
from sandbox.google import pages
from sandbox.google.pages import hidden
from sandbox.microsoft.scopes import OPEN_ID, WORDS
from sandbox.microsoft.tenants import Tenant

Carried = Iterable[tuple[str, str]]
SUBMIT = "document.forms[0].submit()"
SUBMIT_HASH = base64.b64encode(hashlib.sha256(SUBMIT.encode()).digest()).decode()
"""For the policy of the one page that has a script."""
RISK = (
    "This app is not published by Microsoft, and its publisher has not been verified. Accept only"
    " if you trust it."
)


def page(title: str, body: str) -> bytes:
    """A whole page of the identity platform."""
    return pages.page(title, body, whose="Microsoft")


def picker(
    accounts: Sequence[Account], administrators: Sequence[Tenant], params: Carried, path: str
) -> bytes:
    """Choose who signs in; administrators of an organization need no mailbox."""
    people = [(one.address, one.name, f"{one.address}{_kind(one)}") for one in accounts]
    people += [(one.id, "Administrator", f"of {', '.join(one.domains)}") for one in administrators]
    buttons = "".join(
        f'<button class="account" name="sandbox_account" value="{escape(value)}">'
        f"<strong>{escape(name)}</strong><br>{escape(about)}</button>"
        for value, name, about in people
    )
    empty = (
        "<p>Nobody can sign in here. Make a mailbox at Microsoft on the"
        ' <a href="/sandbox/">control page</a>.</p>'
    )
    return page(
        "Pick an account",
        f'<form method="get" action="{escape(path)}">{hidden(params)}{buttons or empty}</form>',
    )


def consent(
    who: str, app: str, scopes: Iterable[str], params: Carried, path: str, *, everybody: str = ""
) -> bytes:
    """Accept everything that is asked for, or nothing; ``everybody`` names the organization an
    administrator accepts for."""
    title = "Permissions requested"
    if everybody:
        title += ". Review for your organization"
        told = f"<p>If you accept, this app gets them for everybody in {escape(everybody)}.</p>"
    else:
        told = "<p>This app would like to:</p>"
    return page(
        title,
        f"<p>{escape(who)}</p><p><strong>{escape(app)}</strong><br>"
        f'<span class="quiet">unverified</span></p><p class="quiet">{RISK}</p>{told}'
        f'<ul>{_lines(scopes)}</ul><form method="post" action="{escape(path)}">{hidden(params)}'
        '<div class="row"><button name="decision" value="cancel">Cancel</button>'
        '<button class="main" name="decision" value="accept">Accept</button></div></form>',
    )


def need_approval(who: str, app: str, scopes: Iterable[str], params: Carried, path: str) -> bytes:
    """Only an administrator can agree (90094); the one way on leads back to the app."""
    return page(
        "Need admin approval",
        f"<p>{escape(who)}</p><p><strong>{escape(app)}</strong><br>"
        '<span class="quiet">unverified</span></p>'
        f"<p><strong>{escape(app)}</strong> needs permission to access resources in your"
        " organization that only an admin can grant. Please ask an admin to grant permission to"
        f" this app before you can use it.</p><ul>{_lines(scopes)}</ul>"
        f'<form method="post" action="{escape(path)}">{hidden(params)}'
        '<button name="decision" value="return">Return to the application without granting'
        ' consent</button></form><p class="quiet">AADSTS90094</p>',
    )


def request_approval(
    who: str, app: str, scopes: Iterable[str], params: Carried, path: str
) -> bytes:
    """Only an administrator can agree, and can be asked from here (90095)."""
    return page(
        "Approval required",
        f"<p>{escape(who)}</p><p><strong>{escape(app)}</strong><br>"
        '<span class="quiet">unverified</span></p>'
        "<p>This app requires your admin's approval to:</p>"
        f'<ul>{_lines(scopes)}</ul><form method="post" action="{escape(path)}">{hidden(params)}'
        '<label class="field">Enter justification for requesting this app'
        ' <textarea name="reason" rows="3" maxlength="500"></textarea></label>'
        '<div class="row"><button name="decision" value="return">Cancel</button>'
        '<button class="main" name="decision" value="ask">Request approval</button></div></form>'
        '<p class="quiet">AADSTS90095</p>',
    )


def asked(app: str, params: Carried, path: str) -> bytes:
    """The request is on its way; back to the app leads a button, if the person presses it."""
    return page(
        "Request sent",
        f"<p>Your admin has been asked to approve <strong>{escape(app)}</strong>. You will be told"
        f' when they have looked at it.</p><form method="post" action="{escape(path)}">'
        f'{hidden(params)}<button class="main" name="decision" value="return">Back to app'
        "</button></form>",
    )


def refusal(sentence: str, code: int, details: Mapping[str, str]) -> bytes:
    """An error a person must see because there is nowhere to send them."""
    rows = "".join(
        f"<tr><th>{escape(name)}</th><td><code>{escape(value)}</code></td></tr>"
        for name, value in details.items()
    )
    return page(
        "Sorry, but we're having trouble signing you in",
        f"<p>AADSTS{code}: {escape(sentence)}</p><table>{rows}</table>",
    )


def form_post(redirect: str, answer: Carried) -> bytes:
    """The answer to the app as a form that sends itself."""
    return page(
        "Working",
        f'<form method="post" action="{escape(redirect)}">{hidden(answer)}'
        f'<button class="main">Continue</button></form><script>{SUBMIT}</script>',
    )


def signed_out() -> bytes:
    """After logout without an address to go to."""
    return page("You signed out of your account", "<p>It's a good idea to close all windows.</p>")


def _lines(scopes: Iterable[str]) -> str:
    """Graph's permissions first; the three of OpenID Connect read as one."""
    given = set(scopes)
    shown = sorted(given - set(OPEN_ID)) + ([OPEN_ID[1]] if given & set(OPEN_ID) else [])
    return "".join(
        f"<li>{escape(WORDS.get(one, one))} <small>{escape(one)}</small></li>" for one in shown
    )


def _kind(account: Account) -> str:
    return ", personal account" if account.is_personal else ", work account"
