"""Gmail as people and settings see it, and how to reach a mailbox there."""

from collections.abc import Callable

import httpx2

from mailweave.providers.base import Budget, Dialect, Endpoints, Kind, Permission, Provider
from mailweave.providers.errors import Refused
from mailweave.providers.gmail.client import Client
from mailweave.providers.gmail.listing import NAMES
from mailweave.providers.gmail.reader import GmailReader
from mailweave.providers.gmail.sending import GmailSender
from mailweave.providers.gmail.watching import GmailWatcher
from mailweave.providers.gmail.writing import GmailWriter

MODIFY = "https://www.googleapis.com/auth/gmail.modify"

KIND = Kind(
    name="gmail",
    label="Gmail",
    company="Google",
    endpoints=Endpoints(
        authorize="https://accounts.google.com/o/oauth2/v2/auth",
        token="https://oauth2.googleapis.com/token",  # noqa: S106  an address
        revoke="https://oauth2.googleapis.com/revoke",
        userinfo="https://openidconnect.googleapis.com/v1/userinfo",
        certs="https://www.googleapis.com/oauth2/v3/certs",
        api="https://gmail.googleapis.com",
        issuers=("https://accounts.google.com", "accounts.google.com"),
    ),
    scopes=("openid", "email", MODIFY),
    permissions=(
        Permission(
            "See which Google account this is: its e-mail address and number",
            "To show which mailbox was connected, and to recognise it when you reconnect.",
        ),
        Permission(
            "Read, compose and send mail, and change labels in your Gmail account",
            "To bring your mail in, to follow what is read and moved, and to send what you write "
            "here from your own address. Nothing is ever deleted for good but drafts that we made. "
            "Google offers this as one box; please leave it ticked.",
        ),
    ),
    folder_names=NAMES,
    # 6,000 units a minute, counted over any 60 seconds: 60 * 97 + 180.
    units_per_second=97.0,
    units_at_once=180.0,
    units_per_minute=6000.0,
    unshared="Google lets no app open a mailbox that is delegated to you. To add a team's mailbox, "
    "connect it here by signing in to it.",
    # https://developers.google.com/identity/protocols/oauth2#expiration
    short_lived="Google ends permissions after seven days while its app is in Testing. An admin "
    "ends that for good at console.cloud.google.com > Google Auth Platform > Audience > Publish "
    "app; mailboxes that are reconnected after it keep their permission.",
    registration=(
        "Open console.cloud.google.com and make or choose a project.",
        "APIs & Services > Library: find Gmail API, and enable it.",
        "APIs & Services > OAuth consent screen: name the app, and choose its audience.",
        "Data access > Add or remove scopes: add the scopes named here.",
        "Clients > Create client, of type Web application, with the redirect address above.",
        "Enter its client ID and client secret here.",
    ),
    # A refresh token is handed out only with consent, so it is asked every time.
    dialect=Dialect(
        asked={
            "access_type": "offline",
            "prompt": "consent select_account",
            "include_granted_scopes": "true",
        }
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
    if shared_address:
        raise Refused("Gmail has no shared mailboxes.")
    client = Client(web, endpoints, access_token, refresh, budget)
    return Provider(
        GmailReader(client, account_id),
        GmailWriter(client),
        GmailWatcher(client),
        GmailSender(client),
    )
