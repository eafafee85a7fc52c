"""What is written is one row, kept, and never overwritten unseen."""

from typing import Any

import pytest

from mailweave.kit.errors import Expected
from mailweave.outbox import drafts, files
from mailweave.outbox.models import Draft, DraftFile
from mailweave.people.models import Role
from tests.makers import make_member
from tests.outbox.post import Desk


def test_saving_moves_the_version_and_the_same_again_does_not(desk: Desk) -> None:
    draft = desk.draft(html="")
    with desk.inside():
        saved = drafts.save(desk.member, draft.pk, 1, html="<p>One</p>", subject="A")
        assert (saved.version, saved.html, saved.subject) == (2, "<p>One</p>", "A")
        same = drafts.save(desk.member, draft.pk, 1, html="<p>One</p>")
        assert same.version == 2
        assert len(drafts.listed(desk.member)) == 1


def test_two_tabs_cannot_overwrite_each_other_unseen(desk: Desk) -> None:
    draft = desk.draft()
    with desk.inside():
        drafts.save(desk.member, draft.pk, 1, text="from here")
        with pytest.raises(drafts.Conflict) as told:
            drafts.save(desk.member, draft.pk, 1, text="from there")
        assert told.value.current.text == "from here"
        drafts.save(desk.member, draft.pk, told.value.current.version, text="from there")


def test_what_is_kept_is_clean_and_images_in_it_become_files(desk: Desk) -> None:
    draft = desk.draft()
    pixel = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="  # noqa: E501
    html = f'<p onclick="x()">Hi<script>x()</script><img src="{pixel}"><img src="/f/7"></p>'
    with desk.inside():
        saved = drafts.save(desk.member, draft.pk, 1, html=html, sources={"/f/7": "cid:seven"})
        (file,) = files.listed(draft.pk)
        assert file.ready
        assert saved.html.count("<img") == 2
        assert f"cid:{file.content_id}" in saved.html
        assert "cid:seven" in saved.html
        assert "script" not in saved.html
        assert "onclick" not in saved.html
        again = drafts.save(desk.member, draft.pk, 2, html=html, sources={"/f/7": "cid:seven"})
        assert (again.version, DraftFile.objects.count()) == (2, 1)


@pytest.mark.parametrize("given", [{"text": "x" * (1024 * 1024 + 1)}, {"html": "<b>" * 400000}])
def test_what_is_too_long_is_refused_in_words(desk: Desk, given: dict[str, Any]) -> None:
    draft = desk.draft()
    with desk.inside(), pytest.raises(Expected, match="too long"):
        drafts.save(desk.member, draft.pk, 1, **given)


def test_a_draft_is_its_writers_alone(desk: Desk) -> None:
    draft = desk.draft()
    with desk.inside():
        workspace_id = desk.member.workspace_id
    boss = make_member(Role.OWNER, type("W", (), {"pk": workspace_id})())  # type: ignore[arg-type]
    with desk.inside():
        for verb in (
            lambda: drafts.find(boss, draft.pk),
            lambda: drafts.save(boss, draft.pk, 1, text="mine"),
            lambda: drafts.discard(boss, draft.pk),
            lambda: drafts.restore(boss, draft.pk),
        ):
            with pytest.raises(drafts.NotFound):
                verb()
        assert drafts.listed(boss) == []


def test_on_its_way_it_cannot_be_written(desk: Desk) -> None:
    draft = desk.draft()
    desk.submit(draft)
    with desk.inside():
        for verb in (
            lambda: drafts.save(desk.member, draft.pk, 1, text="late"),
            lambda: drafts.discard(desk.member, draft.pk),
        ):
            with pytest.raises(Expected, match="on its way"):
                verb()
        assert drafts.listed(desk.member) == []


def test_thrown_away_and_had_back_for_a_week(desk: Desk) -> None:
    draft = desk.draft()
    with desk.inside():
        drafts.discard(desk.member, draft.pk)
        assert drafts.listed(desk.member) == []
        assert drafts.restore(desk.member, draft.pk).pk == draft.pk
        drafts.discard(desk.member, draft.pk)
        drafts.forget_old()
        assert Draft.objects.exists()
        desk.hands.advance(drafts.KEPT.total_seconds())
        drafts.forget_old()
        assert not Draft.objects.exists()


def test_pages_of_drafts(desk: Desk) -> None:
    made = []
    for _ in range(5):
        made.append(desk.draft().pk)
        desk.hands.advance(1)
    made += [desk.draft().pk, desk.draft().pk]  # saved at the same moment
    with desk.inside():
        Draft.objects.update(version=2)
        first = drafts.listed(desk.member, limit=3)
        last = first[-1]
        rest = drafts.listed(desk.member, before=(last.saved_at, last.pk))
        assert [one.pk for one in [*first, *rest]] == made[::-1]


def test_what_nobody_wrote_on_is_not_listed_and_is_forgotten(desk: Desk) -> None:
    blank, written, attached = (desk.draft() for _ in range(3))
    with desk.inside():
        drafts.save(desk.member, written.pk, 1, subject="Mine")
        files.begin(attached, "offer.pdf", "", 5)
        assert {one.pk for one in drafts.listed(desk.member)} == {written.pk, attached.pk}
        desk.hands.advance(drafts.KEPT.total_seconds() + 1)
        drafts.forget_old()
        assert set(Draft.objects.values_list("pk", flat=True)) == {written.pk, attached.pk}
    del blank


def test_a_file_comes_in_pieces_in_order_once(desk: Desk) -> None:
    draft = desk.draft()
    whole = bytes(range(256)) * 10000
    with desk.inside():
        file = files.begin(draft, "a.bin", "application/octet-stream", len(whole))
        assert files.put(file, 0, whole[:1000000]) == 1000000
        with pytest.raises(files.FileRefused):
            files.put(file, 1000001, whole[1000001:])
        assert files.put(file, 0, whole[:1000000]) == 1000000  # the answer got lost
        assert files.put(file, 999000, whole[999000:]) == len(whole)
        assert b"".join(files.read(file.pk)) == whole
        assert files.listed(draft.pk)[0].ready
        files.drop(draft.pk, file.pk)
        assert files.listed(draft.pk) == []


def test_there_is_room_for_so_much(desk: Desk) -> None:
    draft = desk.draft()
    with desk.inside():
        files.begin(draft, "a", "text/plain", files.LARGEST - 1024)
        with pytest.raises(files.FileRefused, match="25 MB"):
            files.begin(draft, "b", "text/plain", 1025)
        files.begin(draft, "c", "text/plain", 1024)
