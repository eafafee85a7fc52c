"""Sealed columns: bound to their row, opened by the installation's keys."""

from collections.abc import Iterator

import pytest

from mailweave.kit import crypto, vault
from mailweave.sync.models import OAuthClient


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Two keys from the environment."""
    line = f"{crypto.make_key()},{crypto.make_key()}"
    monkeypatch.setenv("MAILWEAVE_MASTER_KEY", line)
    vault.keyring.cache_clear()
    yield line
    vault.keyring.cache_clear()


def row(pk: int | None = 1) -> OAuthClient:
    return OAuthClient(pk=pk, workspace_id=1, kind="gmail", client_id="id")


def test_keys_from_the_environment_come_first(keys: str) -> None:
    assert vault.keyring() == crypto.read_keys(keys)


def test_a_column_is_sealed_in_place() -> None:
    one = row()
    vault.seal(one, "client_secret", "hidden")
    assert b"hidden" not in bytes(one.client_secret)
    assert vault.unseal(one, "client_secret") == "hidden"


def test_a_value_moved_to_another_row_does_not_open() -> None:
    one, other = row(1), row(2)
    vault.seal(one, "client_secret", "hidden")
    other.client_secret = one.client_secret
    with pytest.raises(crypto.SealBrokenError):
        vault.unseal(other, "client_secret")


def test_a_row_without_id_seals_nothing() -> None:
    with pytest.raises(ValueError, match="has its id"):
        vault.seal(row(None), "client_secret", "hidden")
