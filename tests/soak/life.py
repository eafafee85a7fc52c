"""A life: two colleagues' mailboxes, one at each provider, and everything that happens to them.

What happens is chosen by whoever lives it: Hypothesis in the test suite, ``script/soak`` for
longer. At the end everything calms down, and then what we have must be what the providers have.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime, timedelta

from django.db import connection

from mailweave.kit import lease, scope
from mailweave.mail.models import Copy, Folder, Message
from mailweave.mail.visibility import viewer_for
from mailweave.sync import auditing, backfill, engine, ledger, marks
from mailweave.sync.models import Backfill, Finding, SeenMark, Sync
from sandbox.postman import Postman
from tests.flows.checks import derived, sync_of
from tests.flows.crashing import Bomb, Crash
from tests.flows.world import World
from tests.makers import make_member

GOOGLE, MICROSOFT = "google", "microsoft"
SOON = timedelta(minutes=5)
COMPANIES = (GOOGLE, MICROSOFT)
KEPT = {"INBOX", "SENT"}
NEVER = {"TRASH", "SPAM", "DRAFT", "CHAT"}
FOLDERS = ("INBOX", "SENT", "ARCHIVE", "TRASH", "SPAM", "Projects")
WIRE = ("rate", "server_error", "unauthorized", "reset", "html", "malformed")
FAULTS = {
    GOOGLE: (
        *(*WIRE, "quota", "vanish", "duplicate_history", "list_noise", "empty_page"),
        "expired_history",
    ),
    MICROSOFT: (
        *(*WIRE, "retry_after", "empty_error", "delta_partial", "delta_duplicate"),
        *("delta_replay", "delta_changed", "delta_expired", "delta_lost_return"),
        "delta_no_arrival",
    ),
}
NOTICES = ("notice_late", "notice_twice", "notice_disorder", "notice_lost", "notice_forged")


class Ahead:
    """The system's time, so many seconds on."""

    def __init__(self, seconds: float) -> None:
        self.ahead = timedelta(seconds=seconds)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class Life:
    """What can happen. Mailboxes are named by their company."""

    def __init__(self, world: World, bomb: Bomb, number: int) -> None:
        self.world, self.bomb, self.sandbox = world, bomb, world.sandbox
        self.postman = Postman(world.sandbox)
        self.letters = 0
        self.number = number
        self.marked: dict[tuple[str, str], bool] = {}
        """What was last read here and not elsewhere since: the provider must have been told."""
        self.troubled: set[str] = set()
        """Where something went wrong, so that a mark may have been given up."""
        world.member = make_member()
        self.addresses = {one: f"{one}{number}@northwind.example" for one in COMPANIES}
        for company, address in self.addresses.items():
            self.sandbox.add_account(address, "Somebody", company=company)
        for _ in range(4):
            self.arrive(GOOGLE, 0, seen=False)
            self.arrive(MICROSOFT, 0, seen=True)
        self.boxes = {one: world.connect(address) for one, address in self.addresses.items()}
        for box in self.boxes.values():
            world.backfill(box)

    # -- at the providers ------------------------------------------------------------------

    def arrive(self, company: str, folder: int, *, seen: bool, everywhere: bool = False) -> None:
        """A letter, in one mailbox or in both; it may answer an earlier one."""
        self.letters += 1
        raw = self._letter(self.letters, answers=self.letters // 2 if self.letters % 3 else 0)
        labels = [FOLDERS[folder % len(FOLDERS)]] + ([] if seen else ["UNREAD"])
        for one in COMPANIES if everywhere else (company,):
            self.sandbox.deliver(self.addresses[one], raw, labels=labels)

    def look(self, company: str, which: int, *, seen: bool) -> None:
        """Somebody reads a message on the phone, or makes it unread there."""
        change = {"remove": ["UNREAD"]} if seen else {"add": ["UNREAD"]}
        self.marked = {key: value for key, value in self.marked.items() if key[0] != company}
        self._change(company, which, **change)

    def flag(self, company: str, which: int, *, flagged: bool) -> None:
        """A star, given or taken."""
        change = {"add": ["STARRED"]} if flagged else {"remove": ["STARRED"]}
        self._change(company, which, **change)

    def move(self, company: str, which: int, folder: int) -> None:
        """Into another folder; at Gmail out of the others."""
        target = FOLDERS[folder % len(FOLDERS)]
        if company == GOOGLE:
            others = [one for one in ("INBOX", "TRASH", "SPAM") if one != target]
            self._change(company, which, add=[target], remove=others)
        else:
            self._change(company, which, add=[target])

    def delete(self, company: str, which: int) -> None:
        """For good."""
        if found := self._pick(company, which):
            self.sandbox.delete(self.addresses[company], found)

    def forget(self, company: str) -> None:
        """The provider no longer knows our cursor."""
        if company == GOOGLE:
            self.sandbox.expire_history(self.addresses[GOOGLE])
        else:
            self.sandbox.faults.add("delta_expired", 1, mailbox=self.addresses[MICROSOFT])

    def fail(self, company: str, which: int, times: int) -> None:
        """Something goes wrong there for some calls."""
        self.troubled.add(company)
        kinds = FAULTS[company]
        kind = kinds[which % len(kinds)]
        self.sandbox.faults.add(kind, times, mailbox=self.addresses[company])

    def tell(self) -> None:
        """The providers say what they have to say, to those they know of."""
        self.postman.work()

    def garble(self, company: str, which: int, times: int) -> None:
        """Some notices come late, twice, backwards, forged or never."""
        kind = NOTICES[which % len(NOTICES)]
        self.sandbox.faults.add(kind, times, mailbox=self.addresses[company])

    # -- here ------------------------------------------------------------------------------

    def work(self, company: str) -> None:
        """A worker's slice, if there is something to do within five minutes."""
        self._advance(company)

    def die(self, company: str, moment: int) -> None:
        """A worker's slice that ends with the process, its database connection with it."""
        self.bomb.arm(moment)
        try:
            self._advance(company)
        except Crash:
            connection.close()
        self.bomb.arm(0)

    def take_over(self, company: str, moment: int) -> None:
        """A worker stalls until its lease has run out; another does its work, then it goes on."""

        def other() -> None:
            self.world.hands.at += lease.TERM + timedelta(seconds=1)
            engine.advance(self.world.member.workspace_id, sync_of(self.world, box).pk)

        box = self.boxes[company]
        self.bomb.arm(moment, other)
        self._advance(company)
        self.bomb.arm(0)

    def reconnect(self, company: str, moment: int) -> None:
        """The permission is taken back and given anew while a worker works with the old one."""

        def again() -> None:
            self.sandbox.faults.clear()  # people try until it works
            self.sandbox.revoke(self.addresses[company])
            self.world.connect(self.addresses[company])

        self.wait(61)  # the old one must be refreshed first
        self.bomb.arm(moment, again)
        self._advance(company)
        self.bomb.arm(0)

    def want(self, company: str) -> None:
        """Sync now."""
        with self._inside():
            engine.want(self.boxes[company])

    def audit(self, company: str) -> None:
        """Somebody asks whether everything is here."""
        with self._inside():
            auditing.want(self.boxes[company])

    def read(self, company: str, which: int, *, seen: bool) -> None:
        """Somebody reads a message here, or makes it unread."""
        box = self.boxes[company]
        with self._inside():
            found = Copy.objects.filter(mailbox_id=box, state=Copy.State.STORED).order_by("-pk")
            copies = list(found.select_related("message")[:12])
            if copies:
                message = copies[which % len(copies)].message
                viewer = viewer_for(self.world.member)
                which_one = marks.of_messages([message.pk])
                if marks.mark(viewer, which_one, seen=seen, mailbox_id=box).count:
                    self.marked[company, message.message_id] = seen

    def steer(self, company: str, verb: str) -> None:
        """Pause, resume or cancel the import, or begin it again."""
        box = self.boxes[company]
        with self._inside():
            if verb == "again":
                if backfill.current(box) is None:
                    backfill.start(Sync.objects.get(mailbox_id=box).mailbox, "all")
            else:
                {"pause": backfill.pause, "resume": backfill.resume, "cancel": backfill.cancel}[
                    verb
                ](box)

    def wait(self, minutes: int) -> None:
        """Nothing happens for a while."""
        self.world.hands.at += timedelta(minutes=minutes)

    # -- the end ---------------------------------------------------------------------------

    def settle(self) -> None:
        """No more trouble; what was stopped goes on; everything is looked at once more."""
        self.sandbox.faults.clear()
        self.bomb.arm(0)
        for company, box in self.boxes.items():
            if company in self.troubled and sync_of(self.world, box).problem:
                self.world.connect(self.addresses[company])  # as its card asked for
            self.steer(company, "resume")
            with self._inside():
                canceled = not Backfill.objects.filter(mailbox_id=box, state="done").exists()
            if canceled:
                self.steer(company, "again")
        for _ in range(2):
            self._round(self.want)

    def prove(self) -> None:
        """An audit has nothing to say, but of what was deleted where nobody listens: in the bin,
        say. Then that is known as well."""
        self._round(self.audit)
        for company, box in self.boxes.items():
            there, here = self._there(company), self._here(box)
            lost = [copy for key, (_, copy) in here.items() if key not in there]
            assert all(copy.state == Copy.State.GONE for copy in lost), f"{company}: not gone"
            silent = {copy.remote_id for copy in lost if not self._is_kept(box, copy)}
            with self._inside():
                status = ledger.status(box)
                found = Finding.objects.filter(audit=status.audit, confirmed_at__isnull=False)
                repaired = set(found.values_list("remote_id", flat=True)) - silent
            assert (status.verdict, repaired) == ("balanced", set()), company

    def _round(self, ask: Callable[[str], None]) -> None:
        self.wait(31)
        self.tell()
        for company, box in self.boxes.items():
            ask(company)
            self.world.work(box)

    def check(self) -> None:
        """Nothing lost, nothing twice, nothing out of date, nothing held by anybody."""
        for company, box in self.boxes.items():
            self._check_mail(company, box)
            sync = sync_of(self.world, box)
            assert (sync.problem, sync.failures, sync.reconcile_cursor) == ("", 0, "")
            assert (sync.lease_token, sync.lease_until) == ("", None)
        with self._inside():
            assert not SeenMark.objects.exists(), "a mark nobody writes"
            derived()
            mine = Message.objects.values_list("message_id", flat=True)
            assert len(set(mine)) == len(mine), "one letter, two messages"

    def _check_mail(self, company: str, box: int) -> None:
        there, here = self._there(company), self._here(box)
        kept = {key for key, labels in there.items() if labels & KEPT and not labels & NEVER}
        stored = {key: one for key, (state, one) in here.items() if state == Copy.State.STORED}
        ours = {key for key, copy in stored.items() if self._is_kept(box, copy)}
        assert ours == kept, f"{company}: lost {kept - ours}, too many {ours - kept}"
        for key in kept:
            now = (stored[key].seen, stored[key].flagged)
            assert now == ("UNREAD" not in there[key], "STARRED" in there[key]), (company, key)
        for (where, key), seen in self.marked.items():
            if where == company and key in kept and company not in self.troubled:
                assert ("UNREAD" not in there[key]) == seen, (company, key, "a lost mark")
        with self._inside():
            unsettled = Copy.objects.filter(mailbox_id=box, state__in=["listed", "stuck"])
            assert not unsettled.exists()

    def _is_kept(self, box: int, copy: Copy) -> bool:
        roles = self._roles(box)
        found = {roles.get(one, "") for one in copy.folder_ids}
        return bool(found & {"inbox", "sent"}) and not found & {"trash", "junk", "drafts"}

    def _roles(self, box: int) -> dict[str, str]:
        with self._inside():
            folders = Folder.objects.filter(mailbox_id=box)
            return dict(folders.values_list("remote_id", "role"))

    def _there(self, company: str) -> dict[str, set[str]]:
        """The labels of every message of a mailbox, by its Message-ID."""
        account = self.sandbox.account(self.addresses[company]).id
        with self.sandbox.db.read() as rows:
            found: dict[str, set[str]] = {}
            for row in rows.execute(
                "SELECT m.message_id, l.label FROM messages m LEFT JOIN message_labels l"
                " ON l.account = m.account AND l.message = m.id WHERE m.account = ?",
                (account,),
            ):
                found.setdefault(row["message_id"].strip("<>"), set()).add(row["label"])
        return found

    def _here(self, box: int) -> dict[str, tuple[str, Copy]]:
        """Our copies that have been stored once, by their Message-ID."""
        with self._inside():
            copies = Copy.objects.filter(mailbox_id=box, message__isnull=False)
            return {
                one.message.message_id: (one.state, one) for one in copies.select_related("message")
            }

    # -- small things ----------------------------------------------------------------------

    def _inside(self) -> AbstractContextManager[None]:
        return scope.workspace(self.world.member.workspace_id)

    def _advance(self, company: str) -> None:
        sync = sync_of(self.world, self.boxes[company])
        with self._inside():
            due = engine.next_due(sync)
        if due is None or due > self.world.hands.at + SOON:
            return
        self.world.hands.at = max(self.world.hands.at, due)
        engine.advance(self.world.member.workspace_id, sync.pk)

    def _pick(self, company: str, which: int) -> str:
        ids = self.sandbox.message_ids(self.addresses[company])
        return ids[which % len(ids)] if ids else ""

    def _change(
        self, company: str, which: int, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> None:
        if found := self._pick(company, which):
            with suppress(LookupError):
                self.sandbox.modify(self.addresses[company], found, add=add, remove=remove)

    def _letter(self, number: int, *, answers: int) -> bytes:
        refs = f"In-Reply-To: <{answers}.{self.number}@acme.example>\r\n" if answers else ""
        return (
            f"From: Mara <mara@acme.example>\r\nTo: Ada <ada@northwind.example>\r\n"
            f"Subject: Letter {answers or number}\r\n"
            f"Message-ID: <{number}.{self.number}@acme.example>\r\n"
            f"Date: Mon, 02 Feb 2026 10:00:{number % 60:02} +0100\r\n{refs}\r\nText {number}\r\n"
        ).encode()
