"""Writing: drafts begun, saved, sent, thrown away; conflicts, questions, and what is not yours."""

import json
from typing import Any

import pytest

from mailweave.outbox.models import Draft, DraftFile, Submission
from mailweave.people.models import User
from mailweave.records.support.models import Ticket
from tests.web.letters import PART, Post, make_post, make_stranger

pytestmark = pytest.mark.django_db
MARA = "Mara Okafor <mara@acme.example>"


@pytest.fixture
def post() -> Post:
    return make_post()


def begin(post: Post, **given: Any) -> Draft:
    answer = post.browser.post("/compose/", given)
    assert answer.status_code == 302
    return draft(post, int(answer["Location"].split("/")[2]))


def draft(post: Post, pk: int) -> Draft:
    with post.inside():
        found: Draft = Draft.objects.get(pk=pk)
    return found


def form(one: Draft, **given: Any) -> dict[str, Any]:
    """What a composer sends, with all of its fields filled."""
    words = {"to": MARA, "subject": "Terms", "mode": "rich", "html": "<p>Hello</p>", "do": "save"}
    return {"version": one.version, "frame": "dock", **words, **given}


def put(post: Post, one: Draft, *, part: bool = True, **given: Any) -> Any:
    headers = PART if part else {}
    return post.browser.post(f"/compose/{one.pk}/", form(one, **given), headers=headers)


def orders(post: Post) -> list[Submission]:
    with post.inside():
        return list(Submission.objects.order_by("pk"))


def test_a_letter_is_begun_and_opens_on_a_page_without_script(post: Post) -> None:
    one = begin(post)
    text = post.browser.get(f"/compose/{one.pk}/").content.decode()
    assert f'action="/compose/{one.pk}/"' in text
    assert '<option value="' in text
    with post.inside():
        assert Draft.objects.get().mailbox_id == post.mailbox_id


def test_htmx_is_given_the_composer_for_its_dock(post: Post) -> None:
    text = post.browser.post("/compose/", {"frame": "dock"}, headers=PART).content.decode()
    assert text.lstrip().startswith("<draft-keeper")
    assert 'data-frame="dock"' in text


def test_from_a_record_it_goes_to_its_address_and_is_about_it(post: Post) -> None:
    contact = post.contact("Mara Okafor", "mara@acme.example")
    one = begin(post, record=f"crm.contact:{contact}")
    assert one.to == [MARA]
    assert (one.kinds, one.record_ids) == (["crm.contact"], [contact])
    text = post.browser.get(f"/compose/{one.pk}/").content.decode()
    assert f'<a href="/crm/contacts/{contact}/">Mara Okafor</a>' in text
    assert post.browser.post("/compose/", {"record": "crm.contact:99999"}).status_code == 404


def test_from_a_ticket_the_subject_has_its_number(post: Post) -> None:
    with post.inside():
        ticket = Ticket.objects.create(number=7, title="Torn", customer="li@acme.example")
    one = begin(post, record=f"support.ticket:{ticket.pk}")
    assert (one.to, one.subject) == (["li@acme.example"], "[TKT-0007] Torn")


def test_saving_says_when_and_counts_versions(post: Post) -> None:
    one = begin(post)
    answer = put(post, one, to=f"{MARA}\nben@b.example; half")
    assert json.loads(answer.content)["version"] == 2
    assert json.loads(answer.content)["said"].startswith("Saved ")
    now = draft(post, one.pk)
    assert now.to == [MARA, "ben@b.example", "half"]
    assert (now.subject, now.html, now.text) == ("Terms", "<p>Hello</p>", "")


def test_plain_text_is_kept_as_text(post: Post) -> None:
    one = begin(post)
    put(post, one, mode="plain", text="Hello\r\nMara", html="<p>old</p>")
    now = draft(post, one.pk)
    assert (now.html, now.text) == ("", "Hello\nMara")


def test_what_another_tab_wrote_is_never_overwritten(post: Post) -> None:
    one = begin(post)
    put(post, one, subject="Here")
    answer = put(post, one, subject="There")
    assert answer.status_code == 409
    text = answer.content.decode()
    assert 'data-overwrite="2"' in text
    assert draft(post, one.pk).subject == "Here"
    assert put(post, one, subject="There", version=2).status_code == 200
    assert draft(post, one.pk).subject == "There"
    held = put(post, one, subject="Third", do="send")
    assert held.status_code == 409
    assert "<hx-partial" in held.content.decode()
    assert orders(post) == []


def test_sending_can_be_undone_and_gives_the_draft_back(post: Post) -> None:
    one = begin(post)
    answer = put(post, one, do="send")
    assert answer.status_code == 200
    (order,) = orders(post)
    assert f'action="/mail/outbox/{order.pk}/undo/?for=10"' in answer.content.decode()
    back = post.browser.post(f"/mail/outbox/{order.pk}/undo/", headers=PART).content.decode()
    assert '<hx-partial hx-target="#dock"' in back
    assert "Hello" in back
    assert orders(post)[0].state == Submission.State.CANCELED


def test_two_clicks_are_one_order(post: Post) -> None:
    one = begin(post)
    put(post, one, do="send")
    answer = put(post, one, do="send")
    assert answer.status_code == 422
    assert len(orders(post)) == 1


def test_it_asks_once_about_a_subject_and_an_attachment(post: Post) -> None:
    one = begin(post)
    held = put(post, one, do="send", subject="", html="<p>The offer is attached.</p>")
    assert held.status_code == 422
    text = held.content.decode()
    assert "It has no subject. It says that something is attached, and nothing is." in text
    assert orders(post) == []
    assert draft(post, one.pk).version == 2
    answer = put(post, draft(post, one.pk), do="send", subject="", sure="1")
    assert answer.status_code == 200
    assert len(orders(post)) == 1


def test_without_anybody_it_says_so_and_keeps_the_words(post: Post) -> None:
    one = begin(post)
    held = put(post, one, to="", do="send")
    assert held.status_code == 422
    assert "Please name at least one recipient." in held.content.decode()
    assert draft(post, one.pk).subject == "Terms"
    page = put(post, draft(post, one.pk), part=False, to="", do="send")
    assert page.status_code == 422
    assert "Please name at least one recipient." in page.content.decode()


def test_later_is_a_time_in_the_zone_of_the_writer(post: Post) -> None:
    one = begin(post)
    answer = put(post, one, do="later:2126-01-01T09:00")
    assert answer.status_code == 422  # more than a year ahead
    answer = put(post, draft(post, one.pk), do="later", local_time="rubbish")
    assert answer.status_code == 422
    text = post.browser.get(f"/compose/{one.pk}/").content.decode()
    preset = text.partition('value="later:')[2].partition('"')[0]
    assert put(post, draft(post, one.pk), do=f"later:{preset}").status_code == 200
    (order,) = orders(post)
    assert (order.local_time, order.zone) == (preset, "UTC")


def test_discarding_can_be_undone(post: Post) -> None:
    one = begin(post)
    answer = put(post, one, do="discard")
    assert f'action="/compose/{one.pk}/restore/"' in answer.content.decode()
    assert post.browser.get(f"/compose/{one.pk}/").status_code == 404
    back = post.browser.post(f"/compose/{one.pk}/restore/", headers=PART)
    assert "Terms" in back.content.decode()


def test_closing_keeps_what_was_written_and_nothing_else(post: Post) -> None:
    one = begin(post)
    put(post, one, do="close")
    assert draft(post, one.pk).discarded_at is None
    other = begin(post)
    post.browser.post(f"/compose/{other.pk}/", {"version": 1, "do": "close"}, headers=PART)
    assert draft(post, other.pk).discarded_at is not None


def test_a_draft_is_its_writers_alone(post: Post) -> None:
    one = begin(post)
    with post.inside():
        file = DraftFile.objects.create(draft=one, name="a", content_type="text/plain", size=0)
    paths = [f"/compose/{one.pk}/", f"/compose/{one.pk}/files/{file.pk}/"]
    for browser in (post.other, make_stranger()):
        for path in paths:
            assert browser.get(path).status_code == 404
            assert browser.post(path, {"version": 1, "do": "send"}).status_code == 404
        for path in (f"{paths[0]}restore/", f"{paths[0]}files/", f"{paths[1]}remove/"):
            assert browser.post(path, {"size": "1"}).status_code == 404


def test_answers_begin_with_all_they_imply(post: Post) -> None:
    _, message = post.letter(subject="Terms", sender="mara@acme.example")
    answer = post.browser.post(
        f"/mail/messages/{message}/answer/reply/", {"frame": "inline"}, headers=PART
    )
    text = answer.content.decode()
    assert 'data-frame="inline"' in text
    assert "Re: Terms" in text
    assert "mara@acme.example" in text
    assert f'src="/mail/messages/{message}/body/"' in text
    with post.inside():
        pk = Draft.objects.get().pk
    again = post.browser.post(f"/mail/messages/{message}/answer/reply/")
    assert again["Location"] == f"/compose/{pk}/"
    assert post.browser.post(f"/mail/messages/{message}/answer/shout/").status_code == 404
    refused = post.other.post(f"/mail/messages/{message}/answer/reply/")
    assert refused.status_code == 422
    assert b"Connect a mailbox first" in refused.content
    with post.inside():
        post.archive.mailbox(User.objects.get(pk=post.colleague.user_id))
    assert post.other.post(f"/mail/messages/{message}/answer/reply/").status_code == 404


def test_the_quote_can_be_left_out_and_had_back(post: Post) -> None:
    _, message = post.letter(subject="Terms", sender="mara@acme.example")
    post.browser.post(f"/mail/messages/{message}/answer/reply/")
    with post.inside():
        one = Draft.objects.get()
    text = put(post, one, do="quote:off").content.decode()
    assert "not quoted" in text
    assert draft(post, one.pk).quoted is False
    put(post, draft(post, one.pk), do="quote:on")
    assert draft(post, one.pk).quoted is True


def test_the_end_of_a_thread_says_what_is_on_its_way(post: Post) -> None:
    thread, message = post.letter(subject="Terms", sender="mara@acme.example")
    text = post.browser.get(f"/mail/threads/{thread}/").content.decode()
    assert f'action="/mail/messages/{message}/answer/reply_all/"' in text
    post.browser.post(f"/mail/messages/{message}/answer/reply/")
    with post.inside():
        one = Draft.objects.get()
    ways = f"/mail/threads/{thread}/ways/"
    assert "data-draft-line" not in post.browser.get(ways).content.decode()
    put(post, one)
    one = draft(post, one.pk)
    assert f'data-draft-line="{one.pk}"' in post.browser.get(ways).content.decode()
    put(post, one, do="send")
    text = post.browser.get(ways).content.decode()
    assert "Scheduled" in text
    assert "Do not send" in text
    assert "data-draft-line" not in text
    assert post.other.get(ways).status_code == 404


def test_a_records_page_has_what_is_on_its_way_about_it(post: Post) -> None:
    contact = post.contact("Mara Okafor", "mara@acme.example")
    path = f"/records/crm.contact/{contact}/"
    text = post.browser.get(f"{path}mail/", headers=PART).content.decode()
    assert f'name="record" value="crm.contact:{contact}"' in text
    assert f'"{path}answer/"' not in text
    assert post.browser.post(f"{path}answer/").status_code == 404
    put(post, begin(post, record=f"crm.contact:{contact}"), do="send")
    text = post.browser.get(f"{path}pending/").content.decode()
    assert "Terms" in text
    post.letter(subject="Which?", sender="mara@acme.example")
    assert f'"{path}answer/"' in post.browser.get(f"{path}mail/", headers=PART).content.decode()
    answer = post.browser.post(f"{path}answer/", {"frame": "record"}, headers=PART)
    assert "Re: Which?" in answer.content.decode()
    assert "this conversation" in answer.content.decode()
    with post.inside():
        one = Draft.objects.get(act="reply_all")
    assert one.record_ids == [contact]
    assert "data-draft-line" not in post.browser.get(f"{path}pending/").content.decode()
    put(post, one)
    text = post.browser.get(f"{path}pending/").content.decode()
    assert f'hx-get="/compose/{one.pk}/?frame=record"' in text
    for act, status in (("forward", 200), ("reply", 200), ("new", 404)):
        given = {"frame": "record", "act": act}
        found = post.browser.post(f"{path}answer/", given, headers=PART)
        assert found.status_code == status, act
