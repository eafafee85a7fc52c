"""The tables of recruiting."""

from mailweave.records.recruiting.models.candidates import (
    Application,
    Candidate,
    CandidateAddress,
    Job,
    MergedCandidate,
)
from mailweave.records.recruiting.models.evaluation import (
    Interview,
    Interviewer,
    Reference,
    Scorecard,
)
from mailweave.records.recruiting.models.intake import Intake, IntakeEntry
from mailweave.records.recruiting.models.resumes import ResumeFile, WantedFile

__all__ = [
    "Application",
    "Candidate",
    "CandidateAddress",
    "Intake",
    "IntakeEntry",
    "Interview",
    "Interviewer",
    "Job",
    "MergedCandidate",
    "Reference",
    "ResumeFile",
    "Scorecard",
    "WantedFile",
]
