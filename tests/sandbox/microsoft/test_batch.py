"""Batches: order, dependence, limits, and what each part costs."""

import base64
from typing import Any

from tests.sandbox.microsoft.conftest import ANA, APP, IMMUTABLE, Graph


def post(graph: Graph, *parts: dict[str, Any]) -> Any:
    return graph.http.post("/v1.0/$batch", json={"requests": list(parts)})


def get(name: str, url: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "method": "GET", "url": url, **more}


def answers(graph: Graph, *parts: dict[str, Any]) -> dict[str, Any]:
    response = post(graph, *parts)
    assert response.status_code == 200, response.text
    return {one["id"]: one for one in response.json()["responses"]}


def test_parts_have_their_own_status_headers_and_body(graph: Graph) -> None:
    graph.fill(1)
    fixed = graph.read("messages?$select=id", IMMUTABLE)["value"][0]["id"]
    found = answers(
        graph,
        get("1", f"/me/messages/{fixed}?$select=id", headers={"Prefer": IMMUTABLE}),
        get("2", "/me/mailFolders/clutter"),
        get("3", f"http://inside/v1.0/me/messages/{fixed}/$value"),
        {"id": "4", "method": "PATCH", "url": f"me/messages/{fixed}",
         "headers": {"content-type": "application/json"}, "body": {"isRead": True}},
    )  # fmt: skip
    assert {name: one["status"] for name, one in found.items()} == {
        "1": 200, "2": 404, "3": 200, "4": 200,
    }  # fmt: skip
    assert found["1"]["body"]["id"] == fixed
    assert found["1"]["headers"]["Preference-Applied"] == IMMUTABLE
    assert found["2"]["body"]["error"]["code"] == "ErrorItemNotFound"
    assert b"Subject: Mail 0" in base64.b64decode(found["3"]["body"])
    assert found["4"]["body"]["isRead"] is True


def test_what_depends_on_a_failure_is_not_run(graph: Graph) -> None:
    found = answers(
        graph,
        get("1", "/me/mailFolders/clutter"),
        get("2", "/me", dependsOn=["1"]),
        get("3", "/me", dependsOn=["2"]),
        get("4", "/me"),
    )
    assert {name: one["status"] for name, one in found.items()} == {
        "1": 404, "2": 424, "3": 424, "4": 200,
    }  # fmt: skip


def test_what_is_no_batch_is_refused_whole(graph: Graph) -> None:
    me = [get(str(n), "/me") for n in range(21)]
    assert post(graph, *me).status_code == 400
    assert len(answers(graph, *me[:20])) == 20
    wrong: list[list[dict[str, Any]]] = [
        [], [get("1", "/me"), get("1", "/me")], [get("1", "/me", dependsOn=["2"])],
        [{"id": "1", "method": "PATCH", "url": "/me/messages/x", "body": {}}],
    ]  # fmt: skip
    for parts in wrong:
        assert post(graph, *parts).status_code == 400, parts
    assert graph.http.post("/v1.0/$batch", content=b"nonsense").status_code == 400
    assert graph.http.get("/v1.0/$batch").status_code == 405
    graph.http.headers["Authorization"] = "Bearer nobody"
    assert post(graph, get("1", "/me")).status_code == 401


def test_every_part_counts_and_four_go_side_by_side(graph: Graph) -> None:
    quota = graph.state.quota
    quota.reset()
    answers(graph, *(get(str(n), "/me") for n in range(9)))
    assert quota.calls[ANA] == 9
    with quota.flight(ANA, APP, 4), quota.flight(ANA, APP, 4), quota.flight(ANA, APP, 4):
        found = answers(graph, *(get(str(n), "/me") for n in range(6)))
    statuses = [found[str(n)]["status"] for n in range(6)]
    assert statuses == [200, 429, 429, 429, 200, 429]
    assert found["1"]["headers"]["Retry-After"] == "1"
    graph.state.change_settings(graph_requests=11)
    found = answers(graph, *(get(str(n), "/me") for n in range(4)))
    assert sorted(one["status"] for one in found.values()) == [429, 429, 429, 429]
