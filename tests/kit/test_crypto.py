"""Sealing: only the right place and the right key open what was sealed, and all else is refused."""

import base64
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailweave.kit import crypto
from mailweave.kit.crypto import KeyFileError, Keyring, SealBrokenError

RING = Keyring({"k1": bytes(range(32)), "a-key-with-a-rather-long-name": bytes(range(1, 33))}, "k1")
LONG = Keyring(RING.keys, "a-key-with-a-rather-long-name")
PLACE = "mail_credential/1/refresh_token"


@given(st.text())
def test_what_is_sealed_opens(plain: str) -> None:
    plain = plain.encode("utf-8", "replace").decode()
    assert RING.open(RING.seal(plain, PLACE), PLACE) == plain


def test_no_two_seals_are_alike() -> None:
    assert RING.seal("x", PLACE) != RING.seal("x", PLACE)
    assert b"secret" not in RING.seal("secret", PLACE)


@pytest.mark.parametrize(
    "place",
    ["mail_credential/2/refresh_token", "mail_credential/1/access_token", "other/1/refresh_token"],
)
def test_it_opens_in_its_place_only(place: str) -> None:
    with pytest.raises(SealBrokenError):
        RING.open(RING.seal("x", PLACE), place)


@pytest.mark.parametrize("ring", [RING, LONG])
def test_a_changed_or_cut_value_does_not_open(ring: Keyring) -> None:
    sealed = ring.seal("secret", PLACE)
    for number in range(len(sealed)):
        with pytest.raises(SealBrokenError):
            ring.open(sealed[:number], PLACE)
        changed = bytearray(sealed)
        changed[number] ^= 1
        with pytest.raises(SealBrokenError):
            ring.open(bytes(changed), PLACE)


@given(st.binary(max_size=100))
def test_rubbish_does_not_open(rubbish: bytes) -> None:
    for start in (b"", b"\x01", b"\x01\x02k1"):
        with pytest.raises(SealBrokenError):
            RING.open(start + rubbish, PLACE)


def test_an_old_key_opens_and_does_not_seal() -> None:
    old = RING.seal("x", PLACE)
    new = Keyring({"k2": bytes(range(2, 34)), **RING.keys}, "k2")
    assert new.open(old, PLACE) == "x"
    assert not new.is_current(old)
    assert new.is_current(new.seal("x", PLACE))
    with pytest.raises(SealBrokenError, match="does not hold"):
        Keyring({"k2": bytes(range(2, 34))}, "k2").open(old, PLACE)


def test_another_key_under_the_same_name() -> None:
    other = Keyring({"k1": bytes(range(3, 35))}, "k1")
    with pytest.raises(SealBrokenError):
        other.open(RING.seal("x", PLACE), PLACE)


def test_keys_from_text() -> None:
    first, second = crypto.make_key(), crypto.make_key()
    ring = crypto.read_keys(f"\n {first}\n{second}")
    assert ring.active == first.partition(":")[0]
    assert len(ring.keys) == 2
    assert crypto.read_keys(f"{first},{second}") == ring


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "k1",
        "k1:",
        "k1:!!!",
        "k1:" + base64.b64encode(b"short").decode(),
        "k1:" + base64.b64encode(bytes(32)).decode(),
        "bad name:" + base64.b64encode(bytes(range(32))).decode(),
        "k" * 33 + ":" + base64.b64encode(bytes(range(32))).decode(),
    ],
)
def test_keys_that_are_none(text: str) -> None:
    with pytest.raises(KeyFileError):
        crypto.read_keys(text)


def test_the_key_file_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "master.key"
    made = crypto.load_keys(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert crypto.load_keys(path) == made
    assert [one.name for one in path.parent.iterdir()] == ["master.key"]
    path.chmod(0o640)
    with pytest.raises(KeyFileError, match="chmod 600"):
        crypto.load_keys(path)


def test_all_who_start_at_once_have_the_same_key(tmp_path: Path) -> None:
    found: list[Keyring] = []
    start = threading.Barrier(8)

    def load() -> None:
        start.wait(5)
        found.append(crypto.load_keys(tmp_path / "master.key"))

    threads = [threading.Thread(target=load) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(5)
    assert len(found) == 8
    assert all(one == found[0] for one in found)
