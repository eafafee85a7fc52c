"""Jobs and candidates from a JSON document, as often as you like."""

from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

from mailweave.kit.errors import Expected
from mailweave.mime.address import normalise
from mailweave.records.recruiting import applications, candidates, jobs, resumes
from mailweave.records.recruiting.models import Candidate, Job

Text = Annotated[str, msgspec.Meta(max_length=100, pattern=r"\A[^\0]*\Z")]
Name = Annotated[str, msgspec.Meta(max_length=200, pattern=r"\A[^\0]*[^\s\0][^\0]*\Z")]
Code = Annotated[str, msgspec.Meta(max_length=20, pattern=r"\A[\w-]*\Z")]
Stage = Literal["applied", "screening", "interview", "offer", "hired", "rejected"]


class JobIn(msgspec.Struct):
    """A job; its title is what it is known by."""

    name: Name
    code: Code = ""
    department: Text = ""
    location: Text = ""
    status: Literal["open", "hold", "closed"] = "open"


class FileIn(msgspec.Struct):
    """A document of a candidate's: its bytes in Base64."""

    name: Name
    data: bytes


class CandidateIn(msgspec.Struct):
    """A candidate; known by the first address. ``jobs`` are titles of jobs applied for; the stage
    counts for applications that are new. ``resumes`` are kept beside those there are."""

    name: Name
    addresses: list[str] = []
    title: Text = ""
    source: Text = ""
    jobs: list[str] = []
    stage: Stage = "applied"
    resumes: list[FileIn] = []


class Document(msgspec.Struct):
    """Everything to load; what else is in the document is somebody else's."""

    jobs: list[JobIn] = []
    candidates: list[CandidateIn] = []


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many were in the document."""

    jobs: int
    candidates: int


def load(text: bytes) -> Loaded:
    """Bring the current workspace in line with a document: what it names is made or updated,
    nothing is deleted. Raises Expected for a document that cannot be read; then nothing changed."""
    document = read(text)
    for job in document.jobs:
        _job(job)
    for candidate in document.candidates:
        _candidate(candidate)
    return Loaded(len(document.jobs), len(document.candidates))


def read(text: bytes) -> Document:
    """The document, checked. Raises Expected that says where it is wrong."""
    try:
        document = msgspec.json.decode(text, type=Document)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Expected(f"This is not a document of candidates: {error}") from error
    for given in (text for row in document.candidates for text in row.addresses):
        if not normalise(given):
            raise Expected(f"{given!r} is not an e-mail address.")
    return document


def _job(row: JobIn) -> None:
    job = Job.objects.filter(name=row.name).order_by("pk").first() or Job(name=row.name)
    job.code, job.department = row.code, row.department
    job.location, job.status = row.location, row.status
    jobs.store(job)


def _candidate(row: CandidateIn) -> None:
    given = [address for text in row.addresses if (address := normalise(text))]
    candidate = candidates.known(given[0]) if given else None
    candidate = candidate or Candidate()
    candidate.name, candidate.title, candidate.source = row.name, row.title, row.source
    candidates.store(candidate, given)
    for file in row.resumes:
        resumes.keep(candidate, file.name, file.data, by="an import")
    for job in Job.objects.filter(name__in=row.jobs):
        application, made = applications.apply(None, candidate, job, by="an import")
        if made:
            application.stage = row.stage
            application.save(update_fields=["stage"])
