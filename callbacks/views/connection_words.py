"""A connection in words: how it stands, why, and how we get in."""

from __future__ import annotations

import statistics
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callbacks.models import Connection, ConnectionHealth
from callbacks.queries.connections import ConnectionLine
from callbacks.queries.frame import ConnectionFacts, turns_in
from callbacks.queries.rights import DENIED_CODE, RightsSeen
from callbacks.stepfunctions import NotSentKind
from callbacks.sync.health import SLOW_ANSWER
from callbacks.sync.looks import OPERATION as LIST
from callbacks.sync.purse import usual_rate
from callbacks.sync.schedule import PART_OF_LOOKS
from callbacks.sync.trail import PassMark, passes
from callbacks.templatetags.words import age, moment, span, whole
from callbacks.views.ages import (
    Freshness,
    are_passes_late,
    freshness,
    is_slowed,
    is_turn_of_lists,
    is_turn_of_readings,
)
from callbacks.views.rights_tally import Mark, mark_of
from callbacks.views.trail_words import Spark, spark

# One slow pass is not a slow connection.
PASSES_JUDGED = 5
# So many passes between two looks at a list are worth a word.
NOTABLE_TURN = 3
HISTORY = "GetExecutionHistory"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionRow:
    """What both pages show; figures that nobody counted are empty, not zero."""

    id: uuid.UUID
    label: str
    account: str
    way_in: str
    endpoint: str
    state: Mark
    # Why it stands so, as far as anybody knows.
    note: str
    age: str
    is_late: bool
    spark: Spark | None
    histories_read: str
    waiting: int
    throttles: int
    rights: Mark


def connection_row(*, line: ConnectionLine, rights: RightsSeen, now: datetime) -> ConnectionRow:
    one, health = line.connection, line.health
    facts = facts_of(one, health)
    trail = passes(health.passes) if health else ()
    read = (health.figures if health else {}).get("histories_read")
    return ConnectionRow(
        id=one.pk,
        label=one.label,
        account=one.account,
        way_in=way_in(one),
        endpoint=one.endpoint_url,
        state=_state(facts, trail, now),
        note=_note(line, facts, trail, now),
        age=age(since=facts.read_ok_at, now=now) if facts.read_ok_at else "",
        is_late=freshness(facts=facts, now=now) in (Freshness.STALE, Freshness.DOWN),
        spark=spark(trail, interval=settings.SYNC_INTERVAL_SECONDS),
        histories_read=whole(read) if isinstance(read, int) else "",
        waiting=line.waiting,
        throttles=line.throttles,
        rights=mark_of(rights),
    )


def facts_of(one: Connection, health: ConnectionHealth | None) -> ConnectionFacts:
    return ConnectionFacts(
        id=one.pk,
        name=one.name,
        region=one.region,
        account=one.account,
        is_enabled=one.is_enabled,
        read_ok_at=health.read_ok_at if health else None,
        failing_since=health.failing_since if health else None,
        error_code=health.error_code if health else "",
        error_message=health.error_message if health else "",
        throttled_at=health.throttled_at if health else None,
        **turns_in(health.figures if health else {}),
        pass_finished_at=health.pass_finished_at if health else None,
    )


def way_in(one: Connection) -> str:
    if one.role_arn:
        return _("role %(name)s") % {"name": one.role_arn.rsplit("/", 1)[-1]}
    if one.profile:
        return _("profile %(name)s") % {"name": one.profile}
    return _("credentials of the server")


def _state(facts: ConnectionFacts, trail: Sequence[PassMark], now: datetime) -> Mark:
    state = freshness(facts=facts, now=now)
    if state in (Freshness.OK, Freshness.STALE) and is_slowed(facts=facts, now=now):
        return Mark("due", "gauge", _("Slowed by AWS"))
    if state == Freshness.OK and _usual_seconds(trail) > settings.SYNC_INTERVAL_SECONDS:
        return Mark("due", "gauge", _("Slow"))
    if state == Freshness.OK and facts.error_code:
        return Mark("due", "alert-triangle", _("Not up to date"))
    if state == Freshness.DOWN and facts.error_code in (DENIED_CODE, NotSentKind.ROLE_DENIED):
        return Mark("dying", "shield-x", _("Denied by AWS"))
    return {
        Freshness.OK: Mark("ok", "circle-check", _("Up to date")),
        Freshness.STALE: Mark("due", "alert-triangle", _("Late")),
        Freshness.DOWN: Mark("dying", "cloud-off", _("Cannot be read")),
        Freshness.NEW: Mark("wait", "hourglass", _("Not read yet")),
        Freshness.OFF: Mark("gone", "player-stop", _("Switched off")),
    }[state]


def _note(
    line: ConnectionLine, facts: ConnectionFacts, trail: Sequence[PassMark], now: datetime
) -> str:
    """What the last pass says of it; "" where all is as it should be."""
    health = line.health
    if not facts.is_enabled:
        return _("nothing is read, no answer is taken")
    if facts.error_code:
        return facts.error_message or facts.error_code
    if health is None:
        return _("no pass has begun")
    if health.pass_finished_at is None:
        return _("the first pass is under way") + _slowness(health)
    if are_passes_late(facts=facts, now=now):
        said = _("no pass has ended since %(moment)s") % {
            "moment": moment(at=health.pass_finished_at, now=now)
        }
        return said + _slowness(health)
    if line.slowed and facts.throttled_at and is_slowed(facts=facts, now=now):
        at = moment(at=facts.throttled_at, now=now)
        return _("%(apis)s, last at %(moment)s") % {"apis": ", ".join(line.slowed), "moment": at}
    return _note_of_passes(facts, health, trail, now)


def _note_of_passes(
    facts: ConnectionFacts, health: ConnectionHealth, trail: Sequence[PassMark], now: datetime
) -> str:
    """Where passes end in time."""
    usual = _usual_seconds(trail)
    if usual > settings.SYNC_INTERVAL_SECONDS:
        return _("a pass takes %(span)s") % {"span": span(usual)} + _slowness(health)
    notable = NOTABLE_TURN * settings.SYNC_INTERVAL_SECONDS
    is_reread_seldom = facts.reread_seconds >= max(notable, facts.look_seconds)
    if is_reread_seldom and is_turn_of_readings(facts=facts, now=now):
        return _rereads(facts)
    if facts.look_seconds >= notable and is_turn_of_lists(facts=facts, now=now):
        return _turns(facts, health)
    behind = health.figures.get("machines_behind")
    if isinstance(behind, int) and behind:
        return ngettext(
            "%(n)s workflow not looked at for minutes",
            "%(n)s workflows not looked at for minutes",
            behind,
        ) % {"n": whole(behind)}
    if freshness(facts=facts, now=now) == Freshness.STALE:
        return _("passes end, but what has changed is not all read")
    return ""


def _slowness(health: ConnectionHealth) -> str:
    """Whether it is AWS that a pass waits for, as the pass saw it so far."""
    seconds = health.figures.get("slowest_answer")
    if not isinstance(seconds, int | float) or seconds < SLOW_ANSWER:
        return ""
    return _(": AWS answers slowly, a call has waited %(span)s") % {"span": span(seconds)}


def _turns(facts: ConnectionFacts, health: ConnectionHealth) -> str:
    """Why a list is looked at seldom though nothing is wrong, and what would help."""
    lists = health.figures.get("lists", 0)
    rate = PART_OF_LOOKS * usual_rate(region=facts.region, operation=LIST)
    said = ngettext(
        "%(n)s list has %(rate)s calls a second for looks: it is looked at about every %(span)s.",
        "%(n)s lists share %(rate)s calls a second for looks: the quietest are looked at about "
        "every %(span)s.",
        lists,
    ) % {"n": whole(lists), "rate": f"{rate:.3g}", "span": span(facts.look_seconds)}
    return f"{said} {_('A larger SYNC_QUOTA_SHARE makes that shorter; hints from a queue help.')}"


def _rereads(facts: ConnectionFacts) -> str:
    """Why what waits was read so long ago though nothing is wrong, and what would help."""
    rate = usual_rate(region=facts.region, operation=HISTORY)
    said = _(
        "What waits is read again in turn, at %(rate)s calls a second: each run about every "
        "%(span)s. By then an answer that was given elsewhere shows, if its run goes on; one that "
        "ends the run shows with the lists. A larger SYNC_QUOTA_SHARE makes that shorter; hints "
        "from a queue help."
    )
    return said % {"rate": f"{rate:.3g}", "span": span(facts.reread_seconds)}


def _usual_seconds(trail: Sequence[PassMark]) -> float:
    """What the latest passes took, half of them less; 0 before the first."""
    latest = [one.seconds for one in trail[-PASSES_JUDGED:]]
    return statistics.median(latest) if latest else 0.0
