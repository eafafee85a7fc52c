"""Outlook as people and settings see it, and how to reach a mailbox there."""

from collections.abc import Callable

import httpx2

from mailweave.providers.base import (
    Budget,
    Dialect,
    Endpoints,
    Kind,
    Permission,
    Place,
    Provider,
    Shared,
)
from mailweave.providers.graph.client import Client
from mailweave.providers.graph.folders import NAMES
from mailweave.providers.graph.reader import GraphReader
from mailweave.providers.graph.sending import GraphSender
from mailweave.providers.graph.shared import SharedClient
from mailweave.providers.graph.watching import GraphWatcher
from mailweave.providers.graph.writing import GraphWriter

_LOGIN = "https://login.microsoftonline.com"
_PERSONAL = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""The tenant of personal accounts."""

KIND = Kind(
    name="outlook",
    label="Outlook",
    company="Microsoft",
    # ``common`` lets people with a work account and people with a personal one in.
    endpoints=Endpoints(
        authorize=f"{_LOGIN}/common/oauth2/v2.0/authorize",
        token=f"{_LOGIN}/common/oauth2/v2.0/token",
        revoke="",
        userinfo="",
        certs=f"{_LOGIN}/common/discovery/v2.0/keys",
        api="https://graph.microsoft.com",
        issuers=(f"{_LOGIN}/{{tenantid}}/v2.0",),
        admin_consent=f"{_LOGIN}/organizations/v2.0/adminconsent",
    ),
    scopes=(
        "openid",
        "email",
        "profile",
        "offline_access",
        "User.Read",
        "Mail.ReadWrite",
        "Mail.Send",
    ),
    permissions=(
        Permission(
            "See which Microsoft account this is: its name, e-mail address and number",
            "To show which mailbox was connected, and to recognise it when you reconnect.",
        ),
        Permission(
            "Read and write access to your mail",
            "To bring your mail in, to follow what is read and moved, and to keep the drafts of "
            "what you write here. Nothing is ever deleted for good but such drafts.",
        ),
        Permission("Send mail as you", "To send what you write here from your own address."),
        Permission(
            "Maintain access to data you have given it access to",
            "To go on bringing mail in while you are not here.",
        ),
    ),
    folder_names=NAMES,
    # 10,000 requests in any ten minutes, app and mailbox: 600 * 16.4 + 150.
    units_per_second=16.4,
    units_at_once=150.0,
    units_per_minute=1000.0,
    dialect=Dialect(
        asked={"response_mode": "query"},
        asked_anew={"prompt": "select_account"},
        account=("tid", "oid"),
        unlisted=frozenset({"offline_access", "openid", "profile", "email"}),
        leads_on=True,
    ),
    about="Mailboxes at Microsoft 365 and Outlook.com. A mailbox on an Exchange server of your "
    "organisation's own cannot be connected.",
    shared=Shared(
        scopes=("Mail.ReadWrite.Shared", "Mail.Send.Shared"),
        permissions=(
            Permission(
                "Read and write mail you can access",
                "To open the shared mailboxes you add here, with the rights you have there. "
                "Mailweave opens no other.",
            ),
            Permission(
                "Send mail on behalf of others",
                "To answer from a shared mailbox's own address.",
            ),
        ),
        needs="An Exchange administrator gives you the permission Full Access (Read and manage) to "
        "the mailbox. It can take two hours until Microsoft follows.",
        not_for={
            f"{_PERSONAL}.": "Personal Outlook.com accounts know no shared mailboxes. They belong "
            "to organisations at Microsoft 365."
        },
    ),
    registration=(
        "Open entra.microsoft.com > App registrations > New registration.",
        "Supported account types: multitenant and personal, or as MAILWEAVE_MICROSOFT_TENANT says.",
        "Redirect URI: platform Web, not Single-page application, with the first address above.",
        "Authentication: add the second address above, also of platform Web.",
        "API permissions > Microsoft Graph > Delegated permissions: add those named here.",
        "If you administer your organisation, grant admin consent on the same page.",
        "Certificates & secrets > New client secret: copy its Value, and note when it expires.",
        "Enter the Application (client) ID and the secret's value here.",
        "For people of other organisations: Branding & properties > Publisher verification.",
    ),
    removal=(
        Place("Work or school account", "https://myapps.microsoft.com"),
        Place("Personal account", "https://account.live.com/consent/Manage"),
    ),
)


def connect(
    *,
    endpoints: Endpoints,
    access_token: Callable[[], str],
    refresh: Callable[[str], str],
    budget: Budget,
    web: httpx2.Client,
    account_id: str,
    shared_address: str,
) -> Provider:
    """See :func:`mailweave.providers.kinds.connect`."""
    given = (web, endpoints, access_token, refresh, budget)
    if shared_address:
        theirs = SharedClient(shared_address, *given)
        reader = GraphReader(theirs, account_id)
        return Provider(reader, GraphWriter(theirs), sender=GraphSender(theirs))
    client = Client(*given)
    reader = GraphReader(client, account_id)
    watcher = GraphWatcher(client, reader.tree)
    return Provider(reader, GraphWriter(client), watcher, GraphSender(client))
