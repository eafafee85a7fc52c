"""What a file is by its bytes, and its text, whatever somebody made of it."""

import contextlib
import random
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from mailweave.kit.errors import Expected
from mailweave.records.recruiting import documents, extraction
from tests.records.recruiting import papers

BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    b"<x>&b;</x>"
)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (papers.pdf("Hello"), "pdf"),
        (b"\n " + papers.pdf("Hello"), "pdf"),
        (papers.docx("Hello"), "docx"),
        (papers.doc("WordDocument"), "doc"),
    ],
)
def test_what_is_kept(data: bytes, kind: str) -> None:
    assert documents.recognise(data) == kind


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"<html><script>alert(1)</script>%PDF-1.7", "a web page"),
        (b"  <svg onload=x>", "a web page"),
        (b"MZ\x90\x00", "a program"),
        (b"\x89PNG\r\n", "an image"),
        (b"{\\rtf1", "RTF"),
        (b"plain words", "something else"),
        (papers.docx("x", extra="word/vbaProject.bin"), "macros"),
        (papers.archive({"holiday.jpg": b"x"}), "not a Word document"),
        (papers.archive({f"{n}": b"" for n in range(2001)}), "thousands of files"),
        (papers.docx("x")[:-30], "damaged"),
        (papers.doc("WordDocument", "_VBA_PROJECT"), "macros"),
        (papers.doc("EncryptedPackage"), "password"),
        (papers.doc("Workbook"), "another kind of Office document"),
    ],
)
def test_what_is_refused_and_why(data: bytes, why: str) -> None:
    with pytest.raises(Expected, match=why):
        documents.recognise(data)


@pytest.mark.parametrize(
    ("kind", "data", "text"),
    [
        ("pdf", papers.pdf("Nia Patel", "Skipper"), "Nia Patel\nSkipper"),
        ("docx", papers.docx("Nia &amp; crew", "", "", "End\u202e"), "Nia & crew\n\nEnd"),
        ("docx", papers.docx("\U0001f600 é"), "\U0001f600 é"),
        (
            "doc",
            papers.word97("Nia Patel\rSki", "pper, Grüße\x07\x01é"),
            "Nia Patel\nSkipper, Grüße\né",
        ),
        (
            "doc",
            papers.word97('\x13HYPERLINK "mailto:nia"\x14nia\x15, \x13PAGE\x15here'),
            "nia, here",
        ),
    ],
)
def test_the_text_is_read(kind: str, data: bytes, text: str) -> None:
    assert extraction.extract(kind, data) == extraction.Extracted(text=text)


@pytest.mark.parametrize(
    ("kind", "data", "why"),
    [
        ("pdf", papers.locked_pdf(), "password"),
        ("pdf", papers.pdf("Nia")[:200], "damaged"),
        ("pdf", b"%PDF-1.7\n" + b"1 0 obj<</A 1 0 R>>" * 2000, "damaged"),
        ("docx", papers.docx(xml=BOMB), "damaged"),
        ("docx", papers.docx(xml=b"<open>"), "damaged"),
        ("docx", papers.docx(xml=b" " * (31 * 2**20)), "unfolds"),
        ("docx", b"PK\x03\x04" + b"x" * 100, "damaged"),
        ("doc", papers.doc("WordDocument"), "damaged"),
        ("doc", papers.word97("Nia")[:3000], "damaged"),
        ("doc", papers.word97("Nia", pieces_at=5000), "damaged"),
        ("doc", papers.word97("Nia", version=0x65), "before 1997"),
        ("doc", papers.word97("Nia", flags=0x0300), "password"),
    ],
)
def test_what_has_no_text_says_why(kind: str, data: bytes, why: str) -> None:
    found = extraction.extract(kind, data)
    assert (found.text, why in found.fault) == ("", True), found


def test_whatever_is_damaged_in_a_word_file_it_has_a_text_or_a_reason() -> None:
    program = runpy.run_path(str(extraction.PROGRAM))
    good, chance = papers.word97("Nia Patel", "Grüße"), random.Random(3)
    for _ in range(400):
        data = bytearray(good)
        for _ in range(chance.randint(1, 20)):
            data[chance.choice((chance.randrange(len(data)), chance.randrange(512)))] ^= (
                1 << chance.randrange(8)
            )
        with contextlib.suppress(program["Fault"]):
            assert isinstance(program["doc"](bytes(data)), str)


def test_a_bomb_ends_with_its_process() -> None:
    data = papers.pdf_bomb(300 * 2**20)
    assert len(data) < 2**20
    found = extraction.extract("pdf", data)
    assert (found.text, bool(found.fault)) == ("", True)


@pytest.mark.parametrize(
    ("deed", "why"),
    [
        ("bytearray(2 * 2**30)", "MemoryError"),
        ("open(FILE, 'wb', 0).write(b'x')", "OSError"),
        ("resource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass", ""),
    ],
)
def test_the_program_can_do_little(deed: str, why: str, tmp_path: Path) -> None:
    code = f"import resource, runpy, signal\nrunpy.run_path({str(extraction.PROGRAM)!r})['limit']()"
    code += f"\nFILE = {str(tmp_path / 'never')!r}"
    code += f"\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n{deed}"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, check=False)
    assert done.returncode != 0
    assert why in done.stderr.decode()


def test_a_program_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extraction, "SECONDS", 0.01)
    assert extraction.extract("pdf", papers.pdf("Nia")).fault == extraction.GAVE_UP


def test_what_a_program_says_is_not_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for said in (b"", b"[1]", b"nonsense", b"\xff"):
        monkeypatch.setattr(extraction, "_run", lambda kind, data, said=said: said)
        assert extraction.extract("pdf", b"").fault == extraction.GAVE_UP
