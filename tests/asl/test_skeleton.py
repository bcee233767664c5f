"""What is kept of a long history: enough to read on, and hardly a payload."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from typing import Any

import pytest

from callbacks.asl import skeleton as module
from callbacks.asl.definition import Definition
from callbacks.asl.history import CallbackTask, History, HistoryError, read_history
from callbacks.asl.skeleton import Skeleton, events_of, lacks_payload, skeleton_of
from tests.asl.histories import Script, aws_token, callback, machine

PARENTS = aws_token("of the parent")
PAYLOADS = {"input", "output", "parameters", "error", "cause", "assignedVariables"}
# Nothing tells where the token stands in what this gives, so that it has to be searched for.
SEARCHED = machine({"Ask": callback({"Body.$": "$$.Task.Token.unknown"})})


def kept(script: Script, definition: Definition | None = None) -> Skeleton:
    found = skeleton_of(events=script.events, history=script.read(definition))
    assert found is not None
    return found


def text_of(found: Skeleton) -> str:
    return zlib.decompress(found.packed).decode()


def read_on(script: Script, found: Skeleton, definition: Definition | None = None) -> History:
    events = [*events_of(found), *script.events[found.last_event_id :]]
    return read_history(events=events, definition=definition)


def last_task(history: History) -> CallbackTask:
    return history.tasks[-1]


def test_what_is_over_is_kept_without_payload_token_or_cause() -> None:
    script = Script(input='{"order": "first"}')
    waiting = script.wait("Ask", 0, aws_token("spent"), given='{"secret": "given"}')
    failed = script.add("TaskFailed", waiting, error="secret error", cause="secret cause")
    script.wait("Next", script.exit("Ask", failed, output='"secret output"'), aws_token("open"))

    text = text_of(kept(script))

    assert "first" in text
    assert "secret" not in text
    # Tasks that wait have theirs in their rows.
    assert aws_token("spent") not in text
    assert aws_token("open") not in text


def test_a_retry_has_the_input_with_which_its_state_was_entered() -> None:
    script = Script()
    first = script.wait("Ask", 0, aws_token("one"), given='{"order": 7}')
    found = kept(script)
    script.attempt(script.add("TaskTimedOut", first, error="States.Timeout"), aws_token("two"))

    second = last_task(read_on(script, found))

    assert (second.attempt, second.input, second.token) == (2, '{"order": 7}', aws_token("two"))


def test_a_token_that_came_with_the_execution_is_not_taken_for_a_later_tasks_own() -> None:
    script = Script(input=json.dumps({"answer": PARENTS}))
    before = script.enter("First", 0, "Pass")
    found = kept(script)
    script.wait("Ask", script.exit("First", before, "Pass"), PARENTS)

    assert last_task(read_on(script, found, SEARCHED)).token is None


def test_a_token_in_a_variable_is_not_taken_for_a_later_tasks_own() -> None:
    script = Script()
    before = script.enter("First", 0, "Pass")
    for _ in range(3):
        again = script.exit(
            "First", before, "Pass", assignedVariables={"kept": json.dumps(PARENTS)}
        )
        before = script.enter("First", again, "Pass")
    found = kept(script)
    script.wait("Ask", script.exit("First", before, "Pass"), PARENTS)

    last = last_task(read_on(script, found, SEARCHED))
    assert last.token is None
    assert dict(last.variables) == {"kept": json.dumps(PARENTS)}


def test_a_sync_task_that_was_given_its_token_is_known_by_it() -> None:
    """It has no row to remember its token, which is to be masked all the same."""
    given = {"parameters": json.dumps({"Input": {"Task": {"Token": "tok-en-of-the-run"}}})}
    script = Script()
    running = script.add(
        "TaskScheduled",
        script.enter("Run", 0),
        resourceType="states",
        resource="startExecution.sync:2",
        **given,
    )
    script.exit("Run", script.add("TaskSucceeded", running, output="{}"))

    assert read_on(script, kept(script)).tokens == ("tok-en-of-the-run",)


def test_a_state_that_was_given_up_and_goes_on_is_missed() -> None:
    script = Script()
    started = script.parallel_start("Both", 0)
    given_up = script.wait("Left", started, given='{"left": 1}')
    failed = script.add("TaskFailed", script.wait("Right", started))
    script.add("ParallelStateFailed", failed)
    found = kept(script)
    script.add("ExecutionFailed", failed)
    script.add("ExecutionRedriven", len(script.events))
    known = found.last_event_id

    assert not lacks_payload(history=read_on(script, found), events=script.events, bare_upto=known)
    script.attempt(given_up)
    events = [*events_of(found), *script.events[known:]]
    assert lacks_payload(history=read_on(script, found), events=events, bare_upto=known)


class Watched(dict[str, Any]):
    """Details that remember which of their members were read."""

    def __init__(self, members: dict[str, Any]) -> None:
        super().__init__(members)
        self.read: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        if name in self:
            self.read.add(name)
        return super().get(name, default)


def _of_every_type() -> Script:
    script = Script()
    start = script.map_start("Photos", 0, 4)
    script.iteration("Succeeded", script.iteration("Started", start, "Photos", 0), "Photos", 0)
    failed = script.iteration("Started", start, "Photos", 1)
    script.iteration("Aborted", script.iteration("Started", start, "Photos", 2), "Photos", 2)
    entered = script.enter("Call", script.iteration("Failed", failed, "Photos", 1), "Task")
    limits = {"timeoutInSeconds": 60, "heartbeatInSeconds": 5}
    script.schedule(entered, **limits)
    script.add("LambdaFunctionScheduled", entered, resource="arn:function", **limits)
    picked_up = script.add("ActivityScheduled", entered, resource="arn:activity", **limits)
    script.add("ActivityStarted", picked_up, workerName="robot 7")
    script.add("EvaluationFailed", entered, state="Call", error="E", cause="C")
    script.exit("Call", entered, assignedVariables={"kept": "1"})
    children = script.map_start("Children", script.exit("Photos", start, "Map"), 3)
    run = script.add("MapRunStarted", children, mapRunArn="arn:run")
    script.add("MapRunFailed", run)
    script.add("ExecutionFailed", run, error="E")
    redriven = script.add("ExecutionRedriven", len(script.events), redriveCount=1)
    script.add("MapRunRedriven", redriven, mapRunArn="arn:run", redriveCount=1)
    return script


def test_whatever_the_fold_reads_of_an_event_is_kept_unless_it_is_a_payload() -> None:
    script = _of_every_type()
    watched: list[Any] = [
        {name: Watched(value) if isinstance(value, dict) else value for name, value in one.items()}
        for one in script.events
    ]
    history = read_history(events=watched, definition=None)
    found = skeleton_of(events=script.events, history=history)
    assert found is not None

    for event, bare in zip(watched, events_of(found), strict=True):
        for name, details in event.items():
            if isinstance(details, Watched):
                read = details.read - PAYLOADS
                assert {one: details[one] for one in read}.items() <= bare[name].items()
    types = {event["type"] for event in watched}
    assert module._BONES.keys() <= types


def test_a_skeleton_of_a_skeleton_and_what_came_is_that_of_the_whole() -> None:
    script = Script()
    first = script.wait("Ask", 0)
    found = kept(script)
    script.enter("Next", script.exit("Ask", script.add("TaskSucceeded", first, output="1")))
    events: list[Any] = [*events_of(found), *script.events[found.last_event_id :]]

    again = skeleton_of(events=events, history=read_on(script, found))

    assert again == kept(script)


def test_none_is_kept_of_what_is_over_or_has_too_much_under_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    script = Script()
    script.wait("Ask", 0, given=json.dumps("x" * 1000))
    monkeypatch.setattr(module, "MOST_KEPT", 1000)
    assert skeleton_of(events=script.events, history=script.read()) is None

    monkeypatch.setattr(module, "MOST_KEPT", 2000)
    assert kept(script)
    script.add("ExecutionAborted", 0)
    assert skeleton_of(events=script.events, history=script.read()) is None


@pytest.mark.parametrize(
    "packed", [b"", b"no zlib", zlib.compress(b"{"), zlib.compress(b"[[1],1]")]
)
def test_one_that_cannot_be_read_says_so(packed: bytes) -> None:
    script = Script()
    with pytest.raises(HistoryError):
        events_of(replace(kept(script), packed=packed))
