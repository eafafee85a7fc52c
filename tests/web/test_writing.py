"""Settings about writing: undo, signatures, templates, limits; and their way into letters."""

import json

import pytest

from mailweave.mail.models import Mailbox
from mailweave.outbox import identities
from mailweave.outbox.models import Draft, Habit, SendingRule, Signature, Template
from tests.web.letters import PART, Post, make_post

pytestmark = pytest.mark.django_db
WRITING = "/settings/writing/"


@pytest.fixture
def post() -> Post:
    return make_post()


def test_how_long_send_can_be_undone(post: Post) -> None:
    assert post.browser.post(f"{WRITING}undo/", {"seconds": "20"}).status_code == 302
    with post.inside():
        assert Habit.objects.get().undo_seconds == 20
    for wrong in ("4", "31", "x", ""):
        assert post.browser.post(f"{WRITING}undo/", {"seconds": wrong}).status_code == 422


def test_an_address_that_was_refused_is_named_and_can_be_tried_again(post: Post) -> None:
    assert "cannot be written from" not in post.browser.get(WRITING).content.decode()
    with post.inside():
        box = Mailbox.objects.get(pk=post.mailbox_id)
        identities.refuse(box, "sales@home.example", "Somebody must grant it.")
    page = post.browser.get(WRITING).content.decode()
    assert "Somebody must grant it." in page
    assert "cannot be written from" not in post.other.get(WRITING).content.decode()
    sender = {"sender": f"{post.mailbox_id}:sales@home.example"}
    path = f"{WRITING}addresses/"
    assert post.other.post(path, sender).status_code == 404
    assert post.browser.post(path, sender).status_code == 302
    assert "cannot be written from" not in post.browser.get(WRITING).content.decode()


def test_a_signature_closes_new_letters_and_follows_from(post: Post) -> None:
    given = {
        "name": "Work",
        "mode": "rich",
        "html": "<p>Ada <script>x</script></p>",
        "for_new": "1",
    }
    path = f"{WRITING}signatures/new/"
    assert post.browser.post(path, given).status_code == 302
    with post.inside():
        one = Signature.objects.get()
    assert (one.html, one.for_new, one.for_reply) == ("<p>Ada </p>", True, False)
    page = post.browser.get(WRITING).content.decode()
    assert "Work" in page
    assert "in new messages" in page
    answer = post.browser.post("/compose/", headers=PART).content.decode()
    assert "data-signature" in answer
    with post.inside():
        draft = Draft.objects.get()
    asked = f"/compose/{draft.pk}/signature/?sender={draft.mailbox_id}:{draft.address}"
    mine = {"id": str(one.pk), "name": "Work", "html": "<p>Ada </p>", "shared": False}
    assert json.loads(post.browser.get(asked).content) == {
        "signatures": [mine],
        "usual": str(one.pk),
    }
    with post.inside():
        Draft.objects.update(act=Draft.Act.FORWARD)
    assert json.loads(post.browser.get(asked).content) == {"signatures": [mine], "usual": ""}
    assert post.browser.get(f"/compose/{draft.pk}/signature/?sender=9:x").status_code == 404
    assert post.browser.post(f"{WRITING}signatures/{one.pk}/remove/").status_code == 302
    assert post.other.post(f"{WRITING}signatures/{one.pk}/remove/").status_code == 404


def test_only_admins_make_the_workspaces_signature(post: Post) -> None:
    given = {"name": "House", "mode": "plain", "text": "Northwind\nBerlin", "everybody": "1"}
    post.other.post(f"{WRITING}signatures/new/", given)
    post.browser.post(f"{WRITING}signatures/new/", given)
    with post.inside():
        theirs, ours = Signature.objects.order_by("pk")
    assert theirs.user_id == post.colleague.user_id
    assert ours.user_id is None
    assert ours.html == "<p>Northwind<br>Berlin</p>"
    assert post.other.get(f"{WRITING}signatures/{ours.pk}/").status_code == 404


def test_a_template_is_filled_in_from_the_record(post: Post) -> None:
    given = {"name": "Hello", "subject": "Hi {{ contact.first_name }}", "mode": "rich"}
    html = "<p>Dear {{ contact.first_name }}, {{ deal.name }}</p>"
    assert post.browser.post(f"{WRITING}templates/new/", {**given, "html": html}).status_code == 302
    contact = post.contact("Mara Okafor", "mara@acme.example")
    post.browser.post("/compose/", {"record": f"crm.contact:{contact}"})
    with post.inside():
        draft, template = Draft.objects.get(), Template.objects.get()
    page = post.browser.get(f"/compose/{draft.pk}/").content.decode()
    path = f"/compose/{draft.pk}/fill/{template.pk}/"
    assert f'data-fill="{path}"' in page
    filled = json.loads(post.browser.post(path).content)
    assert filled["subject"] == "Hi Mara"
    assert "Dear Mara" in filled["html"]
    assert filled["open"] == ["Deal: Name"]
    assert 'data-unresolved="deal.name"' in filled["html"]


def test_a_template_with_a_mistake_says_which_and_keeps_the_words(post: Post) -> None:
    given = {"name": "Hello", "mode": "rich", "html": "<p>{{ contact.shoe_size }} kept</p>"}
    answer = post.browser.post(f"{WRITING}templates/new/", given)
    assert answer.status_code == 422
    assert "shoe_size" in answer.content.decode()
    assert "kept" in answer.content.decode()
    with post.inside():
        assert not Template.objects.exists()


def test_templates_of_others_are_not_there(post: Post) -> None:
    with post.inside():
        one = Template.objects.create(owner_id=post.member.user_id, name="Mine", html="x")
    assert "Mine" not in post.other.get(WRITING).content.decode()
    assert post.other.get(f"{WRITING}templates/{one.pk}/").status_code == 404


def test_limits_are_for_admins(post: Post) -> None:
    given = {"copy_to": "log@northwind.example", "mailbox_hour": "5", "mailbox_day": "9"}
    given["workspace_day"] = "20"
    assert post.other.post(f"{WRITING}rules/", given).status_code == 404
    assert "Every message of" not in post.other.get(WRITING).content.decode()
    assert post.browser.post(f"{WRITING}rules/", given).status_code == 302
    with post.inside():
        rule = SendingRule.objects.get()
    assert (rule.copy_to, rule.mailbox_hour) == (["log@northwind.example"], 5)
    assert post.browser.post(f"{WRITING}rules/", {**given, "copy_to": "nope"}).status_code == 422
