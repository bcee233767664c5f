"""The OpenAPI document tells the truth: whatever is sent, the answer is one that it names."""

from __future__ import annotations

import hypothesis
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from callbacks.models import Role
from tests.api.conftest import make_key
from tests.making import make_decision, make_person, make_task

EXAMPLES = 12


schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())


@pytest.fixture
def known(db):
    """Headers of a key that may everything, and ids of things that are there."""
    # They would close the connection that holds the test's transaction.
    for moment in (request_started, request_finished):
        moment.disconnect(close_old_connections)
    yield _known()
    for moment in (request_started, request_finished):
        moment.connect(close_old_connections)


def _known():
    person = make_person("all", *Role)
    task = make_task()
    decision = make_decision(make_task(), person)
    _, text = make_key(person)
    ids = {"task_id": task.pk, "decision_id": decision.pk, "execution_id": task.execution_id}
    ids["request_id"] = task.request_id
    return {"Authorization": f"Bearer {text}"}, {name: str(value) for name, value in ids.items()}


@schema.parametrize()
@hypothesis.settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_whatever_is_sent_gets_an_answer_that_is_documented(case, known):
    headers, ids = known
    if case.meta.generation.mode == GenerationMode.POSITIVE:
        for name in set(case.path_parameters or {}) & set(ids):
            case.path_parameters[name] = ids[name]
    if "Authorization" in (case.headers or {}):
        headers = {}  # a bad key on purpose
    # What a policy asks of an answer no document can say.
    case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])
