"""Which parts of a tree are the body, which are worth saving, and where it ends."""

from typing import Any

import msgspec
import pytest

from mailweave.providers.gmail import payload, wire
from tests.providers.stub import sealed


def part(mime_type: str, *parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    text = more.pop("text", None)
    headers = [{"name": k, "value": v} for k, v in more.pop("headers", {}).items()]
    body = {"size": len(text), "data": sealed(text)} if text is not None else {"size": 0}
    return {"mimeType": mime_type, "body": body, "parts": list(parts), "headers": headers} | more


def file(
    name: str, part_id: str = "9", mime: str = "application/pdf", **more: Any
) -> dict[str, Any]:
    return part(
        mime, filename=name, partId=part_id, body={"size": 7, "attachmentId": "A" + name}, **more
    )


def walk(tree: dict[str, Any], load: payload.Load = lambda _: None) -> payload.Content:
    return payload.walk(msgspec.convert(tree, wire.Part), load)


PLAIN, HTML = part("text/plain", text="words"), part("text/html", text="<p>words</p>")
OTHER = part("text/plain", text="more")


@pytest.mark.parametrize(
    ("tree", "plain", "html"),
    [
        (PLAIN, ["words"], []),
        (part("TEXT/HTML", text="<p>words</p>"), [], ["<p>words</p>"]),
        (part("multipart/alternative", PLAIN, HTML), ["words"], ["<p>words</p>"]),
        (part("multipart/alternative", PLAIN, OTHER, HTML), ["words"], ["<p>words</p>"]),
        (part("multipart/alternative", HTML, part("text/html", text="2")), [], ["<p>words</p>"]),
        (part("multipart/mixed", PLAIN, file("a.pdf"), OTHER), ["words", "more"], []),
        (
            part("multipart/mixed", part("multipart/alternative", PLAIN, HTML), OTHER),
            ["words", "more"],
            ["<p>words</p>"],
        ),
        (
            part("multipart/alternative", PLAIN, part("multipart/related", HTML, file("x.png"))),
            ["words"],
            ["<p>words</p>"],
        ),
        (
            part("multipart/alternative", PLAIN, part("multipart/mixed", HTML, file("a"), HTML)),
            ["words"],
            ["<p>words</p>"] * 2,
        ),
        (part("multipart/mixed", part("text/plain", text="x", filename="notes.txt")), [], []),
        (
            part("text/plain", text="x", headers={"content-disposition": " Attachment; x=y"}),
            [],
            [],
        ),
        (part("multipart/mixed", part("message/rfc822", PLAIN, filename="old.eml")), [], []),
        (part("multipart/mixed", part("message/rfc822", part("multipart/mixed", HTML))), [], []),
        (part("multipart/mixed"), [], []),
        (part("", text="x"), [], []),
    ],
)
def test_bodies(tree: dict[str, Any], plain: list[str], html: list[str]) -> None:
    content = walk(tree)
    assert (content.plain, content.html) == (plain, html)
    assert not content.truncated


def test_text_is_utf_8_whatever_the_part_says() -> None:
    tree = part("text/plain", text="Grüße", headers={"Content-Type": "text/plain; charset=latin1"})
    assert walk(tree).plain == ["Grüße"]
    tree["body"]["data"] = sealed(b"\xff\xfe broken \x00")
    assert walk(tree).plain == ["\ufffd\ufffd broken \x00"]


def names(tree: dict[str, Any]) -> list[str]:
    return [one.filename or one.content_type for one in walk(tree).attachments]


def test_attachments() -> None:
    calendar = file("invite.ics", mime="text/calendar")
    assert names(part("multipart/mixed", PLAIN, file("a.pdf"), file("b.pdf"))) == ["a.pdf", "b.pdf"]
    assert names(part("multipart/alternative", PLAIN, HTML, calendar)) == ["invite.ics"]
    assert names(part("application/pdf", filename="only.pdf")) == ["only.pdf"]
    assert names(part("multipart/alternative", PLAIN, part("text/x-amp-html", text="amp"))) == []
    assert names(part("multipart/report", PLAIN, part("message/delivery-status", text="x"))) == [
        "message/delivery-status"
    ]
    whole = file("old.eml", mime="message/rfc822", parts=[PLAIN, file("inside.pdf")])
    assert names(part("multipart/mixed", whole)) == ["old.eml"]
    loose = part("message/rfc822", part("multipart/mixed", PLAIN, file("inside.pdf")))
    assert names(part("multipart/mixed", loose)) == ["inside.pdf"]


@pytest.mark.parametrize(
    ("headers", "within", "inline", "content_id"),
    [
        ({"Content-ID": "<a@b>"}, "related", True, "a@b"),
        ({"Content-ID": " <a@b> ", "Content-Disposition": "attachment"}, "related", False, "a@b"),
        ({"Content-ID": "<a@b>"}, "mixed", False, "a@b"),
        ({"CONTENT-DISPOSITION": "INLINE; filename=x"}, "mixed", True, ""),
        ({}, "related", False, ""),
    ],
)
def test_inline(headers: dict[str, str], within: str, inline: bool, content_id: str) -> None:
    tree = part(f"multipart/{within}", HTML, file("x.png", "0.1", "Image/PNG", headers=headers))
    (one,) = walk(tree).attachments
    assert (one.inline, one.content_id, one.part_id) == (inline, content_id, "0.1")
    assert (one.content_type, one.size) == ("image/png", 7)


def test_a_large_text_is_loaded_by_its_id() -> None:
    tree = part("text/html", body={"size": 9_000_000, "attachmentId": "big"})
    loaded = walk(tree, lambda part_id: f"<p>{part_id}</p>".encode())
    assert (loaded.html, loaded.attachments, loaded.truncated) == (["<p>big</p>"], [], False)
    lost = walk(tree)
    assert (lost.html, lost.truncated) == ([], True)


def test_a_body_over_the_cap_is_cut() -> None:
    content = walk(part("text/plain", text="é" * payload.TEXT))
    assert content.truncated
    assert len(content.plain[0]) == payload.TEXT // 2


def test_trees_end() -> None:
    tree = PLAIN
    for _ in range(payload.DEPTH):
        tree = part("multipart/mixed", tree)
    assert walk(tree).plain == ["words"]
    with pytest.raises(payload.Unfit, match="deeply"):
        walk(part("message/rfc822", tree))
    with pytest.raises(payload.Unfit, match="many"):
        walk(part("multipart/mixed", *[PLAIN] * payload.PARTS))


def test_headers_keep_order_and_are_capped() -> None:
    def headers(*pairs: tuple[str, str]) -> tuple[tuple[tuple[str, str], ...], bool]:
        told = [wire.Header(name, value) for name, value in pairs]
        return payload.headers(wire.Part(headers=told))

    pairs = (("B", "1"), ("A", "2"), ("B", "3"))
    assert headers(*pairs) == (pairs, False)
    kept, cut = headers(("X", "x" * 10_000_000), ("Subject", "s"))
    assert cut
    assert (len(kept[0][1]), kept[1]) == (payload.HEADER, ("Subject", "s"))
    kept, cut = headers(*[("X", "x" * 60_000)] * 100)
    assert cut
    assert sum(len(value) for _, value in kept) == payload.HEADER_BLOCK
    kept, cut = headers(*[("X", "y")] * 100_000)
    assert cut
    assert len(kept) == payload.HEADERS
    assert headers(("N" * 1_000_000, "y")) == ((("N" * 998, "y"),), True)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 255])
@pytest.mark.parametrize("padding", ["", "=", "==", "\\u003d"])
def test_base64url_is_forgiving(size: int, padding: str) -> None:
    data = bytes(range(255, 255 - size, -1))
    text = sealed(data).rstrip("=")
    assert payload.decode(text + padding.replace("\\u003d", "=")) == data
    assert payload.decode(f"\ud800é{text}") == data


@pytest.mark.parametrize("text", ["A", "!!!!", "A!B=C", "=", "QUJDR", "QUJD!R", "\x00" * 9])
def test_base64_that_is_none_does_not_raise(text: str) -> None:
    assert payload.decode(text) in {b"", b"ABC", b"\x00", b"\x00\x10"}
