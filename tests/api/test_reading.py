"""What a program reads: complete, in pages, and nothing that its person may not see."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest
from django.utils import timezone

from callbacks.api import audit
from callbacks.api.export import safe
from callbacks.audit import AuditUnavailable
from callbacks.audit.checkpointing import write_checkpoint
from callbacks.models import CallbackTask, Reading, TaskStatus
from tests.making import (
    make_decision,
    make_execution,
    make_machine,
    make_map_run,
    make_policy,
    make_request,
    make_task,
)

# The key and its counting (3), roles and sight (3), then the page, its answers, their signatures.
LIST_QUERIES = 9


@pytest.fixture
def approver(people, program_of):
    return program_of(people.approver)


@pytest.fixture
def auditor(people, program_of):
    return program_of(people.auditor)


def ids(answer):
    return [item["id"] for item in answer.json()["items"]]


@pytest.fixture
def spread():
    """A Map Run in which one task waits and one is over, and another with a task, in a child."""
    run = make_map_run(make_execution())
    waits = make_task(execution=make_execution(run))
    over = make_task(execution=make_execution(run, status="FAILED"), status=TaskStatus.CLOSED)
    inner = make_map_run(make_execution(run), "inner")
    deep = make_task(execution=make_execution(inner))
    make_task()
    return run, {str(task.pk) for task in (waits, deep)}, str(over.pk)


def test_what_is_in_a_map_run_is_found_by_its_id_and_by_its_arn(approver, spread):
    run, waiting, over = spread
    for name in (str(run.pk), run.arn):
        assert set(ids(approver.get("/tasks", map_run=name))) == waiting
        assert set(ids(approver.get("/tasks", map_run=name, status="all"))) == {*waiting, over}
    assert ids(approver.get("/tasks", map_run=f"{run.arn}x")) == []
    assert approver.get("/tasks", map_run="each").json()["errors"].keys() == {"map_run"}


def test_a_map_run_is_paged_like_any_list(approver, spread):
    run, waiting, _over = spread
    first = approver.get("/tasks", map_run=run.pk, limit=1)
    second = approver.get("/tasks", map_run=run.pk, limit=1, cursor=first.json()["next_cursor"])
    assert {*ids(first), *ids(second)} == waiting
    assert second.json()["next_cursor"] is None


def test_a_task_names_the_map_run_that_it_is_in(approver, spread):
    run, _waiting, over = spread
    told = {"id": str(run.pk), "arn": run.arn, "execution": str(run.parent_id)}
    assert approver.get(f"/tasks/{over}").json()["map_run"] == told
    (listed,) = approver.get("/tasks", status="closed").json()["items"]
    assert listed["map_run"] == told
    assert approver.get(f"/tasks/{make_task().pk}").json()["map_run"] is None


def test_the_list_leaves_out_what_may_be_large(approver):
    make_decision(make_task())
    item = approver.get("/tasks").json()["items"][0]
    assert not {"input", "context", "parameters", "output", "output_text"} & set(item)
    assert not {"output", "output_text"} & set(item["decisions"][0])


@pytest.mark.parametrize("order", ["soonest", "oldest", "newest"])
def test_pages_hold_every_task_once_in_their_order(approver, order):
    now = timezone.now()
    for number in range(7):
        at = now + timedelta(minutes=number // 2)
        make_task(dies_earliest=at, waiting_since=at)
    whole = ids(approver.get("/tasks", order=order))
    pages, cursor = [], ""
    while cursor is not None:
        answer = approver.get("/tasks", order=order, limit=2, cursor=cursor)
        pages += ids(answer)
        cursor = answer.json()["next_cursor"]
    assert pages == whole
    assert len(set(whole)) == 7


def test_a_cursor_that_is_damaged_or_of_another_list_is_refused(approver, auditor):
    for _ in range(2):
        make_task()
    cursor = approver.get("/tasks", limit=1).json()["next_cursor"]
    for answer in (
        approver.get("/tasks", cursor=cursor[:-1]),
        approver.get("/tasks", cursor="0-" + "0" * 32),
        approver.get("/tasks", cursor=cursor, order="newest"),
        auditor.get("/audit", cursor=cursor),
    ):
        assert (answer.status_code, list(answer.json()["errors"])) == (422, ["cursor"])


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0}, {"limit": 201}, {"limit": "x"}, {"status": "open"}, {"order": "name"},
        {"ordering": "policy__name"}, {"policy__team": "1"}, {"q": "a\0"},
        {"status": ["all", "all"]},
    ],
)  # fmt: skip
def test_a_parameter_that_means_nothing_is_told(approver, query):
    answer = approver.get("/tasks", **query)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, list(query))


def test_filters_narrow_the_list(approver):
    machine = make_machine(name="Refunds")
    wanted = make_task(make_request(make_execution(machine), "Check"), headline="Refund for Ana")
    make_task()
    for query in (
        {"state_machine": "Refunds"},
        {"state": "Check"},
        {"connection": machine.connection.name},
        {"connection": str(machine.connection_id)},
        {"q": "ana refund"},
    ):
        assert ids(approver.get("/tasks", **query)) == [str(wanted.pk)]


@pytest.mark.parametrize("status", TaskStatus.values)
def test_each_status_lists_its_own(approver, status):
    tasks = {one: make_task(status=one, closed_at=timezone.now()) for one in TaskStatus.values}
    assert ids(approver.get("/tasks", status=status)) == [str(tasks[status].pk)]
    assert len(ids(approver.get("/tasks", status="all"))) == len(tasks)


def test_mine_is_what_waits_for_me_and_not_all_that_i_see(people, program_of):
    make_task(policy=make_policy(team="legal"))
    operator = program_of(people.operator)
    assert len(ids(operator.get("/tasks"))) == 1
    assert ids(operator.get("/tasks", mine="true")) == []


def test_the_list_asks_a_fixed_number_of_queries(approver, django_assert_num_queries):
    for _ in range(3):
        make_decision(make_task())
    with django_assert_num_queries(LIST_QUERIES):
        approver.get("/tasks", status="all")


def test_one_task_comes_with_its_texts_and_numbers_as_aws_gave_them(approver):
    task = make_task(input='{"amount": 10.10, "id": 12345678901234567890123}')
    answer = approver.get(f"/tasks/{task.pk}")
    assert b'"input": {"amount": 10.10, "id": 12345678901234567890123}' in answer.content
    assert answer.json()["parameters"]["token"] == "(task token)"
    assert answer.json()["token_known"] is True
    assert set(answer.json()["dies_at"]) == {"earliest", "latest", "reason"}


@pytest.mark.parametrize("text", ["[" * 5_000 + "]" * 5_000, "not json", '{"a": NaN}'])
def test_a_text_that_no_parser_takes_comes_as_a_string(approver, text):
    answer = approver.get(f"/tasks/{make_task(input=text).pk}")
    assert json.loads(answer.content)["input"] == text


def test_who_read_a_task_is_noted(approver, people):
    task = make_task()
    approver.get(f"/tasks/{task.pk}")
    assert Reading.objects.get().view == "api"


def test_an_execution_comes_with_the_tasks_that_one_may_see(approver):
    task = make_task()
    make_task(
        make_request(task.execution, "Other"),
        policy=make_policy(team="legal"),
        scheduled_event_id=9,
    )
    answer = approver.get(f"/executions/{task.execution_id}").json()
    assert answer["arn"] == task.execution.arn
    assert [one["id"] for one in answer["tasks"]] == [str(task.pk)]


def test_policies_are_those_that_name_the_caller(approver, auditor):
    make_policy("Legal", team="legal")
    assert [one["name"] for one in approver.get("/policies").json()["items"]] == ["Default"]
    everything = auditor.get("/policies").json()["items"]
    assert [(one["name"], one["teams"]) for one in everything] == [
        ("Legal", {"legal": 0}),
        ("Default", {}),
    ]


def test_the_audit_record_comes_in_pages_newest_first(auditor, approver):
    for _ in range(3):
        approver.post(f"/tasks/{make_task().pk}/approve", {"output": 1})
    whole = auditor.get("/audit").json()["items"]
    first = auditor.get("/audit", limit=2).json()
    rest = auditor.get("/audit", limit=200, cursor=first["next_cursor"]).json()
    assert first["items"] + rest["items"] == whole
    assert [item["seq"] for item in whole] == sorted((i["seq"] for i in whole), reverse=True)
    assert whole[0]["actor"]["name"] == "approver"


def test_the_audit_record_can_be_asked_by_kind_and_time(auditor, approver):
    approver.post(f"/tasks/{make_task().pk}/approve", {"output": 1})
    kinds = {item["kind"] for item in auditor.get("/audit", kind="answer_decided").json()["items"]}
    later = (timezone.now() + timedelta(hours=1)).isoformat()
    assert kinds == {"answer_decided"}
    assert auditor.get("/audit", since=later).json()["items"] == []


@pytest.mark.parametrize(
    ("since", "status"),
    [
        ("1700000000", 422),
        ("2026-01-01T00:00:00", 422),
        ("9999-12-31T23:59:59-16:54", 422),
        ("2026-01-01T00:00:00+16:54", 200),
    ],
)
def test_a_time_is_a_moment_wherever_its_offset_lies(auditor, since, status):
    assert auditor.get("/audit", since=since).status_code == status


def test_the_export_holds_every_entry(auditor, approver):
    for _ in range(2):
        approver.post(f"/tasks/{make_task().pk}/reject", {"reason": "=1+1"})
    whole = auditor.get("/audit", limit=200).json()["items"]
    lines = _text(auditor.get("/audit/export", format="jsonl")).splitlines()
    table = list(csv.DictReader(io.StringIO(_text(auditor.get("/audit/export", format="csv")))))
    proved = [json.loads(line) for line in lines[:-1]]
    assert all(item.pop("evidence") for item in proved)
    assert proved == whole
    exported = [item["entry_hash"] for item in whole]
    # The later file holds that the earlier one was exported.
    assert [row["entry_hash"] for row in table[1:-1]] == exported


def test_an_export_ends_with_the_last_signed_checkpoint(auditor):
    assert _text(auditor.get("/audit/export", format="jsonl")).splitlines()[-1] == (
        '{"checkpoint": null, "is_whole": true}'
    )
    note = write_checkpoint(now=timezone.now()).note
    *_, last = _text(auditor.get("/audit/export", format="jsonl")).splitlines()
    *_, row = csv.reader(io.StringIO(_text(auditor.get("/audit/export", format="csv"))))
    assert json.loads(last) == {"checkpoint": note, "is_whole": True}
    assert row == ["# checkpoint", note]


def test_an_export_is_on_the_record_with_who_asked_for_what(auditor, approver, people):
    approver.post(f"/tasks/{make_task().pk}/approve", {"output": 1})
    auditor.get("/audit/export", format="csv", kind="answer_decided", person="appro")
    exported = auditor.get("/audit", kind="audit_exported").json()["items"][0]
    assert (exported["actor"]["name"], exported["facts"]["entries"]) == (people.auditor.label, 1)
    assert exported["personal"].items() >= {
        ("asked_kind", "answer_decided"),
        ("asked_person", "appro"),
    }


def test_what_cannot_be_recorded_is_not_exported(auditor, monkeypatch):
    def fail(**_entry):
        raise AuditUnavailable

    monkeypatch.setattr(audit, "append", fail)
    answer = auditor.get("/audit/export", format="csv")
    assert (answer.status_code, answer.json()["code"]) == (503, "audit_unavailable")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\0="])
def test_no_cell_of_the_export_is_a_formula(start):
    assert safe(f"{start}1+1").startswith("'")
    assert "\0" not in safe(f"{start}1+1")


def test_a_hostile_name_stays_one_cell(auditor, approver, people):
    people.approver.first_name = '=HYPERLINK("http://evil.example")'
    people.approver.save()
    approver.post(f"/tasks/{make_task().pk}/approve", {"output": 1})
    answer = auditor.get("/audit/export", format="csv", kind="answer_decided")
    row = next(csv.DictReader(io.StringIO(_text(answer))))
    assert row["actor"] == "'" + people.approver.label


@pytest.mark.parametrize(("kind", "status"), [("xml", 422), ("", 422)])
def test_an_export_in_no_known_form_is_refused(auditor, kind, status):
    assert auditor.get("/audit/export", format=kind).status_code == status


def test_what_is_no_address_is_told_in_json(approver):
    answer = approver.get("/nothing/here")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_method_that_is_not_taken_is_told_in_json(approver):
    answer = approver.post("/tasks", {})
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer["Allow"] == "GET, HEAD"


def test_no_cache_keeps_an_answer(approver):
    assert "no-store" in approver.get("/tasks")["Cache-Control"]


def _text(answer):
    return b"".join(answer.streaming_content).decode()


def test_an_activity_says_whether_a_worker_has_it(people, program_of):
    arn = "arn:aws:states:eu-central-1:123456789012:activity:paint"
    task = make_task(token="", token_state="activity", resource=arn)
    program = program_of(people.approver)
    found = program.get(f"/tasks/{task.pk}").json()
    assert found["activity"] == {"arn": arn, "picked_up_at": None, "worker": ""}
    CallbackTask.objects.update(started_at=task.waiting_since, worker="ann")
    found = program.get(f"/tasks/{task.pk}").json()
    assert found["activity"]["worker"] == "ann"
    assert found["activity"]["picked_up_at"] is not None


def test_what_is_no_activity_says_so(people, program_of):
    task = make_task()
    assert program_of(people.approver).get(f"/tasks/{task.pk}").json()["activity"] is None


def test_a_task_and_its_execution_name_the_run_that_started_it(approver):
    parent = make_execution()
    task = make_task(execution=make_execution(started_by=parent.arn))
    assert approver.get(f"/tasks/{task.pk}").json()["started_by"] == parent.arn
    assert approver.get(f"/executions/{task.execution_id}").json()["started_by"] == parent.arn
    assert approver.get(f"/executions/{make_task().execution_id}").json()["started_by"] == ""


def test_the_parent_of_a_map_runs_child_is_not_named_to_those_who_may_not_see_it(approver):
    run = make_map_run(make_execution(name="salary-of-bob"))
    task = make_task(execution=make_execution(run))
    for path in (f"/tasks/{task.pk}", f"/executions/{task.execution_id}"):
        answer = approver.get(path)
        assert answer.json()["started_by"] == ""
        assert "salary-of-bob" not in answer.content.decode()
