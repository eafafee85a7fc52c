"""Jobs and candidates from a document, as often as one likes."""

import json
from base64 import b64encode
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from mailweave.journal.models import Entry
from mailweave.kit import scope
from mailweave.kit.errors import Expected
from mailweave.records.recruiting import loading
from mailweave.records.recruiting.models import Application, Candidate, Job, ResumeFile
from tests.records.crm.conftest import Home
from tests.records.recruiting import papers

DOCUMENT = {
    "contacts": [{"name": "not ours"}],
    "jobs": [{"name": "Skipper", "code": "SEA-1", "status": "open"}],
    "candidates": [
        {
            "name": "Nia",
            "addresses": ["Nia@Patel.example"],
            "jobs": ["Skipper"],
            "stage": "offer",
            "resumes": [{"name": "cv.pdf", "data": b64encode(papers.pdf("Nia")).decode()}],
        }
    ],
}


def test_twice_the_same_changes_nothing(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "people.json"
    path.write_text(json.dumps(DOCUMENT))
    for _ in range(2):
        call_command("load_candidates", str(path), "--workspace", str(home.id), verbosity=0)
    with scope.workspace(home.id):
        assert (Job.objects.count(), Candidate.objects.count()) == (1, 1)
        assert Application.objects.get().stage == "offer"
        assert ResumeFile.objects.get().name == "cv.pdf"
        assert Entry.objects.get(text__startswith="Résumé kept").data == {"by": "an import"}
    with pytest.raises(CommandError):
        call_command("load_candidates", str(path), "--workspace", str(home.id + 1))


@pytest.mark.parametrize(
    "text",
    [
        b"[",
        b'{"candidates": [{"name": ""}]}',
        b'{"candidates": [{"name": "A", "addresses": ["x"]}]}',
    ],
)
def test_what_cannot_be_read_changes_nothing(within: Home, text: bytes) -> None:
    with pytest.raises(Expected):
        loading.load(text)
    assert not Candidate.objects.exists()
