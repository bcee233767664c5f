"""How old the data of a connection is, and what that means for the person: pure judgement."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from callbacks.queries.connections import THROTTLE_COUNTS_FOR
from callbacks.queries.frame import ConnectionFacts
from callbacks.sync.schedule import LONGEST_UNSEEN
from callbacks.sync.trouble import KEY_OFF
from callbacks.templatetags.words import age, moment, stamp
from callbacks.views.off_words import how_to_switch_on

# What a pass itself may take before its connection is called late.
PASS_MAY_TAKE = timedelta(seconds=10)
# A list has its turn in a whole pass, and others may be more urgent: so many times what is planned.
TURN_MAY_TAKE = 1.5


# How sentences about what is missing begin, before they say on what and to whom.
_PLAIN = re.compile(
    rf"(?:[\d,]+ runs? cannot be read: )?AWS denied \w+:\w+(?: and \w+:\w+)?|{KEY_OFF}"
)


class Freshness(StrEnum):
    OK = "ok"
    STALE = "stale"
    DOWN = "down"
    # Not read yet, or switched off: nothing is claimed.
    NEW = "new"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Banner:
    """One line over the page; `kind` is the stylesheet's: stale, down or "" for information."""

    kind: str
    icon: str
    title: str
    text: str
    note: str = ""
    url: str = ""
    label: str = ""


def passes_stale_after() -> timedelta:
    """Three passes that did not complete are late."""
    return timedelta(seconds=3 * settings.SYNC_INTERVAL_SECONDS) + PASS_MAY_TAKE


def stale_after(facts: ConnectionFacts) -> timedelta:
    """From that age on no green tick is shown: all had their turn by then, as the share goes.

    Beyond what the scheduler aims at, the share is too small for so much, and that is late.
    Passes themselves have no such time (`are_passes_late`).
    """
    longest = max(facts.look_seconds, facts.reread_seconds)
    turn = min(timedelta(seconds=longest), LONGEST_UNSEEN)
    return max(passes_stale_after(), TURN_MAY_TAKE * turn)


def is_turn_of_lists(*, facts: ConnectionFacts, now: datetime) -> bool:
    """Whether that lists have their turn so seldom is reason enough for the age of the data."""
    turn = TURN_MAY_TAKE * timedelta(seconds=facts.look_seconds)
    enough = max(turn, stale_after(facts))
    return facts.read_ok_at is not None and now - facts.read_ok_at <= enough


def is_turn_of_readings(*, facts: ConnectionFacts, now: datetime) -> bool:
    """Whether nothing is amiss: what waits is read again in turn, and it is much that waits."""
    enough = TURN_MAY_TAKE * timedelta(seconds=facts.reread_seconds) + passes_stale_after()
    is_turn = facts.read_ok_at is not None and now - facts.read_ok_at <= enough
    return is_turn and facts.reread_seconds > 0 and not are_passes_late(facts=facts, now=now)


def are_passes_late(*, facts: ConnectionFacts, now: datetime) -> bool:
    """Whether none has ended for so long that what the last one told no longer holds."""
    ended = facts.pass_finished_at
    return ended is not None and now - ended > passes_stale_after()


def silent_after() -> timedelta:
    """The worker writes a pulse with each message of beat's; some that did not come are silence."""
    return timedelta(seconds=settings.SILENT_SECONDS)


def freshness(*, facts: ConnectionFacts, now: datetime) -> Freshness:
    if not facts.is_enabled:
        return Freshness.OFF
    if facts.failing_since is not None:
        return Freshness.DOWN
    if facts.read_ok_at is None:
        return Freshness.NEW
    is_old = now - facts.read_ok_at > stale_after(facts)
    return Freshness.STALE if is_old or are_passes_late(facts=facts, now=now) else Freshness.OK


def is_slowed(*, facts: ConnectionFacts, now: datetime) -> bool:
    """Whether AWS has throttled us lately."""
    return facts.throttled_at is not None and now - facts.throttled_at < THROTTLE_COUNTS_FOR


def age_line(*, facts: ConnectionFacts, now: datetime) -> dict[str, str]:
    """One line of "age of what you see"; the frame knows the states ok, stale and down.

    `since` is for the script of an open page, which lets the age grow; "" where there is none.
    """
    state = freshness(facts=facts, now=now)
    if facts.read_ok_at is not None:
        text, since = age(since=facts.read_ok_at, now=now), stamp(facts.read_ok_at)
    else:
        text, since = _("not read yet"), ""
    if state == Freshness.OFF:
        text, since = _("off"), ""
    shown = state if state in (Freshness.OK, Freshness.DOWN) else Freshness.STALE
    return {"name": facts.label, "age": text, "since": since, "state": shown.value}


def banners(
    *,
    connections: Iterable[ConnectionFacts],
    last_pulse: datetime | None,
    may_open: bool,
    now: datetime,
) -> list[Banner]:
    """What somebody must know before they trust the page; at most one line per connection.

    Only those who `may_open` a connection's page get its address, and read what roles, keys and
    state machines a denial names.
    """
    lines = [(facts, _connection_banner(facts, now)) for facts in connections]
    found = [
        line if may_open else replace(line, note=plain_cause(facts), url="", label="")
        for facts, line in lines
        if line is not None
    ]
    if last_pulse is not None and now - last_pulse > silent_after():
        return [_silence(last_pulse, now), *found]
    return found


def _connection_banner(facts: ConnectionFacts, now: datetime) -> Banner | None:
    state = freshness(facts=facts, now=now)
    if state == Freshness.DOWN and facts.failing_since is not None:
        return _unreachable(facts, facts.failing_since, now)
    if state == Freshness.STALE and is_turn_of_readings(facts=facts, now=now):
        # For as long as so much waits: the age says it, and whoever opens a request has it read.
        return None
    if state == Freshness.STALE and facts.read_ok_at is not None:
        return _late(facts, facts.read_ok_at, now)
    return _switched_off(facts) if state == Freshness.OFF else None


def _switched_off(facts: ConnectionFacts) -> Banner:
    return Banner(
        kind="",
        icon="player-stop",
        title=_("%(name)s is switched off.") % {"name": facts.label},
        text=f"{_('Nothing is read of it or sent over it.')} {how_to_switch_on(facts.name)}",
        url=_place(facts),
        label=_("The connection"),
    )


def _unreachable(facts: ConnectionFacts, since: datetime, now: datetime) -> Banner:
    return Banner(
        kind="down",
        icon="cloud-off",
        title=_("%(name)s cannot be read since %(moment)s (%(age)s).")
        % {
            "name": facts.label,
            "moment": moment(at=since, now=now),
            "age": age(since=since, now=now),
        },
        text=_(
            "You can read and prepare answers. What you see of it may have changed since, and an "
            "answer may not get through."
        ),
        note=cause(facts),
        url=_place(facts),
        label=_("What is wrong"),
    )


def _late(facts: ConnectionFacts, read_ok_at: datetime, now: datetime) -> Banner:
    slowed = _("AWS slows us down.") + " " if is_slowed(facts=facts, now=now) else ""
    return Banner(
        kind="stale",
        icon="alert-triangle",
        title=_("%(name)s was read %(age)s ago.")
        % {"name": facts.label, "age": age(since=read_ok_at, now=now)},
        text=slowed + _("Its requests may be answered already, and new ones are not here yet."),
        note=cause(facts),
        url=_place(facts),
        label=_("Why"),
    )


def _silence(last_pulse: datetime, now: datetime) -> Banner:
    return Banner(
        kind="down",
        icon="clock-off",
        title=_("Holdpoint's worker has been silent for %(age)s.")
        % {"age": age(since=last_pulse, now=now)},
        text=_("Nothing is read and no answer is sent until it runs again. Answers are kept."),
    )


def cause(facts: ConnectionFacts) -> str:
    """AWS's code and message, as they came; a code stays visible also where we know no word."""
    return " · ".join(part for part in (facts.error_code, facts.error_message) if part)


def plain_cause(facts: ConnectionFacts) -> str:
    """The same without what it is about: which action was denied, but not on what nor to whom."""
    plain = _PLAIN.match(facts.error_message)
    if plain is not None:
        return cause(replace(facts, error_message=f"{plain[0]}."))
    # No other sentence of ours names anything; one that did is better not shown.
    return facts.error_code if "arn:" in facts.error_message else cause(facts)


def _place(facts: ConnectionFacts) -> str:
    return reverse("connection", args=[facts.id])
