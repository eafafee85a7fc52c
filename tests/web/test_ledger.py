"""The pages of the ledger and of what was set aside: who may, what they say, what is behind it."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from mailweave.mail.models import Copy
from mailweave.outbox import unread
from mailweave.outbox.models import Report
from mailweave.people.models import Role, Workspace
from mailweave.sync import ledger, stuck
from mailweave.sync.models import Audit, AuditDay, Finding, Sync
from tests.makers import make_member, signed_in
from tests.makers_mail import Archive
from tests.web.boxes import Box
from tests.web.test_mailboxes import text_of

pytestmark = pytest.mark.django_db(transaction=True)
DAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def box() -> Box:
    return Box(make_member())


def audited(box: Box, named: dict[date | None, int], **facts: Any) -> Audit:
    """An audit that ended three hours ago and named so many messages of each day."""
    at = timezone.now() - timedelta(hours=3)
    with box.inside():
        made: Audit = Audit.objects.create(
            mailbox_id=box.pk,
            number=7,
            state="done",
            roles=["inbox", "sent"],
            started_at=at,
            ended_at=at,
            named=sum(named.values()),
            **facts,
        )
        AuditDay.objects.bulk_create(
            AuditDay(audit=made, day=day, named=number) for day, number in named.items()
        )
    return made


def page(box: Box, query: str = "") -> str:
    answer = box.browser.get(box.path("ledger") + query)
    assert answer.status_code == 200
    return str(answer.content.decode())


GETS = ["ledger", "ledger/messages", "set-aside"]


@pytest.mark.parametrize("rest", [*GETS, "ledger/check"])
def test_only_its_owner_sees_a_ledger(box: Box, rest: str) -> None:
    colleague = make_member(Role.ADMIN, Workspace.objects.get(pk=box.member.workspace_id))
    for other in (colleague, make_member(Role.OWNER)):
        browser = signed_in(other)
        assert browser.post(box.path(rest)).status_code in {404, 405}
        assert browser.get(box.path(rest)).status_code in {404, 405}
        assert browser.get(box.path("ledger/days.csv").rstrip("/")).status_code == 404


@pytest.mark.parametrize("query", ["?period=x", "?period=2026-13", "?period=20%D9%A0%D9%A0"])
def test_a_time_that_is_none_is_not_found(box: Box, query: str) -> None:
    assert box.browser.get(box.path("ledger") + query).status_code == 404


def test_it_is_not_green_before_it_was_checked(box: Box) -> None:
    box.copies(2, "stored", received_at=DAY)
    shown = text_of(page(box))
    assert "Not checked yet" in shown
    assert "not counted" in shown
    assert 'data-h="healthy"' not in page(box)
    assert "Ledger: not checked yet" in text_of(box.card())


def test_it_says_that_it_balances_and_when_that_was(box: Box) -> None:
    audited(box, {DAY.date(): 3})
    box.copies(3, "stored", received_at=DAY, listing=7)
    box.copies(1, "stored", received_at=DAY, named_at=timezone.now())
    shown = page(box)
    assert "Balances" in text_of(shown)
    assert "3 messages, each of them here or left out by a rule. Checked 3 h ago" in text_of(shown)
    with box.inside():
        (line,) = ledger.lines(box.pk, "day")
    assert (line.named, line.stored, line.besides, line.balances) == (3, 3, 1, True)
    assert "Ledger: balances, checked 3 h ago" in text_of(box.card())


def test_days_that_do_not_add_up_are_named(box: Box) -> None:
    audited(box, {DAY.date(): 3, date(2025, 12, 31): 1}, unbalanced=1)
    box.copies(2, "stored", received_at=DAY, listing=7)
    box.copies(1, "gone", received_at=datetime(2025, 12, 31, 23, 59, tzinfo=UTC), listing=7)
    assert "Does not add up" in text_of(page(box))
    days = text_of(page(box, "?period=2026-03"))
    assert "No , 2 of 3" in days
    assert "2025" in text_of(page(box))
    assert "No" not in text_of(page(box, "?period=2025")).split("Adds up")[1].split("“")[0]
    assert "1 day do not add up" in text_of(box.card())


@pytest.mark.parametrize(
    ("period", "label"),
    [("", "2026"), ("2026", "March 2026"), ("2026-03", "02 March 2026"), ("undated", "not known")],
)
def test_each_time_leads_to_the_shorter_ones_in_it(box: Box, period: str, label: str) -> None:
    audited(box, {DAY.date(): 1, None: 1})
    box.copies(1, "stored", received_at=DAY, listing=7)
    box.copies(1, "stuck", listing=7)
    assert label in text_of(page(box, f"?period={period}"))


def test_a_number_leads_to_its_messages(box: Box) -> None:
    reason = "Spam is not <taken> in."
    box.copies(101, "skipped", received_at=DAY, reason=reason)
    box.copies(2, "stuck", reason="It could not be read (Bad).")
    path = box.path("ledger/messages")
    first = box.browser.get(f"{path}?period=2026-03-02&state=left-out").content.decode()
    assert first.count("Spam is not &lt;taken&gt; in.") == 100
    older = first.split('class="btn" href="')[1].split('"')[0].replace("&amp;", "&")
    second = box.browser.get(older).content.decode()
    assert second.count("&lt;taken&gt;") == 1
    aside = box.browser.get(f"{path}?period=undated&state=aside").content.decode()
    assert aside.count("It could not be read") == 2
    assert box.browser.get(f"{path}?period=2026&state=no").status_code == 404
    nonsense = f"{path}?period=2026&state=left-out&after=x|y"
    assert box.browser.get(nonsense).status_code == 200


def test_findings_say_what_became_of_them(box: Box) -> None:
    made = audited(box, {DAY.date(): 1}, found=3)
    box.copies(1, "stored", received_at=DAY, listing=7)
    with box.inside():
        for what, remote_id in (("unknown", "r0"), ("missing", "x"), ("unknown", "y")):
            Finding.objects.create(
                audit=made,
                mailbox_id=box.pk,
                remote_id=remote_id,
                remote_thread_id="t",
                what=what,
                confirmed_at=timezone.now(),
            )
    shown = text_of(page(box))
    assert "It was at the provider, and unknown here. Repaired: it was taken in." in shown
    assert "It was marked as deleted. Its history here is kept." in shown
    assert "Not repaired yet." in shown


def test_a_check_can_be_asked_for_and_its_progress_seen(box: Box) -> None:
    box.set_sync(audit_at=timezone.now() + timedelta(hours=9))
    answer = box.press("ledger/check")
    assert answer.status_code == 200
    with box.inside():
        assert Sync.objects.get().audit_at is None
        made = Audit.objects.create(
            mailbox_id=box.pk, number=1, state="listing", started_at=timezone.now()
        )
        AuditDay.objects.create(audit=made, day=DAY.date(), named=1500)
    shown = text_of(page(box))
    assert "Counting what is at the provider… 1,500 messages so far." in shown
    assert "Checking…" in shown
    box.set_box(disconnected_at=timezone.now())
    assert box.press("ledger/check").status_code == 422


def test_days_can_be_taken_home(box: Box) -> None:
    audited(box, {DAY.date(): 1})
    box.copies(1, "stored", received_at=DAY, listing=7)
    answer: Any = box.browser.get(box.path("ledger/days.csv").rstrip("/"))
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert rows[0][:3] == ["day", "named", "stored"]
    assert rows[1] == ["2026-03-02", "1", "1", "0", "0", "0", "0", "0", "0", "yes"]
    assert rows[2][0] == "undated"


# --- set aside -----------------------------------------------------------------------------------


def test_one_can_be_tried_again_and_the_end_is_told(box: Box) -> None:
    box.copies(3, "stuck", reason="It could not be read (ValueError).", attempts=2)
    shown = box.browser.get(box.path("set-aside")).content.decode()
    assert text_of(shown).count("breaks the rules that mail is written by") == 3
    assert shown.count("<code>ValueError</code>") == 3
    assert "2 attempts" in text_of(shown)
    with box.inside():
        pks = list(Copy.objects.order_by("pk").values_list("pk", flat=True))
    partial = {"HX-Request": "true"}
    tried = box.press("set-aside", only=str(pks[0])).content.decode()
    assert "Trying 1 message again…" in text_of(tried)
    # An answer that was under way when the button was pressed comes last, and forgets nothing.
    late = box.browser.get(box.path("set-aside"), headers=partial).content.decode()
    assert "Trying 1 message again…" in text_of(late)
    box.press("set-aside", only=str(pks[1]))
    with box.inside():
        assert set(Copy.objects.filter(state="listed").values_list("pk", flat=True)) == set(pks[:2])
        Copy.objects.filter(pk=pks[0]).update(state="stored")
        Copy.objects.filter(pk=pks[1]).update(state="stuck")
    told = text_of(box.browser.get(box.path("set-aside"), headers=partial).content.decode())
    assert "1 message that had been set aside: settled now." in told
    assert "1 message could not be taken in this time either." in told
    again = text_of(box.browser.get(box.path("set-aside"), headers=partial).content.decode())
    assert "settled now" not in again


@pytest.mark.parametrize("only", ["x,-1,²", "9" * 40, ""])
def test_nonsense_is_not_tried(box: Box, only: str) -> None:
    box.copies(1, "stuck", reason="?")
    shown = box.press("set-aside", only=only).content.decode()
    assert "again…" not in text_of(shown)


def test_every_reason_is_explained_and_keeps_its_technical_name() -> None:
    assert stuck.explain("It could not be stored (DataError).").technical == "DataError"
    assert stuck.explain("The provider failed each time it was asked for.").technical == ""
    odd = stuck.explain("Gmail's answer cannot be used: it has no content")
    assert odd.technical == "Gmail's answer cannot be used: it has no content"
    assert "Try again" in odd.words


# --- reports that could not be read --------------------------------------------------------------


def test_a_report_that_could_not_be_read_is_shown_until_it_is_read_again(box: Box) -> None:
    assert "about sent mail" not in text_of(page(box))
    with box.inside():
        archive = Archive()
        thread = archive.thread()
        message = archive.message(
            thread, sender="mailer-daemon@partner.example", subject="Undelivered"
        )
        archive.copy(message, box.pk)
        made = Report.objects.create(message_id=message, mailbox_id=box.pk)
        unread.give_up(made, "The provider did not answer.")
    assert "1 report about sent mail could not be read." in text_of(page(box))
    shown = text_of(box.browser.get(box.path("set-aside")).content.decode())
    for words in ("Undelivered from", "The provider did not answer.", "Open the message"):
        assert words in shown
    told = text_of(box.press("set-aside", report=str(made.pk)).content.decode())
    assert "The report is being read again." in told
    assert "Undelivered" not in told
    with box.inside():
        assert Report.objects.get().state == "waiting"
    assert "about sent mail" not in text_of(page(box))
    again = box.press("set-aside", report="9" * 40, partial=False)
    assert again.status_code == 302
