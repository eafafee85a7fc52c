"""The sandbox as people start it: one command, one directory, and it survives being killed."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

ANA, BEN = "ana@company.example", "ben@contoso.example"


@contextmanager
def running(data: Path) -> Iterator[httpx2.Client]:
    """The command, killed at the end without mercy."""
    command = [sys.executable, "-m", "sandbox", "--data", str(data), "--port", "0",
               "--account", ANA, "--client-id", "mine", "--client-secret", "s",
               "--microsoft-account", BEN, "--microsoft-client-id", "theirs",
               "--redirect-uri", "http://localhost:1/a", "--redirect-uri", "http://localhost:1/b",
               ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        found = re.search(r"http://\S+?/", process.stdout.readline())
        assert found
        with httpx2.Client(base_url=found[0], trust_env=False) as client:
            yield client
    finally:
        process.kill()
        process.communicate()


def test_killed_and_started_again_it_knows_everything(tmp_path: Path) -> None:
    asked = {"client_id": "mine", "response_type": "code", "scope": "openid", "state": "s",
             "sandbox_account": ANA}  # fmt: skip
    with running(tmp_path) as client:
        path = f"/sandbox/api/mailboxes/{ANA}/messages"
        sent = client.post(path, json={"from": "cy@client.example", "subject": "Hello"})
        assert sent.status_code == 200, sent.text
        client.post("/sandbox/api/clock", json={"advance": 86_400})
        redirect = {"redirect_uri": "http://localhost:1/b"}
        page = client.post("/o/oauth2/v2/auth", data=asked | redirect | {"decision": "continue"})
        code = re.search("code=([^&]+)", page.headers["location"])
        assert code
        keys = client.get("/oauth2/v3/certs").json()
    with running(tmp_path) as client:
        assert client.get(path).json()["messages"][0]["id"] == sent.json()["id"]
        assert client.get("/sandbox/api/clock").json()["offset"] == 86_400
        assert client.get("/oauth2/v3/certs").json() == keys
        basic = httpx2.BasicAuth("mine", "s")
        grant = {"grant_type": "authorization_code", "code": code[1].replace("%2F", "/")}
        token = client.post("/token", auth=basic, data=grant | redirect)
        assert token.status_code == 200, token.text


def test_both_companies_know_the_app(tmp_path: Path) -> None:
    asked = {"client_id": "theirs", "response_type": "code", "scope": "openid", "state": "s",
             "sandbox_account": BEN, "redirect_uri": "http://localhost:1/b"}  # fmt: skip
    with running(tmp_path) as client:
        page = client.post("/common/oauth2/v2.0/authorize", data=asked | {"decision": "accept"})
        code = re.search("code=([^&]+)", page.headers["location"])
        assert code
        before = {one["address"]: one["company"] for one in
                  client.get("/sandbox/api/mailboxes").json()["mailboxes"]}  # fmt: skip
        assert before == {ANA: "google", BEN: "microsoft"}
    with running(tmp_path) as client:
        grant = {"grant_type": "authorization_code", "code": code[1], "client_id": "theirs",
                 "client_secret": "s", "redirect_uri": "http://localhost:1/b"}  # fmt: skip
        token = client.post("/common/oauth2/v2.0/token", data=grant)
        assert token.status_code == 200, token.text
