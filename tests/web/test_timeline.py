"""The timeline of a record: mail and what people wrote down, and writing it down."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from mailweave.journal import entries
from mailweave.journal.models import Entry
from mailweave.kit import clock
from mailweave.linking.models import Activity
from mailweave.people.models import Membership
from mailweave.records.crm.models import Company
from tests.makers_mail import START
from tests.web.letters import PART, Post, make_post, make_stranger

pytestmark = pytest.mark.django_db


@pytest.fixture
def post() -> Post:
    return make_post()


@pytest.fixture
def mara(post: Post) -> int:
    return post.contact("Mara Okafor", "mara@acme.example")


def path(record: int, more: str = "", kind: str = "contact") -> str:
    return f"/records/crm.{kind}/{record}/timeline/{more}"


def read(post: Post, record: int, query: str = "", kind: str = "contact") -> str:
    answer = post.browser.get(path(record, query, kind), headers=PART)
    assert answer.status_code == 200
    return answer.content.decode()


def shown(text: str) -> list[str]:
    """The types of the lines in their order, with what they say first."""
    lines = re.findall(r'<li class="row event".*?</li>', text, re.DOTALL)
    return [re.findall(r'data-type="(\w+)"', line)[0] for line in lines]


def note(
    post: Post, record: int, text: str, type_: str = "note", minute: int = 0, **data: object
) -> int:
    with post.inside():
        at = START + timedelta(minutes=minute)
        return int(entries.write(post.member, [("crm.contact", record)], type_, text, at, data).pk)


def test_mail_stands_among_what_was_written_down(post: Post, mara: int) -> None:
    post.letter(minute=1, subject="Terms", sender="mara@acme.example", text="Dear all")
    note(
        post,
        mara,
        "Talked about the price",
        "call",
        2,
        direction="out",
        minutes=15,
        participants="Jon",
    )
    post.letter(minute=3, subject="Re: Terms", direction="out", to=["mara@acme.example"])
    note(post, mara, "Prefers mornings", minute=4)
    text = read(post, mara)
    assert shown(text) == ["note", "email", "call", "email"]
    assert "With Jon · 15 min" in text
    assert text.count('aria-label="Sent"') == 2
    assert text.count('aria-label="Received"') == 1
    assert "<b>Terms</b> Dear all" in text
    assert "Ada Lind" in text


def test_it_is_narrowed_to_a_type(post: Post, mara: int) -> None:
    post.letter(minute=1, sender="mara@acme.example")
    for minute, type_ in enumerate(("note", "call", "meeting", "task"), 2):
        note(post, mara, f"A {type_}", type_, minute)
    for type_ in ("email", "call", "meeting", "note", "task"):
        text = read(post, mara, f"?type={type_}")
        assert shown(text) == [type_]
        assert re.search(rf'\?type={type_}"[^>]*aria-current="true"', text)
    assert "No changes with Mara Okafor yet" in read(post, mara, "?type=change")
    assert len(shown(read(post, mara, "?type=weather"))) == 5


def test_twenty_and_load_more_also_where_moments_are_the_same(post: Post, mara: int) -> None:
    for minute in range(15):
        post.letter(minute=minute // 3, subject=f"No {minute}", sender="mara@acme.example")
        note(post, mara, f"Note {minute}", minute=minute // 3)
    text = read(post, mara)
    (more,) = re.findall(r'hx-get="([^"]+part=rows)"', text)
    rest = post.browser.get(more.replace("&amp;", "&"), headers=PART).content.decode()
    keys = re.findall(r'id="((?:email|entry)-\d+)"', text + rest)
    assert (len(shown(text)), len(shown(rest))) == (20, 10)
    assert len(set(keys)) == 30
    assert "Load more" not in rest


def test_an_open_page_asks_for_as_much_as_it_shows(post: Post, mara: int) -> None:
    for minute in range(25):
        note(post, mara, f"Note {minute}", minute=minute)
    text = read(post, mara)
    (more,) = re.findall(r'hx-get="([^"]+part=rows)"', text)
    rest = post.browser.get(more.replace("&amp;", "&"), headers=PART).content.decode()
    (last,) = re.findall(r'name="last" value="([^"]+)"', rest)
    note(post, mara, "Fresh", minute=99)
    again = read(post, mara, f"?part=list&last={last}")
    assert len(shown(again)) == 26
    (last,) = re.findall(r'name="last" value="([^"]+)"', text)
    assert len(shown(read(post, mara, f"?part=list&last={last}"))) == 21
    assert post.browser.get(path(mara, "?part=list&last=e!"), headers=PART).status_code == 422


def test_long_words_are_folded(post: Post, mara: int) -> None:
    note(post, mara, "word " * 100 + "end")
    text = read(post, mara)
    assert "<details" in text
    assert "end</p>" in text


def test_a_deal_shows_what_its_people_have_but_not_their_changes(post: Post, mara: int) -> None:
    deal = post.deal("Renewal", mara)
    note(post, mara, "About Mara")
    with post.inside():
        entries.note_change(post.member, ("crm.contact", mara), "Owner", "", "Ben")
        entries.note_change(post.member, ("crm.deal", deal), "Stage", "New", "Won")
    text = read(post, deal, kind="deal")
    assert "About Mara" in text
    assert f'href="/crm/contacts/{mara}/">Mara Okafor</a>' in text
    assert "Stage: New → Won" in text
    assert "Owner: none → Ben" not in text
    assert "Owner: none → Ben" in read(post, mara)


def test_it_is_written_down_with_and_without_script(post: Post, mara: int) -> None:
    form = post.browser.get(path(mara, "add/call/"), headers=PART).content.decode()
    assert "<dialog" in form
    assert "<!doctype html>" in post.browser.get(path(mara, "add/call/")).content.decode()
    sent = {"text": "Price", "direction": "in", "at": "2026-02-03T10:30", "minutes": "20"}
    answer = post.browser.post(path(mara, "add/call/"), sent, headers=PART)
    assert shown(answer.content.decode()) == ["call"]
    assert "The call was added." in answer.content.decode()
    answer = post.browser.post(path(mara, "add/task/"), {"text": "Offer", "due_at": ""})
    assert answer.headers["Location"] == f"/crm/contacts/{mara}/?view=timeline"
    with post.inside():
        call, task = Entry.objects.order_by("pk")
    assert call.data == {"direction": "in", "minutes": 20}
    assert call.at.isoformat() == "2026-02-03T10:30:00+00:00"
    assert (task.type, task.author_id) == ("task", post.member.user_id)


@pytest.mark.parametrize(
    ("type_", "sent"),
    [
        ("note", {"text": " "}),
        ("call", {"minutes": "-1"}),
        ("meeting", {"at": "0001-01-01T00:00"}),
        ("call", {"direction": "up"}),
        ("task", {"text": "x", "due_at": "soon"}),
        ("mail", {"direction": "out", "to": "x@y.example"}),
        ("mail", {"direction": "", "to": "x@y.example", "sender": "z@y.example"}),
    ],
)
def test_what_cannot_be_is_said_in_the_form(
    post: Post, mara: int, type_: str, sent: dict[str, str]
) -> None:
    answer = post.browser.post(path(mara, f"add/{type_}/"), sent, headers=PART)
    assert answer.status_code == 422
    assert 'class="error"' in answer.content.decode()
    with post.inside():
        assert not Entry.objects.exists()


def test_edit_tick_delete_and_have_back(post: Post, mara: int) -> None:
    task = note(post, mara, "Send it", "task")
    said = f"?record=crm.contact:{mara}"

    def act(verb: str, browser: Client = post.browser, **sent: str) -> str:
        answer = browser.post(f"/journal/{task}/{verb}/{said}", sent, headers=PART)
        return str(answer.content.decode())

    form = post.browser.get(f"/journal/{task}/edit/{said}", headers=PART).content.decode()
    assert "Send it" in form
    assert "Send both" in act("edit", text="Send both")
    text = act("done", post.other)
    assert "Ben Roth" in text
    assert "Not done after all" in text
    assert "Not done after all" not in act("open", post.other)
    text = act("delete")
    assert shown(text) == []
    assert f'action="/journal/{task}/restore/?record=crm.contact%3A{mara}"' in text
    assert "not here any more" in act("done")
    assert shown(act("restore")) == ["task"]


MAIL = {
    "direction": "in",
    "sender": "Mara <mara@acme.example>",
    "to": "ada@home.example",
    "subject": "By post",
    "at": "2026-02-03T10:30",
    "text": "It came to my private address.",
}


def test_mail_that_went_another_way_is_logged_by_hand(post: Post, mara: int) -> None:
    assert "Log an e-mail" in read(post, mara)
    form = post.browser.get(path(mara, "add/mail/"), headers=PART).content.decode()
    for label in ("Which way", "From", "To", "Subject", "When", "What it said"):
        assert f">{label}" in form
    text = post.browser.post(path(mara, "add/mail/"), MAIL, headers=PART).content.decode()
    assert "The e-mail was added." in text
    assert shown(text) == ["email"]
    for words in (
        "Mara &lt;mara@acme.example&gt;",
        "<b>By post</b>",
        "It came to my private address.",
        "Logged by hand by Ada Lind",
        'aria-label="Received"',
    ):
        assert words in text
    with post.inside():
        entry = Entry.objects.get()
        assert entry.data == {
            "direction": "in",
            "from": "Mara <mara@acme.example>",
            "to": "ada@home.example",
            "subject": "By post",
        }
        assert Activity.objects.get(kind="crm.contact", record_id=mara).entry_at == entry.at


def test_logged_mail_is_mail_to_the_filter_and_changed_like_its_neighbours(
    post: Post, mara: int
) -> None:
    post.letter(minute=1, sender="mara@acme.example")
    note(post, mara, "A note", minute=2)
    post.browser.post(path(mara, "add/mail/"), MAIL | {"direction": "out"}, headers=PART)
    text = read(post, mara, "?type=email")
    assert shown(text) == ["email", "email"]
    assert "To ada@home.example" in text
    assert shown(read(post, mara, "?type=note")) == ["note"]
    with post.inside():
        pk = Entry.objects.get(type="mail").pk
    form = post.browser.get(f"/journal/{pk}/edit/", headers=PART).content.decode()
    assert 'value="Mara &lt;mara@acme.example&gt;"' in form
    changed = MAIL | {"subject": "By courier"}
    text = post.browser.post(f"/journal/{pk}/edit/", changed, headers=PART).content.decode()
    assert "<b>By courier</b>" in text
    assert ", edited" in text
    text = post.browser.post(f"/journal/{pk}/delete/", headers=PART).content.decode()
    assert "The e-mail was deleted." in text
    assert "By courier" not in text
    text = post.browser.post(f"/journal/{pk}/restore/", headers=PART).content.decode()
    assert "The e-mail is back." in text
    assert "By courier" in text


def test_only_its_author_and_admins_change_an_entry(post: Post, mara: int) -> None:
    mine = note(post, mara, "Ada's")
    for verb in ("edit", "delete"):
        assert post.other.post(f"/journal/{mine}/{verb}/", {"text": "x"}).status_code == 404
    assert "Edit" not in re.sub(
        r"\s", "", post.other.get(path(mara), headers=PART).content.decode()
    )
    with post.inside():
        theirs = entries.write(post.colleague, [("crm.contact", mara)], "note", "Ben's").pk
    assert post.browser.post(f"/journal/{theirs}/edit/", {"text": "x"}).status_code == 302


def test_strangers_and_nonsense_find_nothing(post: Post, mara: int) -> None:
    eve, mine = make_stranger(), note(post, mara, "Secret")
    assert eve.get(path(mara)).status_code == 404
    assert eve.post(path(mara, "add/note/"), {"text": "x"}).status_code == 404
    for verb in ("edit", "done", "delete", "restore"):
        assert eve.post(f"/journal/{mine}/{verb}/", {"text": "x"}).status_code == 404
    assert post.browser.get("/records/crm.spaceship/1/timeline/").status_code == 404
    assert post.browser.get(path(mara, "?after=x"), headers=PART).status_code == 422
    assert post.browser.post(path(mara, "add/change/"), {"text": "x"}).status_code == 404
    assert post.browser.post(f"/journal/{mine}/burn/").status_code == 404
    assert post.browser.post(f"/journal/{mine}/done/?record=crm.contact:x").status_code == 404


def test_colleagues_see_mail_as_far_as_it_is_shared(post: Post) -> None:
    post.letter(subject="Hers", sender="mara@acme.example")
    mara = post.contact("Mara", "mara@acme.example")
    note(post, mara, "For all")
    post.share("subject")
    assert "Hers" in post.other.get(path(mara), headers=PART).content.decode()
    post.share("private")
    text = post.other.get(path(mara), headers=PART).content.decode()
    assert "Hers" not in text
    assert "For all" in text


def test_somebody_who_left_is_still_named(post: Post, mara: int) -> None:
    with post.inside():
        entries.write(post.colleague, [("crm.contact", mara)], "note", "Ben's")
        Membership.objects.filter(user_id=post.colleague.user_id).delete()
    assert "Ben Roth" in read(post, mara)


def test_a_moment_is_told_from_now_for_a_week(post: Post, mara: int) -> None:
    with post.inside():
        for days in (1, 40):
            at = clock.now() - timedelta(days=days)
            entries.write(post.member, [("crm.contact", mara)], "note", f"{days}", at)
    text = read(post, mara)
    assert "1 day ago" in text
    assert "40 days ago" not in text


def test_a_company_that_changed_is_named_to_who_may_see_it(post: Post, mara: int) -> None:
    with post.inside():
        acme = Company.objects.create(name="Acme", owner_id=post.member.user_id).pk
        there, here = ("crm.company", acme), ("crm.contact", mara)
        entries.note_move(post.member, here, "Company", None, there)
        entries.note_move(post.member, here, "Company", there, None)
    text = read(post, mara)
    assert "Company: none → Acme" in text
    assert "Company: Acme → none" in text
    with post.inside():
        Company.objects.all().delete()
    assert "Company: none → one that is not yours to see" in read(post, mara)
