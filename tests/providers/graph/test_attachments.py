"""The bytes of one attachment, found again by what never changes about it."""

from typing import Any

import httpx2
import pytest

from mailweave.providers.errors import AuthExpired, RateLimited, Refused, Unavailable
from mailweave.providers.graph import wire
from mailweave.providers.graph.attachments import IN_THE_CLOUD
from mailweave.providers.graph.message import part_ids
from tests.providers.graph import stub
from tests.providers.graph.stub import Inner, each, reader, reply

FILE = {
    "@odata.type": "#microsoft.graph.fileAttachment",
    "id": "AAMk/+=",
    "name": "a.pdf",
    "contentType": "application/pdf",
    "size": 5,
    "isInline": False,
}


def part_id(told: dict[str, Any]) -> str:
    return part_ids([wire.Attachment(told["id"], told["@odata.type"], told["name"],
                                     told["contentType"], told["size"])])[0]  # fmt: skip


def get(*files: dict[str, Any], value: Inner = (200, "bytes"), wanted: str = "") -> bytes:
    def answer(path: str) -> Inner:
        if path.endswith("/$value"):
            return value
        assert path.startswith("/me/messages/m/attachments?$select=id,name,")
        return 200, {"value": list(files)}

    with reader(each(answer)) as made:
        return b"".join(made.attachment("m", wanted or part_id(FILE)))


def test_the_bytes_come_as_they_are() -> None:
    assert get(FILE) == b"bytes"


def test_an_id_that_changed_is_found_again() -> None:
    other = FILE | {"id": "other", "name": "b.pdf"}
    assert get(other, FILE | {"id": "new"}) == b"bytes"


def test_ids_are_safe_on_the_wire() -> None:
    seen: list[str] = []

    def say(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.url.raw_path.decode().partition("?")[0])
        return reply((200, {"value": [FILE]} if len(seen) == 1 else "bytes"))

    with reader(say) as made:
        assert b"".join(made.attachment("m/../x?y", part_id(FILE))) == b"bytes"
    assert seen == [
        "/v1.0/me/messages/m%2F..%2Fx%3Fy/attachments",
        "/v1.0/me/messages/m%2F..%2Fx%3Fy/attachments/AAMk%2F%2B%3D/$value",
    ]


def test_what_does_not_exist_is_refused() -> None:
    with pytest.raises(Refused, match="no longer"):
        get(FILE, wanted="7.7.7")
    with pytest.raises(Refused, match="no longer"):
        get()
    with reader(each(lambda _: stub.NOT_FOUND)) as made, pytest.raises(Refused, match="no longer"):
        list(made.attachment("m", part_id(FILE)))


def test_a_link_to_the_cloud_is_refused_in_words() -> None:
    link = FILE | {"@odata.type": "#microsoft.graph.referenceAttachment"}
    with pytest.raises(Refused, match=IN_THE_CLOUD):
        get(link, wanted=part_id(link))


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (stub.NOT_FOUND, Refused),
        (stub.refusal(400, "BadRequest"), Refused),
        (stub.refusal(500, "ErrorCannotOpenFileAttachment", "OLE conversion failed"), Refused),
        (stub.BROKEN, Unavailable),
        (stub.QUOTA, RateLimited),
        (stub.STALE, AuthExpired),
    ],
    ids=str,
)
def test_bytes_that_cannot_be_had(value: Inner, kind: type[Exception]) -> None:
    with pytest.raises(kind, match="cannot be had" if kind is Refused else None):
        get(FILE, value=value)


def test_attachments_in_circles_end() -> None:
    link = f"{stub.API}/v1.0/me/messages/m/attachments?$select=id,name,x"
    page = {"value": [], "@odata.nextLink": link}
    with reader(each(lambda _: (200, page))) as made, pytest.raises(Unavailable, match="circles"):
        list(made.attachment("m", "x"))
