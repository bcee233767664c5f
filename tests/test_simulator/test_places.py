"""Several accounts and regions in one simulator, each with what AWS keeps apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.simulator.control import Control, SimulatorProcess
from tests.test_simulator.conftest import refusal
from tests.test_simulator.definitions import machine, passing, waiting

HOME = "123456789012"
OTHER = "210987654321"
ROLE = f"arn:aws:iam::{OTHER}:role/teams/Reader"
Client = Callable[..., Any]


@pytest.fixture
def client(simulator: Control) -> Client:
    """Make a client of a service, signed with the credentials given."""

    def make(service: str, region: str = "eu-west-1", **credentials: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=simulator.url,
            region_name=region,
            config=Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=2),
            **({"aws_access_key_id": "k", "aws_secret_access_key": "s"} | credentials),
        )

    return make


def _machines(client: Any) -> list[str]:
    return [row["stateMachineArn"] for row in client.list_state_machines()["stateMachines"]]


def _assume(client: Client, **fields: Any) -> dict[str, str]:
    given = {"RoleArn": ROLE, "RoleSessionName": "ann", **fields}
    credentials = client("sts").assume_role(**given)["Credentials"]
    return {
        "aws_access_key_id": credentials["AccessKeyId"],
        "aws_secret_access_key": credentials["SecretAccessKey"],
        "aws_session_token": credentials["SessionToken"],
    }


def _code(call: Callable[..., Any], **fields: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        call(**fields)
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_one_place_answers_for_all_regions_at_first(simulator: Control, client: Client) -> None:
    arn = simulator.create("workflow", machine(A=passing()))
    assert _machines(client("stepfunctions", "eu-central-1")) == [arn]


def test_a_simulator_alone_has_no_sts(simulator: Control, client: Client) -> None:
    with pytest.raises(Exception):  # noqa: B017 - what botocore makes of a reply that is no XML
        client("sts").get_caller_identity()


def test_the_region_of_the_signature_decides(simulator: Control, client: Client) -> None:
    there = simulator.at(region="us-west-2")
    arn = there.create("workflow", machine(A=passing()))
    assert arn == f"arn:aws:states:us-west-2:{HOME}:stateMachine:workflow"
    assert _machines(client("stepfunctions", "us-west-2")) == [arn]
    assert _machines(client("stepfunctions")) == []


def test_the_first_place_is_what_it_was(simulator: Control, client: Client) -> None:
    arn = simulator.create("workflow", machine(Ask=waiting()))
    token = simulator.tokens(simulator.start(arn))[0]["token"]
    simulator.separate()
    assert _machines(client("stepfunctions")) == [arn]
    client("stepfunctions").send_task_success(taskToken=token, output="1")
    assert simulator.at().call("ListStateMachines") == simulator.call("ListStateMachines")


def test_a_token_is_good_in_its_own_place_only(simulator: Control, client: Client) -> None:
    there = simulator.at(region="us-west-2")
    execution = there.start(there.create("workflow", machine(Ask=waiting())))
    token = there.tokens(execution)[0]["token"]
    sent = {"taskToken": token, "output": "1"}
    code, _ = _code(client("stepfunctions").send_task_success, **sent)
    assert code == "InvalidToken"
    client("stepfunctions", "us-west-2").send_task_success(**sent)
    assert there.execution(execution)["status"] == "SUCCEEDED"


def test_calls_faults_and_quotas_are_kept_apart(simulator: Control, client: Client) -> None:
    there = simulator.at(region="us-west-2")
    there.quotas(enabled=True, ListStateMachines=(1, 0))
    there.fault("DescribeExecution", kind="throttle")
    here, elsewhere = (client("stepfunctions", region) for region in ("eu-west-1", "us-west-2"))
    for one in (here, here, elsewhere):
        _machines(one)
    assert _code(elsewhere.list_state_machines)[0] == "ThrottlingException"
    arn = f"arn:aws:states:us-west-2:{HOME}:execution:workflow:none"
    assert _code(here.describe_execution, executionArn=arn)[0] == "ExecutionDoesNotExist"
    assert _code(elsewhere.describe_execution, executionArn=arn)[0] == "ThrottlingException"
    assert [len(one.calls("ListStateMachines")) for one in (simulator, there)] == [2, 2]


def test_the_clock_is_one_for_all(simulator: Control) -> None:
    there = simulator.at(region="us-west-2")
    arn = there.create("workflow", machine(Ask=waiting(TimeoutSeconds=60)))
    execution = there.start(arn)
    simulator.advance(60)
    assert there.execution(execution)["status"] == "FAILED"


def test_a_role_leads_into_its_account(simulator: Control, client: Client) -> None:
    arn = simulator.at(account=OTHER).create("workflow", machine(A=passing()))
    assert _machines(client("stepfunctions", **_assume(client))) == [arn]
    assert _machines(client("stepfunctions")) == []


def test_sts_says_who_calls(simulator: Control, client: Client) -> None:
    simulator.separate()
    assert client("sts").get_caller_identity()["Account"] == HOME
    identity = client("sts", **_assume(client)).get_caller_identity()
    assert identity["Account"] == OTHER
    assert identity["Arn"] == f"arn:aws:sts::{OTHER}:assumed-role/Reader/ann"


def test_the_session_is_in_the_log_of_calls(simulator: Control, client: Client) -> None:
    there = simulator.at(account=OTHER)
    _machines(client("stepfunctions", **_assume(client, ExternalId="quite secret")))
    assert there.calls()[-1]["session"] == "ann"
    assumed = simulator.calls("AssumeRole")[-1]
    assert (assumed["session"], assumed["applied"]) == (None, True)
    assert assumed["params"]["RoleSessionName"] == "ann"
    assert "quite secret" not in str(assumed)


@pytest.mark.parametrize(
    ("given", "admitted"),
    [({"ExternalId": "ext-7"}, True), ({}, False), ({"ExternalId": "x7"}, False)],
)
def test_a_role_may_ask_for_its_external_id(
    simulator: Control, client: Client, given: dict[str, str], admitted: bool
) -> None:
    simulator.separate()
    simulator.require_external_id(ROLE, "ext-7")
    if admitted:
        _assume(client, **given)
        return
    ask = {"RoleArn": ROLE, "RoleSessionName": "ann", **given}
    assert _code(client("sts").assume_role, **ask) == ("AccessDenied", 403)


@pytest.mark.parametrize(
    "fields",
    [{"DurationSeconds": 43_201}, {"RoleArn": "arn:aws:iam::1:role/x"}],
)
def test_a_wrong_request_for_a_role_is_refused(
    simulator: Control, client: Client, fields: dict[str, Any]
) -> None:
    simulator.separate()
    ask = {"RoleArn": ROLE, "RoleSessionName": "ann", **fields}
    assert _code(client("sts").assume_role, **ask)[0] == "ValidationError"


def test_a_role_out_of_a_role_lasts_an_hour_at_most(simulator: Control, client: Client) -> None:
    simulator.separate()
    chained = client("sts", **_assume(client))
    ask = {"RoleArn": ROLE, "RoleSessionName": "bob"}
    assert _code(chained.assume_role, **ask, DurationSeconds=7200)[0] == "ValidationError"
    assert "Credentials" in chained.assume_role(**ask, DurationSeconds=3600)


def test_credentials_end_at_their_time(simulator: Control, client: Client) -> None:
    simulator.separate()
    credentials = _assume(client, DurationSeconds=900)
    states, sts = (client(name, **credentials) for name in ("stepfunctions", "sts"))
    simulator.advance(899)
    _machines(states)
    simulator.advance(1)
    assert _code(states.list_state_machines) == ("ExpiredTokenException", 400)
    assert _code(sts.get_caller_identity) == ("ExpiredToken", 403)
    assert simulator.at(account=OTHER).calls()[-2]["applied"] is False


def test_all_credentials_can_be_ended_at_once(simulator: Control, client: Client) -> None:
    simulator.separate()
    credentials = _assume(client)
    simulator.expire_sessions()
    expired = _code(client("stepfunctions", **credentials).list_state_machines)
    assert expired[0] == "ExpiredTokenException"
    _machines(client("stepfunctions", **_assume(client)))


def test_a_role_key_needs_its_token(simulator: Control, client: Client) -> None:
    simulator.separate()
    credentials = {**_assume(client), "aws_session_token": "another"}
    refused = _code(client("stepfunctions", **credentials).list_state_machines)
    assert refused[0] == "UnrecognizedClientException"


def test_faults_strike_sts_too(simulator: Control, client: Client) -> None:
    simulator.separate()
    ask = {"RoleArn": ROLE, "RoleSessionName": "ann"}
    for kind, code in (("deny", "AccessDenied"), ("throttle", "Throttling")):
        simulator.fault("AssumeRole", kind=kind)
        assert _code(client("sts").assume_role, **ask)[0] == code
    assert "Credentials" in client("sts").assume_role(**ask)


def test_a_denial_names_the_role_session(simulator: Control, client: Client) -> None:
    simulator.at(account=OTHER).fault("ListStateMachines", kind="deny")
    states = client("stepfunctions", **_assume(client))
    with pytest.raises(ClientError, match=f"{OTHER}:assumed-role/Reader/ann is not authorized"):
        states.list_state_machines()


def test_a_reset_is_one_place_again(simulator: Control, client: Client) -> None:
    simulator.at(region="us-west-2").create("workflow", machine(A=passing()))
    simulator.reset()
    arn = simulator.create("workflow", machine(A=passing()))
    assert _machines(client("stepfunctions", "us-west-2")) == [arn]


def test_a_restart_knows_all_places_and_sessions(tmp_path: Path, client: Client) -> None:
    process = SimulatorProcess(journal=tmp_path / "journal")
    before = process.start()
    there = before.at(account=OTHER, region="us-west-2")
    execution = there.start(there.create("workflow", machine(Ask=waiting())))
    token = there.tokens(execution)[0]["token"]
    history = there.history(execution)
    before.require_external_id(ROLE, "ext-7")
    credentials = _assume_at(before, ExternalId="ext-7")
    process.kill()
    with process as after:
        session = boto3.Session(region_name="us-west-2", **credentials)
        states = session.client("stepfunctions", endpoint_url=after.url)
        there = after.at(account=OTHER, region="us-west-2")
        assert there.history(execution) == history
        states.send_task_success(taskToken=token, output="1")
        assert there.execution(execution)["status"] == "SUCCEEDED"
        assert after.call("ListStateMachines")["stateMachines"] == []
        with pytest.raises(ClientError, match="AccessDenied"):
            _assume_at(after)
    assert credentials["aws_session_token"] not in (tmp_path / "journal").read_text()


def _assume_at(simulator: Control, **fields: str) -> dict[str, str]:
    def client(service: str) -> Any:
        session = boto3.Session("k", "s", region_name="eu-west-1")
        return session.client(service, endpoint_url=simulator.url)

    return _assume(client, **fields)


def test_a_held_call_elsewhere_is_let_go_by_its_own_control(simulator: Control) -> None:
    there = simulator.at(region="us-west-2")
    there.fault("ListStateMachines", kind="refuse", code="InvalidToken")
    assert simulator.call("ListStateMachines") == {"stateMachines": []}
    assert refusal(there.call, "ListStateMachines").code == "InvalidToken"
