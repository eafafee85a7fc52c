"""A listener that is told things: stands in for the network, answers what a test wants."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sandbox.hooks import Reply, UnansweredError


@dataclass
class Listener:
    """Callable as the sandbox's way out. ``answers`` are used up one by one, then all is well."""

    answers: list[Reply | UnansweredError] = field(default_factory=list)
    requests: list[tuple[str, bytes, Mapping[str, str], float]] = field(default_factory=list)
    proofs: list[str] = field(default_factory=list)
    """Addresses that were asked to prove themselves."""

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str], seconds: float) -> Reply:
        token = parse_qs(urlsplit(url).query).get("validationToken")
        if token:
            self.proofs.append(url.partition("?")[0])
        else:
            self.requests.append((url, body, headers, seconds))
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, UnansweredError):
            raise answer
        plain = {"content-type": "text/plain; charset=utf-8"}
        return answer or Reply(200 if token else 202, plain, token[0].encode() if token else b"")

    def told(self) -> list[Any]:
        """Everything Microsoft said, one after the other; forgets it."""
        found = [one for _, body, _, _ in self.requests for one in json.loads(body)["value"]]
        self.requests.clear()
        return found

    def pushed(self) -> list[Any]:
        """Everything Google said: what a push is about; forgets it."""
        messages = [json.loads(body)["message"] for _, body, _, _ in self.requests]
        self.requests.clear()
        return [json.loads(base64.urlsafe_b64decode(one["data"])) for one in messages]
