"""What an execution is of: a state machine, or a Map Run of an execution of one."""

from __future__ import annotations

from django.utils.translation import gettext as _

from callbacks.models import Execution
from callbacks.queries.sight import Sight
from callbacks.views.panels import Fact
from callbacks.views.places import execution_page, workflow_page


def machine_facts(*, execution: Execution, sight: Sight) -> tuple[Fact, ...]:
    """No query. The parent is a link for those who may see it though nothing waits in it."""
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
    if machine.parent_id is not None and sight.sees_all:
        page = execution_page(machine.parent_id)
        facts.append(Fact(_("Parent"), _("The execution with this Map Run"), url=page))
    return tuple(facts)
