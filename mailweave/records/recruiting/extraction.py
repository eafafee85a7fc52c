"""The text of a résumé, read in a child process that may fail, hang or die without harm."""

import json
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

from mailweave.mime.headers import strip_controls

PROGRAM = Path(__file__).with_name("extract.py")
SECONDS = 40
"""Of the wall clock; of the processor's time the program takes less."""
MOST_ANSWER = 4 * 2**20

FAULTS = {
    "locked": "The document is protected by a password, so its text could not be read. "
    "Download it to open it.",
    "damaged": "The document is damaged, so its text could not be read. Download it to try "
    "another program.",
    "old": "This was written with a Word from before 1997, so its text could not be read. Download "
    "it to open it.",
    "large": "The document unfolds into more than a résumé can be, so its text was not read. "
    "The file itself is kept.",
}
GAVE_UP = "Reading the text took too long or too much memory. The file itself is kept."


@dataclass(frozen=True, slots=True)
class Extracted:
    """The text, or why there is none, for people."""

    text: str = ""
    fault: str = ""


def extract(kind: str, data: bytes) -> Extracted:
    """The text of a document of this kind. Takes up to :data:`SECONDS`: never in a request, never
    in a transaction."""
    said = _run(kind, data)
    try:
        answer = json.loads(said)
        fault = answer.get("fault", "")
    except (ValueError, AttributeError):
        return Extracted(fault=GAVE_UP)
    if fault:
        return Extracted(fault=FAULTS.get(fault, GAVE_UP))
    return Extracted(text=_clean(str(answer.get("text", ""))))


def _run(kind: str, data: bytes) -> bytes:
    """What the program wrote, as much as we take; nothing if it died or was ended."""
    with tempfile.TemporaryFile() as given:
        given.write(data)
        given.seek(0)
        # Isolated: no environment, no working directory, no modules of anybody's but the program's.
        child = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-I", str(PROGRAM), kind],
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
        )
        late = threading.Timer(SECONDS, child.kill)
        late.start()
        try:
            return child.stdout.read(MOST_ANSWER) if child.stdout else b""
        finally:
            late.cancel()
            child.kill()
            child.communicate()


def _clean(text: str) -> str:
    """Lines without controls, at most one empty one between them."""
    lines = [" ".join(strip_controls(line).split()) for line in text.splitlines()]
    kept = [line for at, line in enumerate(lines) if line or (at and lines[at - 1])]
    return "\n".join(kept).strip()
