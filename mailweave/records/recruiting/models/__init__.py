"""The tables of recruiting."""

from mailweave.records.recruiting.models.candidates import (
    Application,
    Candidate,
    CandidateAddress,
    Job,
)

__all__ = ["Application", "Candidate", "CandidateAddress", "Job"]
