"""Switches for everything that goes wrong at a vendor, each limited to what it should hit."""

import itertools
import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

KINDS: Mapping[str, str] = {
    "quota": "403, the quota of the minute is spent",
    "rate": "429, rate limit",
    "concurrent": "429, too many concurrent requests",
    "retry_after": "429 with 'Retry after <time>' (option seconds, default 60; option status); at"
    " Microsoft a Retry-After header (option form: date, fraction, missing, absurd)",
    "server_error": "a 5xx (option status, default 503)",
    "precondition": "400 failedPrecondition",
    "unauthorized": "401 although the token is good (at Microsoft option form: empty, audience,"
    " malformed, claims, blank)",
    "aadsts": "Microsoft's sign-in refuses (option code, as 50173; error, suberror, status,"
    " retry_after); at its pages only with path authorize",
    "vanish": "messages.get answers 404 (option id)",
    "expired_history": "history.list answers 404",
    "late_history": "history.list knows of nothing new yet",
    "duplicate_history": "every history record comes twice",
    "list_noise": "listings lose their order",
    "empty_page": "a listing page is empty but has a next page",
    "denied": "Microsoft: 403 ErrorAccessDenied",
    "no_mailbox": "Microsoft: 404, the mailbox is on premises or gone",
    "empty_error": "Microsoft: an error without a body (option status, default 503)",
    "attachment_error": "Microsoft: an attachment cannot be opened (options code, status)",
    "clock_skew": "Microsoft: Date and receivedDateTime are off (option seconds, default 300)",
    "new_ids": "Microsoft: before the call every id changes (option id: of one message only)",
    "next_foreign": "Microsoft: links lead to another host (option host)",
    "next_missing": "Microsoft: a page comes without its link to the next",
    "delta_expired": "Microsoft: 410 SyncStateNotFound (option location: false for none)",
    "delta_invalid": "Microsoft: the token is invalid (options code, status)",
    "delta_partial": "Microsoft: a change of isRead is told by an entry without the rest",
    "delta_duplicate": "Microsoft: entries come twice in a page, first as they were before",
    "delta_replay": "Microsoft: a round begins with entries that tell nothing new",
    "delta_changed": "Microsoft: @removed with the reason 'changed'",
    "delta_lost_return": "Microsoft: what left a folder and came back is told as @removed only",
    "delta_no_arrival": "Microsoft: what was moved into a folder is not told there",
    "folder_gone": "Microsoft: the folder is gone during its delta (option code)",
    "notice_late": "a notice goes out later (option seconds, default 30)",
    "notice_twice": "a notice goes out twice",
    "notice_disorder": "what has to be told at once is told backwards",
    "notice_lost": "a notice never goes out (option share: of how many, default 1 for all)",
    "notice_forged": "a notice is not the company's (option form; Microsoft: missing, else a wrong"
    " clientState; Google: audience, email, unverified, issuer, expired, unsigned, missing, else a"
    " wrong signature)",
    "lost_request": "the call never arrives (option form: reset, timeout, error; seconds, status;"
    " share: of how many, default 1 for all)",
    "lost_answer": "the call is carried out, and its answer lost (options as for lost_request)",
    "late_request": "the call is lost, and carried out all the same (option after: seconds, default"
    " 20; others as for lost_request)",
    "refused_letter": "a letter is not taken (options code, status, message)",
    "reset": "the connection is reset",
    "timeout": "nothing is said, then the connection is reset (option seconds, default 60)",
    "slow": "the body trickles (option seconds, default 2)",
    "html": "an HTML page instead of JSON, with status 200 (option status)",
    "malformed": "JSON cut in the middle",
    "gzip_bomb": "a small gzip body that unpacks to much (option megabytes, default 200)",
}
BODY = frozenset({"reset", "timeout", "slow", "html", "malformed", "gzip_bomb"})
"""Faults of the wire: they hit a whole HTTP answer, a batch as one."""


LOST = {"reset": "reset", "timeout": "timeout", "error": "server_error"}
"""How a call or its answer is lost, as the fault that makes it so."""


@dataclass(slots=True)
class Fault:
    """One switch that is on. ``left`` counts down; None means until cleared."""

    number: int
    kind: str
    left: int | None = None
    path: str = ""
    mailbox: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    hits: int = 0

    def fits(self, path: str, mailbox: str) -> bool:
        """Whether this call is one it is meant for."""
        return self.path in path and (not self.mailbox or self.mailbox == mailbox.lower())

    def shown(self) -> dict[str, Any]:
        """As the control API shows it."""
        return {
            "number": self.number,
            "kind": self.kind,
            "left": self.left,
            "path": self.path,
            "mailbox": self.mailbox,
            "options": self.options,
            "hits": self.hits,
        }


class Faults:
    """All switches that are on, oldest first."""

    def __init__(self) -> None:
        self._on: list[Fault] = []
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)

    def add(
        self, kind: str, times: int | None = 1, path: str = "", mailbox: str = "", **options: Any
    ) -> Fault:
        """Switch one on for the next ``times`` fitting calls (None: until cleared)."""
        if kind not in KINDS:
            raise ValueError(f"unknown fault {kind!r}; there are {', '.join(KINDS)}")
        fault = Fault(next(self._numbers), kind, times, path, mailbox.strip().lower(), options)
        with self._lock:
            self._on.append(fault)
        return fault

    def take(
        self, kinds: frozenset[str], path: str, mailbox: str = "", *, named: bool = False
    ) -> Fault | None:
        """The first fitting switch of these kinds, counted as used. ``named`` calls (signing in)
        are hit only by a switch that names their path."""
        if not self._on:
            return None
        with self._lock:
            for fault in self._on:
                if fault.kind in kinds and fault.fits(path, mailbox) and (fault.path or not named):
                    self._use(fault)
                    return fault
        return None

    def lost(self, kind: str, path: str, mailbox: str) -> Fault | None:
        """How a call (``lost_request``) or its answer (``lost_answer``) is lost now, or None."""
        fault = self.take(frozenset({kind}), path, mailbox)
        if fault and random.random() >= float(fault.options.get("share", 1)):
            return None
        form = fault and LOST.get(str(fault.options.get("form", "reset")), "reset")
        return replace(fault, kind=form) if fault and form else None

    def listed(self) -> list[Fault]:
        """What is on."""
        with self._lock:
            return list(self._on)

    def clear(self, kind: str | None = None, number: int | None = None) -> None:
        """Switch off everything, or one kind, or one switch."""
        with self._lock:
            self._on = [
                fault
                for fault in self._on
                if (kind is not None and fault.kind != kind)
                or (number is not None and fault.number != number)
            ]

    def _use(self, fault: Fault) -> None:
        fault.hits += 1
        if fault.left is not None:
            fault.left -= 1
            if fault.left <= 0:
                self._on.remove(fault)
