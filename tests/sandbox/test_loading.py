"""Reading real mail: every message comes out, whatever it looks like."""

import contextlib
import gzip
import mailbox
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sandbox import loading
from sandbox.world.sample import sample

SAMPLES = Path(__file__).parent.parent / "samples"
ONE = b"From: a@b.example\nSubject: one\nDate: Mon, 02 Feb 2026 09:00:00 +0100\n\nfirst\n"
TWO = b"From: c@d.example\nSubject: two\n\n>From here it goes on\n>>From there\nFrom the sea\n"
ENVELOPE = b"From a@b.example Mon Feb  2 09:00:00 2026\n"


@pytest.fixture
def mbox(tmp_path: Path) -> Path:
    path = tmp_path / "mail.mbox"
    path.write_bytes(ENVELOPE + ONE + b"\n" + ENVELOPE + TWO + b"\n")
    return path


def test_splits_an_mbox_and_takes_back_its_escapes(mbox: Path) -> None:
    first, second = loading.read(mbox)
    assert first == ONE
    assert second == TWO.replace(b">From here", b"From here").replace(b">>From", b">From")


def test_a_sentence_is_no_boundary(tmp_path: Path) -> None:
    path = tmp_path / "mail.mbox"
    path.write_bytes(ENVELOPE + b"Subject: x\n\nSee below.\n\nFrom Berlin we sail on.\n")
    assert len(list(loading.read(path))) == 1


def test_an_envelope_inside_a_paragraph_is_no_boundary(tmp_path: Path) -> None:
    path = tmp_path / "mail.mbox"
    path.write_bytes(ENVELOPE + b"Subject: x\n\nAn envelope reads:\n" + ENVELOPE + b"and so on\n")
    assert len(list(loading.read(path))) == 1


@pytest.mark.parametrize(
    "envelope", [b"From - Mon Feb  2 09:00:00 2026\r\n", b"From MAILER-DAEMON\n"]
)
def test_knows_envelopes_of_other_programs(tmp_path: Path, envelope: bytes) -> None:
    path = tmp_path / "mail.mbox"
    path.write_bytes(envelope + ONE + b"\n" + envelope + ONE)
    assert list(loading.read(path)) == [ONE, ONE]


def test_reads_gzip(mbox: Path, tmp_path: Path) -> None:
    packed = tmp_path / "again.mbox.gz"
    packed.write_bytes(gzip.compress(mbox.read_bytes()))
    assert list(loading.read(packed)) == list(loading.read(mbox))


def test_says_so_when_gzip_is_cut_off(tmp_path: Path) -> None:
    packed = tmp_path / "cut.mbox.gz"
    packed.write_bytes(gzip.compress((SAMPLES / "sample.mbox").read_bytes())[:-2_000])
    messages = loading.read(packed)
    assert next(messages)
    with pytest.raises(loading.LoadError, match=r"cut\.mbox\.gz is damaged"):
        list(messages)


def test_says_so_when_there_is_nothing(tmp_path: Path) -> None:
    with pytest.raises(loading.LoadError, match="nothing"):
        list(loading.read(tmp_path / "none"))


def test_reads_a_maildir_and_its_folders(tmp_path: Path) -> None:
    box = mailbox.Maildir(tmp_path / "dir")
    box.add(ONE)
    box.add_folder("Archive").add(TWO)
    (tmp_path / "dir" / "tmp" / "half").write_bytes(b"not yet delivered")
    assert sorted(loading.read(tmp_path / "dir")) == sorted([ONE, TWO])


def test_reads_a_folder_of_all_kinds(mbox: Path, tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "x.eml").write_bytes(ONE)
    (tmp_path / "deep" / "archive").write_bytes(ENVELOPE + TWO)
    (tmp_path / "README").write_text("not mail")
    assert len(list(loading.read(tmp_path))) == 4
    assert list(loading.read(tmp_path / "deep" / "er" / "x.eml")) == [ONE]


def test_agrees_with_the_standard_library() -> None:
    path = SAMPLES / "sample.mbox"
    with contextlib.closing(mailbox.mbox(path)) as box:
        theirs = [str(message["Message-ID"]) for message in box]
    ours = [str(loading.headers(raw)["Message-ID"]) for raw in loading.read(path)]
    assert ours == theirs
    assert len(ours) == 120


def test_the_sample_is_what_the_world_makes() -> None:
    assert (SAMPLES / "sample.mbox").read_bytes() == sample()


def test_every_broken_message_comes_out_as_it_is() -> None:
    files = sorted((SAMPLES / "hostile").glob("*.eml"))
    assert len(files) >= 25
    loaded = list(loading.deliveries(SAMPLES / "hostile", "us@quillhaven.example"))
    assert [one.raw for one in loaded] == [file.read_bytes() for file in files]
    for one in loaded:
        assert loading.EARLIEST <= one.received_at < loading.LATEST


def headed(*lines: bytes) -> bytes:
    return b"\n".join((*lines, b"", b"text"))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (
            headed(b"Received: by x; Tue, 3 Feb 2026 10:00:00 +0100", b"Date: Mon, 2 Feb 2026"),
            datetime(2026, 2, 3, 9, tzinfo=UTC),
        ),
        (
            headed(b"Received: by x; never", b"Date: Mon, 2 Feb 2026 09:00:00 -0000"),
            datetime(2026, 2, 2, 9, tzinfo=UTC),
        ),
        (headed(b"Date: Mon, 2 Feb 2026 09:00:00 +1700"), datetime(2026, 2, 1, 16, tzinfo=UTC)),
        (headed(b"Date: Mon, 2 Feb 2026 09:00:00 +9999"), loading.START.replace(second=1)),
        (headed(b"Date: Mon, 2 Feb 102 09:00:00 +0000"), loading.START.replace(second=1)),
        (headed(b"Date: \xff\xfe"), loading.START.replace(second=1)),
        (b"", loading.START.replace(second=1)),
    ],
)  # fmt: skip
def test_when_it_was_received(tmp_path: Path, raw: bytes, expected: datetime) -> None:
    (tmp_path / "one.eml").write_bytes(raw)
    (one,) = loading.deliveries(tmp_path, "us@x.example")
    assert one.received_at == expected


def test_what_has_no_date_follows_what_came_before(mbox: Path) -> None:
    first, second = loading.deliveries(mbox, "C@D.example")
    assert second.received_at > first.received_at == datetime(2026, 2, 2, 8, tzinfo=UTC)
    assert (first.labels, second.labels) == (("INBOX",), ("SENT",))
