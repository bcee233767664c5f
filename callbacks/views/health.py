"""What machines ask: is the process alive, can it serve, and the figures for Prometheus."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from celery import current_app
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from callbacks.models.clock import database_now
from callbacks.queries import health
from callbacks.queries.outside import last_checkpoint
from callbacks.views.ages import silent_after
from callbacks.views.guard import public

BROKER_SECONDS = 2


@public
@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """Say that this process answers; looks at nothing else, so that no outage restarts us."""
    return HttpResponse("ok\n", content_type="text/plain")


@public
@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """200 where everything that an answer needs is there, else 503; the body names the parts.

    An AWS account that cannot be read is not our outage: the age of what is shown of it is told
    (`ages`: seconds, null where it was never read), and only passes that no longer happen (no
    worker, no beat) count against us.
    """
    parts = {"database": _database(), "broker": _broker(), "sync": "unknown"}
    ages: dict[str, float | None] = {}
    if parts["database"] == "ok":
        now = database_now()
        lines = health.sync_ages(now=now)
        parts["sync"] = _sync(lines, now)
        ages = {one.connection: None if one.age is None else round(one.age, 1) for one in lines}
    is_ready = all(state == "ok" for state in parts.values())
    return JsonResponse({"ready": is_ready, **parts, "ages": ages}, status=200 if is_ready else 503)


@public
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures, read from the database: the same from whichever process answers."""
    registry = CollectorRegistry()
    registry.register(Figures())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class Figures(Collector):
    """Counted rows and counted calls; nothing is estimated, and what was not measured is absent."""

    def collect(self) -> Iterator[Metric]:
        yield self._waiting()
        yield self._set_aside()
        yield self._decisions()
        yield self._ages()
        yield self._checkpoint()
        yield self._opinions()
        for what, words in (
            ("calls", "Requests to Step Functions"),
            ("throttles", "Requests that Step Functions throttled"),
            ("denials", "Requests that were denied for want of a permission"),
        ):
            yield self._calls(what, words)

    def _waiting(self) -> Metric:
        metric = GaugeMetricFamily(
            "holdpoint_tasks_waiting", "Callback tasks that wait", labels=["connection"]
        )
        for figure in health.waiting_tasks():
            metric.add_metric(figure.labels, figure.value)
        return metric

    def _set_aside(self) -> Metric:
        metric = GaugeMetricFamily(
            "holdpoint_executions_set_aside",
            "Running executions whose history cannot be used",
            labels=["connection"],
        )
        for figure in health.executions_set_aside():
            metric.add_metric(figure.labels, figure.value)
        return metric

    def _decisions(self) -> Metric:
        metric = GaugeMetricFamily(
            "holdpoint_decisions", "Decisions by what became of them", labels=["status"]
        )
        for figure in health.decisions_by_status():
            metric.add_metric(figure.labels, figure.value)
        return metric

    def _ages(self) -> Metric:
        metric = GaugeMetricFamily(
            "holdpoint_sync_age_seconds", "Age of what is shown", labels=["connection"]
        )
        for line in health.sync_ages(now=database_now()):
            if line.age is not None:
                metric.add_metric([line.connection], line.age)
        return metric

    def _checkpoint(self) -> Metric:
        metric = GaugeMetricFamily(
            "holdpoint_audit_checkpoint_age_seconds", "Age of the audit record's last checkpoint"
        )
        last = last_checkpoint()
        if last is not None:
            metric.add_metric([], (database_now() - last.at).total_seconds())
        return metric

    def _opinions(self) -> Metric:
        metric = CounterMetricFamily(
            "holdpoint_second_opinions",
            "Forecasts that were held against AWS's own, by what came of it",
            labels=["connection", "result"],
        )
        for figure in health.second_opinions():
            metric.add_metric(figure.labels, figure.value)
        return metric

    def _calls(self, what: str, words: str) -> Metric:
        metric = CounterMetricFamily(
            f"holdpoint_stepfunctions_{what}", words, labels=["connection", "operation"]
        )
        for figure in health.calls(what=what):
            metric.add_metric(figure.labels, figure.value)
        return metric


def _database() -> str:
    return "ok" if health.database_answers() else "does not answer"


def _broker() -> str:
    try:
        with current_app.connection_for_write(connect_timeout=BROKER_SECONDS) as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=BROKER_SECONDS)
    except (OperationalError, OSError):
        return "does not answer"
    return "ok"


def _sync(lines: Iterable[health.SyncAge], now: datetime) -> str:
    pulse = health.last_pulse()
    if pulse is not None and now - pulse > silent_after():
        return "beat and worker are silent"
    for line in lines:
        if line.passed_at is None:
            return "no pass has finished yet"
        if (now - line.passed_at).total_seconds() > settings.READY_SYNC_SECONDS:
            return "passes have stopped"
    return "ok"


urlpatterns = [
    path("healthz", live, name="healthz"),
    path("readyz", ready, name="readyz"),
    path("metrics", metrics, name="metrics"),
]
