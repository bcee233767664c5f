"""Intake: what a worker may hand over, and what it is told."""

import pytest

from callbacks.models import CallbackTask, Intake, Scope
from tests import making

pytestmark = pytest.mark.django_db

TOKEN = "AQCEAAAAKgAAAAMAAAAAAAAAAd" + "x7" * 200


def arn_of(connection, name="orders"):
    return f"arn:aws:states:{connection.region}:{connection.account}:execution:{name}:run-1"


@pytest.fixture
def connection():
    making.default_policy()
    return making.make_connection()


def test_a_token_gets_a_task_that_everybody_finds(people, program_of, connection):
    worker = program_of(people.operator, Scope.INTAKE)

    given = worker.post("/intake", {"task_token": TOKEN, "note": "Parcel 7"})

    assert given.status_code == 202
    assert given.json()["token_known"] is False
    seen = program_of(people.approver).get(f"/tasks/{given.json()['id']}").json()
    assert (seen["headline"], seen["status"], seen["token_known"]) == ("Parcel 7", "waiting", False)
    assert seen["state_machine"] == "handed over"
    assert (seen["dies_at"]["earliest"], seen["dies_at"]["reason"]) == (None, "unread")
    listed = program_of(people.approver).get("/tasks").json()["items"]
    assert [one["id"] for one in listed] == [given.json()["id"]]


def test_the_same_again_is_the_same(people, program_of, connection):
    worker = program_of(people.operator)
    bodies = [{"task_token": TOKEN}, {"task_token": TOKEN, "execution_arn": arn_of(connection)}]

    first, second = (worker.post("/intake", body) for body in bodies)

    assert first.json() == second.json()
    assert Intake.objects.get().execution_arn == arn_of(connection)


def test_nothing_that_comes_back_holds_the_token(people, program_of, connection):
    worker = program_of(people.operator)
    for body in ({"task_token": TOKEN}, {"task_token": TOKEN, "connection": TOKEN[:200]}):
        assert TOKEN[:60] not in worker.post("/intake", body).content.decode()
    assert worker.post("/intake", {"task_token": TOKEN + "\n"}).status_code == 422
    assert TOKEN[:60] not in worker.post("/intake", {"task_token": TOKEN * 9}).content.decode()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "task_token"),
        ({"task_token": ""}, "task_token"),
        ({"task_token": 7}, "task_token"),
        ({"task_token": "x" * 2049}, "task_token"),
        ({"task_token": "two words"}, "task_token"),
        ({"task_token": TOKEN, "execution_arn": "orders"}, "execution_arn"),
        (
            {"task_token": TOKEN, "execution_arn": "arn:aws:states:xx:1:execution:a:b"},
            "execution_arn",
        ),
        ({"task_token": TOKEN, "connection": "nowhere"}, "connection"),
        ({"task_token": TOKEN, "note": "x" * 2001}, "note"),
        ({"task_token": TOKEN, "token": "x"}, "token"),
    ],
)
def test_what_cannot_be_taken_is_422(people, program_of, connection, body, field):
    answer = program_of(people.operator).post("/intake", body)

    assert answer.status_code == 422
    assert field in answer.json()["errors"]
    assert not Intake.objects.exists()


def test_of_several_connections_one_is_named(people, program_of, connection):
    other = making.make_connection(region="us-east-1")
    worker = program_of(people.operator)

    assert "connection" in worker.post("/intake", {"task_token": TOKEN}).json()["errors"]
    assert not CallbackTask.objects.exists()
    assert worker.post("/intake", {"task_token": "a", "connection": other.name}).status_code == 202
    assert (
        worker.post("/intake", {"task_token": "b", "connection": str(other.pk)}).status_code == 202
    )
    arn = arn_of(connection)
    assert worker.post("/intake", {"task_token": "c", "execution_arn": arn}).status_code == 202
    mismatch = {"task_token": "d", "execution_arn": arn, "connection": other.name}
    assert worker.post("/intake", mismatch).status_code == 422
    assert Intake.objects.filter(connection=other).count() == 2
    assert Intake.objects.filter(connection=connection).count() == 1


@pytest.fixture
def twice(connection):
    """The same account and region at another address."""
    return making.make_connection()


def test_of_one_account_under_two_connections_the_one_that_is_on_is_meant(
    people, program_of, connection, twice
):
    worker = program_of(people.operator)
    body = {"task_token": TOKEN, "execution_arn": arn_of(connection)}
    assert "connection" in worker.post("/intake", body).json()["errors"]

    connection.is_enabled = False
    connection.save()

    assert worker.post("/intake", body).status_code == 202
    assert Intake.objects.get().connection == twice


def test_where_both_are_on_the_one_that_mirrors_the_execution_is_meant(
    people, program_of, connection, twice
):
    arn = making.make_execution(making.make_machine(twice)).arn

    given = program_of(people.operator).post("/intake", {"task_token": "a", "execution_arn": arn})

    assert given.status_code == 202
    assert Intake.objects.get().connection == twice


def test_a_token_that_is_known_needs_no_connection(people, program_of, connection, twice):
    task = making.make_task(
        execution=making.make_execution(making.make_machine(twice)), token=TOKEN
    )

    given = program_of(people.operator).post("/intake", {"task_token": TOKEN})

    assert (given.status_code, given.json()["id"]) == (202, str(task.pk))


def test_a_connection_that_is_off_takes_nothing(people, program_of):
    making.default_policy()
    making.make_connection(is_enabled=False)

    answer = program_of(people.operator).post("/intake", {"task_token": TOKEN})

    assert (answer.status_code, answer.json()["code"]) == (409, "connection_off")


def test_only_keys_that_are_for_it(people, program_of, connection):
    reader = program_of(people.operator, Scope.READ, Scope.DECIDE, Scope.OPERATE)
    assert reader.post("/intake", {"task_token": TOKEN}).json()["code"] == "scope"
    assert program_of(people.auditor).post("/intake", {"task_token": TOKEN}).status_code == 403
    assert not Intake.objects.exists()


def test_a_key_for_some_workflows_names_one_of_them(people, program_of, connection):
    worker = program_of(people.operator, state_machines=["orders"])
    for arn in (None, arn_of(connection, "refunds")):
        answer = worker.post("/intake", {"task_token": TOKEN, "execution_arn": arn})
        assert (answer.status_code, answer.json()["code"]) == (403, "workflow")
    given = worker.post("/intake", {"task_token": TOKEN, "execution_arn": arn_of(connection)})
    assert given.status_code == 202


def test_its_page_says_that_it_is_looked_up(people, client, program_of, connection):
    given = program_of(people.operator).post("/intake", {"task_token": TOKEN, "note": "Parcel 7"})
    client.force_login(people.approver)

    for query in ("", "?view=technical"):
        page = client.get(f"/tasks/{given.json()['id']}/{query}").content.decode()
        assert "Its run is being looked up" in page
        assert "May end at any moment" in page
    assert "Parcel 7" in client.get("/").content.decode()
    run = CallbackTask.objects.get().execution_id
    assert client.get(f"/executions/{run}/").status_code == 200
