"""Addresses of single things, as the contract names them: made per row, so without a lookup."""

from __future__ import annotations

import uuid
from urllib.parse import urlencode


def task_page(task_id: uuid.UUID) -> str:
    return f"/tasks/{task_id}/"


# In place of an answer's id: the own draft, before an answer that waits for one's signature.
DRAFT = "draft"


def own_draft(task_id: uuid.UUID) -> str:
    return f"{task_page(task_id)}?again={DRAFT}"


def answer_again(*, task_id: uuid.UUID, decision_id: uuid.UUID) -> str:
    """The request with the text of this answer in its form, whatever draft there is."""
    return f"{task_page(task_id)}?again={decision_id}"


def decision_page(decision_id: uuid.UUID) -> str:
    return f"/decisions/{decision_id}/"


def withdraw_door(decision_id: uuid.UUID) -> str:
    """POST takes an answer back while it is held."""
    return f"/decisions/{decision_id}/withdraw/"


def send_door(decision_id: uuid.UUID) -> str:
    """POST ends the undo window."""
    return f"/decisions/{decision_id}/send/"


def execution_page(execution_id: uuid.UUID) -> str:
    return f"/executions/{execution_id}/"


def workflow_page(workflow_id: uuid.UUID) -> str:
    return f"/workflows/{workflow_id}/"


def contract_page(*, workflow_id: uuid.UUID, state: str) -> str:
    """What answers to a step hold."""
    return f"{workflow_page(workflow_id)}answers/?{urlencode({'step': state}, errors='replace')}"


def waiting_in(map_run_id: uuid.UUID) -> str:
    """What waits in the children of a Map Run."""
    return f"/waiting/?map_run={map_run_id}"


def events_page(execution_id: uuid.UUID) -> str:
    """POST reads the last events of the run from AWS."""
    return f"{execution_page(execution_id)}events/"


def heartbeat_door(task_id: uuid.UUID) -> str:
    """POST sends one heartbeat."""
    return f"/tasks/{task_id}/heartbeat/"


def stop_page(execution_id: uuid.UUID) -> str:
    """The form, and POST stops the run."""
    return f"/executions/{execution_id}/stop/"


def redrive_page(execution_id: uuid.UUID) -> str:
    """The form, and POST redrives the run."""
    return f"/executions/{execution_id}/redrive/"
