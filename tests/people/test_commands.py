import io
from datetime import timedelta

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import models
from django.test import Client

from mailweave.kit import clock, crypto, scope, vault
from mailweave.mail.models import Credential, Mailbox
from mailweave.people.management.commands.rotate_keys import SEALED
from mailweave.people.models import Role, User
from mailweave.people.workspaces import memberships
from mailweave.sync.models import OAuthClient
from tests.makers import PASSWORD, make_member, make_user, signed_in

pytestmark = pytest.mark.django_db


def run(name: str, *args: str) -> str:
    out = io.StringIO()
    call_command(name, *args, stdout=out)
    return out.getvalue()


def create_owner(email: str = "ann@northwind.example", zone: str = "Europe/Berlin") -> str:
    return run(
        "create_owner", f"--email={email}", "--name=Ann", "--workspace=N", f"--time-zone={zone}"
    )


def test_an_owner_is_made_and_can_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILWEAVE_OWNER_PASSWORD", PASSWORD)
    create_owner()
    owner = User.objects.get(email="ann@northwind.example")
    assert owner.check_password(PASSWORD)
    assert owner.time_zone == "Europe/Berlin"
    assert [one.role for one in memberships(owner)] == [Role.OWNER]


@pytest.mark.parametrize(
    ("password", "email", "zone", "reason"),
    [
        ("short", "ann@northwind.example", "UTC", "too short"),
        (PASSWORD, "no address", "UTC", "valid email"),
        (PASSWORD, "ann@northwind.example", "Mars/Base", "time zone"),
        (PASSWORD, "TAKEN@northwind.example", "UTC", "already"),
    ],
)
def test_what_the_pages_refuse_the_command_refuses(
    monkeypatch: pytest.MonkeyPatch, password: str, email: str, zone: str, reason: str
) -> None:
    make_user(email="taken@northwind.example")
    monkeypatch.setenv("MAILWEAVE_OWNER_PASSWORD", password)
    with pytest.raises(CommandError, match=reason):
        create_owner(email, zone)
    assert User.objects.count() == 1


def test_a_reset_ends_sessions_and_its_link_works_once() -> None:
    member = make_member()
    user = User.objects.get(pk=member.user_id)
    before = signed_in(member)
    assert before.get("/settings/profile/").status_code == 200
    path = "/" + run("reset_password", user.email.upper()).strip().split("/", 3)[3]
    assert before.get("/settings/profile/").status_code == 302
    visitor = Client()
    assert user.email.encode() in visitor.get(path).content
    typed = {"password1": PASSWORD, "password2": PASSWORD}
    assert visitor.post(path, typed).status_code == 302
    assert visitor.get("/settings/profile/").status_code == 200
    assert Client().get(path).status_code == 410
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_a_reset_link_ends_after_a_day(settings: object) -> None:
    member = make_member()
    user = User.objects.get(pk=member.user_id)
    path = "/" + run("reset_password", user.email).strip().split("/", 3)[3]
    assert Client().get(path).status_code == 200
    settings.PASSWORD_RESET_TIMEOUT = -1  # type: ignore[attr-defined]
    assert Client().get(path).status_code == 410


@pytest.mark.parametrize(
    "path", ["/account/reset/MQ/nonsense/", "/account/reset/%00/a-b/", "/account/reset/_w/a/"]
)
def test_made_up_reset_links_are_dead(path: str) -> None:
    assert Client().get(path).status_code == 410


def test_nobody_to_reset() -> None:
    with pytest.raises(CommandError, match="no user"):
        run("reset_password", "nobody@northwind.example")


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> "Keys":
    return Keys(monkeypatch)


class Keys:
    """The master keys, replaced by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        self.use(crypto.make_key())

    def use(self, *lines: str) -> None:
        self.lines = lines
        self.monkeypatch.setenv("MAILWEAVE_MASTER_KEY", ",".join(lines))
        vault.keyring.cache_clear()


@pytest.fixture(autouse=True)
def _forget_keys() -> object:
    yield
    vault.keyring.cache_clear()


def sealed_secrets() -> int:
    """Two workspaces, each with a grant and a client's secret; returns the first one's id."""
    for number in (2, 1):
        member = make_member()
        with scope.workspace(member.workspace_id):
            mailbox = Mailbox.objects.create(
                kind="gmail", owner_id=member.user_id, address="a@b.example", remote_account_id="1"
            )
            row = Credential.objects.create(
                mailbox=mailbox, expires_at=clock.now() + timedelta(hours=1)
            )
            vault.seal(row, "refresh_token", f"refresh {number}")
            row.save()
            client = OAuthClient.objects.create(kind="gmail", client_id="c")
            vault.seal(client, "client_secret", f"secret {number}")
            client.save()
    return member.workspace_id


def test_no_sealed_column_is_forgotten() -> None:
    """What is sealed begins as nothing; other bytes have no such default."""
    found = {
        (model._meta.label, field.name)
        for model in apps.get_models()
        for field in model._meta.fields
        if isinstance(field, models.BinaryField) and field.default == b""
    }
    assert found == {(name, column) for name, columns in SEALED.items() for column in columns}


def test_keys_are_rotated_in_all_workspaces_and_the_old_one_can_go(keys: Keys) -> None:
    workspace_id = sealed_secrets()
    old, new = keys.lines[0], crypto.make_key()
    keys.use(new, old)
    assert "4 secrets" in run("rotate_keys")
    assert "0 secrets" in run("rotate_keys")
    keys.use(new)
    with scope.workspace(workspace_id):
        row = Credential.objects.get()
        assert vault.unseal(row, "refresh_token") == "refresh 1"
        assert row.version == 0
        assert bytes(row.access_token) == b""
        assert vault.unseal(OAuthClient.objects.get(), "client_secret") == "secret 1"


def test_what_no_key_opens_is_counted_and_left_as_it_is(keys: Keys) -> None:
    workspace_id = sealed_secrets()
    keys.use(crypto.make_key())
    with scope.workspace(workspace_id):
        before = bytes(Credential.objects.get().refresh_token)
    with pytest.raises(CommandError, match="4 secrets open with none"):
        run("rotate_keys")
    with scope.workspace(workspace_id):
        assert bytes(Credential.objects.get().refresh_token) == before


def test_a_made_key_can_be_read() -> None:
    assert crypto.read_keys(run("make_key")).active
