"""Where a run stands in its state machine, and what lies behind a yes and behind a no.

Never a guess: what is not known is said to be unknown. The mirror knows the states that wait for
somebody, and not what a run did between them. But a state that every way leads through before a
state that was seen must have run, and one from which no way leads to where the run stands now
cannot have run yet.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from operator import and_, or_

from callbacks.asl.definition import Definition, State
from callbacks.asl.drawing import Edge, Graph, Level, Way
from callbacks.asl.forecast import Forecast, Outcome

# What catches every rejection: dg/concepts-error-handling, "Error names".
_CATCHES_ALL = frozenset({"States.ALL", "States.TaskFailed"})


class Mark(StrEnum):
    RAN = "ran"
    WAITING = "waiting"
    FAILED = "failed"
    # Something inside it waits.
    INSIDE = "inside"
    AHEAD = "ahead"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Seen:
    """States that are known to be at work, to have failed at last, or to have been left.

    `holding`: Maps of which it is only known that something waits inside, not where. `last`: the
    one that the run failed in. `is_whole`: the run entered no other state than these.
    """

    waiting: frozenset[str] = frozenset()
    holding: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()
    passed: frozenset[str] = frozenset()
    last: str = ""
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Behind:
    """What can run after an answer if nothing else fails.

    `next` is what follows a yes at once, None the end of the run or of its part. `caught` leads
    on from a no, the nearest first; without a rule for every error, `can_fail` the run.
    `sent_no`: a no is sent as an answer, and what comes of it; no rule for errors is its way.
    """

    state: str
    next: tuple[str | None, ...]
    caught: tuple[Edge, ...]
    can_fail: bool
    is_retried: bool
    yes: frozenset[str]
    no: frozenset[str]
    sent_no: Forecast | None = None


def marks_of(*, definition: Definition, graph: Graph, seen: Seen) -> Mapping[str, Mark]:
    """The mark of every state of the machine; of one too large to draw, only what was seen."""
    # An error that ended the run ended every Map and Parallel around it.
    ended = frozenset({seen.last} - {""})
    ended |= _around(definition, ended)
    entered = seen.waiting | seen.holding | seen.failed | seen.passed | ended
    marker = _Marker(
        definition=definition,
        seen=seen,
        inside=seen.holding | _around(definition, seen.waiting | seen.holding),
        ended=ended,
        entered=entered | _around(definition, entered),
        is_small=not graph.is_too_large,
    )
    marks: dict[str, Mark] = {}
    for level in graph.levels:
        around = None if level.container is None else marks[level.container]
        marks |= marker.level(level, around)
    return marks


@dataclass(frozen=True, slots=True)
class _Marker:
    definition: Definition
    seen: Seen
    # Maps and Parallels around what waits; what the run failed in and those around it; and
    # everything that was surely entered.
    inside: frozenset[str]
    ended: frozenset[str]
    entered: frozenset[str]
    is_small: bool

    def level(self, level: Level, around: Mark | None) -> Mapping[str, Mark]:
        stands = self.seen.waiting | self.inside | self.ended
        here = [name for name in level.states if name in stands]
        surely: Collection[str] = ()
        ahead: Collection[str] = ()
        if self.is_small:
            surely = _surely_before(level, [name for name in level.states if name in self.entered])
            # In a Map every item stands somewhere else.
            if here and not _is_repeated(self.definition, level):
                ahead = _never_before(level, here)
        elsewhere = set(level.states) if around is Mark.AHEAD else ahead
        return {name: self._mark(name, surely, elsewhere) for name in level.states}

    def _mark(self, name: str, surely: Collection[str], ahead: Collection[str]) -> Mark:
        if name in self.seen.waiting:
            return Mark.WAITING
        if name in self.inside:
            return Mark.INSIDE
        if name in self.seen.failed or name in self.ended:
            return Mark.FAILED
        if name in self.seen.passed or name in surely:
            return Mark.RAN
        if name in self.entered:
            return Mark.RAN if self.seen.is_whole else Mark.UNKNOWN
        is_told = self.seen.is_whole and not self._has_own_history(name)
        return Mark.AHEAD if name in ahead or is_told else Mark.UNKNOWN

    def _has_own_history(self, name: str) -> bool:
        """In the children of a distributed Map, of which the run's own history says nothing."""
        return any(one.is_distributed for one in self.definition.containers(name))


def _around(definition: Definition, names: frozenset[str]) -> frozenset[str]:
    """The Maps and Parallels around these states."""
    return frozenset(state.name for name in names for state in definition.containers(name))


def _is_repeated(definition: Definition, level: Level) -> bool:
    if level.container is None:
        return False
    around = (*definition.containers(level.container), definition.states[level.container])
    return any(container.type == "Map" for container in around)


def _surely_before(level: Level, entered: Sequence[str]) -> set[str]:
    """What every way from the start leads through before it comes to one of these."""
    bit = {name: 1 << number for number, name in enumerate(level.states)}
    through = _dominators(level, bit) if entered else {}
    surely = reduce(or_, (through[name] & ~bit[name] for name in entered), 0)
    return {name for name in level.states if bit[name] & surely}


def _dominators(level: Level, bit: Mapping[str, int]) -> Mapping[str, int]:
    """Of each state, those that every way to it leads through, itself among them.

    The plain iteration: Aho, Sethi, Ullman, "Compilers", section 10.9. Sets are numbers, with a bit
    for each state.
    """
    before = _before(level)
    reached = [name for name in level.states if name == level.start or before[name]]
    through = dict.fromkeys(level.states, (1 << len(bit)) - 1)
    through |= {name: bit[name] for name in level.states if not before[name]}
    through[level.start] = bit[level.start]
    changed = True
    while changed:
        changed = False
        for name in reached:
            if name != level.start:
                common = reduce(and_, (through[source] for source in before[name])) | bit[name]
                changed = changed or common != through[name]
                through[name] = common
    return through


def _before(level: Level) -> Mapping[str, set[str]]:
    """Where each state can be come to from; what no way leads to from the start leads nowhere."""
    before: dict[str, set[str]] = {name: set() for name in level.states}
    onward: dict[str, list[str]] = {}
    for edge in level.edges:
        if edge.target is not None:
            onward.setdefault(edge.source, []).append(edge.target)
    waiting, found = [level.start], {level.start}
    for name in waiting:
        for target in onward.get(name, ()):
            before[target].add(name)
            if target not in found:
                found.add(target)
                waiting.append(target)
    return before


def _never_before(level: Level, here: Sequence[str]) -> set[str]:
    """From where no way leads to where the run stands: it cannot have been there yet."""
    back: dict[str, list[str]] = {}
    for edge in level.edges:
        if edge.target is not None:
            back.setdefault(edge.target, []).append(edge.source)
    found = set(here)
    waiting = list(here)
    for name in waiting:
        new = [source for source in back.get(name, ()) if source not in found]
        found.update(new)
        waiting.extend(new)
    return set(level.states) - found


def behind(
    *, definition: Definition, graph: Graph, state: State, sent_no: Forecast | None = None
) -> Behind:
    """What a yes and a no to this state lead to. `sent_no`: of a no that is sent as an answer."""
    ways = _Onward(definition, graph)
    next_ = tuple(ways.after(state.name))
    if sent_no is not None:
        return _behind_answers(ways, state, next_, sent_no)
    caught, can_fail = _caught(definition, graph, state)
    return Behind(
        state=state.name,
        next=next_ or (None,),
        caught=caught,
        can_fail=can_fail,
        is_retried=bool(state.retry),
        yes=ways.reach(next_),
        no=ways.reach(edge.target for edge in caught if edge.target is not None),
    )


def _behind_answers(
    ways: _Onward, state: State, next_: tuple[str | None, ...], sent_no: Forecast
) -> Behind:
    """Where a no goes the way of an answer: its own, as far as that was forecast."""
    yes = no = ways.reach([name for name in next_ if name is not None])
    if sent_no.outcome is not Outcome.UNKNOWN:
        no = ways.reach(_first_behind(ways, sent_no)) | frozenset(sent_no.passed)
    return Behind(
        state=state.name,
        next=next_ or (None,),
        caught=(),
        can_fail=False,
        is_retried=bool(state.retry),
        yes=yes,
        no=no,
        sent_no=sent_no,
    )


def _first_behind(ways: _Onward, sent_no: Forecast) -> list[str]:
    """Where the forecast ends and the run goes on."""
    if sent_no.arrives_at is not None:
        return [sent_no.arrives_at]
    is_caught = sent_no.is_caught_around or (sent_no.caught_to and not sent_no.passed)
    if is_caught and sent_no.caught_to is not None:
        return [sent_no.caught_to]
    # A branch or an item is over: what is around it goes on.
    is_part = sent_no.outcome is Outcome.CONTINUES
    return list(ways.after(sent_no.ends)) if is_part else []


def _caught(definition: Definition, graph: Graph, state: State) -> tuple[tuple[Edge, ...], bool]:
    caught: list[Edge] = []
    for around in (state, *reversed(definition.containers(state.name))):
        level = graph.level_of(around)
        rules = [e for e in level.edges if e.source == around.name and e.way is Way.CATCH]
        caught.extend(rules)
        if any(_CATCHES_ALL.intersection(edge.labels) for edge in rules):
            return tuple(caught), False
    return tuple(caught), True


class _Onward:
    """The ways on if nothing fails; out of a part that ends, on behind what is around it."""

    def __init__(self, definition: Definition, graph: Graph) -> None:
        self._definition = definition
        self._inside: dict[str, list[str]] = {}
        self._onward: dict[str, list[Edge]] = {}
        for level in graph.levels:
            if level.container is not None and level.start:
                self._inside.setdefault(level.container, []).append(level.start)
            for edge in level.edges:
                if edge.way is not Way.CATCH:
                    self._onward.setdefault(edge.source, []).append(edge)

    def after(self, name: str) -> Iterator[str]:
        """What can come next once this state is over."""
        state = self._definition.states[name]
        for one in (state, *reversed(self._definition.containers(name))):
            edges = self._onward.get(one.name, ())
            yield from (edge.target for edge in edges if edge.target is not None)
            if not any(edge.target is None for edge in edges):
                return

    def reach(self, begin: Iterator[str] | Sequence[str]) -> frozenset[str]:
        found: dict[str, None] = {}
        waiting = list(begin)
        for name in waiting:
            if name not in found:
                found[name] = None
                waiting.extend(self._inside.get(name, ()))
                waiting.extend(self.after(name))
        return frozenset(found)
