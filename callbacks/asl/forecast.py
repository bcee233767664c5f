"""What an answer would do to the execution, before it is sent.

Follows the answer through the state that waits and on through states that do nothing by
themselves, up to the next one that does something or to an end. It never guesses: where something
is not known the verdict is UNKNOWN, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from callbacks.asl.dataflow import Exit, Visit, exit_by_catch, exit_with_result, failure_of, pass_on
from callbacks.asl.definition import Catcher, Definition, Retrier, State
from callbacks.asl.failure import Retried, caught, matching, retried
from callbacks.asl.handing import HandedOn, handed_on
from callbacks.asl.language.values import (
    DATA_LIMIT,
    INTRINSIC_FAILURE,
    NO_CHOICE,
    QUERY_FAILURE,
    RUNTIME,
    CannotPredict,
    Json,
    StateFails,
)
from callbacks.asl.sizes import LargePart, largest_parts
from callbacks.asl.tolerance import EXCEEDED, EXCEEDED_CAUSE

# A cycle of states that do nothing goes on until the history is full.
_MOST_STEPS = 100
_SIMPLE = ("Pass", "Choice", "Succeed")
# Before the causes of these AWS says where it happened (recorded).
_LOCATED = (RUNTIME, QUERY_FAILURE, INTRINSIC_FAILURE, NO_CHOICE)


class Verdict(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FATAL = "fatal"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    CONTINUES = "continues"
    RETRIED = "retried"
    CAUGHT = "caught"
    FAILS = "execution_fails"
    SUCCEEDS = "execution_succeeds"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Failure:
    """An error on the way: in which state, at which of its fields and paths."""

    state: str
    error: str | None
    cause: str | None = field(repr=False)
    field: str = ""
    path: str = ""
    # The cause is not to the letter what AWS would say.
    is_cut: bool = False
    # Of what is too large: what makes it so.
    parts: tuple[LargePart, ...] = ()


@dataclass(frozen=True, slots=True)
class Forecast:
    """`output` is what the waiting state hands on (or its catcher), None with `has_output` False.

    `next`: the state that follows at once. `passed`: those gone through on the way, in order.
    `arrives_at`: the one that then does something, with `arrives_with` as its input; None where the
    branch or the execution ends before, with `arrives_with` as its output.
    """

    verdict: Verdict
    outcome: Outcome
    has_output: bool = False
    output: Json = field(default=None, repr=False)
    next: str | None = None
    passed: tuple[str, ...] = ()
    arrives_at: str | None = None
    arrives_with: Json = field(default=None, repr=False)
    # What ends with it: "execution", or the Map or Parallel whose iteration or branch it is.
    ends: str = ""
    failure: Failure | None = None
    retry: Retried | None = None
    # The state whose Retry or Catch takes the failure, and where that Catch leads.
    taken_by: str = ""
    caught_to: str | None = None
    unknown: str = ""
    # What `output` is to the answer, and where in the state's input it was put.
    handed_on: HandedOn = HandedOn.RESULT
    placed_at: str = ""
    # It arrives at the very state that waits.
    comes_back: bool = False

    @property
    def is_caught_around(self) -> bool:
        """By a Map or Parallel, which ends with it; `passed` lies before that."""
        return self.outcome is Outcome.CAUGHT and self.ends == self.taken_by


def forecast_success(
    *, definition: Definition, visit: Visit, result: Json, errors_before: Sequence[str | None] = ()
) -> Forecast:
    """What SendTaskSuccess with this output would do."""
    course = _Course(definition, visit, errors_before)
    try:
        found = exit_with_result(visit, result)
    except StateFails as exc:
        return _graver(course.fail(visit, _failure(visit, exc)))
    except CannotPredict as exc:
        return _unknown(str(exc))
    went_on = course.go_on(found)
    return replace(
        went_on,
        handed_on=handed_on(visit.state),
        placed_at=visit.state.result_path or "",
        comes_back=went_on.arrives_at == visit.state.name,
    )


def forecast_failure(
    *,
    definition: Definition,
    visit: Visit,
    error: str | None,
    cause: str | None,
    errors_before: Sequence[str | None] = (),
) -> Forecast:
    """What SendTaskFailure with this error and cause would do."""
    course = _Course(definition, visit, errors_before)
    found = course.fail(visit, Failure(visit.state.name, error, cause))
    # To end the run is what a rejection may mean; fatal is an approval that does.
    return replace(found, verdict=Verdict.WARNING) if found.verdict == Verdict.FATAL else found


@dataclass(frozen=True)
class _Course:
    definition: Definition
    start: Visit
    errors_before: Sequence[str | None]

    def go_on(self, first: Exit) -> Forecast:
        """From an exit on, up to a state that does something, or an end."""
        visit, found = self.start, first
        base = Forecast(
            Verdict.OK, Outcome.CONTINUES, has_output=True, output=first.output, next=first.next
        )
        passed: list[str] = []
        while found.next is not None:
            state = self.definition.state(found.next)
            if state is None:
                return _unsure(base, f"the workflow has no step {found.next}")
            if len(passed) >= _MOST_STEPS:
                reason = f"it goes through more than {_MOST_STEPS} steps, perhaps round and round"
                return _unsure(replace(base, passed=tuple(passed)), reason)
            visit = _following(visit, state, found)
            if state.type == "Fail":
                return self._ends_in(visit, replace(base, passed=(*passed, state.name)))
            if state.type not in _SIMPLE:
                return replace(
                    base,
                    passed=tuple(passed),
                    arrives_at=state.name,
                    arrives_with=visit.input,
                )
            try:
                found = pass_on(visit)
            except StateFails as exc:
                end = _graver(self.fail(visit, _failure(visit, exc)))
                return _behind(end, replace(base, passed=tuple(passed)))
            except CannotPredict as exc:
                return _unsure(replace(base, passed=tuple(passed)), str(exc))
            passed.append(state.name)
        last = replace(base, passed=tuple(passed), arrives_with=found.output)
        return self._ends(visit.state, last)

    def _ends(self, state: State, base: Forecast) -> Forecast:
        """Behind the last state of the execution, or of a branch or iteration."""
        base = replace(base, ends=state.container or "execution")
        if state.container is None:
            return replace(base, outcome=Outcome.SUCCEEDS)
        around = self.definition.containers(state.name)
        shaping = next(filter(_makes_something, around), None)
        if shaping is not None:
            return _unsure(base, f"what {shaping.name} makes of it depends on its other parts")
        return base

    def _ends_in(self, visit: Visit, base: Forecast) -> Forecast:
        """A Fail state, which the workflow's author put there."""
        try:
            error, cause = failure_of(visit)
        except StateFails as exc:
            error, cause = exc.error, exc.cause
        except CannotPredict as exc:
            return _unsure(base, str(exc))
        end = self.fail(visit, Failure(visit.state.name, error, cause))
        return _behind(end, base)

    def fail(self, visit: Visit, failure: Failure) -> Forecast:
        """Retry, else Catch, else the level around, up to the execution."""
        before = self.errors_before if visit is self.start else ()
        try:
            _check_size(visit.state, failure)
            again = retried(visit.state, failure.error, before)
            if again is not None:
                return Forecast(
                    Verdict.WARNING,
                    Outcome.RETRIED,
                    failure=failure,
                    retry=again,
                    next=visit.state.name,
                    taken_by=visit.state.name,
                )
            index = caught(visit.state, failure.error)
            if index is not None:
                return self._caught(visit, index, failure)
            return _fail_around(self.definition, visit.state, failure)
        except CannotPredict as exc:
            return replace(_unknown(str(exc)), failure=failure)

    def _caught(self, visit: Visit, index: int, failure: Failure) -> Forecast:
        if failure.is_cut:
            # What the catcher hands on has the cause in it, so only its target is known.
            return Forecast(
                Verdict.WARNING,
                Outcome.CAUGHT,
                next=visit.state.catch[index].next,
                failure=failure,
                taken_by=visit.state.name,
                caught_to=visit.state.catch[index].next,
            )
        try:
            found = exit_by_catch(visit, index, failure.error, failure.cause)
        except StateFails as exc:
            # What a catcher stumbles over is not caught again.
            return _fail_around(self.definition, visit.state, _failure(visit, exc))
        on = _Course(self.definition, visit, ()).go_on(found)
        if on.outcome not in (Outcome.CONTINUES, Outcome.SUCCEEDS):
            return replace(on, taken_by=visit.state.name)
        # Where the way ends right behind, it is still the catcher that took it.
        return replace(
            on,
            outcome=Outcome.CAUGHT,
            failure=failure,
            taken_by=visit.state.name,
            caught_to=visit.state.catch[index].next,
        )


def forecast_failed_map(*, definition: Definition, state: State) -> Forecast:
    """What follows where a distributed Map of this definition has too many failed items."""
    failure = Failure(state.name, EXCEEDED, EXCEEDED_CAUSE)
    try:
        return _taken_up(definition, state, failure)
    except CannotPredict as exc:
        return replace(_unknown(str(exc)), failure=failure)


def _fail_around(definition: Definition, state: State, failure: Failure) -> Forecast:
    """The branch or iteration fails, and with it the Map or Parallel around it."""
    if state.container is None:
        return Forecast(Verdict.WARNING, Outcome.FAILS, failure=failure, ends="execution")
    around = definition.states[state.container]
    if around.is_distributed:
        raise CannotPredict(f"the Map {around.name} may tolerate some failures")
    return _taken_up(definition, around, failure)


def _taken_up(definition: Definition, around: State, failure: Failure) -> Forecast:
    """By a rule of this Map or Parallel, else by what is around it."""
    rule = matching(around.retry, failure.error)
    if rule is not None and around.retry[rule].max_attempts > 0:
        raise CannotPredict(
            f"the Retry of {around.name} takes it if it is not used up, and runs all of it anew"
        )
    index = caught(around, failure.error)
    if index is None:
        return _fail_around(definition, around, failure)
    following = around.catch[index].next
    return Forecast(
        Verdict.WARNING,
        Outcome.CAUGHT,
        failure=failure,
        taken_by=around.name,
        next=following,
        caught_to=following,
        ends=around.name,
    )


def _unknown(reason: str) -> Forecast:
    return Forecast(Verdict.UNKNOWN, Outcome.UNKNOWN, unknown=reason)


def _check_size(state: State, failure: Failure) -> None:
    """Raise CannotPredict where a rule would take that a state hands on too much.

    The documentation calls that terminal; recordings show it caught only where the work itself
    gave too much.
    """
    if failure.error == DATA_LIMIT and failure.field == "output":
        rules: list[Retrier | Catcher] = [*state.retry, *state.catch]
        if matching(rules, failure.error) is not None:
            raise CannotPredict("whether a rule takes an output that is too large")


def _makes_something(container: State) -> bool:
    """Whether a Map or Parallel does more with the results of its parts than to hand them on."""
    fields = ("ResultSelector", "Output", "Assign")
    is_placed = container.result_path != "$" or container.output_path != "$"
    return is_placed or any(name in container.raw for name in fields)


def _unsure(base: Forecast, reason: str) -> Forecast:
    return replace(base, verdict=Verdict.UNKNOWN, outcome=Outcome.UNKNOWN, unknown=reason)


def _behind(end: Forecast, way: Forecast) -> Forecast:
    """An end that is met on the way: what was handed on, and through which states, stays told."""
    return replace(end, has_output=True, output=way.output, next=way.next, passed=way.passed)


def _graver(found: Forecast) -> Forecast:
    """An approval that the state stumbles over is never OK; where nothing takes it up it kills."""
    if found.outcome == Outcome.FAILS:
        return replace(found, verdict=Verdict.FATAL)
    return replace(found, verdict=Verdict.WARNING) if found.verdict == Verdict.OK else found


def _failure(visit: Visit, exc: StateFails) -> Failure:
    cause, number = exc.cause, visit.entered_event_id
    if exc.error in _LOCATED and number is not None:
        cause = (
            f"An error occurred while executing the state '{visit.state.name}'"
            f" (entered at the event id #{number}). {cause}"
        )
    is_cut = not exc.is_verbatim or (exc.error in _LOCATED and number is None)
    parts = largest_parts(exc.value) if exc.value is not None else ()
    return Failure(visit.state.name, exc.error, cause, exc.field, exc.path, is_cut, parts)


def _following(before: Visit, state: State, found: Exit) -> Visit:
    """The next state's visit: what the context object says of a state is not known yet."""
    context: Mapping[str, Json] = {
        key: value for key, value in before.context.items() if key not in ("State", "Task")
    }
    return Visit(
        state=state,
        input=found.output,
        context={**context, "State": {"Name": state.name}},
        variables={**before.variables, **found.assigned},
        is_complete=False,
    )
