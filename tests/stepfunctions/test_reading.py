"""What reading asks for, what it makes of the answers, and what it refuses to believe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from callbacks.stepfunctions import (
    Access,
    IncompleteAnswer,
    NotFound,
    PageExpired,
    Reader,
)
from callbacks.stepfunctions.clients import READING, client_for

META = {"RequestId": "r-1"}
MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:Order"
EXECUTION = "arn:aws:states:eu-west-1:123456789012:execution:Order:o-1"
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)

Answers = Callable[..., None]


@pytest.fixture
def stub() -> Iterator[Stubber]:
    access = Access(region="eu-west-1", endpoint_url="http://127.0.0.1:1")
    with Stubber(client_for(access=access, behaviour=READING)) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def reader(stub: Stubber) -> Reader:
    return Reader(access=Access(region="eu-west-1"), client=stub.client)


def answer(**body: Any) -> dict[str, Any]:
    return {**body, "ResponseMetadata": META}


def event(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "previousEventId": number - 1,
        "type": "PassStateEntered",
        "timestamp": NOON,
    }


def execution(name: str) -> dict[str, Any]:
    return {
        "executionArn": f"{EXECUTION}{name}",
        "stateMachineArn": MACHINE,
        "name": name,
        "status": "RUNNING",
        "startDate": NOON,
    }


def test_state_machines_come_from_all_pages(stub: Stubber, reader: Reader) -> None:
    machine = {
        "stateMachineArn": MACHINE,
        "name": "Order",
        "type": "STANDARD",
        "creationDate": NOON,
    }
    stub.add_response(
        "list_state_machines",
        answer(stateMachines=[machine], nextToken="n"),
        {"maxResults": 1000},
    )
    stub.add_response(
        "list_state_machines",
        answer(stateMachines=[{**machine, "name": "Refund"}]),
        {"maxResults": 1000, "nextToken": "n"},
    )
    assert [one.name for one in reader.list_state_machines()] == ["Order", "Refund"]


def test_one_state_machine_costs_one_short_call(stub: Stubber, reader: Reader) -> None:
    machine = {
        "stateMachineArn": MACHINE,
        "name": "Order",
        "type": "STANDARD",
        "creationDate": NOON,
    }
    more = answer(stateMachines=[machine], nextToken="n")
    for body in (more, answer(stateMachines=[])):
        stub.add_response("list_state_machines", body, {"maxResults": 1})
    found = reader.first_state_machine()
    assert found is not None
    assert found.name == "Order"
    assert reader.first_state_machine() is None


def test_a_definition_comes_with_its_revision(stub: Stubber, reader: Reader) -> None:
    body = answer(
        stateMachineArn=MACHINE,
        name="Order",
        definition='{"StartAt": "A"}',
        roleArn="arn:aws:iam::123456789012:role/r",
        type="STANDARD",
        creationDate=NOON,
        revisionId="rev-2",
    )
    stub.add_response("describe_state_machine", body, {"stateMachineArn": MACHINE})
    detail = reader.describe_state_machine(arn=MACHINE)
    assert (detail.revision_id, detail.definition) == ("rev-2", '{"StartAt": "A"}')
    assert "StartAt" not in repr(detail)


def test_the_definition_of_an_execution_may_come_without_type(
    stub: Stubber, reader: Reader
) -> None:
    body = answer(
        stateMachineArn=MACHINE,
        name="Order",
        definition="{}",
        roleArn="arn:aws:iam::123456789012:role/r",
        updateDate=NOON,
    )
    stub.add_response("describe_state_machine_for_execution", body, {"executionArn": EXECUTION})
    detail = reader.describe_state_machine_for_execution(execution_arn=EXECUTION)
    assert (detail.type, detail.updated_at) == (None, NOON)


def test_running_executions_come_from_all_pages(stub: Stubber, reader: Reader) -> None:
    asked = {"stateMachineArn": MACHINE, "statusFilter": "RUNNING", "maxResults": 1000}
    pages = [
        answer(executions=[execution("b")], nextToken="n"),
        answer(executions=[execution("a")]),
    ]
    stub.add_response("list_executions", pages[0], asked)
    stub.add_response("list_executions", pages[1], {**asked, "nextToken": "n"})
    listed = reader.list_executions(state_machine_arn=MACHINE)
    assert [(one.name, one.status, one.started_at) for one in listed] == [
        ("b", "RUNNING", NOON),
        ("a", "RUNNING", NOON),
    ]


def test_no_executions_is_an_answer_too(stub: Stubber, reader: Reader) -> None:
    stub.add_response("list_executions", answer(executions=[]))
    assert list(reader.list_executions(state_machine_arn=MACHINE)) == []


def test_an_execution_that_slid_onto_the_next_page_counts_once(
    stub: Stubber, reader: Reader
) -> None:
    first = [execution("b"), execution("a")]
    stub.add_response("list_executions", answer(executions=first, nextToken="n"))
    stub.add_response("list_executions", answer(executions=[execution("a")]))
    listed = reader.list_executions(state_machine_arn=MACHINE)
    assert [one.name for one in listed] == ["b", "a"]


def test_a_listing_whose_page_token_expired_starts_over(stub: Stubber, reader: Reader) -> None:
    stub.add_response("list_executions", answer(executions=[execution("old")], nextToken="n"))
    stub.add_client_error("list_executions", "InvalidToken", "expired", 400, response_meta=META)
    stub.add_response("list_executions", answer(executions=[execution("new")]))
    listed = reader.list_executions(state_machine_arn=MACHINE)
    assert [one.name for one in listed] == ["new"]


def test_a_listing_that_never_gets_through_raises(stub: Stubber, reader: Reader) -> None:
    for _ in range(2):
        stub.add_response("list_executions", answer(executions=[], nextToken="n"))
        stub.add_client_error("list_executions", "InvalidToken", "expired", 400, response_meta=META)
    with pytest.raises(PageExpired):
        reader.list_executions(state_machine_arn=MACHINE)


def test_a_page_that_comes_twice_is_refused(stub: Stubber, reader: Reader) -> None:
    stub.add_response("list_executions", answer(executions=[execution("a")], nextToken="n"))
    stub.add_response("list_executions", answer(executions=[execution("a")], nextToken="m"))
    stub.add_response("list_executions", answer(executions=[execution("b")]))
    with pytest.raises(IncompleteAnswer, match="twice"):
        reader.list_executions(state_machine_arn=MACHINE)


def test_a_listing_that_goes_in_circles_is_refused(stub: Stubber, reader: Reader) -> None:
    stub.add_response("list_executions", answer(executions=[execution("a")], nextToken="n"))
    stub.add_response("list_executions", answer(executions=[execution("b")], nextToken="n"))
    with pytest.raises(IncompleteAnswer, match="twice"):
        reader.list_executions(state_machine_arn=MACHINE)


def test_one_page_can_be_asked_for(stub: Stubber, reader: Reader) -> None:
    asked = {"stateMachineArn": MACHINE, "maxResults": 5, "nextToken": "here"}
    body = answer(executions=[execution("a")], nextToken="next")
    stub.add_response("list_executions", body, asked)
    page = reader.execution_page(list_of=MACHINE, status=None, next_token="here", limit=5)
    assert (page.executions[0].name, page.next_token) == ("a", "next")


def test_the_children_of_a_map_run_are_listed_by_its_arn(stub: Stubber, reader: Reader) -> None:
    run = "arn:aws:states:eu-west-1:123456789012:mapRun:orders/each:1"
    asked = {"mapRunArn": run, "statusFilter": "RUNNING", "maxResults": 5}
    stub.add_response("list_executions", answer(executions=[execution("a")]), asked)
    assert reader.execution_page(list_of=run, limit=5).next_token is None


def test_an_execution_is_read_with_what_may_be_absent(stub: Stubber, reader: Reader) -> None:
    body = answer(
        executionArn=EXECUTION, stateMachineArn=MACHINE, status="RUNNING", startDate=NOON,
        input='{"secret": 1}',
    )  # fmt: skip
    stub.add_response("describe_execution", body, {"executionArn": EXECUTION})
    detail = reader.describe_execution(arn=EXECUTION)
    assert (detail.input, detail.output, detail.redrive_count) == ('{"secret": 1}', None, 0)
    assert "secret" not in repr(detail)


def test_an_execution_that_aws_forgot_is_not_found(stub: Stubber, reader: Reader) -> None:
    stub.add_client_error(
        "describe_execution", "ExecutionDoesNotExist", "gone", 400, response_meta=META
    )
    with pytest.raises(NotFound) as raised:
        reader.describe_execution(arn=EXECUTION)
    assert raised.value.code == "ExecutionDoesNotExist"


def test_tags_become_a_mapping(stub: Stubber, reader: Reader) -> None:
    body = answer(tags=[{"key": "team", "value": "risk"}, {"key": "bare"}])
    stub.add_response("list_tags_for_resource", body, {"resourceArn": MACHINE})
    assert reader.tags(arn=MACHINE) == {"team": "risk", "bare": ""}


def test_a_history_is_put_together_from_its_pages(stub: Stubber, reader: Reader) -> None:
    asked = {"executionArn": EXECUTION, "maxResults": 1000}
    first = answer(events=[event(1), event(2)], nextToken="n")
    stub.add_response("get_execution_history", first, asked)
    last = answer(events=[event(3)])
    stub.add_response("get_execution_history", last, {**asked, "nextToken": "n"})
    events = reader.history(execution_arn=EXECUTION)
    assert [one["id"] for one in events] == [1, 2, 3]
    assert events[0]["timestamp"] == NOON
    assert repr(events) == "<3 items>"


@pytest.mark.parametrize("numbers", [[], [2, 3], [1, 3], [1, 2, 2, 3], [1, 2, 1, 2]])
def test_a_history_with_a_hole_or_a_double_is_refused(
    stub: Stubber, reader: Reader, numbers: list[int]
) -> None:
    stub.add_response("get_execution_history", answer(events=[event(n) for n in numbers]))
    with pytest.raises(IncompleteAnswer):
        reader.history(execution_arn=EXECUTION)


def test_what_is_new_is_read_from_the_end(stub: Stubber, reader: Reader) -> None:
    asked = {"executionArn": EXECUTION, "maxResults": 1000, "reverseOrder": True}
    page = answer(events=[event(n) for n in (9, 8, 7, 6)], nextToken="not asked for")
    stub.add_response("get_execution_history", page, asked)
    events = reader.history_since(execution_arn=EXECUTION, last_event_id=7)
    assert [one["id"] for one in events] == [8, 9]


def test_nothing_new_is_an_empty_answer(stub: Stubber, reader: Reader) -> None:
    stub.add_response("get_execution_history", answer(events=[event(2), event(1)]))
    assert not reader.history_since(execution_arn=EXECUTION, last_event_id=2)


@pytest.mark.parametrize("numbers", [[], [6, 5, 4, 3, 2, 1], [9], [9, 8, 6], [9, 9, 8, 7]])
def test_what_is_new_with_a_hole_is_refused(
    stub: Stubber, reader: Reader, numbers: list[int]
) -> None:
    stub.add_response("get_execution_history", answer(events=[event(n) for n in numbers]))
    with pytest.raises(IncompleteAnswer):
        reader.history_since(execution_arn=EXECUTION, last_event_id=7)


class PagedHistory:
    """A history of `length` events in pages, in the order asked for (or not, as emulators do)."""

    def __init__(self, length: int, page: int, obeys: bool) -> None:
        self.length, self.page, self.obeys = length, page, obeys

    def get_execution_history(self, **asked: Any) -> dict[str, Any]:
        numbers = list(range(1, self.length + 1))
        if self.obeys and asked.get("reverseOrder"):
            numbers.reverse()
        start = int(asked.get("nextToken", 0))
        end = start + self.page
        body = answer(events=[event(number) for number in numbers[start:end]])
        return body | ({"nextToken": str(end)} if end < self.length else {})


@given(
    length=st.integers(1, 30),
    page=st.integers(1, 31),
    obeys=st.booleans(),
    data=st.data(),
)
def test_what_is_new_is_the_end_of_the_history_at_every_page_size(
    length: int, page: int, obeys: bool, data: st.DataObject
) -> None:
    known = data.draw(st.integers(0, length))
    client: Any = PagedHistory(length, page, obeys)
    reader = Reader(access=Access(region="eu-west-1"), client=client)
    events = reader.history_since(execution_arn=EXECUTION, last_event_id=known)
    assert [one["id"] for one in events] == list(range(known + 1, length + 1))
