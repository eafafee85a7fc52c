"""The installation that the sandbox's notices come to, without a network."""

from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

from sandbox.hooks import Reply
from sandbox.postman import Postman
from sandbox.state import Sandbox


class Ear:
    """Says back what it is asked to, and writes down which addresses were told something."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.status = 200
        self._sandbox = sandbox
        self._told: list[str] = []
        sandbox.send = self._listen

    def heard(self) -> list[str]:
        """The addresses told since this was last asked; everything is delivered first."""
        while Postman(self._sandbox).work():
            pass
        told, self._told = self._told, []
        return told

    def _listen(self, url: str, _: bytes, __: Mapping[str, str], ___: float) -> Reply:
        token = parse_qs(urlsplit(url).query).get("validationToken")
        if token is None:
            self._told.append(url)
            return Reply(202)
        return Reply(self.status, {"content-type": "text/plain"}, token[0].encode())
