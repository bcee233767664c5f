"""Rights as seen in real calls: reads as counted, answers and refusals as recorded. Asks no AWS.

A right is never tried out by an answer, so what was not called yet is not known.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from callbacks.models import CallCount, Connection, ConnectionHealth, StateMachine
from callbacks.queries.spoken import Spoken, sentence_of_denial, spoken
from callbacks.stepfunctions import NotSentKind
from callbacks.stepfunctions.rights import KEY_DENIED, RIGHTS, IamRole, Right

READS_COUNT_FOR = timedelta(hours=23)
ANSWERS_COUNT_FOR = timedelta(days=30)
# A policy document has its limits, too.
MOST_KEYS = 20
DENIED_CODE = "denied"


class Verdict(StrEnum):
    ALLOWED = "allowed"
    # Some calls were denied and some were not: other resources, or the right came or went.
    PARTLY = "partly"
    DENIED = "denied"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is on record of one right. `sentence` is the latest denial that stands, in words.

    Of a read, `calls` and `denials` are those since the hour `at`; an answer has its moment only.
    """

    right: Right
    verdict: Verdict = Verdict.UNKNOWN
    at: datetime | None = None
    calls: int = 0
    denials: int = 0
    sentence: str = ""
    # The denials were for the sake of a key, and tell nothing of this right.
    is_key: bool = False


@dataclass(frozen=True, slots=True)
class RightsSeen:
    reading: tuple[Seen, ...]
    answering: tuple[Seen, ...]
    # One sentence for each key that AWS denied the use of.
    keys_denied: tuple[str, ...]
    # AWS does not let us into the connection's role, so that nothing can be called at all.
    is_role_denied: bool = False


@dataclass(frozen=True, slots=True)
class Hour:
    """The calls of one operation in one hour that AWS did not throttle."""

    operation: str
    at: datetime
    calls: int
    denials: int


@dataclass(frozen=True, slots=True)
class Place:
    """A connection with what its own rows tell; `problems` is why state machines could not be
    read."""

    connection: Connection
    health: ConnectionHealth | None
    problems: Iterable[str]


def rights_seen(*, place: Place, now: datetime) -> RightsSeen:
    """Three queries, and one more for each right of answering that is denied."""
    key = place.connection.pk
    seen = rights_of_each(places=[place], now=now)[key]
    return replace(seen, answering=tuple(_in_aws_words(key, one) for one in seen.answering))


def rights_of_each(*, places: Sequence[Place], now: datetime) -> Mapping[UUID, RightsSeen]:
    """The same of many, without what AWS said to denied answers: three queries for all of them."""
    keys = [place.connection.pk for place in places]
    hours = _hours(keys, since=now - READS_COUNT_FOR)
    said = spoken(connections=keys, since=now - ANSWERS_COUNT_FOR)
    return {
        key: _judge(place, hours[key], said[key]) for key, place in zip(keys, places, strict=True)
    }


def _judge(place: Place, hours: Sequence[Hour], said: Mapping[str, Spoken]) -> RightsSeen:
    sentences = _sentences(place.health, place.problems)
    silent_from = _silent_from(place.health)
    # While nothing comes back, a call that was counted was not answered, so not allowed.
    told = [one for one in hours if silent_from is None or one.at < silent_from or one.denials]
    return RightsSeen(
        reading=tuple(
            judge_read(right=one, hours=told, sentences=sentences) for one in _of(IamRole.READ)
        ),
        answering=tuple(
            judge_answer(right=one, spoken=said.get(one.operation, Spoken()))
            for one in _of(IamRole.ANSWER)
        ),
        keys_denied=_about_keys(sentences),
        is_role_denied=_is_role_denied(place.health),
    )


def _in_aws_words(connection: UUID, seen: Seen) -> Seen:
    if seen.verdict is not Verdict.DENIED:
        return seen
    sentence = sentence_of_denial(connection=connection, operation=seen.right.operation)
    return replace(seen, sentence=sentence)


def judge_read(*, right: Right, hours: Sequence[Hour], sentences: Sequence[str]) -> Seen:
    """Judge by the newest hour in which it was called, and by the denials that still stand."""
    sentence = next((one for one in sentences if _names(one, right)), "")
    called = [one for one in hours if one.operation == right.operation and one.calls > 0]
    if not called:
        verdict = Verdict.DENIED if sentence else Verdict.UNKNOWN
        return Seen(right=right, verdict=verdict, sentence=sentence)
    last = max(called, key=lambda one: one.at)
    # A key that was denied is counted as a denial of the call that needed it.
    is_key = right.decrypts and not sentence and bool(_about_keys(sentences))
    return Seen(
        right=right,
        verdict=_verdict(last, is_key=is_key, stands=bool(sentence)),
        at=last.at,
        calls=last.calls,
        denials=last.denials,
        sentence=sentence,
        is_key=is_key and last.denials > 0,
    )


def _verdict(last: Hour, *, is_key: bool, stands: bool) -> Verdict:
    if last.denials >= last.calls:
        return Verdict.UNKNOWN if is_key else Verdict.DENIED
    if is_key:
        return Verdict.ALLOWED
    return Verdict.PARTLY if last.denials or stands else Verdict.ALLOWED


def judge_answer(*, right: Right, spoken: Spoken) -> Seen:
    """What AWS said last counts: it took one, or it denied one."""
    if spoken.is_denied:
        return Seen(
            right=right,
            verdict=Verdict.DENIED,
            at=spoken.denied_at,
        )
    if spoken.taken_at is None:
        return Seen(right=right)
    return Seen(right=right, verdict=Verdict.ALLOWED, at=spoken.taken_at)


def known_keys(*, connection: Connection) -> tuple[str, ...]:
    """Keys of one's own that encrypt state machines there, as those name them: one query."""
    rows = StateMachine.objects.without_map_runs().filter(connection=connection, gone_at=None)
    keys = rows.exclude(kms_key="").values_list("kms_key", flat=True)
    return tuple(keys.distinct().order_by("kms_key")[:MOST_KEYS])


def _of(role: IamRole) -> list[Right]:
    return [one for one in RIGHTS if one.role is role]


def _about_keys(sentences: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in sentences if one.startswith(KEY_DENIED)))


def _names(sentence: str, right: Right) -> bool:
    return re.search(rf"\b{re.escape(right.action)}\b", sentence) is not None


def _sentences(health: ConnectionHealth | None, problems: Iterable[str]) -> tuple[str, ...]:
    of_pass = health.error_message if health and health.error_code == DENIED_CODE else ""
    return tuple(one for one in (of_pass, *problems) if one)


def _is_role_denied(health: ConnectionHealth | None) -> bool:
    if health is None or health.failing_since is None:
        return False
    return health.error_code == NotSentKind.ROLE_DENIED


def _hours(connections: Collection[UUID], *, since: datetime) -> Mapping[UUID, list[Hour]]:
    whole = since.replace(minute=0, second=0, microsecond=0)
    rows = CallCount.objects.filter(connection__in=connections, hour__gte=whole)
    found: dict[UUID, list[Hour]] = defaultdict(list)
    for key, operation, at, calls, throttles, denials in rows.values_list(
        "connection_id", "operation", "hour", "calls", "throttles", "denials"
    ):
        found[key].append(Hour(operation, at, calls - throttles, denials))
    return found


def _silent_from(health: ConnectionHealth | None) -> datetime | None:
    if health is None or health.failing_since is None or health.error_code == DENIED_CODE:
        return None
    return health.failing_since.replace(minute=0, second=0, microsecond=0)
