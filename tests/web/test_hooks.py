"""Notices of providers: what is believed, what is dropped, and that no stranger does harm."""

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from django.db import connection
from django.test import Client

from mailweave.kit import clock, crypto, scope, vault
from mailweave.kit.crypto import Keyring
from mailweave.mail.models import Mailbox
from mailweave.people.access import Member
from mailweave.sync import hands, notices, senders, subscriptions
from mailweave.sync.models import Subscription, Sync, Wakeup
from mailweave.web import hooks
from tests.makers import make_member
from tests.providers.test_oauth import KEY, OTHER_KEY, Vendor, signed
from tests.web.boxes import Box

pytestmark = pytest.mark.django_db(transaction=True)

OUTLOOK, LIFECYCLE, GMAIL = "/hooks/outlook/", "/hooks/outlook/lifecycle/", "/hooks/gmail/"
ACCOUNT = "push@weave.example"
SITE = "https://mail.weave.example"


class Certs(Vendor):
    """Google's keys, and how often they were asked for."""

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        return self._answer(self.status, self.certs or {"keys": [self._key()]})


@pytest.fixture(autouse=True)
def certs(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Certs]:
    settings.PUSH_URL = SITE
    settings.PUSH_TOPICS = {"gmail": "projects/weave/topics/mail"}
    settings.PUSH_ACCOUNTS = {"gmail": ACCOUNT}
    made = Certs()
    monkeypatch.setattr(hands, "NETWORK", httpx2.MockTransport(made))
    senders.forget()
    yield made
    senders.forget()


@pytest.fixture
def member() -> Member:
    return make_member()


@pytest.fixture
def box(member: Member) -> Box:
    return Box(member)


def post(path: str, body: Any, **headers: str) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Client(enforce_csrf_checks=True).post(
        path, raw, content_type="application/json", headers=headers
    )


def secret_of(box: Box) -> str:
    return notices.make_secret(box.member.workspace_id, box.pk)


def notice(secret: object, **more: object) -> dict[str, object]:
    return {
        "subscriptionId": "sub-1",
        "clientState": secret,
        "changeType": "created",
        "resource": "Users/x/Messages/y",
        "resourceData": {"@odata.type": "#Microsoft.Graph.Message", "id": "y"},
        **more,
    }


def outlook(*secrets: object) -> Any:
    return post(OUTLOOK, {"value": [notice(one) for one in secrets]})


def awake(box: Box) -> bool:
    with box.inside():
        return Wakeup.objects.filter(mailbox_id=box.pk).exists()


def jobs_of(box: Box) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'sync.advance'"
            " AND (args ->> 'workspace_id')::bigint = %s",
            [box.member.workspace_id],
        )
        return int(cursor.fetchone()[0])


def counted(hook: str, outcome: str) -> float:
    return hooks.COUNTED.labels(hook, outcome)._value.get()


def subscribe(box: Box, remote_id: str = "sub-1", **fields: Any) -> None:
    now = clock.now()
    with box.inside():
        address = Mailbox.objects.get(pk=box.pk).address.lower()
        facts = {
            "address": address,
            "made_for": "x",
            "made_at": now,
            "renew_at": now + timedelta(days=1),
            "expires_at": now + timedelta(days=7),
            **fields,
        }
        Subscription.objects.create(mailbox_id=box.pk, remote_id=remote_id, **facts)


# --- Microsoft ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [OUTLOOK, LIFECYCLE])
def test_the_address_proves_that_it_is_ours(path: str) -> None:
    token = "Validation: Testing+client <b>&amp;</b> é"
    answer = Client().post(f"{path}?{urlencode({'validationToken': token})}")
    assert answer.status_code == 200
    assert answer.content.decode() == token
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "query",
    [
        f"validationToken={'x' * 2001}",
        "validationToken=%ff",
        "validationToken=a&validationToken=b",
        "&".join(f"validationToken{n}=x" for n in range(50)),
    ],
)
def test_what_no_provider_would_send_is_not_echoed(query: str) -> None:
    answer = Client().post(f"{OUTLOOK}?{query}")
    assert (answer.status_code, answer.content) == (400, b"")


@pytest.mark.parametrize("path", [OUTLOOK, LIFECYCLE, GMAIL])
def test_only_posts_by_any_name_without_https(settings: Any, path: str) -> None:
    settings.SECURE_SSL_REDIRECT = True
    for method in ("get", "put", "delete", "options"):
        answer = getattr(Client(), method)(path)
        assert (answer.status_code, answer.content) == (405, b"")
    answer = Client().post(path, b"{", content_type="text/plain", headers={"Host": "10.0.0.7"})
    assert answer.status_code in {400, 401}


def test_a_notice_wakes_its_mailbox_once(box: Box) -> None:
    before = counted("outlook", "taken")
    assert outlook(secret_of(box)).status_code == 202
    assert awake(box)
    assert jobs_of(box) == 1
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET queueing_lock = NULL")
    for _ in range(3):  # replayed
        assert outlook(secret_of(box), secret_of(box)).status_code == 202
    assert jobs_of(box) == 1
    assert counted("outlook", "taken") - before == 7


def test_one_post_wakes_mailboxes_of_many_workspaces() -> None:
    boxes = [Box(make_member()) for _ in range(3)]
    quiet = Box(make_member())
    assert outlook(*[secret_of(box) for box in boxes]).status_code == 202
    assert [awake(box) for box in [*boxes, quiet]] == [True, True, True, False]


def forgeries(box: Box, other: Box) -> list[object]:
    ours = secret_of(box)
    about, _, signature = ours.rpartition(".")
    workspace_id = box.member.workspace_id
    return [
        None,
        "",
        "x",
        about,
        f"{about}.",
        f"{about}.{'A' * 43}",
        f"{workspace_id}.{other.pk}.{signature}",
        f"{other.member.workspace_id}.{box.pk}.{signature}",
        f"0{ours}",
        f"{ours}=",
        f"{ours}\n",
        f" {ours}",
        chr(0x0660 + int(ours[0])) + ours[1:],  # the same number in Arabic-Indic digits
        "9" * 400,
        "\x00" * 20,
    ]


def test_a_forged_secret_wakes_nobody_and_is_not_told_so(box: Box) -> None:
    other = Box(make_member())
    before = counted("outlook", "forged")
    made = forgeries(box, other)
    for forged in made:
        answer = outlook(forged)
        assert (answer.status_code, answer.content) == (202, b""), forged
    assert not awake(box)
    assert not awake(other)
    assert counted("outlook", "forged") - before == len(made)
    assert outlook(made[5], secret_of(box)).status_code == 202  # the true one among them counts
    assert awake(box)


def test_a_secret_holds_until_its_key_is_gone(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    def use(*keys: str) -> None:
        found = crypto.read_keys("\n".join(keys))
        monkeypatch.setattr(vault, "keyring", lambda: found)

    old, new = crypto.make_key(), crypto.make_key()
    use(old)
    secret = secret_of(box)
    use(new, old)
    assert secret_of(box) != secret
    assert notices.read_secret(secret) == (box.member.workspace_id, box.pk)
    assert notices.read_secret(secret_of(box)) == (box.member.workspace_id, box.pk)
    use(new)
    assert notices.read_secret(secret) is None


def test_a_secret_is_good_for_notices_only(box: Box) -> None:
    ring: Keyring = vault.keyring()
    text = f"{box.member.workspace_id}.{box.pk}"
    assert not ring.is_signed(text, ring.sign(text, "something else"), "notice")
    assert len(secret_of(box)) <= 128


@pytest.mark.parametrize("secret", [(1, 10**17), (10**17, 1)])
def test_a_mailbox_or_workspace_that_is_gone(box: Box, secret: tuple[int, int]) -> None:
    assert outlook(notices.make_secret(*secret)).status_code == 202
    assert not awake(box)


def test_a_disconnected_mailbox_sleeps_on(box: Box) -> None:
    box.set_box(disconnected_at=clock.now())
    assert outlook(secret_of(box)).status_code == 202
    assert not awake(box)
    assert jobs_of(box) == 0


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b"{}", b'{"value": 7}', b'{"value": [7]}', b'{"value": null}',
        b'{"value": [{"clientState": 7}]}', b"\xff\xfe", b'{"value": ' + b"[" * 5000, b"\x00" * 99,
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", [OUTLOOK, LIFECYCLE])
def test_nonsense_is_refused_without_detail(path: str, body: bytes) -> None:
    answer = post(path, body)
    assert (answer.status_code, answer.content) == (400, b"")


@pytest.mark.parametrize("path", [OUTLOOK, LIFECYCLE, GMAIL])
def test_too_much_is_refused_unread(path: str, box: Box) -> None:
    padded = {"value": [notice(secret_of(box))], "more": "x" * hooks.CAP}
    answer = post(path, padded)
    assert (answer.status_code, answer.content) == (413, b"")
    assert not awake(box)


# --- what becomes of a subscription ---------------------------------------------------------------


def lifecycle(box: Box, event: str, remote_id: str = "sub-1", secret: str = "") -> Any:
    one = notice(secret or secret_of(box), lifecycleEvent=event, subscriptionId=remote_id)
    return post(LIFECYCLE, {"value": [one]})


@pytest.mark.parametrize(
    ("event", "is_renewed", "is_gone"),
    [
        ("reauthorizationRequired", True, False),
        ("subscriptionRemoved", True, True),
        ("missed", False, False),
        ("somethingOfTomorrow", False, False),
    ],
)
def test_lifecycle(box: Box, event: str, is_renewed: bool, is_gone: bool) -> None:
    subscribe(box, resource="a")
    subscribe(box, remote_id="sub-2", resource="b")
    assert lifecycle(box, event).status_code == 202
    now = clock.now()
    with box.inside():
        row, other = Subscription.objects.order_by("resource")
    assert (row.renew_at <= now) is is_renewed
    assert (row.expires_at <= now) is is_gone
    assert other.renew_at > now
    assert awake(box)


def test_lifecycle_forged_or_about_another(box: Box) -> None:
    subscribe(box)
    other = Box(make_member())
    subscribe(other, remote_id="theirs")
    assert lifecycle(box, "subscriptionRemoved", secret="1.1.nonsense").status_code == 202
    assert not awake(box)
    for remote_id in ("theirs", "nobody's", "\x00", ""):
        assert lifecycle(box, "subscriptionRemoved", remote_id).status_code == 202
    for each in (box, other):
        with each.inside():
            assert Subscription.objects.get().expires_at > clock.now()


# --- Google ---------------------------------------------------------------------------------------


def token(key: Any = KEY, *, kid: str = "k1", algorithm: str = "RS256", **changes: object) -> str:
    now = int(clock.now().timestamp())
    told = {
        "iss": "https://accounts.google.com",
        "aud": f"{SITE}{GMAIL}",
        "azp": "1090",
        "sub": "1090",
        "email": ACCOUNT,
        "email_verified": True,
        "iat": now,
        "exp": now + 3600,
        **changes,
    }
    told = {name: value for name, value in told.items() if value is not None}
    return signed(told, key, algorithm=algorithm, headers={"kid": kid})


Encode = Callable[[bytes], bytes]


def published(
    address: str, history: object = 9876543210, encode: Encode = base64.b64encode
) -> dict[str, object]:
    said = json.dumps({"emailAddress": address, "historyId": history}).encode()
    return {
        "message": {
            "data": encode(said).decode(),
            "messageId": "2070443601311540",
            "publishTime": "2026-11-21T10:00:00.123Z",
        },
        "subscription": "projects/weave/subscriptions/mail",
    }


def gmail(body: Any, bearer: str = "") -> Any:
    return post(GMAIL, body, Authorization=f"Bearer {bearer or token()}")


@pytest.mark.parametrize("history", [9876543210, "9876543210"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_gmail_names_the_mailbox_however_it_spells_it(
    box: Box, history: object, encode: Encode
) -> None:
    subscribe(box, remote_id="")
    there = Box(make_member())  # the same mailbox in another workspace
    subscribe(there, remote_id="")
    quiet = Box(box.member, address="other@northwind.example")
    subscribe(quiet, remote_id="")
    with box.inside():
        cursor = Sync.objects.get(mailbox_id=box.pk).cursor
    answer = gmail(published("Sam@Northwind.Example", history, encode))
    assert (answer.status_code, answer.content) == (204, b"")
    assert [awake(one) for one in (box, there, quiet)] == [True, True, False]
    with box.inside():
        assert Sync.objects.get(mailbox_id=box.pk).cursor == cursor


WRONG: list[dict[str, Any]] = [
    {"key": OTHER_KEY},
    {"kid": "k2"},
    {"aud": SITE},
    {"aud": "https://evil.example/hooks/gmail/"},
    {"aud": None},
    {"iss": "https://evil.example"},
    {"iss": None},
    {"email": "push@evil.example"},
    {"email": ACCOUNT.upper()},
    {"email": None},
    {"email_verified": False},
    {"email_verified": None},
    {"email_verified": "true"},
    {"exp": 1},
    {"exp": None},
    {"iat": 99999999999},
    {"key": "x" * 64, "algorithm": "HS256"},
    {"key": None, "algorithm": "none"},
]


@pytest.mark.parametrize("changes", WRONG)
@pytest.mark.filterwarnings("ignore:.*HMAC key")
def test_a_call_of_anybody_else_is_refused(box: Box, changes: dict[str, Any]) -> None:
    subscribe(box, remote_id="")
    answer = gmail(published(box.address), token(**changes))
    assert (answer.status_code, answer.content) == (401, b"")
    assert not awake(box)


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic eDp5", "Bearer a.b.c", "Bearer " + "x" * 9000, "é"]
)
def test_a_call_without_a_token_is_refused(box: Box, header: str) -> None:
    subscribe(box, remote_id="")
    answer = post(GMAIL, published(box.address), Authorization=header)
    assert (answer.status_code, answer.content) == (401, b"")
    assert not awake(box)


def test_no_account_set_means_no_calls(box: Box, settings: Any) -> None:
    subscribe(box, remote_id="")
    settings.PUSH_ACCOUNTS = {"gmail": ""}
    assert gmail(published(box.address), token(email="")).status_code == 401
    assert gmail(published(box.address), token()).status_code == 401
    assert not awake(box)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"{}", {"message": {}}, {"message": {"data": "%%%"}}, {"message": {"data": "é"}},
        {"message": {"data": base64.b64encode(b"[]").decode()}},
        {"message": {"data": base64.b64encode(b'{"emailAddress": 7}').decode()}},
        published("\x00"), published("x" * 9999), published("é"), published(""),
        published("' OR 1=1 --"), published("nobody@northwind.example"),
    ],
)  # fmt: skip
def test_what_is_signed_is_never_asked_for_again(box: Box, body: Any) -> None:
    subscribe(box, remote_id="")
    assert gmail(body).status_code == 204
    assert not awake(box)


def test_a_mailbox_that_was_disconnected_is_unknown(box: Box) -> None:
    subscribe(box, remote_id="")
    with box.inside():
        subscriptions.forget(box.pk)
    before = counted("gmail", "unknown")
    assert gmail(published(box.address)).status_code == 204
    assert counted("gmail", "unknown") - before == 1
    assert not awake(box)


def test_keys_are_read_when_they_are_new_and_not_for_every_stranger(
    box: Box, certs: Certs, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe(box, remote_id="")
    moving = clock.Hands(clock.now())
    with clock.use(moving):
        for _ in range(3):
            assert gmail(published(box.address)).status_code == 204
        assert len(certs.requests) == 1
        for number in range(5):
            assert gmail(published(box.address), token(kid=f"new-{number}")).status_code == 401
        assert len(certs.requests) == 1
        moving.advance(61)
        for number in range(5):
            assert gmail(published(box.address), token(kid=f"new-{number}")).status_code == 401
        assert len(certs.requests) == 2
        moving.advance(61)
        certs.certs = {"keys": [certs._key() | {"kid": "next"}]}
        assert gmail(published(box.address), token(kid="next")).status_code == 204
        assert gmail(published(box.address), token()).status_code == 401  # theirs no more
        assert len(certs.requests) == 3
        moving.advance(25 * 3600)
        certs.status = 500
        assert gmail(published(box.address), token(kid="next")).status_code == 204
        assert len(certs.requests) == 4


def test_without_googles_keys_it_is_asked_to_come_again(box: Box, certs: Certs) -> None:
    subscribe(box, remote_id="")
    certs.status = 503
    assert gmail(published(box.address)).status_code == 503
    assert not awake(box)


# --- when something is wrong with us --------------------------------------------------------------


def test_whoever_holds_the_mailbox_delays_nobody(box: Box) -> None:
    """A worker holds the rows of its mailbox for a whole page."""
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with scope.workspace(box.member.workspace_id):
                list(Sync.objects.select_for_update().filter(mailbox_id=box.pk))
                held.set()
                done.wait(10)
        finally:
            connection.close()

    worker = threading.Thread(target=hold)
    worker.start()
    assert held.wait(10)
    try:
        began = time.monotonic()
        assert outlook(secret_of(box)).status_code == 202
        assert time.monotonic() - began < 1.0
        assert awake(box)
    finally:
        done.set()
        worker.join()


def test_a_database_that_hangs_is_not_waited_for(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "PATIENCE_MS", 300)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with scope.workspace(box.member.workspace_id), connection.cursor() as cursor:
                cursor.execute("LOCK TABLE sync_wakeup")
                held.set()
                done.wait(10)
        finally:
            connection.close()

    somebody = threading.Thread(target=hold)
    somebody.start()
    assert held.wait(10)
    try:
        assert outlook(secret_of(box)).status_code == 503
        monkeypatch.setattr(hooks, "PATIENCE", 0.1)
        began = time.monotonic()
        assert outlook(secret_of(box)).status_code == 503
        assert time.monotonic() - began < 0.29
    finally:
        done.set()
        somebody.join()
    monkeypatch.setattr(hooks, "PATIENCE", 5)
    assert outlook(secret_of(box)).status_code == 202
    assert awake(box)
