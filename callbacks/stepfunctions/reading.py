"""Read state machines, executions and histories: whole answers or an error, never half of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from callbacks.stepfunctions import parsing
from callbacks.stepfunctions.access import Access
from callbacks.stepfunctions.call import attempt
from callbacks.stepfunctions.clients import READING, Behaviour, client_for, forget_clients
from callbacks.stepfunctions.errors import IncompleteAnswer, PageExpired, StepFunctionsError
from callbacks.stepfunctions.facts import (
    Event,
    Events,
    ExecutionDetail,
    ExecutionPage,
    ExecutionSummary,
    Items,
    StateMachine,
    StateMachineDetail,
    StateTest,
)
from callbacks.stepfunctions.wire import CallCounter, WireCall

if TYPE_CHECKING:
    from botocore.client import BaseClient

LARGEST_PAGE = 1000  # AWS's maximum for every operation here; the default is 100

Read = TypeVar("Read")


@dataclass(frozen=True)
class Listing(Generic[Read]):
    """An operation that answers in pages: the key of its items, and how to read one."""

    operation: str
    key: str
    parse: Callable[[Mapping[str, Any]], Read]


STATE_MACHINES = Listing("ListStateMachines", "stateMachines", parsing.state_machine)
EXECUTIONS = Listing("ListExecutions", "executions", parsing.execution_summary)
HISTORY = Listing("GetExecutionHistory", "events", parsing.event)


class Reader:
    """Reads over one access. All methods raise StepFunctionsError.

    `admit` is called with the operation's name before each request on the wire, botocore's
    repeats included: it may wait, or raise its own exception, which comes through unchanged.
    """

    def __init__(
        self,
        *,
        access: Access,
        calls: CallCounter | None = None,
        admit: Callable[[str], None] | None = None,
        connect_timeout: float = READING.connect_timeout,
        read_timeout: float = READING.read_timeout,
        attempts: int = READING.attempts,
        client: BaseClient | None = None,
    ) -> None:
        self.calls = calls or CallCounter()
        self._access = access
        self._admit = admit
        self._behaviour = Behaviour(
            connect_timeout=connect_timeout, read_timeout=read_timeout, attempts=attempts
        )
        self._given_client = client

    def list_state_machines(self) -> tuple[StateMachine, ...]:
        """Return every state machine of the account and region."""
        return self._whole_list(STATE_MACHINES, {})

    def first_state_machine(self) -> StateMachine | None:
        """Return one of the list: one short call, and None where there is no state machine."""
        listed, _ = self._page(STATE_MACHINES, {"maxResults": 1})
        return listed[0] if listed else None

    def describe_state_machine(
        self, *, arn: str, metadata_only: bool = False
    ) -> StateMachineDetail:
        """Return today's definition, or that of a version by its ARN (20 calls a second in AWS's
        quota). `metadata_only`: all but the definition, which needs no right to a key."""
        return self._read(
            "DescribeStateMachine",
            {"stateMachineArn": arn, **_metadata(metadata_only)},
            parsing.state_machine_detail,
        )

    def describe_state_machine_for_execution(self, *, execution_arn: str) -> StateMachineDetail:
        """Return the definition that the execution runs on (1 call a second in AWS's quota)."""
        return self._read(
            "DescribeStateMachineForExecution",
            {"executionArn": execution_arn},
            parsing.state_machine_detail,
        )

    def list_executions(
        self, *, state_machine_arn: str, status: str | None = "RUNNING"
    ) -> tuple[ExecutionSummary, ...]:
        """Return the whole list, newest first, or raise: a partial list must close nothing."""
        parameters = _execution_filter(state_machine_arn, status)
        listed = self._whole_list(EXECUTIONS, parameters)
        # An execution that starts while we turn pages may push another onto the next page.
        return tuple({execution.arn: execution for execution in listed}.values())

    def execution_page(
        self,
        *,
        list_of: str,
        status: str | None = "RUNNING",
        next_token: str | None = None,
        limit: int = LARGEST_PAGE,
    ) -> ExecutionPage:
        """Return one page of the list of a state machine or a Map Run, by its ARN.

        Raises PageExpired where the token is no longer good (24 hours).
        """
        parameters = _execution_filter(list_of, status) | {"maxResults": limit}
        if next_token:
            parameters["nextToken"] = next_token
        items, following = self._page(EXECUTIONS, parameters)
        return ExecutionPage(executions=items, next_token=following)

    def describe_execution(self, *, arn: str, metadata_only: bool = False) -> ExecutionDetail:
        """Return status, input, output and redrive state. `metadata_only`: no texts, which needs
        no right to a key."""
        return self._read(
            "DescribeExecution",
            {"executionArn": arn, **_metadata(metadata_only)},
            parsing.execution_detail,
        )

    def history(self, *, execution_arn: str) -> Events:
        """Return the whole history, ascending and without a gap from event 1."""
        listed = self._whole_list(HISTORY, {"executionArn": execution_arn})
        return self._checked(HISTORY.operation, lambda: _not_empty(listed))

    def history_since(self, *, execution_arn: str, last_event_id: int) -> Events:
        """Return the events after `last_event_id`, ascending and without a gap.

        AWS has no "since": the history is read from its end until the known id turns up.
        Raises IncompleteAnswer too where the history is now shorter than it was.
        """
        if last_event_id <= 0:
            return self.history(execution_arn=execution_arn)
        newest = self._newest_events(execution_arn, last_event_id)
        return self._checked(HISTORY.operation, lambda: _after(newest, last_event_id))

    def latest_events(self, *, execution_arn: str, limit: int) -> Events:
        """Return the newest events, ascending: one call, and no promise that it is all of them."""
        parameters = {"executionArn": execution_arn, "reverseOrder": True, "maxResults": limit}
        newest, _ = self._page(HISTORY, parameters)
        return Events(sorted(newest, key=lambda event: event["id"]))

    def tags(self, *, arn: str) -> dict[str, str]:
        """Return the tags of a state machine (1 call a second in AWS's quota)."""
        return self._read("ListTagsForResource", {"resourceArn": arn}, parsing.tags)

    def test_state(
        self,
        *,
        definition: str,
        state: str,
        given: str,
        context: str,
        variables: str,
        mock: Mapping[str, Any],
        retries_used: int = 0,
    ) -> StateTest:
        """Return what AWS says that this state would do with a mocked result or error.

        All texts are JSON of 262,144 bytes at most. Nothing runs and no role is needed; no task
        token may stand in anything that is given.
        """
        parameters: dict[str, Any] = {
            "definition": definition,
            "stateName": state,
            "input": given,
            "context": context,
            # A callback's result is not what the API answers that the state calls.
            "mock": {**mock, "fieldValidationMode": "NONE"},
            "inspectionLevel": "DEBUG",
            "stateConfiguration": {"retrierRetryCount": retries_used},
        }
        if variables:
            parameters["variables"] = variables
        return self._read("TestState", parameters, parsing.state_test)

    def renew_credentials(self) -> None:
        """Ask for credentials anew with the next call, for answers like ExpiredToken."""
        forget_clients(access=self._access)

    def _newest_events(self, execution_arn: str, known_id: int) -> Events:
        parameters = {"executionArn": execution_arn, "reverseOrder": True}
        found = Events()
        for page in self._pages(HISTORY, parameters):
            found = Events((*found, *page))
            if _reaches_down_to(known_id, found):
                break
        return found

    def _whole_list(self, listing: Listing[Read], parameters: Mapping[str, Any]) -> Items[Read]:
        try:
            pages = list(self._pages(listing, parameters))
        except PageExpired:  # once more from the start; a second time is the caller's problem
            pages = list(self._pages(listing, parameters))
        if any(page and page == after for page, after in pairwise(pages)):
            raise _incomplete(listing.operation, "the same page came twice")
        return Items(item for page in pages for item in page)

    def _pages(
        self, listing: Listing[Read], parameters: Mapping[str, Any]
    ) -> Iterator[Items[Read]]:
        asked: dict[str, Any] = {**parameters, "maxResults": LARGEST_PAGE}
        seen: set[str] = set()
        while True:
            items, following = self._page(listing, asked)
            yield items
            if following is None:
                return
            if following in seen:
                raise _incomplete(listing.operation, "the same page came twice")
            seen.add(following)
            asked = {**asked, "nextToken": following}

    def _page(
        self, listing: Listing[Read], parameters: Mapping[str, Any]
    ) -> tuple[Items[Read], str | None]:
        def read(body: Mapping[str, Any]) -> tuple[Items[Read], str | None]:
            listed: list[Any] = parsing.required(body, listing.key, list)
            return Items(listing.parse(item) for item in listed), body.get("nextToken") or None

        return self._read(listing.operation, parameters, read)

    def _read(
        self,
        operation: str,
        parameters: Mapping[str, Any],
        parse: Callable[[Mapping[str, Any]], Read],
    ) -> Read:
        call = WireCall(operation=operation, counter=self.calls, admit=self._admit)
        answer = attempt(client=self._client, call=call, parameters=parameters)
        if isinstance(answer, StepFunctionsError):
            raise answer
        return self._checked(operation, lambda: parse(answer.body), answer.request_id)

    def _checked(
        self, operation: str, parse: Callable[[], Read], request_id: str | None = None
    ) -> Read:
        try:
            return parse()
        except parsing.Flawed as flaw:
            why = str(flaw)
        raise _incomplete(operation, why, request_id)

    def _client(self) -> BaseClient:
        if self._given_client is not None:
            return self._given_client
        return client_for(access=self._access, behaviour=self._behaviour)


def _execution_filter(list_of: str, status: str | None) -> dict[str, Any]:
    # The one excludes the other (API_ListExecutions).
    key = "mapRunArn" if ":mapRun:" in list_of else "stateMachineArn"
    given: dict[str, Any] = {key: list_of}
    return given | {"statusFilter": status} if status else given


def _metadata(only: bool) -> dict[str, str]:
    return {"includedData": "METADATA_ONLY"} if only else {}


def _reaches_down_to(known_id: int, found: Events) -> bool:
    if not found or found[0]["id"] < found[-1]["id"]:
        return False  # emulators ignore reverseOrder: ascending, everything has to be read
    # Event 1 is where a descending history ends by itself; where more follows it ascends.
    return bool(1 < found[-1]["id"] <= known_id)


def _not_empty(events: Items[Event]) -> Events:
    if not events:  # every execution has at least its ExecutionStarted
        raise parsing.Flawed("a history without a single event")
    return parsing.contiguous(events, 1)


def _after(newest: Events, known_id: int) -> Events:
    if not newest or max(event["id"] for event in newest) < known_id:
        raise parsing.Flawed(f"the history ends before event {known_id}, which was there")
    lowest = min(event["id"] for event in newest)
    events = parsing.contiguous(newest, min(lowest, known_id + 1))
    return Events(event for event in events if event["id"] > known_id)


def _incomplete(operation: str, why: str, request_id: str | None = None) -> IncompleteAnswer:
    return IncompleteAnswer(
        operation=operation,
        code="IncompleteAnswer",
        message=why,
        request_id=request_id,
        status=200,
    )
