"""The control API and page: people and tests make things happen in the world outside."""

import base64
import html
import re
from typing import Any

import pytest

ANA, NEW = "ana@company.example", "new@company.example"
HTTP_OK = 200


@pytest.fixture
def hand(world: Any) -> Any:
    """A browser at the sandbox's root."""
    browser = world.browser()
    world.closing.append(browser.close)
    return browser


def post(hand: Any, path: str, **body: Any) -> Any:
    answer = hand.post(f"/sandbox/api/{path}", json=body)
    assert answer.status_code == HTTP_OK, answer.text
    return answer.json()


def test_a_mailbox_from_nothing_to_full(world: Any, hand: Any) -> None:
    assert post(hand, "mailboxes", address=NEW.upper(), name="New")["address"] == NEW
    one = post(
        hand, f"mailboxes/{NEW}/messages", subject="Grüße\r\nBcc: x@evil.example", text="hé",
        html="<p>hé</p>", labels=["INBOX", "Kunden"], received_at="2026-01-02T03:04:05Z",
        **{"from": "Cy Ölm <cy@client.example>"},
    )["id"]  # fmt: skip
    raw = hand.post(
        f"/sandbox/api/mailboxes/{NEW}/messages?label=SENT", content=world.letter(),
        headers={"Content-Type": "message/rfc822"},
    ).json()["id"]  # fmt: skip
    bulk = [{"raw": base64.b64encode(world.letter(number=str(n))).decode()} for n in range(3)]
    assert len(post(hand, f"mailboxes/{NEW}/bulk", messages=bulk)["ids"]) == 3
    messages = world.gmail(account=NEW).users().messages()
    got = messages.get(userId="me", id=one, format="metadata").execute()
    headers = {item["name"]: item["value"] for item in got["payload"]["headers"]}
    assert headers["From"] == '"Cy Ölm" <cy@client.example>'
    assert headers["Subject"] == "Grüße Bcc: x@evil.example"
    assert "Bcc" not in headers
    assert got["internalDate"] == "1767323045000"
    assert messages.get(userId="me", id=raw).execute()["labelIds"] == ["SENT"]
    post(hand, f"mailboxes/{NEW}/modify", ids=[one], add=["STARRED"], remove=["INBOX"])
    post(hand, f"mailboxes/{NEW}/trash", id=raw)
    post(hand, f"mailboxes/{NEW}/delete", ids=[one])
    listed = hand.get(f"/sandbox/api/mailboxes/{NEW}/messages").json()["messages"]
    assert len(listed) == 4
    assert next(item for item in listed if item["id"] == raw)["labels"] == '["SENT","TRASH"]'


def test_switches_by_api(world: Any, hand: Any) -> None:
    fault = post(hand, "faults", kind="server_error", times=None, options={"status": 502})
    token = world.credentials().token
    bearer = {"Authorization": f"Bearer {token}"}
    assert hand.get("/gmail/v1/users/me/profile", headers=bearer).status_code == 502
    assert hand.get("/sandbox/api/faults").json()["faults"][0]["hits"] == 1
    hand.delete(f"/sandbox/api/faults/{fault['number']}")
    assert hand.get("/gmail/v1/users/me/profile", headers=bearer).status_code == HTTP_OK
    stats = hand.get("/sandbox/api/stats").json()
    assert stats["mailboxes"][ANA]["units"] == 1
    assert stats["cpu_seconds"] > 0
    assert post(hand, "settings", latency_ms=3)["latency_ms"] == 3
    assert world.state.settings.latency_ms == 3
    frozen = post(hand, "clock", freeze="2027-01-01T00:00:00+00:00")
    assert frozen["frozen"] is True
    assert post(hand, "clock", advance=60)["now"].startswith("2027-01-01T00:01:00")
    assert abs(post(hand, "clock", reset=True)["offset"]) < 1
    post(hand, f"mailboxes/{ANA}/expire_tokens")
    assert hand.get("/gmail/v1/users/me/profile", headers=bearer).status_code == 401
    post(hand, "reset")
    assert hand.get("/sandbox/api/mailboxes").json() == {"mailboxes": []}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("mailboxes", {"address": "nonsense"}, 400),
        ("mailboxes", {"address": "a b@c.example"}, 400),
        ("mailboxes", {}, 400),
        ("nowhere", {}, 404),
        ("mailboxes/x@y.example/messages", {"from": "a@b.example"}, 404),
        (f"mailboxes/{ANA}/messages", {"from": "nobody"}, 400),
        (f"mailboxes/{ANA}/messages", {"from": "a@b.example", "to": "x"}, 400),
        (f"mailboxes/{ANA}/messages", {"from": "a@b.example", "labels": "INBOX"}, 400),
        (f"mailboxes/{ANA}/messages", {"from": "a@b.example", "received_at": "soon"}, 400),
        (f"mailboxes/{ANA}/bulk", {"messages": [{"raw": "%"}]}, 400),
        (f"mailboxes/{ANA}/bulk", {"messages": "x"}, 400),
        (f"mailboxes/{ANA}/trash", {"ids": ["zz"]}, 400),
        (f"mailboxes/{ANA}/trash", {"ids": [5]}, 400),
        (f"mailboxes/{ANA}/trash", {}, 400),
        (f"mailboxes/{ANA}/fly", {}, 404),
        ("faults", {"kind": "flood"}, 400),
        ("faults", {"kind": "rate", "times": "x"}, 400),
        ("faults", {"kind": "slow", "options": {"seconds": "x"}}, 400),
        ("settings", {"latency_ms": "x"}, 400),
        ("settings", {"colour": 1}, 400),
        ("clock", {"advance": "x"}, 400),
        ("clock", {"advance": 1e300}, 400),
        ("faults", {"kind": "notice_lost", "options": {"share": "x"}}, 400),
        ("topics", {"name": "mail"}, 400),
        ("topics", {"push_url": "http://127.0.0.1/hooks/"}, 400),
        ("topics", {"publisher": "yes"}, 400),
        (f"mailboxes/{ANA}/retire", {"id": "x"}, 404),
        (f"mailboxes/{ANA}/lifecycle", {"id": "x", "event": "missed"}, 404),
        ("mailboxes/x@y.example/retire", {}, 404),
        ("clients", {"client_id": "x", "secret": "y", "redirects": "z"}, 400),
    ],
)
def test_bad_input_gets_a_sentence(hand: Any, path: str, body: dict[str, Any], status: int) -> None:
    answer = hand.post(f"/sandbox/api/{path}", json=body)
    assert answer.status_code == status
    assert answer.json()["error"]
    assert hand.get("/sandbox/api/mailboxes").status_code == HTTP_OK


def test_bodies_that_are_no_json(hand: Any) -> None:
    for body in (b"{", b"[]", b"\xff", b"[" * 50_000):
        assert hand.post("/sandbox/api/settings", content=body).status_code == 400


def form(page: str, action: str, **filled: str) -> dict[str, str]:
    """The fields of one form as a browser would send them."""
    found = re.search(rf'<form method="post" action="{re.escape(action)}"[^>]*>(.*?)</form>', page)
    assert found, f"no form for {action}"
    inputs = re.findall(r'<input[^>]*name="([^"]*)"(?:[^>]*value="([^"]*)")?', found[1])
    selects = re.findall(r'<select name="([^"]*)">(.*?)</select>', found[1])
    chosen = {
        name: (re.search(r"<option selected>([^<]*)", options) or ["", ""])[1]
        for name, options in selects
    }
    return {name: html.unescape(value) for name, value in inputs} | chosen | filled


def test_the_page_does_the_same_by_form(world: Any, hand: Any) -> None:
    page = hand.get("/sandbox/").text
    assert "<title>Control - Mail sandbox</title>" in page
    done = hand.post("/sandbox/do/mailboxes", data=form(page, "/sandbox/do/mailboxes", address=NEW))
    assert done.status_code == 303
    where = f"/sandbox/mailbox/{NEW}"
    page = hand.get(where).text
    action = f"/sandbox/do/mailbox/{NEW}/messages"
    sent = form(page, action, subject="Hi <b>", text="there")
    assert "said=Done" in hand.post(action, data=sent).headers["location"]
    page = hand.get(where).text
    assert "Hi &lt;b&gt;" in page
    assert "Cy Customer &lt;cy@customer.example&gt;" in page
    change = f"/sandbox/do/mailbox/{NEW}/modify"
    assert hand.post(change, data=form(page, change)).status_code == 303
    number = world.state.message_ids(NEW)[0]
    got = world.gmail(account=NEW).users().messages().get(userId="me", id=number).execute()
    assert got["labelIds"] == ["INBOX"], "the first button marks it read"
    remove = f"/sandbox/do/mailbox/{NEW}/delete"
    hand.post(remove, data=form(page, remove))
    assert world.state.message_ids(NEW) == []


def test_settings_faults_and_clock_by_form(world: Any, hand: Any) -> None:
    page = hand.get("/sandbox/").text
    settings = form(page, "/sandbox/do/settings", bare_records="true", latency_ms="2")
    assert "said=Done" in hand.post("/sandbox/do/settings", data=settings).headers["location"]
    assert world.state.settings.bare_records is True
    fault = form(page, "/sandbox/do/faults", kind="slow", times="", options='{"seconds": 1}')
    assert "said=Done" in hand.post("/sandbox/do/faults", data=fault).headers["location"]
    assert world.state.faults.listed()[0].left is None
    page = hand.get("/sandbox/").text
    hand.post("/sandbox/do/clear_faults", data=form(page, "/sandbox/do/clear_faults"))
    assert world.state.faults.listed() == []
    before = world.state.clock.offset
    hand.post("/sandbox/do/clock", data=form(page, "/sandbox/do/clock"))
    assert world.state.clock.offset - before == 3600


def test_wrong_forms_come_back_with_a_sentence(hand: Any) -> None:
    for action, data in (
        ("mailboxes", {"address": "x"}), ("faults", {"kind": "x"}), ("clock", {"advance": "x"}),
        (f"mailbox/{ANA}/messages", {"from": "nobody"}), ("nothing", {}),
        ("faults", {"kind": "slow", "options": "{"}), (f"mailbox/{ANA}/trash", {"id": "zz"}),
    ):  # fmt: skip
        answer = hand.post(f"/sandbox/do/{action}", data=data)
        assert "error=" in answer.headers["location"], action
        assert 'role="alert"' in hand.get(answer.headers["location"]).text
    assert hand.get("/sandbox/mailbox/x@y.example").status_code == 404


def test_pages_say_nothing_unescaped_and_obey_only_themselves(hand: Any) -> None:
    evil = "<script>alert(1)</script>"
    answer = hand.get("/sandbox/", params={"said": evil})
    assert evil not in answer.text
    assert "script-src" not in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    foreign = hand.post("/sandbox/api/reset", headers={"Origin": "http://evil.example"})
    assert foreign.status_code == 403
    assert hand.post("/sandbox/do/clock", headers={"Origin": "null"}).status_code == 403
    assert answer.headers["referrer-policy"] == "same-origin", "or our own forms say Origin: null"
    own = {"Origin": str(hand.base_url).rstrip("/")}
    assert hand.post("/sandbox/do/clock", headers=own).status_code == 303
    assert hand.get("/sandbox/style.css").headers["content-type"].startswith("text/css")


def test_every_field_of_the_page_has_a_label(hand: Any, world: Any) -> None:
    world.state.deliver(ANA, world.letter())
    for path in ("/sandbox/", f"/sandbox/mailbox/{ANA}"):
        page = hand.get(path).text
        for found in re.finditer(r"<(?:input|select|textarea)\b[^>]*>", page):
            if 'type="hidden"' in found[0]:
                continue
            named = re.search(r'id="([^"]+)"', found[0])
            inside = page.rfind("<label", 0, found.start()) > page.rfind(
                "</label>", 0, found.start()
            )
            assert inside or (named and f'for="{named[1]}"' in page), found[0]
