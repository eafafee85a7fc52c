"""The outbox: what is to go, what went, what did not, and what can be done about it."""

import re
from datetime import timedelta
from typing import Any

import pytest

from mailweave.kit import clock
from mailweave.mail.models import Mailbox
from mailweave.outbox import identities
from mailweave.outbox.models import Draft, Submission
from mailweave.people import notifications
from tests.web.letters import PART, Post, make_post

pytestmark = pytest.mark.django_db
OUTBOX = "/mail/outbox/"


@pytest.fixture
def post() -> Post:
    return make_post()


def order(post: Post, **given: Any) -> Submission:
    at = clock.now() + timedelta(days=1)
    words = {"to": ["mara@acme.example"], "subject": "Terms", "html": "<p>Hello</p>"}
    with post.inside():
        draft = Draft.objects.create(
            author_id=post.member.user_id, mailbox_id=post.mailbox_id, **words
        )
        facts = {"address": "box0@home.example", "key": f"{draft.pk:032}", "send_at": at}
        made: Submission = Submission.objects.create(
            draft=draft,
            author_id=post.member.user_id,
            mailbox_id=post.mailbox_id,
            **{**facts, **given},
        )
    return made


def again(post: Post, one: Submission) -> Submission:
    with post.inside():
        one.refresh_from_db()
    return one


def show(post: Post, which: str) -> str:
    answer = post.browser.get(f"{OUTBOX}?show={which}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_every_state_is_on_a_list_with_what_can_be_done(post: Post) -> None:
    scheduled = order(post, zone="UTC")
    failed = order(post, state="failed", problem="refused", problem_text="Too many recipients.")
    unknown = order(post, state="unknown", problem="untraced")
    sent = order(post, state="sent", sent_at=clock.now())
    waiting, trouble = show(post, "waiting"), show(post, "trouble")
    for verb in ("now", "schedule", "undo"):
        assert f"{OUTBOX}{scheduled.pk}/{verb}/" in waiting
    assert "Too many recipients." in trouble
    assert f"{OUTBOX}{failed.pk}/retry/" in trouble
    for verb in ("look", "sent", "unsent"):
        assert f"{OUTBOX}{unknown.pk}/{verb}/" in trouble
    assert f'id="letter-{sent.pk}"' in show(post, "sent")
    assert post.browser.get(f"{OUTBOX}?show=nonsense").status_code == 404


def test_empty_lists_say_what_would_be_there(post: Post) -> None:
    assert "Nothing waits to be sent." in show(post, "waiting")
    assert "Everything you sent went out." in show(post, "trouble")
    assert "You have no drafts." in post.browser.get("/mail/drafts/").content.decode()


def test_a_letter_that_waits_goes_now_at_another_time_or_not(post: Post) -> None:
    one = order(post, zone="UTC")
    page = post.browser.get(f"{OUTBOX}{one.pk}/schedule/").content.decode()
    preset = page.partition('name="at" value="')[2].partition('"')[0]
    assert post.browser.post(f"{OUTBOX}{one.pk}/schedule/", {"at": preset}).status_code == 302
    assert again(post, one).local_time == preset
    assert post.browser.post(f"{OUTBOX}{one.pk}/schedule/", {"at": "x"}).status_code == 422
    assert post.browser.post(f"{OUTBOX}{one.pk}/now/").status_code == 302
    assert again(post, one).zone == ""
    back = post.browser.post(f"{OUTBOX}{one.pk}/undo/")
    assert back["Location"] == f"/compose/{one.draft_id}/"
    assert again(post, one).state == "canceled"
    assert post.browser.post(f"{OUTBOX}{one.pk}/undo/", headers=PART).status_code == 422


def test_what_is_unclear_is_said_by_a_person(post: Post) -> None:
    one = order(post, state="unknown", problem="untraced")
    assert post.browser.post(f"{OUTBOX}{one.pk}/look/").status_code == 302
    answer = post.browser.post(f"{OUTBOX}{one.pk}/unsent/", {"back": "trouble"})
    assert answer["Location"] == f"{OUTBOX}?show=trouble"
    assert again(post, one).state == "failed"
    assert post.browser.post(f"{OUTBOX}{one.pk}/sent/").status_code == 422
    post.browser.post(f"{OUTBOX}{one.pk}/retry/")
    with post.inside():
        assert Submission.objects.filter(draft=one.draft_id, state="scheduled").count() == 1


def test_what_is_tried_again_leaves_its_failure_behind(post: Post) -> None:
    one = order(post, state="failed", problem="refused", problem_text="Too many recipients.")
    key = f"submission-{one.pk}"
    with post.inside():
        notifications.notify([post.member.user_id], kind="not_sent", key=key, title="Not sent")
    post.browser.post(f"{OUTBOX}{one.pk}/retry/")
    with post.inside():
        assert key not in notifications.open_keys("submission-")
        later = Submission.objects.get(draft=one.draft_id, state="scheduled")
    assert "Everything you sent went out." in show(post, "trouble")
    page = post.browser.get(f"{OUTBOX}{one.pk}/").content.decode()
    assert f'<a href="{OUTBOX}{later.pk}/">tried again</a>' in page
    assert "Send again" not in page
    assert post.browser.post(f"{OUTBOX}{one.pk}/retry/").status_code == 422


def test_sending_again_tries_the_address_that_was_refused(post: Post) -> None:
    one = order(post, state="failed", problem="identity")
    with post.inside():
        Draft.objects.filter(pk=one.draft_id).update(address="box0@home.example")
        box = Mailbox.objects.get(pk=post.mailbox_id)
        identities.refuse(box, "box0@home.example", "Somebody must grant it.")
    assert post.browser.post(f"{OUTBOX}{one.pk}/retry/").status_code == 302
    with post.inside():
        assert Submission.objects.filter(draft=one.draft_id, state="scheduled").exists()
        assert not any(choice.refused for choice in identities.choices(post.member))


def test_what_failed_and_was_discarded_is_not_listed(post: Post) -> None:
    one = order(post, state="failed", problem="refused")
    assert f'id="letter-{one.pk}"' in show(post, "trouble")
    with post.inside():
        Draft.objects.filter(pk=one.draft_id).update(discarded_at=clock.now())
    assert f'id="letter-{one.pk}"' not in show(post, "trouble")


def test_what_goes_next_stands_first(post: Post) -> None:
    now = clock.now()
    days = [2, 31, *range(3, 31), 1]
    made = {day: order(post, send_at=now + timedelta(days=day)).pk for day in days}
    page = show(post, "waiting")
    shown = [int(each) for each in re.findall(r'id="letter-(\d+)"', page)]
    assert shown == [made[day] for day in range(1, 31)]
    rest = post.browser.get(f"{OUTBOX}?show=waiting&before={made[30]}").content.decode()
    assert re.findall(r'id="letter-(\d+)"', rest) == [str(made[31])]


def test_only_what_certainly_was_not_sent_is_sent_again(post: Post) -> None:
    for state in ("unknown", "sent", "sending"):
        one = order(post, state=state)
        assert post.browser.post(f"{OUTBOX}{one.pk}/retry/").status_code == 422
    assert post.browser.post(f"{OUTBOX}{one.pk}/explode/").status_code == 404


def test_lists_go_on(post: Post) -> None:
    many = [order(post, state="sent", sent_at=clock.now()).pk for _ in range(31)]
    page = show(post, "sent")
    assert f"before={many[1]}" in page
    rest = post.browser.get(f"{OUTBOX}?show=sent&before={many[1]}").content.decode()
    assert f'id="letter-{many[0]}"' in rest
    assert f'id="letter-{many[1]}"' not in rest
