"""The pages of one mailbox: its card, its range, steering, sharing, set aside, disconnecting."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from mailweave.mail.models import Copy, Mailbox
from mailweave.people.models import Role, Workspace
from mailweave.providers.base import Watch
from mailweave.sync import subscriptions, trouble
from mailweave.sync.models import Sync
from tests.makers import make_member, signed_in
from tests.web.boxes import Box

pytestmark = pytest.mark.django_db(transaction=True)

GETS = ["card", "range", "sharing", "set-aside", "disconnect"]
POSTS = ["sync", "import/pause", "import/resume", "import/cancel"]


@pytest.fixture
def box() -> Box:
    return Box(make_member())


def text_of(html: str) -> str:
    bare = re.sub(r"<[^>]+>", " ", html.replace("&nbsp;", " ").replace("&#x27;", "'"))
    return re.sub(r"\s+", " ", bare)


# --- who may -------------------------------------------------------------------------------------


@pytest.mark.parametrize("rest", GETS + POSTS)
def test_strangers_sign_in_and_others_find_nothing(box: Box, rest: str) -> None:
    anonymous = Client().get(box.path(rest))
    assert anonymous.status_code == 302
    assert "/account/login/" in anonymous["Location"]
    colleague = make_member(Role.ADMIN, Workspace.objects.get(pk=box.member.workspace_id))
    for other in (colleague, make_member(Role.OWNER)):
        browser = signed_in(other)
        answers = [browser.post(box.path(rest)).status_code]
        if rest in GETS:
            answers.append(browser.get(box.path(rest)).status_code)
        assert set(answers) <= {404, 405}, (other.role, answers)
        assert 404 in answers or rest == "card"
    assert box.browser.post(f"/settings/integrations/mailboxes/999999/{rest}/").status_code in {
        404,
        405,
    }


@pytest.mark.parametrize("rest", POSTS)
def test_buttons_are_posted_with_the_token(box: Box, rest: str) -> None:
    assert box.browser.get(box.path(rest)).status_code == 405
    assert signed_in(box.member, csrf=True).post(box.path(rest)).status_code == 403


def test_an_unknown_verb_is_not_found(box: Box) -> None:
    assert box.press("import/explode").status_code == 404


# --- health --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sync", "name", "words"),
    [
        ({}, "healthy", "Healthy"),
        ({"last_synced_at": None}, "never", "Never synced"),
        ({"last_synced_at": timezone.now() - timedelta(hours=26)}, "stale", "more than 25 hours"),
        ({"problem": "reconnect"}, "error", "The permission to read this mailbox has ended."),
        ({"problem": "consent"}, "error", "A permission this mailbox needs was not given."),
        (
            {"problem": "operator", "problem_since": timezone.now()},
            "waiting",
            "Google does not accept this installation's OAuth client; an admin can correct it.",
        ),
        ({"problem": "failed", "problem_text": "Google was away."}, "error", "Google was away."),
        (
            {"held_until": timezone.now() + timedelta(days=1), "held_reason": "Google is busy."},
            "waiting",
            "Google is busy. Nothing is lost.",
        ),
        (
            {"held_until": timezone.now() + timedelta(days=1), "held_reason": trouble.TRYING},
            "healthy",
            "Something went wrong; trying again. Nothing is lost.",
        ),
        (
            {
                "held_until": timezone.now() + timedelta(days=1),
                "held_reason": "Google is busy.",
                "last_synced_at": timezone.now() - timedelta(hours=26),
            },
            "stale",
            "more than 25 hours ago. Google is busy.",
        ),
    ],
)
def test_each_health_has_its_own_badge_and_words(
    box: Box, sync: dict[str, object], name: str, words: str
) -> None:
    box.set_sync(**sync)
    card = box.card()
    assert f'data-h="{name}"' in card
    assert words in text_of(card)


def test_the_badges_differ_in_words(box: Box) -> None:
    labels = set()
    for problem in Sync.Problem.values:
        box.set_sync(problem=problem)
        found = re.search(r'class="health" data-h="\w+">([^<]+)<', box.card())
        assert found
        labels.add(found.group(1).strip())
    assert len(labels) == len(Sync.Problem.values)


def test_only_a_problem_of_the_owners_asks_for_reconnecting_first(box: Box) -> None:
    assert "Reconnect" not in box.card()
    box.set_sync(problem="operator")
    assert "Reconnect" not in box.card(), "that would not help"
    box.set_sync(problem="failed")
    assert "Reconnect" in box.card()
    assert "Sync now" in box.card()
    box.set_sync(problem="reconnect")
    card = box.card()
    assert re.search(r'<button class="btn" data-kind="primary">.{0,80}</svg>Reconnect', card)
    assert "Sync now" not in card


# --- the range -----------------------------------------------------------------------------------


def test_the_range_page_recommends_ninety_days(box: Box) -> None:
    page = box.browser.get(box.path("range")).content.decode()
    assert re.search(r'value="90d" checked autofocus>', page)
    assert page.count("Recommended") == 1
    for name in ("30d", "90d", "12m", "all", "skip"):
        assert f'name="range" value="{name}"' in page


@pytest.mark.parametrize("value", ["", "7d", "ALL", "90d'--", "\x00"])
def test_a_range_nobody_offered_is_refused_in_words(box: Box, value: str) -> None:
    answer = box.press("range", partial=False, range=value, folders="all")
    assert answer.status_code == 422
    assert "Choose how much mail" in answer.content.decode()
    assert box.row().followed_roles == ["inbox", "sent"], "the folders were changed all the same"
    assert box.card().count("<progress") == 0


def test_a_range_begins_an_import_and_a_second_is_refused(box: Box) -> None:
    answer = box.press("range", partial=False, range="90d", folders="")
    assert answer.status_code == 302
    assert box.state() == "running"
    assert "counting messages" in box.card()
    assert "An import is under way" in box.browser.get(box.path("range")).content.decode()
    again = box.press("range", partial=False, range="all", folders="")
    assert again.status_code == 422
    assert "under way" in again.content.decode()


def test_skipping_begins_nothing_and_can_be_made_up_for(box: Box) -> None:
    assert box.press("range", partial=False, range="skip", folders="all").status_code == 302
    assert box.row().followed_roles == []
    card = box.card()
    assert "<progress" not in card
    assert "Choose range and start" in card


# --- the import ----------------------------------------------------------------------------------


def test_pause_resume_and_cancel_are_answered_with_the_card(box: Box) -> None:
    box.backfill()
    box.copies(50)
    paused = box.press("import/pause").content.decode()
    assert box.state() == "paused"
    assert "Paused. Last 90 days: 150 of 200 messages (75 %). New mail keeps arriving" in text_of(
        paused
    )
    assert "Resume" in paused
    assert "Pause" not in text_of(paused).replace("Paused", "").replace("paused", "")
    resumed = box.press("import/resume").content.decode()
    assert box.state() == "running"
    assert "Importing last 90 days: 150 of 200 messages (75 %)" in text_of(resumed)
    gone = box.press("import/cancel").content.decode()
    assert box.state() == "canceled"
    assert "What came in stays (150 messages)" in text_of(gone)
    assert "<progress" not in gone
    assert "Import more" in gone


def test_steering_twice_or_with_nothing_to_steer_is_no_trouble(box: Box) -> None:
    for verb in ("pause", "resume", "cancel", "cancel"):
        assert box.press(f"import/{verb}").status_code == 200
    box.backfill()
    assert [box.press("import/pause").status_code for _ in range(2)] == [200, 200]
    assert box.state() == "paused"


def test_without_script_buttons_lead_back_to_the_page(box: Box) -> None:
    box.backfill()
    answer = box.press("import/pause", partial=False)
    assert answer.status_code == 302
    assert answer["Location"] == "/settings/integrations/gmail/"


def test_progress_is_not_complete_before_the_end(box: Box) -> None:
    box.backfill(listed_count=1000)
    box.copies(1)
    assert "999 of 1,000 messages (99 %)" in text_of(box.card())
    with box.inside():
        Copy.objects.all().delete()
    card = text_of(box.card())
    assert "(99 %)" in card
    assert "100 %" not in card


def test_an_estimate_is_called_one_and_raising_it_is_said(box: Box) -> None:
    run = box.backfill(listing_done=False, listed_count=100, estimate=400)
    box.copies(40)
    card = text_of(box.card(f"?run={run}&percent=15"))
    assert "60 of about 400 messages (15 %)" in card
    assert "raised" not in card
    card = box.card(f"?run={run}&percent=40")
    assert "the estimate was raised" in text_of(card)
    assert '"percent": "40"' in card
    assert "raised" not in box.card(f"?run={run + 1}&percent=40")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(20, "less than a minute left"), (840, "about 14 min left"), (7300, "about 2 h left")],
)
def test_the_time_left_in_words(box: Box, seconds: int, words: str) -> None:
    box.backfill(worked_seconds=seconds)
    box.copies(100)
    assert words in text_of(box.card())


def test_the_end_of_an_import_is_told_once_to_who_watched_it(box: Box) -> None:
    run = box.backfill(state="done", ended_at=timezone.now())
    box.copies(2, "stuck", reason="It could not be read.")
    card = text_of(box.card(f"?run={run}&percent=99"))
    assert "is done: 200 messages. 2 could not be taken in" in card
    assert "is done" not in text_of(box.card())
    assert "200 messages imported" in text_of(box.card())


@pytest.mark.parametrize("query", ["?run=x&percent=-1&asked=yes", "?run=" + "9" * 40, "?run=²"])
def test_nonsense_about_what_was_seen_is_nothing(box: Box, query: str) -> None:
    box.backfill(state="done")
    assert 'class="toast"' not in box.card(query)


# --- sync now ------------------------------------------------------------------------------------


def test_sync_now_asks_and_tells_what_came_when_it_is_answered(box: Box) -> None:
    pressed = box.press("sync").content.decode()
    assert "Syncing…" in pressed
    assert '"asked": "1"' in pressed
    assert "toast" not in pressed
    with box.inside():
        assert Sync.objects.get().wanted_at
    box.set_sync(wanted_at=None, last_new=2, last_changed=1)
    box.copies(2, place=-5)
    assert "Syncing…" in box.card("?asked=1"), "new mail is still being fetched"
    with box.inside():
        Copy.objects.all().delete()
    done = box.card("?asked=1")
    assert "sam@northwind.example: 2 new, 1 changed." in done
    assert '"asked": "0"' in done
    assert "2 new, 1 changed" in text_of(box.card())
    assert "toast" not in box.card()


def test_a_card_that_was_under_way_makes_nobody_forget_what_was_asked(box: Box) -> None:
    box.press("sync")
    assert '"asked": "1"' in box.card("?asked=0"), "it was sent before the button was pressed"
    box.set_sync(wanted_at=None)
    assert "Nothing new in sam@northwind.example." in box.card("?asked=0")
    assert "toast" not in box.card("?asked=0")


def test_sync_now_tells_when_nothing_is_new_or_what_went_wrong(box: Box) -> None:
    assert "Nothing new in sam@northwind.example." in box.card("?asked=1")
    later = timezone.now() + timedelta(minutes=3)
    box.set_sync(
        wanted_at=timezone.now(), held_until=later, problem="failed", problem_text="It timed out."
    )
    card = box.card("?asked=1")
    assert 'data-level="error"' in card
    assert re.search(r"<span>sam@[^<]*It timed out\.</span>", card)


def test_a_wait_the_provider_asked_for_is_told_at_once(box: Box) -> None:
    later = timezone.now() + timedelta(minutes=3)
    box.set_sync(held_until=later, held_reason="Google asks us to slow down.")
    answer = box.press("sync").content.decode()
    assert 'data-level="warning"' in answer
    assert f"Next try at {later:%H:%M}" in answer


def test_nobody_answering_is_said_after_a_while(box: Box) -> None:
    box.set_sync(wanted_at=timezone.now() - timedelta(seconds=61))
    assert "Is a worker running?" in box.card()


def test_sync_now_of_a_disconnected_mailbox_is_refused(box: Box) -> None:
    box.set_box(disconnected_at=timezone.now())
    answer = box.press("sync")
    assert answer.status_code == 422
    assert "Reconnect it first" in answer.content.decode()
    assert "Sync now" not in box.card()
    assert "Reconnect" in box.card()


# --- sharing, set aside, disconnecting -----------------------------------------------------------


def test_sharing_is_chosen_and_shown(box: Box) -> None:
    page = box.browser.get(box.path("sharing")).content.decode()
    assert re.search(r'value="full" checked', page)
    assert box.press("sharing", partial=False, sharing="metadata").status_code == 302
    assert box.row().sharing == "metadata"
    assert "Sharing: people and dates" in text_of(box.card())
    assert box.press("sharing", partial=False, sharing="world").status_code == 422
    assert box.row().sharing == "metadata"


def test_what_was_set_aside_is_listed_with_its_reason_and_tried_again(box: Box) -> None:
    assert "Nothing is set aside" in box.browser.get(box.path("set-aside")).content.decode()
    box.copies(3, "stuck", reason="It could not be read <b>(Bad)</b>.")
    assert "3 messages set aside" in text_of(box.card())
    page = box.browser.get(box.path("set-aside")).content.decode()
    assert page.count("It could not be read &lt;b&gt;(Bad)") == 3
    again = box.browser.post(box.path("set-aside"), follow=True)
    assert "Trying 3 messages again." in again.content.decode()
    assert again.redirect_chain == [(box.path("set-aside"), 302)]
    with box.inside():
        assert set(Copy.objects.values_list("state", flat=True)) == {"listed"}


def test_disconnecting_asks_and_says_what_stays(box: Box) -> None:
    page = text_of(box.browser.get(box.path("disconnect")).content.decode())
    assert "Mail that came in stays" in page
    assert "permission back to Google" in page
    assert box.row().disconnected_at is None
    box.backfill()
    answer = box.browser.post(box.path("disconnect"), follow=True)
    assert "Its mail is kept" in answer.content.decode()
    assert box.row().disconnected_at
    assert box.state() == "canceled"
    assert 'data-h="off"' in box.card()
    assert box.browser.get(box.path("range")).status_code == 422


# --- being told of new mail ----------------------------------------------------------------------


def test_the_card_says_whether_the_provider_tells_us(box: Box, settings: Any) -> None:
    told = "New mail is looked for every 5 minutes: this installation has no public address."
    assert told in text_of(box.card())
    settings.PUSH_URL = "https://mail.weave.example"
    assert "the operator has not set up notices from Google" in text_of(box.card())
    settings.PUSH_TOPICS = {"gmail": "projects/weave/topics/mail"}
    settings.PUSH_ACCOUNTS = {"gmail": "push@weave.example"}
    assert "New mail is looked for" not in text_of(box.card())  # on its way
    later = timezone.now() + timedelta(hours=1)
    box.set_sync(push_problem="Gmail may not publish.", push_retry_at=later)
    said = text_of(box.card())
    assert "every 5 minutes. Gmail may not publish. Next try" in said
    assert "nothing is lost" in said
    box.set_sync(push_problem="", push_retry_at=None)
    with box.inside():
        watch = Watch("", "", timezone.now() + timedelta(days=7))
        subscriptions.keep(Mailbox.objects.get(pk=box.pk), watch)
    assert "Push on" in text_of(box.card())
    box.set_sync(problem="reconnect")
    assert "New mail is looked for" not in text_of(box.card())
