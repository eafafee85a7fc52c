"""Writing in a real browser: whom to, the text, files, drafts in two tabs, sending and undoing."""

import base64
import gzip
import re
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from mailweave import web
from mailweave.kit import clock, live
from mailweave.outbox.models import Draft, DraftFile, Signature, Submission, Template
from mailweave.people.access import Member
from mailweave.people.models import User
from tests.browser.walking import look
from tests.web.letters import Post, make_post
from tests.web.letters_sent import order, sent, tell

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Enter = Callable[[Member], None]
MARA = "Mara Okafor <mara@acme.example>"
CONFLICT = "Failed to load resource: the server responded with a status of 409 (Conflict)"
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
Axe = Callable[[Page], list[str]]


@pytest.fixture
def post(site: str) -> Post:
    del site
    made = make_post()
    made.contact("Mara Okafor", "mara@acme.example")
    made.letter(subject="Terms", sender="jonas@acme.example", minute=1, html="<p>Which?</p>")
    return made


def paste(field: Locator, text: str) -> None:
    field.evaluate(
        """(field, text) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/plain", text);
            const how = { clipboardData, bubbles: true, cancelable: true };
            field.dispatchEvent(new ClipboardEvent("paste", how));
        }""",
        text,
    )


def test_a_letter_is_written_sent_and_had_back(
    page: Page, enter: Enter, post: Post, axe: Axe, trouble: list[str]
) -> None:
    enter(post.member)
    page.goto("/mail/")
    page.keyboard.press("c")
    dock = page.locator("#dock draft-keeper")
    chips = dock.locator(".recipient .who")
    to = dock.get_by_role("combobox", name="To", exact=True)
    expect(to).to_be_focused()
    page.keyboard.type("mar")
    page.keyboard.press("Enter")
    expect(chips).to_have_text(["Mara Okafor"])
    paste(to, "A <a@x.example>; b@y.example, c.example")
    expect(chips).to_have_text(["Mara Okafor", "A", "b@y.example", "c.example"])
    expect(dock.get_by_text("“c.example” is no e-mail address.")).to_be_visible()
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    expect(chips).to_have_count(3)
    page.keyboard.press("Alt+ArrowDown")
    copy = dock.get_by_role("combobox", name="Cc", exact=True)
    expect(copy).to_be_focused()
    chips.last.drag_to(to)
    expect(dock.get_by_role("status").get_by_text("b@y.example moved from Cc to To")).to_have_count(
        1
    )
    expect(chips).to_have_text(["Mara Okafor", "A", "b@y.example"])
    page.keyboard.press("Control+z")
    expect(copy).to_be_focused()
    chips.first.drag_to(dock.get_by_role("textbox", name="Message"))
    expect(chips).to_have_text(["Mara Okafor", "A", "b@y.example"])
    dock.get_by_label("Subject").fill("Terms")
    dock.get_by_role("textbox", name="Message").click()
    page.keyboard.type("Hello ")
    page.keyboard.press("Control+b")
    page.keyboard.type("Mara")
    expect(dock.get_by_role("button", name="Bold")).to_have_attribute("aria-pressed", "true")
    assert axe(page) == []
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("status", name="Messages")).to_contain_text("Sent in a moment")
    expect(dock).to_have_count(0)
    with post.inside():
        (order,) = Submission.objects.select_related("draft")
    assert (order.draft.to, order.draft.cc) == ([MARA, "A <a@x.example>"], ["b@y.example"])
    assert order.draft.html == "<p>Hello&nbsp;<b>Mara</b></p>"
    page.get_by_role("button", name="Undo").click()
    expect(dock.get_by_role("textbox", name="Message")).to_have_text("Hello\xa0Mara")
    with post.inside():
        assert Submission.objects.get().state == Submission.State.CANCELED
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.goto("/mail/drafts/")
    expect(dock.get_by_role("textbox", name="Message")).to_be_visible()


def test_an_answer_stays_while_mail_comes_in_and_another_tab_writes(
    page: Page, context: BrowserContext, enter: Enter, post: Post, axe: Axe, trouble: list[str]
) -> None:
    thread, _ = post.letter(
        subject="Offer", sender="mara@acme.example", minute=5, html="<p>Terms</p>" * 60
    )
    _, ours = sent(post, thread=thread, subject="Offer", minute=6)
    letter = order(post, ours)
    enter(post.member)
    with page.expect_response("**/live/"):
        page.goto(f"/mail/threads/{thread}/")
    page.keyboard.press("r")
    here = page.locator("#answer draft-keeper")
    text = here.get_by_role("textbox", name="Message")
    expect(text).to_be_focused()
    page.keyboard.type("Thank you")
    place = here.bounding_box()
    _, more = post.letter(
        thread=thread, subject="Offer", sender="mara@acme.example", minute=9, text="One more"
    )
    tell(post, letter)
    with post.inside():
        live.tell("mail")
    expect(page.locator("details.msg")).to_have_count(3)
    expect(page.locator("#thread-count")).to_have_text("3 messages")
    expect(page.locator(f"#message-{ours}")).to_contain_text("Not delivered to ben@partner")
    expect(page.locator(f"#mark-{ours}")).to_have_text("Not delivered")
    expect(page.frame_locator(f"#message-{more} iframe").get_by_text("One more")).to_be_visible()
    assert place
    assert here.bounding_box() == pytest.approx(place, abs=2)
    page.keyboard.type(", Mara")
    expect(text).to_have_text("Thank you, Mara")
    expect(text).to_be_focused()
    expect(here.locator("[data-saved]")).to_contain_text("Saved")
    assert axe(page) == []
    assert 60_000 < weight(page) < 75_000
    with post.inside():
        draft = Draft.objects.get(act="reply")
    other = context.new_page()
    other.goto(f"/compose/{draft.pk}/")
    expect(other.get_by_role("textbox", name="Message")).to_contain_text("Thank you, Mara")
    other.get_by_label("Subject").fill("Re: Offer, from there")
    expect(other.locator("[data-saved]")).to_contain_text("Saved")
    wait(post, draft.pk, "Re: Offer, from there")
    here.get_by_label("Subject").fill("Re: Offer, from here")
    expect(here.get_by_text("This draft was changed elsewhere")).to_be_visible()
    assert trouble.pop() == CONFLICT
    here.get_by_role("button", name="Keep what is here").click()
    wait(post, draft.pk, "Re: Offer, from here")
    other.get_by_label("Subject").fill("Re: Offer, again")
    other.get_by_role("link", name="Take what stands there").click()
    expect(other.get_by_label("Subject")).to_have_value("Re: Offer, from here")
    other.close()
    expect(text).to_be_focused()
    page.keyboard.press("Escape")
    expect(here).to_have_count(0)
    expect(page.locator(".answers button").first).to_be_focused()
    expect(page.locator("[data-draft-line]")).to_contain_text("Thank you, Mara")


def test_one_answers_beside_the_record(
    page: Page, enter: Enter, post: Post, axe: Axe, trouble: list[str]
) -> None:
    contact = post.contact("Lena Brandt", "lena@b.example")
    post.letter(subject="Offer", sender="lena@b.example", minute=5)
    enter(post.member)
    with page.expect_response("**/live/"):
        page.goto(f"/crm/contacts/{contact}/")
    expect(page.get_by_role("button", name="Reply r")).to_be_visible()
    page.keyboard.press("r")
    here = page.locator(".rail #answer draft-keeper")
    text = here.get_by_role("textbox", name="Message")
    expect(text).to_be_focused()
    page.keyboard.type("Thank you")
    post.letter(subject="Another", sender="lena@b.example", minute=9)
    with post.inside():
        live.tell("mail")
    expect(page.locator("#email-panel li.row")).to_have_count(2)
    page.keyboard.type(", Lena")
    expect(text).to_be_focused()
    assert axe(page) == []
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_role("link", name="Timeline", exact=True).click()
    expect(page.locator("#timeline")).to_be_visible()
    expect(text).to_have_text("Thank you, Lena")
    expect(here.locator("[data-saved]")).to_contain_text("Saved")
    text.press("Escape")
    expect(here).to_have_count(0)
    expect(page.get_by_role("button", name="Reply r")).to_be_focused()
    page.locator("#record-pending").get_by_role("link", name="Go on writing").click()
    expect(text).to_have_text("Thank you, Lena")


def test_files_come_by_button_drop_and_pasting(
    page: Page, enter: Enter, post: Post, axe: Axe, trouble: list[str]
) -> None:
    enter(post.member)
    page.goto("/mail/")
    page.keyboard.press("c")
    dock = page.locator("#dock draft-keeper")
    expect(dock.get_by_role("combobox", name="To", exact=True)).to_be_focused()
    button = dock.get_by_role("button", name="Attach files")
    expect(page.locator("rich-editor [contenteditable=true]")).to_be_visible()  # all is here
    with page.expect_file_chooser() as chooser:
        button.press("Enter")
    big = b"x" * 1_300_000
    chooser.value.set_files({"name": "offer.pdf", "mimeType": "application/pdf", "buffer": big})
    rows = dock.locator("li.file[data-file]")
    expect(rows).to_contain_text(["offer.pdf"])
    page.route("**/compose/*/files/", lambda route: None)
    give(dock.locator("form"), "drop", "dataTransfer", "never.txt", "text/plain", b"Never")
    page.keyboard.press("Control+Enter")
    expect(dock.get_by_text("Nothing was sent: a file is not all here yet.")).to_be_visible()
    page.unroute("**/compose/*/files/")
    dock.get_by_role("button", name="Do not attach never.txt").click()
    give(dock.locator("form"), "drop", "dataTransfer", "terms.txt", "text/plain", b"Terms")
    expect(rows).to_have_count(2)
    with post.inside():
        assert {one.name: one.ready for one in DraftFile.objects.all()} == {
            "offer.pdf": True,
            "terms.txt": True,
        }
    text = dock.get_by_role("textbox", name="Message")
    text.click()
    give(text, "paste", "clipboardData", "dot.png", "image/png", PIXEL)
    expect(text.locator("img")).to_have_attribute("src", re.compile(r"^/compose/\d+/files/\d+/$"))
    expect(rows).to_have_count(2)
    assert axe(page) == []
    dock.get_by_role("button", name="Do not attach offer.pdf").click()
    expect(rows).to_have_count(1)
    with post.inside():
        cid = DraftFile.objects.exclude(content_id="").get().content_id
    wait(post, 0, f"cid:{cid}")


def weight(page: Page) -> int:
    """Bytes of all scripts a page has loaded, as they are sent: compressed."""
    asked = page.evaluate("performance.getEntriesByType('resource').map(one => one.name)")
    paths = {urlsplit(one).path for one in asked if one.endswith(".js")}
    files = [Path(web.__file__).parent / path.strip("/") for path in paths]
    return sum(len(gzip.compress(one.read_bytes())) for one in files)


def wait(post: Post, pk: int, words: str) -> None:
    """Until a draft is saved with this subject, or with this in its text."""
    deadline = time.monotonic() + 10
    found = None
    while time.monotonic() < deadline:
        with post.inside():
            found = Draft.objects.filter(pk=pk).first() or Draft.objects.first()
        if found and (found.subject == words or words in found.html):
            return
        time.sleep(0.1)
    raise AssertionError(found and (found.subject, found.html))


def give(place: Locator, event: str, by: str, name: str, kind: str, data: bytes) -> None:
    """Drop or paste a file."""
    place.evaluate(
        """(place, [event, by, name, type, bytes]) => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], name, { type }));
            const how = { [by]: data, bubbles: true, cancelable: true };
            const Event = event === "drop" ? DragEvent : ClipboardEvent;
            place.dispatchEvent(new Event(event, how));
        }""",
        [event, by, name, kind, list(data)],
    )


def test_another_signature_is_chosen_and_what_was_written_stays(
    page: Page, enter: Enter, post: Post, axe: Axe, trouble: list[str]
) -> None:
    with post.inside():
        mine = {"user_id": post.member.user_id}
        there = post.archive.mailbox(User.objects.get(pk=post.member.user_id))
        Signature.objects.create(**mine, name="Work", html="<p>Ada<br>Lind</p>")
        Signature.objects.create(name="Short", html="<p>A.</p>", for_new=False, for_reply=False)
        Signature.objects.create(**mine, name="There", html="<p>Ada, there</p>", mailbox_id=there)
    enter(post.member)
    page.goto("/mail/")
    page.keyboard.press("c")
    text = page.locator("rich-editor [contenteditable=true]")
    expect(text).to_contain_text("Ada")
    text.click()
    page.keyboard.press("Control+Home")
    page.keyboard.type("Hello")
    menu, closes = page.locator("[data-signatures]"), text.locator("[data-signature]")

    def choose(name: str) -> None:
        page.get_by_role("button", name="Signature", exact=True).click()
        menu.get_by_role("button", name=name).click()

    page.get_by_role("button", name="Signature", exact=True).click()
    expect(menu.get_by_role("button")).to_have_text(["Work", re.compile("^Short"), "None"])
    expect(menu.locator("[aria-current]")).to_have_text("Work")
    assert axe(page) == []
    page.keyboard.press("Escape")
    sender = page.get_by_label("From")
    sender.select_option(index=1)
    expect(closes).to_have_text("Ada, there")
    choose("Short")
    expect(closes).to_have_text("A.")
    sender.select_option(index=0)
    expect(page.locator("[data-saved]")).to_contain_text("Saved")
    expect(closes).to_have_text("A.")
    closes.click()
    page.keyboard.press("End")
    page.keyboard.type(" Until Monday")
    choose("None")
    expect(menu).to_contain_text("You changed the signature that is there.")
    menu.get_by_role("button", name="Keep it as text").click()
    expect(closes).to_have_count(0)
    expect(text).to_contain_text("A. Until Monday")
    with page.expect_response("**/signature/?*"):
        sender.select_option(index=1)
    wait(post, 0, "<p>Hello")
    page.goto(f"/compose/{page.locator('draft-keeper').get_attribute('data-draft')}/")
    expect(text).to_contain_text("A. Until Monday")
    expect(text).not_to_contain_text("there")


def test_the_pages_about_writing_are_accessible(
    page: Page, enter: Enter, post: Post, axe: Axe, trouble: list[str]
) -> None:
    enter(post.member)
    with post.inside():
        words = {"author_id": post.member.user_id, "mailbox_id": post.mailbox_id}
        Signature.objects.create(user_id=post.member.user_id, name="Work", html="<p>Ada</p>")
        Template.objects.create(name="Hello", html="<p>Dear {{ contact.first_name }},</p>")
        many = [f"Somebody {n} <s{n}@long-domain-of-a-customer.example>" for n in range(8)]
        draft = Draft.objects.create(**words, to=many, subject="Long " * 20, html="<p>x</p>")
        for state in ("scheduled", "failed", "unknown", "sent"):
            letter = Draft.objects.create(**words, to=many, subject=state.title(), text="Hello")
            Submission.objects.create(
                draft=letter,
                author_id=post.member.user_id,
                mailbox_id=post.mailbox_id,
                address="box0@home.example",
                key=state * 3,
                state=state,
                send_at=clock.now() + timedelta(days=1),
                problem="untraced" if state == "unknown" else "",
            )
    for path in (
        f"/compose/{draft.pk}/",
        "/mail/drafts/",
        "/mail/outbox/",
        "/mail/outbox/?show=trouble",
        "/settings/writing/",
        "/settings/writing/signatures/new/",
        "/settings/writing/templates/new/",
    ):
        look(page, axe, path)
    page.goto(f"/compose/{draft.pk}/")
    page.get_by_role("button", name="Templates").click()
    page.get_by_role("button", name="Hello").click()
    field = page.get_by_role("textbox", name="Message").locator("[data-unresolved]")
    expect(field).to_have_text("contact.first_name")
    expect(page.locator("[data-saved]")).to_contain_text("Saved")
    page.reload()
    expect(field).to_have_text("contact.first_name")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Not filled in yet: Contact: First name.")).to_be_visible()
    assert trouble.pop().endswith("422 (Unprocessable Entity)")
    field.dblclick()
    page.keyboard.type("Mara")
    expect(field).to_have_count(0)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page).to_have_url(re.compile("/mail/drafts/$"))
    expect(page.get_by_role("status", name="Messages")).to_contain_text("Sent in a moment")
