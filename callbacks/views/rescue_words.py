"""An operator's ways out in words: what each does, what it loses, and why it is off."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callbacks.asl.deadline import HEARTBEAT, after_beat
from callbacks.models import CallbackTask, Connection, Definition, Execution, User
from callbacks.rescue import rules
from callbacks.rescue.ask import MAY_RESCUE, losses_of, run_facts, why_no_heartbeat
from callbacks.rescue.recording import Losses
from callbacks.rescue.rules import Why
from callbacks.templatetags.words import moment, span, utc_time
from callbacks.views.off_words import nothing_is_sent
from callbacks.views.places import heartbeat_door, redrive_page, stop_page


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """One way out. `why_off` is "" where it can be taken."""

    kind: str
    icon: str
    title: str
    verb: str
    url: str
    effects: Sequence[str]
    why_off: str = ""
    # What is typed to confirm, "" where nothing is.
    last_part: str = ""
    action_id: uuid.UUID = field(default_factory=uuid.uuid4)


def exits_context(
    *, execution: Execution, user: User, now: datetime, task: CallbackTask | None = None
) -> dict[str, Any]:
    """What templates/parts/rescue.html#exits takes; two queries, and none for other roles."""
    if not user.roles & MAY_RESCUE:
        return {"exits": ()}
    beat = (heartbeat_exit(task, now),) if task is not None else ()
    ways = (*beat, stop_exit(execution), redrive_exit(execution, now))
    # Nothing is typed into a dialog before it opens.
    return {"exits": ways, "typed": {}, "errors": {}}


def heartbeat_exit(task: CallbackTask, now: datetime) -> Exit:
    why = why_no_heartbeat(task)
    return Exit(
        kind="heartbeat",
        icon="heartbeat",
        title=_("Keep alive"),
        verb=_("Send one heartbeat"),
        url=heartbeat_door(task.pk),
        effects=_heartbeat_effects(task, now) if why is None else (),
        why_off=why_words(why, task.connection),
    )


def _heartbeat_effects(task: CallbackTask, now: datetime) -> tuple[str, ...]:
    seconds = task.heartbeat_seconds
    if seconds is None:
        return (_("Starts the heartbeat clock anew, if the state has one: that cannot be seen."),)
    if task.deadline_reason != HEARTBEAT:
        return (_("Starts the heartbeat clock anew; another limit ends this wait first."),)
    until = after_beat(
        earliest=task.dies_earliest,
        latest=task.dies_latest,
        heartbeat_seconds=seconds,
        beat_at=now,
    )
    words = {"span": span(seconds), "until": moment(at=until, now=now)}
    return (
        _("Starts the heartbeat clock of %(span)s anew: the task then lives until %(until)s.")
        % words,
        _("Its other limits stay, and a worker that has died stays dead."),
    )


def stop_exit(execution: Execution) -> Exit:
    why = rules.why_no_stop(run_facts(execution))
    losses = losses_of(execution) if why is None else Losses(0, 0)
    return Exit(
        kind="stop",
        icon="player-stop",
        title=_("Stop the run"),
        verb=_("Stop this run"),
        url=stop_page(execution.pk),
        effects=tuple(_stop_effects(losses, execution.definition)) if why is None else (),
        why_off=why_words(why, execution.connection),
        last_part=rules.last_part(execution.name) if losses.needs_name else "",
    )


def _stop_effects(losses: Losses, definition: Definition | None) -> list[str]:
    waiting = losses.waiting_tasks
    effects = [_("The run ends as ABORTED. No Retry and no Catch takes it.")]
    if waiting:
        effects.append(
            ngettext(
                "%(n)d task waits in it: nobody can answer it any more.",
                "%(n)d tasks wait in it: nobody can answer them any more.",
                waiting,
            )
            % {"n": waiting}
        )
    else:
        effects.append(_("No task of it waits, as far as it is read."))
    if definition is not None and rules.watches_runs(definition.text):
        # Not counted: by which run another one was started is only what its own input says.
        effects.append(_("Runs that it started and waits for are stopped, with what waits there."))
    if losses.live_answers:
        effects.append(
            ngettext(
                "%(n)d answer from here is under way and may be lost.",
                "%(n)d answers from here are under way and may be lost.",
                losses.live_answers,
            )
            % {"n": losses.live_answers}
        )
    effects.append(_("Workers that are at it already are not told."))
    return effects


def redrive_exit(execution: Execution, now: datetime) -> Exit:
    why = rules.why_no_redrive(run_facts(execution), now=now)
    effects: tuple[str, ...] = ()
    if why is None:
        effects = (
            _("The run goes on where it failed, with the input and definition that it had."),
            _("What succeeded is not done again; what waited waits anew, with a new token."),
        )
        if execution.stopped_at is not None:
            until = execution.stopped_at + rules.REDRIVE_WINDOW
            words = _("AWS allows it until %(until)s, 14 days after the end.")
            effects = (*effects, words % {"until": f"{utc_time(until)} UTC"})
    return Exit(
        kind="redrive",
        icon="repeat",
        title=_("Redrive the run"),
        verb=_("Redrive this run"),
        url=redrive_page(execution.pk),
        effects=effects,
        why_off=why_words(why, execution.connection),
    )


_WHY: Mapping[str, Callable[[], str]] = {
    Why.TASK_OVER: lambda: _("This task no longer waits."),
    Why.RUNS_ITSELF: lambda: _(
        "A job runs, and the workflow waits for its end, not for a heartbeat."
    ),
    Why.NO_HEARTBEAT: lambda: _(
        "The state has no HeartbeatSeconds, so a heartbeat would change nothing."
    ),
    Why.NO_TOKEN: lambda: _("The task's token is not known here, and a heartbeat needs it."),
    Why.RUN_OVER: lambda: _("The run is over already."),
    Why.EXPRESS: lambda: _("AWS offers this for Standard workflows only, and this is Express."),
    Why.STILL_RUNNING: lambda: _("The run still goes on; only a failed one can be redriven."),
    Why.SUCCEEDED: lambda: _("The run succeeded; only a failed one can be redriven."),
    Why.FORGOTTEN: lambda: _("AWS no longer knows this run."),
    Why.TOO_OLD: lambda: _("The run ended more than 14 days ago; AWS redrives none so old."),
    Why.TOO_LONG: lambda: _("The run's history is too long: AWS redrives none of 24,999 events."),
    Why.BY_MAP_RUN: lambda: _(
        "The run is the child of a distributed Map: redrive the parent instead."
    ),
    Why.UNREAD: lambda: _("Only a token of this run was handed over; the run itself is not known."),
    Why.NOT_REDRIVABLE: lambda: _("AWS does not redrive this run."),
}


def why_words(why: str | None, connection: Connection) -> str:
    if why == Why.CONNECTION_OFF:
        return nothing_is_sent(connection.name)
    return _WHY[why]() if why else ""
