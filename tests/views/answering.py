"""Answer a request as its form does."""

from __future__ import annotations

import html
import re
import uuid
from typing import Any

from django.http import HttpResponse
from django.test import Client

from callbacks.decisions.consent import shown_digest
from callbacks.models import CallbackTask, Decision, DecisionStatus

INTO_ANSWER = {"HX-Request": "true", "HX-Target": "answer"}


def answer_url(task: CallbackTask) -> str:
    return f"/tasks/{task.pk}/answer/"


def proposal_for(task: CallbackTask) -> Decision | None:
    """The answer that collects signatures, which the page would show."""
    return Decision.objects.filter(task_id=task.pk, status=DecisionStatus.COLLECTING).first()


def form_fields(task: CallbackTask, **fields: str) -> dict[str, str]:
    """What the form of a freshly opened page would post."""
    return {
        "decision_id": str(uuid.uuid4()),
        "shown": shown_digest(task, proposal_for(task)),
        "direction": "approve",
        "output": '{"ok": true}',
        "reason": "Looks right.",
        **fields,
    }


def post_answer(
    client: Client, task: CallbackTask, *, htmx: bool = False, **fields: str
) -> HttpResponse:
    headers: dict[str, Any] = INTO_ANSWER if htmx else {}
    return client.post(answer_url(task), form_fields(task, **fields), headers=headers)


def typed(response: HttpResponse, name: str) -> str:
    """What stands in the text field of that name; a browser drops the first line end."""
    page = response.content.decode()
    found = re.search(rf'<textarea[^>]*name="{name}"[^>]*>\n?(.*?)</textarea>', page, re.DOTALL)
    assert found is not None, f"no field {name}"
    return html.unescape(found[1])


def hidden(response: HttpResponse, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', response.content.decode())
    assert found is not None, f"no field {name}"
    return html.unescape(found[1])


def badges(response: HttpResponse) -> str:
    """What stands in the badges of the request, on the page or to be put there."""
    page = response.content.decode()
    found = re.search(r'<p class="badges" id="request-badges"[^>]*>(.*?)</p>', page, re.DOTALL)
    assert found is not None, "no badges"
    return found[1]
