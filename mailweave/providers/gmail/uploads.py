"""A whole message on its way to Gmail: inside JSON, or beside it where it is large.

https://developers.google.com/workspace/gmail/api/guides/uploads
"""

import base64
import json
import secrets

SMALL = 3_500_000
"""Bytes of a message up to which it goes inside JSON, where it takes a third more."""


def draft(raw: bytes, thread_id: str) -> tuple[str, bytes]:
    """A draft as content type and body; an upload if the type begins with ``multipart``."""
    message = {"threadId": thread_id} if thread_id else {}
    if len(raw) <= SMALL:
        coded = base64.urlsafe_b64encode(raw).decode()
        return "application/json", json.dumps({"message": message | {"raw": coded}}).encode()
    boundary = f"mailweave_{secrets.token_hex(16)}"
    return f"multipart/related; boundary={boundary}", b"".join(
        (
            f"--{boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n".encode(),
            json.dumps({"message": message}).encode(),
            f"\r\n--{boundary}\r\nContent-Type: message/rfc822\r\n\r\n".encode(),
            raw,
            f"\r\n--{boundary}--\r\n".encode(),
        )
    )
