"""What an execution is of: a state machine, or a Map Run; and the run that it is a part of."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from callbacks.models import Execution
from callbacks.queries.executions import Whole
from callbacks.sync.summary import value_alone
from callbacks.views.panels import Fact
from callbacks.views.places import execution_page, workflow_page


@dataclass(frozen=True, slots=True)
class PartOf:
    """The run that another one is a part of; `url` only for those who may see it.

    Of a Map Run's child, AWS tells no number: `item` is its input where that is one value, else
    `child` its own name.
    """

    name: str
    url: str
    item: str = ""
    child: str = ""


def part_of(*, execution: Execution, whole: Whole | None) -> PartOf | None:
    """No query."""
    if whole is None:
        return None
    name = whole_name(whole)
    if not execution.state_machine.is_map_run:
        return PartOf(name, whole_url(whole))
    item = value_alone(execution.input)
    return PartOf(name, whole_url(whole), item, "" if item else execution.name)


def machine_facts(*, execution: Execution, whole: Whole | None) -> tuple[Fact, ...]:
    """No query. The run that it is a part of is a link for those who may see that."""
    machine = execution.state_machine
    facts = [Fact(_("State machine"), machine.state_machine_arn, is_code=True)]
    if not machine.is_map_run and execution.is_known:
        facts.append(Fact(_("Workflow"), machine.name, url=workflow_page(machine.pk)))
    if execution.version:
        facts.append(Fact(_("Version"), execution.version, is_code=True))
    if execution.alias:
        facts.append(Fact(_("Alias"), execution.alias, is_code=True))
    if machine.is_map_run:
        facts.append(Fact(_("Map Run"), machine.arn, is_code=True))
    if whole is not None:
        facts.append(Fact(_("Part of"), whole_name(whole), url=whole_url(whole)))
    if execution.started_by:
        facts.append(Fact(_("Started by, says its input"), execution.started_by, is_code=True))
    return tuple(facts)


def whole_name(whole: Whole) -> str:
    return whole.name or _("a run that you may not see")


def whole_url(whole: Whole) -> str:
    return execution_page(whole.id) if whole.id else ""
