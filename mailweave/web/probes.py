"""For programs that watch us: is it alive, is it ready, how does it go.

They come by whatever name or address they know, without HTTPS and without a session, so these
answers come before everything else. None says anything of anybody's mail: mailboxes are numbers.
"""

import logging
from collections.abc import Callable
from functools import lru_cache

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.crypto import constant_time_compare
from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from mailweave.kit import jobs
from mailweave.sync import gauges, offers
from mailweave.sync.gauges import AuditGauge, Gauge, PushGauge
from mailweave.web import hooks

log = logging.getLogger(__name__)
Answer = Callable[[HttpRequest], HttpResponseBase]
FORMAT = "text/plain; version=0.0.4; charset=utf-8"
"""https://prometheus.io/docs/instrumenting/exposition_formats/"""


class ProbeMiddleware:
    """Answers probes; everything else goes on."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        probe = PROBES.get(request.path_info)
        if probe is None:
            return self.get_response(request)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
        answer = probe(request)
        answer.headers["Cache-Control"] = "no-store"
        return answer


def healthz(request: HttpRequest) -> HttpResponse:
    """200 while this process answers at all; whoever restarts processes asks here."""
    del request
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """200 when requests can be served, 503 while not, with what is missing.

    Whoever sends requests to one of several servers asks here.
    """
    del request
    found = {"database": "ok", "tables": "ok"}
    try:
        missing = _missing_migrations()
    except DatabaseError as error:
        log.warning("not ready: %s", type(error).__name__)
        found = {"database": "does not answer", "tables": "unknown"}
    else:
        if missing:
            found["tables"] = f"behind by {missing}: run script/manage prepare"
    is_ready = all(state == "ok" for state in found.values())
    return JsonResponse({"ready": is_ready, **found}, status=200 if is_ready else 503)


def metrics(request: HttpRequest) -> HttpResponse:
    """How syncing goes, for Prometheus; 404 unless a token is set, 401 without it."""
    token = settings.METRICS_TOKEN
    if not token:
        return HttpResponse("Set MAILWEAVE_METRICS_TOKEN to have metrics.\n", status=404)
    given = request.headers.get("Authorization", "")
    if not constant_time_compare(given, f"Bearer {token}"):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse(generate_latest(_Collector()), content_type=FORMAT)


PROBES: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "/healthz": healthz,
    "/readyz": readyz,
    "/metrics": metrics,
}


def _missing_migrations() -> int:
    """How many of the migrations of this version the database has not seen."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations")
        return len(_migrations() - set(cursor.fetchall()))


@lru_cache(maxsize=1)
def _migrations() -> frozenset[tuple[str, str]]:
    disk = MigrationLoader(None).disk_migrations
    return frozenset(key for key, one in (disk or {}).items() if not one.replaces)


class _Collector:
    """Reads the rows when somebody asks; only notices are counted, each where it came in."""

    def collect(self) -> list[Metric]:
        """Every family of metrics."""
        told = [*_of_subscriptions(gauges.read_push()), *hooks.COUNTED.collect()]
        audits = _of_audits(gauges.read_audits())
        return [*_of_mailboxes(gauges.read()), *audits, *told, _of_jobs()]


def _of_mailboxes(found: list[Gauge]) -> list[Metric]:
    label = ["mailbox", "kind"]
    problems = GaugeMetricFamily(
        "mailweave_mailbox_problem",
        "1 for a mailbox that syncing has stopped for, by what stopped it.",
        labels=[*label, "problem"],
    )
    age = GaugeMetricFamily(
        "mailweave_mailbox_last_sync_age_seconds",
        "Time since a round of changes was last complete.",
        labels=label,
    )
    overdue = GaugeMetricFamily(
        "mailweave_mailbox_overdue_seconds",
        "Time that work has been due and not begun; waits the provider asked for do not count.",
        labels=label,
    )
    held = GaugeMetricFamily(
        "mailweave_mailbox_held_seconds",
        "Time until a wait for the provider, or after a failure, ends.",
        labels=label,
    )
    messages = GaugeMetricFamily(
        "mailweave_mailbox_messages",
        "Messages not stored yet: new mail and past still to be fetched, and those set aside.",
        labels=[*label, "state"],
    )
    refused = GaugeMetricFamily(
        "mailweave_client_refused_mailboxes",
        "Mailboxes that wait because the provider does not accept the OAuth client.",
        labels=["kind"],
    )
    units = CounterMetricFamily(
        "mailweave_mailbox_quota_units",
        "Quota units spent: Gmail's units, requests at Microsoft.",
        labels=label,
    )
    for one in found:
        labels = [str(one.mailbox_id), one.kind]
        if one.problem:
            problems.add_metric([*labels, one.problem], 1)
        if one.last_sync_age is not None:
            age.add_metric(labels, one.last_sync_age)
        overdue.add_metric(labels, one.overdue)
        held.add_metric(labels, one.held)
        for state, count in one.messages.items():
            messages.add_metric([*labels, state], count)
        units.add_metric(labels, one.units_spent)
    for kind in offers.kinds():
        waiting = (one for one in found if (one.kind, one.problem) == (kind, "operator"))
        refused.add_metric([kind], sum(1 for _ in waiting))
    return [problems, age, overdue, held, messages, refused, units]


def _of_audits(found: list[AuditGauge]) -> list[Metric]:
    label = ["mailbox", "kind"]
    age = GaugeMetricFamily(
        "mailweave_mailbox_audit_age_seconds",
        "Time since a mailbox was last compared with its provider, from end to end.",
        labels=label,
    )
    unbalanced = GaugeMetricFamily(
        "mailweave_mailbox_unbalanced_days",
        "Days on which the provider named more or fewer messages than are accounted for.",
        labels=label,
    )
    drift = CounterMetricFamily(
        "mailweave_mailbox_drift",
        "Messages in which audits found a difference that nobody had told us of.",
        labels=label,
    )
    for one in found:
        labels = [str(one.mailbox_id), one.kind]
        if one.age is not None:
            age.add_metric(labels, one.age)
        unbalanced.add_metric(labels, one.unbalanced)
        drift.add_metric(labels, one.found)
    return [age, unbalanced, drift]


def _of_subscriptions(found: list[PushGauge]) -> list[Metric]:
    label = ["mailbox", "kind"]
    standing = GaugeMetricFamily(
        "mailweave_push_subscriptions",
        "Subscriptions that stand: a provider tells us of changes as they come.",
        labels=label,
    )
    problem = GaugeMetricFamily(
        "mailweave_push_problem",
        "1 for a mailbox that its provider cannot tell us of, and that is polled often instead.",
        labels=label,
    )
    seconds = GaugeMetricFamily(
        "mailweave_push_expires_seconds",
        "Time until the first subscription of a mailbox ends.",
        labels=label,
    )
    life = GaugeMetricFamily(
        "mailweave_push_life_left_ratio",
        "The same as a share of the time that the subscription was given.",
        labels=label,
    )
    for one in found:
        labels = [str(one.mailbox_id), one.kind]
        standing.add_metric(labels, one.standing)
        if one.has_problem:
            problem.add_metric(labels, 1)
        if one.seconds_left is not None and one.life_left is not None:
            seconds.add_metric(labels, one.seconds_left)
            life.add_metric(labels, one.life_left)
    return [standing, problem, seconds, life]


def _of_jobs() -> Metric:
    family = GaugeMetricFamily("mailweave_jobs", "Jobs in the queue.", labels=["task", "status"])
    for task, status, count in jobs.count():
        family.add_metric([task, status], count)
    return family
