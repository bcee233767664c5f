"""The context object `$$`, built only for the states that look at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulator.asl.paths import Documents
from tests.simulator.clock import isoformat
from tests.simulator.jsontext import Json
from tests.simulator.model import Scope, Visit

if TYPE_CHECKING:
    from tests.simulator.engine import Engine


RETRIABLE = ("Task", "Map", "Parallel")


class VisitDocuments(Documents):
    """The documents of one visit; the context is made when first asked for."""

    __slots__ = ("_item", "_made", "_token", "_visit")

    def __init__(
        self,
        engine: Engine,
        visit: Visit,
        data: Json,
        token: str | None = None,
        item: dict[str, Json] | None = None,
    ) -> None:
        self.data = data
        self.variables = visit.scope.visible_variables()
        self._visit = visit
        self._token = token
        self._item = item
        self._made: Json = None

    @property
    def context(self) -> Json:
        if self._made is None:
            self._made = context_object(self._visit, self._token, self._item)
        return self._made

    @context.setter
    def context(self, value: Json) -> None:
        self._made = value


def context_object(visit: Visit, token: str | None, item: dict[str, Json] | None) -> Json:
    execution = visit.scope.execution
    seen: dict[str, Json] = {
        "Execution": {
            "Id": execution.arn,
            "Input": execution.input_value,
            "StartTime": isoformat(execution.started_at),
            "Name": execution.name,
            "RoleArn": execution.revision.role_arn,
            "RedriveCount": execution.redrive_count,
        },
        "StateMachine": {"Id": execution.machine.arn, "Name": execution.machine.name},
        "State": {
            "Name": visit.state.name,
            "EnteredTime": isoformat(visit.entered_at),
        },
    }
    if visit.state.type in RETRIABLE:
        seen["State"]["RetryCount"] = visit.retries
    if execution.redriven_at is not None:
        seen["Execution"]["RedriveTime"] = isoformat(execution.redriven_at)
    if token is not None:
        seen["Task"] = {"Token": token}
    shown_item = item or _enclosing_item(visit.scope)
    if shown_item is not None:
        seen["Map"] = {"Item": shown_item}
    return seen


def _enclosing_item(scope: Scope) -> dict[str, Json] | None:
    inner: Scope | None = scope
    while inner is not None and inner.container is not None:
        if inner.container.state.type == "Map":
            return {"Index": inner.index, "Value": inner.item}
        inner = inner.container.scope
    return None
