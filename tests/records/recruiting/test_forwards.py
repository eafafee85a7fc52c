"""Who wrote what was forwarded: as mail programs say it in four languages, and nobody else."""

import pytest

from mailweave.records.recruiting.forwards import Person, original

GMAIL = """FYI

---------- Forwarded message ---------
From: Nia Patel <nia@patel.example>
Date: Mon, 2 Mar 2026
Subject: Skipper
"""
GERMAN = """-------- Weitergeleitete Nachricht --------
Betreff: Bewerbung
Datum: 2. März
Von: Nia Patel <nia@patel.example>
An: jobs@home.example
"""
TWICE = """From: Nia Patel <nia@patel.example>
Date: x

---- Forwarded message ----
From: Bo <bo@else.example>
"""
NIA = Person("Nia Patel", "nia@patel.example")
BARE = Person("", "nia@patel.example")


@pytest.mark.parametrize(
    ("text", "person"),
    [
        (GMAIL, NIA),
        ("Begin forwarded message:\n\n> From: Nia Patel <Nia@Patel.example>\n", NIA),
        ("From: Nia Patel <nia@patel.example>\nSent: Monday\nTo: Jobs\n", NIA),
        ("*From:* Nia Patel [mailto:nia@patel.example]\n*Sent:* Monday\n", NIA),
        ("From: nia@patel.example <mailto:nia@patel.example>\nSent: Monday", BARE),
        ("From: nia@patel.example\nSent: Monday", BARE),
        (GERMAN, NIA),
        ("Von: Nia Patel <nia@patel.example>\nGesendet: Montag\nBetreff: Bewerbung", NIA),
        ("---------- Message transféré ---------\nDe : Nia Patel <nia@patel.example>\n", NIA),
        ("De : Nia Patel <nia@patel.example>\nEnvoyé : lundi\nÀ : jobs\n", NIA),
        ("---------- Mensaje reenviado ---------\nDe: Nia Patel <nia@patel.example>\n", NIA),
        ("De: Nia Patel <nia@patel.example>\nEnviado: lunes\nPara: jobs\n", NIA),
        (TWICE, NIA),
        ("I come from: Nia Patel <nia@patel.example>\n", None),
        ("From: Nia Patel <nia@patel.example>\nbest regards\n", None),
        ("Forwarded message\nFrom: nobody in particular\n", None),
        ("Forwarded message\nFrom: " + "x" * 100_000, None),
        ("", None),
    ],
)
def test_the_original_sender(text: str, person: Person | None) -> None:
    found = original(text)
    assert (found and found.address) == (person and person.address)
    if person and person.name:
        assert found == person
