"""Answers and forwarded mail: whom they go to, what they quote, what they carry, how they close."""

from email import message_from_bytes, policy
from typing import Any

import pytest

from mailweave.kit.errors import Expected
from mailweave.mail.models import Copy, Message, Part
from mailweave.mail.visibility import NotFound, viewer_for
from mailweave.outbox import answering, drafts, files, letters, rules, signing
from mailweave.outbox.models import Draft, Signature, Submission
from mailweave.people.access import Member
from tests.makers import make_member
from tests.makers_mail import Archive, make_part
from tests.outbox.post import Desk

Act = Draft.Act
HEADERS = "Message-ID: <m2@partner.example>\nReferences: <m0@partner.example> <m1@north.example>"


@pytest.fixture
def first(desk: Desk) -> int:
    """A message with two files, to two people, in the desk's mailbox."""
    with desk.inside():
        archive = Archive()
        made = archive.message(
            archive.thread(),
            sender="ben@partner.example",
            to=["ada@north.example", "cleo@partner.example"],
            cc=["dan@partner.example"],
            subject="Re: The offer",
            html='<p>Fine.</p><img src="cid:logo">',
            text="Fine.",
            headers=HEADERS,
        )
        archive.copy(made, desk.mailbox_id)
        Message.objects.filter(pk=made).update(message_id="m2@partner.example")
        make_part(made, filename="plan.pdf")
        logo = make_part(made, filename="logo.png", content_type="image/png", content_id="logo")
        make_part(made, filename="tick.png", content_id="tick")
        Part.objects.filter(pk__gte=logo).update(inline=True)
    return made


def _begin(desk: Desk, first: int, act: Act, member: Member | None = None) -> Draft:
    with desk.inside():
        member = member or desk.member
        return answering.begin(member, viewer_for(member), first, act)


@pytest.mark.parametrize(
    ("act", "to", "cc", "subject", "carried"),
    [
        (Act.REPLY, ["ben@partner.example"], [], "Re: The offer", ["logo.png"]),
        (
            Act.REPLY_ALL,
            ["ben@partner.example", "cleo@partner.example"],
            ["dan@partner.example"],
            "Re: The offer",
            ["logo.png"],
        ),
        (Act.FORWARD, [], [], "Fwd: Re: The offer", ["plan.pdf", "logo.png", "tick.png"]),
    ],
)
def test_what_a_draft_begins_with(
    desk: Desk, first: int, act: Act, to: list[str], cc: list[str], subject: str, carried: list[str]
) -> None:
    draft = _begin(desk, first, act)
    for typed, wanted in ((draft.to, to), (draft.cc, cc)):
        assert [one.rpartition("<")[2].strip(">") for one in typed] == wanted
    assert draft.subject == subject
    assert (draft.mailbox_id, draft.address) == (desk.mailbox_id, "ada@north.example")
    assert draft.known == first
    with desk.inside():
        assert [one.name for one in files.listed(draft.pk)] == carried
    assert _begin(desk, first, act).pk == draft.pk


def test_what_is_not_theirs_cannot_be_answered(desk: Desk, first: int) -> None:
    workspace = type("W", (), {"pk": desk.member.workspace_id})()
    other = make_member("member", workspace)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        _begin(desk, first, Act.REPLY, other)


def _letter(desk: Desk, draft: Draft, html: str = "<p>Hello <b>there</b></p>") -> Any:
    for_now = desk.submit(drafts_with_recipient(desk, draft, html))
    with desk.inside():
        for one in files.listed(draft.pk):
            if not one.ready:
                files.fill(one, b"bytes")
        row = Submission.objects.select_related("draft").get(pk=for_now.pk)
        raw = letters.write(desk.member, viewer_for(desk.member), row)
    return message_from_bytes(raw, policy=policy.default)


def drafts_with_recipient(
    desk: Desk, draft: Draft, html: str = "<p>Hello <b>there</b></p>"
) -> Draft:
    with desk.inside():
        given = {"to": ["eve@far.example"]} if not draft.to else {}
        return drafts.save(desk.member, draft.pk, draft.version, html=html, **given)


def test_a_reply_threads_and_quotes_below(desk: Desk, first: int) -> None:
    mail = _letter(desk, _begin(desk, first, Act.REPLY))
    assert mail["In-Reply-To"] == "<m2@partner.example>"
    assert mail["References"].split() == [
        "<m0@partner.example>", "<m1@north.example>", "<m2@partner.example>",
    ]  # fmt: skip
    text = mail.get_body(("plain",)).get_content()
    assert text.startswith("Hello there\r\n\r\nOn 1 January 2026 at 00:00, ")
    assert "> Fine." in text
    html = mail.get_body(("html",)).get_content()
    assert html.index("<b>there</b>") < html.index("gmail_quote") < html.index("cid:logo")
    assert [part.get_filename() for part in mail.walk() if part.get_filename()] == ["logo.png"]


def test_a_forward_begins_a_conversation_and_takes_the_files_along(desk: Desk, first: int) -> None:
    mail = _letter(desk, _begin(desk, first, Act.FORWARD))
    assert mail["In-Reply-To"] is None
    assert "Forwarded message" in mail.get_body(("plain",)).get_content()
    names = {part.get_filename() for part in mail.walk() if part.get_filename()}
    assert names == {"plan.pdf", "logo.png", "tick.png"}
    places = {part.get_filename(): part.get_content_disposition() for part in mail.walk()}
    assert (places["logo.png"], places["tick.png"]) == ("inline", "attachment")


def test_a_forward_in_plain_text_takes_the_images_along_too(desk: Desk, first: int) -> None:
    mail = _letter(desk, _begin(desk, first, Act.FORWARD), html="")
    assert mail.get_body(("html",)) is None
    places = {one.get_filename(): one.get_content_disposition() for one in mail.iter_attachments()}
    assert places == dict.fromkeys(("plan.pdf", "logo.png", "tick.png"), "attachment")


def test_without_the_quote_its_images_stay_here(desk: Desk, first: int) -> None:
    draft = _begin(desk, first, Act.REPLY)
    with desk.inside():
        drafts.save(desk.member, draft.pk, draft.version, quoted=False)
        draft = drafts.find(desk.member, draft.pk)
    mail = _letter(desk, draft)
    assert "Fine." not in mail.get_body(("plain",)).get_content()
    assert [part.get_filename() for part in mail.walk() if part.get_filename()] == []


def test_the_letter_belongs_to_the_providers_thread(desk: Desk, first: int) -> None:
    for act, thread in ((Act.REPLY, "t"), (Act.FORWARD, "")):
        order = desk.submit(drafts_with_recipient(desk, _begin(desk, first, act)))
        with desk.inside():
            row = Submission.objects.select_related("draft").get(pk=order.pk)
            letter = letters.letter(row)
            copy = Copy.objects.get(message_id=first)
        assert letter.remote_thread_id == (copy.remote_thread_id if thread else "")


def test_the_workspaces_copies_are_set_once(desk: Desk, first: int) -> None:
    with desk.inside():
        rules.change(
            desk.member, copy_to=["log@north.example", "BEN@partner.example"], mailbox_hour=1,
            mailbox_day=1, workspace_day=1,
        )  # fmt: skip
    mail = _letter(desk, _begin(desk, first, Act.REPLY))
    assert mail["Cc"] == "log@north.example"


@pytest.mark.parametrize(
    "given",
    [{"copy_to": ["nobody"]}, {"mailbox_hour": 0}, {"mailbox_hour": 9}, {"workspace_day": 10**9}],
)
def test_rules_that_cannot_be_are_refused(desk: Desk, given: dict[str, Any]) -> None:
    sound = {"copy_to": [], "mailbox_hour": 5, "mailbox_day": 5, "workspace_day": 5}
    with desk.inside(), pytest.raises(Expected):
        rules.change(desk.member, **(sound | given))


def test_the_nearest_signature_closes_and_is_exchanged(desk: Desk, first: int) -> None:
    def keep(name: str, **fields: Any) -> Signature:
        return signing.save(desk.member, Signature(name=name, html=f"<p>{name}</p>", **fields))

    mine = desk.member.user_id
    with desk.inside():
        keep("North Ltd", user=None)
        assert "North Ltd" in signing.opening(desk.member, None, reply=False)
        keep("Ada", user_id=mine)
        keep("Ada, from here", user_id=mine, mailbox_id=desk.mailbox_id, for_new=False)
    draft = _begin(desk, first, Act.REPLY)
    assert "Ada, from here" in draft.html
    with desk.inside():
        changed = signing.sign(draft.html, desk.member, None, reply=True)
        assert "Ada, from here" not in changed
        assert changed.count("data-signature") == 1
        for one in Signature.objects.filter(user_id=mine):
            signing.remove(desk.member, one.pk)
        Signature.objects.all().delete()
        assert "data-signature" not in signing.sign(changed, desk.member, None, reply=True)


def test_signatures_are_their_writers_and_the_workspaces_are_for_admins(desk: Desk) -> None:
    workspace = type("W", (), {"pk": desk.member.workspace_id})()
    other = make_member("member", workspace)  # type: ignore[arg-type]
    with desk.inside():
        made = signing.save(desk.member, Signature(name="A", html="x", user_id=desk.member.user_id))
        shared = signing.save(desk.member, Signature(name="B", html="<script>x</script>y"))
        assert shared.html == "y"
        assert [one.pk for one in signing.listed(other)] == [shared.pk]
        for pk in (made.pk, shared.pk):
            with pytest.raises(signing.NotFound):
                signing.find(other, pk)
        with pytest.raises(signing.NotFound):
            signing.save(other, Signature(name="C", html="x"))
