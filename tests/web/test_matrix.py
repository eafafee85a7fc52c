"""Every path of the project, with the numbers of things that are not for whoever asks.

Each route says here what its numbers are of. A new one that does not fails, and whoever adds it has
to say what may see it.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLPattern, URLResolver

from mailweave.config import urls
from mailweave.kit import scope
from mailweave.web import errors
from tests.makers import signed_in
from tests.web.matrix import NOTHING, Thing, World, make

PLAIN = frozenset(
    [
        "crm:home",
        "crm:contacts",
        "crm:contact-new",
        "crm:contact-import",
        "crm:contact-export",
        "crm:contact-merge",
        "crm:companies",
        "crm:company-new",
        "crm:company-names",
        "crm:company-import",
        "crm:company-export",
        "crm:company-merge",
        "crm:leads",
        "crm:lead-new",
        "crm:lead-import",
        "crm:lead-export",
        "crm:lead-merge",
        "crm:deals",
        "crm:deal-new",
        "support:home",
        "support:tickets",
        "support:ticket-new",
        "support:processors",
        "support:desk",
        "support:processor-new",
        "support:processor-again",
        "recruiting:home",
        "recruiting:candidates",
        "recruiting:candidate-new",
        "recruiting:candidate-merge",
        "recruiting:intakes",
        "recruiting:review",
        "recruiting:intake-new",
        "recruiting:intake-retry",
        "recruiting:jobs",
        "recruiting:job-new",
        "home",
        "notifications",
        "notifications_latest",
        "notification_bell",
        "notifications_seen",
        "account_login",
        "account_change_password",
        "setup",
        "mail",
        "writing",
        "writing_undo",
        "writing_retry",
        "writing_rules",
        "signature_new",
        "template_new",
        "compose",
        "compose_people",
        "drafts",
        "outbox",
        "email_log",
        "find_mail",
        "find_mail_ask",
        "find_mail_take",
        "mark_all",
        "unlinked",
        "unlinked_dismissed",
        "settings",
        "profile",
        "members",
        "team_add",
        "roles",
        "invite",
        "policies",
        "policies_work",
        "policies_fill",
        "policies_retry",
        "linking",
        "linking_progress",
        "never_sync",
        "integrations",
    ]
)
"""Without any number: nothing there is named that is not for whoever asks."""

NUMBERED = {
    "contact": "crm:contact crm:contact-edit crm:contact-delete",
    "company": "crm:company crm:company-emails crm:company-edit crm:company-delete",
    "lead": "crm:lead crm:lead-edit crm:lead-convert crm:lead-delete",
    "deal": "crm:deal crm:deal-edit crm:deal-delete",
    "csv": "crm:import crm:import-report",
    "ticket": "support:ticket support:ticket-set support:ticket-edit support:ticket-delete"
    " support:ticket-here support:ticket-merge support:ticket-split support:ticket-part",
    "processor": "support:processor support:processor-edit support:processor-delete",
    "held": "support:processor-release",
    "candidate": "recruiting:candidate recruiting:candidate-edit recruiting:candidate-delete"
    " recruiting:candidate-apply recruiting:candidate-email recruiting:candidate-timeline"
    " recruiting:candidate-resume recruiting:candidate-evaluation recruiting:candidate-interview"
    " recruiting:candidate-interview-new recruiting:candidate-references"
    " recruiting:candidate-reference-new",
    "job": "recruiting:job recruiting:job-edit recruiting:job-delete",
    "application": "recruiting:application-scorecard recruiting:application-move",
    "interview": "recruiting:interview",
    "reference": "recruiting:reference",
    "resume": "recruiting:resume recruiting:resume-delete",
    "wanted": "recruiting:wanted-again",
    "intake": "recruiting:intake recruiting:intake-edit recruiting:intake-rotate"
    " recruiting:intake-delete",
    "review": "recruiting:entry recruiting:entry-accept recruiting:entry-join"
    " recruiting:entry-dismiss recruiting:entry-undo",
    "thread": "thread thread_shown mark_thread thread_ways",
    "sharing": "thread_sharing",
    "message": "message message_body message_headers message_images link_dialog link_decide answer",
    "part": "attachment",
    "draft": "compose_draft compose_files compose_file compose_file_remove compose_restore"
    " compose_signature compose_fill",
    "signature": "signature signature_remove",
    "template": "template template_remove",
    "letter": "outbox_letter outbox_undo outbox_schedule outbox_act",
    "marking": "mark_undo",
    "decision": "link_undo",
    "person": "unlinked_person unlinked_link unlinked_dismiss",
    "dismissal": "unlinked_restore",
    "record": "panel flat record_mail timeline timeline_add record_answer record_pending",
    "entry": "entry_edit entry_act",
    "notification": "notification_open",
    "membership": "member_role member_remove member_access",
    "team": "team_rename team_remove",
    "act": "roles_undo",
    "invitation": "revoke_invitation",
    "workspace": "switch_workspace",
    "trial": "linking_decide",
    "never": "never_sync_remove",
    "mailbox": "mailbox_card mailbox_range mailbox_sync mailbox_sharing mailbox_set_aside"
    " mailbox_ledger mailbox_ledger_check mailbox_ledger_messages mailbox_ledger_csv"
    " mailbox_disconnect mailbox_add_shared mailbox_delegate mailbox_steer",
}
"""By the kind of thing that the number in the path is of."""

WORDS = {
    "answer": "reply",
    "compose_fill": "1",
    "compose_file": "1",
    "compose_file_remove": "1",
    "outbox_act": "now",
    "mark_thread": "read",
    "thread_sharing": "private",
    "message_images": "show",
    "link_decide": "unlink",
    "timeline_add": "note",
    "entry_act": "delete",
    "linking_decide": "apply",
    "mailbox_steer": "pause",
}
"""The last word of a path, where it has one."""

KIND_OF_MAILBOX = (
    "provider",
    "oauth_client",
    "ask_admin",
    "forget_admin",
    "connect",
    "connect_callback",
    "admin_consent",
)
ELSEWHERE = {
    **dict.fromkeys(KIND_OF_MAILBOX, "for whole workspaces; tests/web/test_integrations.py"),
    "live": "names of what changed, for whole workspaces; tests/web/test_live.py",
    "account_logout": "ends the session of whoever asks",
    "reset_password": "a token nobody can guess; tests/people/test_commands.py",
    "join": "a token nobody can guess; tests/web/test_invitations.py",
    "image": "a signed token, for one reader; tests/web/test_images.py",
    "preset": "choices that everybody has; tests/web/test_linking.py",
    "never_sync_again": "one's own list or the workspace's; tests/web/test_policies.py",
}
"""Tested for themselves, and why they are not here."""

QUERIES = {
    "mail": ["", "q=walrus", "unread=1", "part=rows"],
    "crm:contacts": ["", "q=walrus", "sort=active"],
    "crm:companies": ["", "q=walrus"],
    "crm:leads": ["", "q=walrus"],
    "crm:deals": ["", "q=walrus"],
    "crm:company-names": ["company=walrus"],
    "crm:contact-merge": ["", "q=walrus"],
    "support:tickets": ["", "q=walrus"],
    "recruiting:candidates": ["", "q=walrus"],
    "recruiting:jobs": ["", "q=walrus"],
    "find_mail": ["", "q=walrus"],
    "compose_people": ["q=walrus", "q=zq"],
    "outbox": ["", "show=sent", "show=trouble"],
}
"""What lists are asked."""

SENT = {
    "name": "changed",
    "text": "changed",
    "role": "admin",
    "sharing": "full",
    "sure": "yes",
    "type": "note",
    "subject": "changed",
    "whole": "1",
}
"""What is sent to whatever takes it."""

TAG = re.compile(r"zq([a-z]+?)q(subject|people|body|file|name|note)q")


def walk(
    patterns: list[URLPattern | URLResolver], prefix: str = ""
) -> Iterator[tuple[str, tuple[str, ...]]]:
    for one in patterns:
        if isinstance(one, URLResolver):
            space = f"{prefix}{one.namespace}:" if one.namespace else prefix
            yield from walk(one.url_patterns, space)
        else:
            yield prefix + (one.name or ""), tuple(one.pattern.converters)


ROUTES = dict(walk(get_resolver().url_patterns))
KINDS = {route: kind for kind, routes in NUMBERED.items() for route in routes.split()}


def test_every_route_says_what_may_see_it() -> None:
    described = [*PLAIN, *KINDS, *ELSEWHERE]
    unsaid = set(ROUTES) - set(described)
    assert not unsaid, f"say in tests/web/test_matrix.py what may see {sorted(unsaid)}"
    assert set(described) == set(ROUTES), "these are no routes any more"
    assert len(described) == len(set(described))
    for route in PLAIN:
        assert not ROUTES[route], route


def path_of(route: str, thing: Thing) -> str:
    """The route to a thing; where it needs a record besides, its workspace's own."""
    given: dict[str, object] = {}
    for name in ROUTES[route]:
        if thing.kind == "sharing" and name in {"pk", "mailbox_id"}:
            given[name] = thing.value[name == "mailbox_id"]
        elif name in {"pk", "act"}:
            given[name] = thing.value
        elif name == "kind":
            given[name] = thing.value[0] if thing.kind == "record" else "crm.contact"
        elif name == "record_id":
            given[name] = thing.value[1] if thing.kind == "record" else NOTHING
        else:
            given[name] = WORDS[route]
    return reverse(route, kwargs=given)


def foreign(answer: Any, allowed: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """What an answer names that is not for whoever asked."""
    body = b"".join(answer) if answer.streaming else answer.content
    told = body.decode(errors="replace") + str(answer.headers)
    return set(TAG.findall(told)) - allowed


def state(workspace_id: int) -> dict[str, str]:
    """A digest of every row of a workspace, by table."""
    tables = connection.introspection.table_names()
    found = {}
    with scope.workspace(workspace_id), connection.cursor() as cursor:
        for table in sorted(tables):
            cursor.execute(
                f"SELECT coalesce(string_agg(t::text, '' ORDER BY t::text), '') FROM {table} t"
            )
            found[table] = hashlib.sha256(cursor.fetchone()[0].encode()).hexdigest()
    return found


def things(world: World, kind: str, *, first: bool = False) -> list[Thing]:
    """All things of a kind, or the first of them."""
    found = [one for one in world.things if one.kind == kind]
    assert found, kind
    return found[:1] if first else found


ALIKE = {"mark_thread", "thread_shown"}
"""Mark what lies in one's own mailboxes, and answer any number alike."""
OUTSIDE = {"anonymous", "stranger"}
"""For whom one thing of a kind is as another."""
UNCOUNTED = {"django_session", "people_cache", "people_user", "support_looker"}
"""Signing in is written down, and who looks at a ticket."""


@pytest.fixture
def world(db: None) -> World:
    return make()


@pytest.fixture
def one_not_found_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fifth of the time goes into one and the same page, which is told nothing of what was asked
    for: here everybody sees it once, and after that an empty one."""
    seen: set[int | None] = set()

    def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
        who = request.user.pk
        if who in seen:
            return HttpResponse(status=404)
        seen.add(who)
        return errors.not_found(request, exception)

    monkeypatch.setattr(urls, "handler404", not_found)


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody with a browser, and what they may be shown."""

    name: str
    browser: Client
    allowed: set[tuple[str, str]]

    def at(self, route: str, thing: Thing) -> Iterator[str]:
        """The holes found with one number: read, and written if it is not theirs."""
        path = path_of(route, thing)
        theirs = thing.facet in {facet for facet, _ in self.allowed}
        if self.name != "viewer":  # who reads what a manager reads, and writes nothing
            yield from self._judge("GET", route, thing, self.browser.get(path), theirs)
        if self.name == "viewer" or not theirs:
            yield from self._judge("POST", route, thing, self.browser.post(path, SENT), theirs)

    def over(self, route: str) -> Iterator[str]:
        """The holes of a page without a number."""
        for query in QUERIES.get(route, [""]):
            told = foreign(self.browser.get(f"{reverse(route)}?{query}"), self.allowed)
            if told:
                yield f"{self.name}: GET {route}?{query} {told}"

    def _judge(
        self, verb: str, route: str, thing: Thing, answer: Any, theirs: bool
    ) -> Iterator[str]:
        told = foreign(answer, self.allowed)
        login = answer.status_code == 302 and "/login/" in answer["Location"]
        opens = answer.status_code < 400 and not login and not theirs
        if opens and verb == "POST" and route in ALIKE:
            nothing = path_of(route, Thing(thing.kind, "", NOTHING))
            opens = answer.status_code != self.browser.post(nothing, SENT).status_code
        if told or opens or answer.status_code >= 500:
            yield f"{self.name}: {verb} {route} {thing} {answer.status_code} {told}"


@pytest.mark.usefixtures("one_not_found_each")
def test_nobody_is_shown_or_changes_what_is_not_theirs(world: World) -> None:
    before = state(world.place.pk)
    holes: list[str] = []
    for name, (member, allowed) in world.lookers.items():
        look = Look(name, signed_in(member) if member else Client(), allowed)
        look.browser.raise_request_exception = False
        inside = member is not None and member.workspace_id == world.place.pk
        for route, kind in KINDS.items():
            if not (inside and kind == "workspace"):  # a colleague's own, too
                for thing in things(world, kind, first=name in OUTSIDE):
                    holes += look.at(route, thing)
        for route in PLAIN:
            holes += look.over(route)
    assert not holes, "\n".join(holes)
    changed = [table for table, rows in state(world.place.pk).items() if rows != before[table]]
    assert set(changed) - UNCOUNTED == set()


def test_the_owner_finds_all_of_it_there(world: World) -> None:
    """The matrix looks where things are shown."""
    browser = signed_in(world.dora)
    found: set[tuple[str, str]] = set()
    for route, kind in KINDS.items():
        for thing in things(world, kind):
            answer = browser.get(path_of(route, thing))
            if answer.status_code == 200:
                found |= foreign(answer, set())
    for route in PLAIN:
        for query in QUERIES.get(route, [""]):
            found |= foreign(browser.get(f"{reverse(route)}?{query}"), set())
    facets = {facet for facet, _ in found}
    assert {"full", "private", "unlinked", "applicant", "owned", "ticket", "nobodys"} <= facets
    for part in ("subject", "people", "body", "file"):
        assert ("applicant", part) in found, part
    assert {("owned", "name"), ("owned", "note"), ("applicant", "name")} <= found
