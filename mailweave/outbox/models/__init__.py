"""The outbox's tables."""

from mailweave.outbox.models.drafts import Draft, DraftFile, FilePiece
from mailweave.outbox.models.identities import Habit, Identity, Signature
from mailweave.outbox.models.reports import Outcome, Report
from mailweave.outbox.models.rules import SendingRule
from mailweave.outbox.models.submissions import FrozenPiece, Submission
from mailweave.outbox.models.templates import Template

__all__ = [
    "Draft",
    "DraftFile",
    "FilePiece",
    "FrozenPiece",
    "Habit",
    "Identity",
    "Outcome",
    "Report",
    "SendingRule",
    "Signature",
    "Submission",
    "Template",
]
