"""The tables of recruiting."""

from mailweave.records.recruiting.models.candidates import (
    Application,
    Candidate,
    CandidateAddress,
    Job,
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
    "Reference",
    "ResumeFile",
    "Scorecard",
    "WantedFile",
]
