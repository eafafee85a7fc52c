"""The page of unlinked mail: who sees it, what is suggested, what each act does, and its undo."""

import html
import re
from typing import Any

import pytest
from django.test import Client

from mailweave.linking import matching
from mailweave.linking.models import Dismissal, Link, Unlinked
from mailweave.mail import policy
from mailweave.mail.models import Mailbox, NeverSync
from mailweave.people.models import User
from mailweave.records.crm import companies, contacts
from mailweave.records.crm.models import Company, Contact
from tests.web.letters import PART, Post, make_post, make_stranger

pytestmark = pytest.mark.django_db
URL = "/mail/unlinked/"
MARA = "mara@acme.example"


@pytest.fixture
def post() -> Post:
    return make_post()


def text_of(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def see(browser: Client, path: str = URL, **more: Any) -> str:
    answer = browser.get(path, **more)
    assert answer.status_code == 200
    return text_of(answer)


def person(post: Post, address: str) -> int:
    with post.inside():
        found = Unlinked.objects.filter(person__address=address).values_list("person_id", flat=True)
        return int(found[0])


def act(browser: Client, pk: int, verb: str, **given: Any) -> Any:
    return browser.post(f"{URL}{pk}/{verb}/", given, headers=PART)


def undo(browser: Client, text: str) -> None:
    path = re.search(
        r'<form action="([^"]+)" method="post">(?:(?!</form>).)*Undo <kbd>', text, re.DOTALL
    )
    assert path
    assert browser.post(path[1]).status_code == 302


def pins(post: Post) -> list[tuple[int, bool]]:
    with post.inside():
        rows = Link.objects.filter(pinned=True).order_by("message_id")
        return list(rows.values_list("message_id", "linked"))


def addresses(post: Post, contact: int) -> list[str]:
    with post.inside():
        return [one.address for one in contacts.addresses(contact)]


def test_people_are_listed_and_opened(post: Post) -> None:
    post.letter(sender=MARA, subject="Offer", minute=1)
    post.letter(sender=MARA, subject="Second offer", minute=2)
    post.letter(sender="zoe@far.example", subject="Hi")
    text = see(post.browser)
    assert text.index("Second offer") < text.index("Hi")
    assert MARA in text
    pk = person(post, MARA)
    whole = see(post.browser, f"{URL}{pk}/")
    assert "<html" in whole
    part = see(post.browser, f"{URL}{pk}/", headers=PART)
    assert "<html" not in part
    for said in ("Second offer", "Offer", MARA, "2 messages"):
        assert said in part
    assert "Hi" not in part


def test_nobody_else_sees_any_of_it(post: Post) -> None:
    """Not a colleague, whatever the sharing; not somebody of another workspace."""
    _, message = post.letter(sender=MARA, subject="Between us")
    contact = post.contact("Jon Bell", "jon@acme.example")
    pk = person(post, MARA)
    for sharing in Mailbox.Sharing.values:
        post.share(sharing)
        for browser in (post.other, make_stranger()):
            assert "Between us" not in see(browser)
            assert MARA not in see(browser)
            assert browser.get(f"{URL}{pk}/").status_code == 404
            given = {"to": f"crm.contact:{contact}", "message": [message]}
            assert act(browser, pk, "link", **given).status_code in {404, 422}
            assert act(browser, pk, "dismiss", all="1").status_code == 422
    assert pins(post) == []
    assert Client().get(URL).status_code == 302


def test_all_of_a_sender_is_linked_and_undone(post: Post) -> None:
    ids = [post.letter(sender=MARA, minute=n)[1] for n in range(3)]
    contact = post.contact("Jon Bell", "jon@acme.example")
    answer = act(post.browser, person(post, MARA), "link", to_all=f"crm.contact:{contact}")
    text = text_of(answer)
    assert "data-done" in text
    assert "Linked 3 messages to Jon Bell." in text
    assert pins(post) == [(pk, True) for pk in ids]
    assert addresses(post, contact) == ["jon@acme.example"]
    undo(post.browser, text)
    assert pins(post) == []
    assert MARA in see(post.browser)


def test_chosen_messages_are_linked_and_the_others_wait(post: Post) -> None:
    ids = [post.letter(sender=MARA, minute=n, subject=f"Letter {n}")[1] for n in range(3)]
    _, other = post.letter(sender="zoe@far.example")
    contact = post.contact("Jon Bell", "jon@acme.example")
    to = f"crm.contact:{contact}"
    pk = person(post, MARA)
    text = text_of(act(post.browser, pk, "link", to=to, message=[ids[1], other, 10**17, "x"]))
    assert pins(post) == [(ids[1], True)]
    assert "Letter 0" in text
    assert "Letter 1" not in text
    none = act(post.browser, pk, "link", to=to)
    assert none.status_code == 422
    assert len(pins(post)) == 1


def test_a_double_click_and_a_stale_page_are_told(post: Post) -> None:
    post.letter(sender=MARA)
    contact = post.contact("Jon Bell", "jon@acme.example")
    pk = person(post, MARA)
    given = {"to_all": f"crm.contact:{contact}"}
    assert act(post.browser, pk, "link", **given).status_code == 200
    again = act(post.browser, pk, "link", **given)
    assert again.status_code == 422
    assert "does not wait any more" in text_of(again)
    assert act(post.browser, pk, "dismiss", all="1").status_code == 422
    assert post.browser.get(f"{URL}{pk}/", headers=PART).status_code == 404
    assert len(pins(post)) == 1


def test_what_is_not_a_record_of_ours(post: Post) -> None:
    post.letter(sender=MARA)
    foreign = make_post().contact("Foreign", "f@x.example")
    pk = person(post, MARA)
    for wrong in (f"crm.contact:{foreign}", "crm.spaceship:1", "crm.contact:", "x", ""):
        assert act(post.browser, pk, "link", to_all=wrong).status_code == 404
    assert pins(post) == []


def test_the_address_is_added_and_taken_away_again(post: Post) -> None:
    _, first = post.letter(sender=MARA)
    contact = post.contact("Mara Lind", "mara@other.example")
    given = {"to_all": f"crm.contact:{contact}", "adopt": "1"}
    text = text_of(act(post.browser, person(post, MARA), "link", **given))
    assert addresses(post, contact) == ["mara@other.example", MARA]
    assert f"{MARA} is one of their addresses now." in text
    thread, later = post.letter(sender=MARA, minute=9)
    with post.inside():
        matching.link([thread])
        assert Link.objects.filter(message_id=later, reason="sender").exists()
    undo(post.browser, text)
    assert addresses(post, contact) == ["mara@other.example"]
    with post.inside():
        assert not Link.objects.filter(message_id__in=[first, later]).exists()


def test_suggestions_say_why(post: Post) -> None:
    with post.inside():
        Company.objects.create(name="Acme", domain="acme.example")
        Company.objects.create(name="Acme Labs", domain="labs.acme.example")
    post.contact("Mara", "m@private.example")
    post.contact("Mara Old", "mara@former.example")
    post.contact("Somebody Else", "else@acme.example")
    thread, _ = post.letter(sender="lea@beta.example", minute=1)
    post.contact("Lea Beta", "lea@beta.example")
    post.letter(sender="mara+shop@acme.example", thread=thread, minute=2)
    post.contact("Mara Plus", MARA)
    pk = person(post, "mara+shop@acme.example")
    text = see(post.browser, f"{URL}{pk}/", headers=PART)
    for why in (
        "has the address mara@acme.example",
        "has the address mara@former.example",
        "is in the same conversation",
        "has the domain acme.example",
    ):
        assert why in text
    assert "Acme Labs" not in text
    assert "Somebody Else" not in text
    assert pins(post) == []


def test_the_same_name_is_suggested_and_freemail_is_no_company(post: Post) -> None:
    with post.inside():
        Company.objects.create(name="Mailers", domain="gmail.example")
    post.contact("Zoe", "z@work.example")
    post.letter(sender="zoe@gmail.example")
    text = see(post.browser, f"{URL}{person(post, 'zoe@gmail.example')}/", headers=PART)
    assert "has the same name" in text
    assert "Mailers" not in text


def test_records_are_searched(post: Post) -> None:
    post.letter(sender=MARA)
    post.letter(sender="jon@acme.example")
    contact = post.contact("Jon Bell", "jb@acme.example", "jon@acme.example")
    pk = person(post, MARA)
    part = see(post.browser, f"{URL}{pk}/?part=found&q=jon@acme", headers=PART)
    assert f'value="crm.contact:{contact}"' in part
    for fact in ("Contact", "jb@acme.example", "jon@acme.example", "last mail"):
        assert fact in part
    assert "No record is called" in see(post.browser, f"{URL}{pk}/?part=found&q=zz", headers=PART)


def test_when_there_was_mail_last_tells_nothing_of_others_mail(post: Post) -> None:
    post.letter(sender="jon@acme.example", direction="in")
    post.contact("Jon Bell", "jon@acme.example")
    post.share("private")
    with post.inside():
        box = post.archive.mailbox(User.objects.get(pk=post.colleague.user_id))
        message = post.archive.message(post.archive.thread(), sender=MARA)
        post.archive.copy(message, box)
        post.archive.settle()
    pk = person(post, MARA)
    part = see(post.other, f"{URL}{pk}/?part=found&q=jon", headers=PART)
    assert "Jon Bell" in part
    assert "last mail" not in part


def test_dismissing_and_showing_again(post: Post) -> None:
    ids = [post.letter(sender=MARA, minute=n, subject=f"Letter {n}")[1] for n in range(3)]
    pk = person(post, MARA)
    text = text_of(act(post.browser, pk, "dismiss", message=ids[:2]))
    assert "Dismissed 2 messages." in text
    assert "Letter 2" in text
    assert "Letter 1" not in text
    undo(post.browser, text)
    text = text_of(act(post.browser, pk, "dismiss", all="1"))
    assert "is not shown here any more" in text
    assert MARA not in see(post.browser)
    listed = see(post.browser, f"{URL}dismissed/")
    assert MARA in listed
    assert MARA not in see(post.other, f"{URL}dismissed/")
    way = re.search(r'action="(/mail/unlinked/restore/[^"]+)"', listed)
    assert way
    assert post.other.post(way[1], headers=PART).status_code == 422
    assert post.browser.post(way[1]).status_code == 302
    assert MARA in see(post.browser)
    assert post.browser.post(way[1], headers=PART).status_code == 422
    with post.inside():
        assert Dismissal.objects.count() == 0


def test_a_contact_is_made_from_it(post: Post) -> None:
    with post.inside():
        companies.named(None, "Acme")
        Company.objects.update(domain="acme.example")
    post.letter(sender=MARA)
    text = see(post.browser, f"{URL}{person(post, MARA)}/", headers=PART)
    path = re.search(r'href="(/crm/contacts/new/[^"]+)"', text)
    assert path
    form = see(post.browser, path[1])
    for value in ("Mara", MARA, "Acme"):
        assert f'value="{value}"' in form
    given = {"name": "Mara Lind", "address": [MARA], "primary": "0", "company": "Acme"}
    assert post.browser.post(path[1], given).status_code == 302
    with post.inside():
        assert Contact.objects.get().company.name == "Acme"
    assert MARA not in see(post.browser)


def test_never_sync_asks_first(post: Post) -> None:
    post.letter(sender=MARA)
    text = see(post.browser, f"{URL}{person(post, MARA)}/", headers=PART)
    assert 'action="/settings/never-sync/"' in text
    asked = post.browser.post("/settings/never-sync/", {"value": MARA, "whose": "mine"})
    assert asked.status_code == 200
    with post.inside():
        assert NeverSync.objects.count() == 0


def test_a_workspace_may_keep_it_without_listing_it(post: Post) -> None:
    post.letter(subject="Terms", sender="mara@acme.example")
    assert "Terms" in see(post.browser)
    with post.inside():
        policy.change({"unmatched": "keep"}, version=0, user_id=post.member.user_id)
    text = see(post.browser)
    assert "Terms" not in text
    assert "your workspace has chosen so" in text
    with post.inside():
        policy.change({"unmatched": "queue"}, version=1, user_id=post.member.user_id)
    assert "Terms" in see(post.browser)


def test_the_empty_page_says_why(post: Post) -> None:
    assert "Nothing waits: all mail" in see(post.browser)
    assert "You have connected none yet" in see(post.other)


def test_the_mail_page_says_how_much_waits(post: Post) -> None:
    assert "Unlinked<span" not in see(post.browser, "/mail/")
    post.letter(sender=MARA)
    assert re.search(r"Unlinked<span class=\"count\">1<", see(post.browser, "/mail/"))
    assert "Unlinked<span" not in see(post.other, "/mail/")


def test_hostile_words_stay_words(post: Post) -> None:
    evil = '"><script>alert(1)</script>'
    post.letter(sender="x@evil.example", subject=evil, text=evil)
    pk = person(post, "x@evil.example")
    for path in (URL, f"{URL}{pk}/", f"{URL}{pk}/?q={evil}"):
        assert evil.encode() not in post.browser.get(path, headers=PART).content
    assert post.browser.get(f"{URL}{pk}/?q=%00").status_code == 200
    assert post.browser.get(f"{URL}?part=rows&after=nonsense").status_code == 422
