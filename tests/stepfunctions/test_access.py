"""Whose credentials sign a request, how they renew themselves, and who shares a client."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from botocore.config import Config

from callbacks.stepfunctions import (
    Access,
    NotSent,
    NotSentKind,
    Reader,
    Sender,
    Unanswered,
    clients,
    forget_clients,
    require_credentials,
    who_we_are,
    without_own_endpoint,
)
from callbacks.stepfunctions import access as doors
from callbacks.stepfunctions.clients import READING, SENDING, client_for
from tests.stepfunctions import wire_server as on
from tests.stepfunctions.wire_server import Request, WireServer

ROLE = "arn:aws:iam::123456789012:role/Reader"
NONE = on.reply({"stateMachines": []})


@pytest.fixture(autouse=True)
def no_clients_yet(bare_environment: None) -> Iterator[None]:
    forget_clients()
    yield
    forget_clients()


def in_minutes(minutes: int) -> str:
    return (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def signer(request: Request) -> str:
    """Return the access key that signed the request."""
    return request.headers["authorization"].partition("Credential=")[2].partition("/")[0]


def role_at(wire: WireServer) -> Access:
    return Access(region="eu-west-1", endpoint_url=wire.url, role_arn=ROLE, external_id="ext-7")


def test_a_bare_machine_can_talk_to_an_emulator(wire: WireServer, access: Access) -> None:
    wire.play(NONE)
    Reader(access=access).list_state_machines()
    assert signer(wire.requests[0]) == "local"


def test_ambient_credentials_sign(
    wire: WireServer, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAAMBIENT")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    wire.play(NONE)
    Reader(access=access).list_state_machines()
    assert signer(wire.requests[0]) == "AKIAAMBIENT"


def test_a_profile_signs(wire: WireServer) -> None:
    stored = "[team]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = s\n"
    Path(os.environ["AWS_SHARED_CREDENTIALS_FILE"]).write_text(stored)
    wire.play(NONE)
    access = Access(region="eu-west-1", endpoint_url=wire.url, profile="team")
    Reader(access=access).list_state_machines()
    assert signer(wire.requests[0]) == "AKIAPROFILE"


def test_boto3s_own_variable_gives_the_endpoint(
    wire: WireServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SFN", wire.url)
    wire.play(NONE)
    Reader(access=Access(region="eu-west-1")).list_state_machines()
    assert signer(wire.requests[0]) == "local"


def test_a_role_is_assumed_once_for_both_clients(wire: WireServer) -> None:
    wire.play(on.assumed_role("ASIAONE", expires=in_minutes(60)), NONE, on.reply())
    Reader(access=role_at(wire)).list_state_machines()
    Sender(access=role_at(wire)).send_task_heartbeat(token="t")
    assert wire.operations == ["AssumeRole", "ListStateMachines", "SendTaskHeartbeat"]
    assert [signer(request) for request in wire.requests[1:]] == ["ASIAONE", "ASIAONE"]
    asked = parse_qs(wire.requests[0].body)
    assert (asked["RoleArn"], asked["ExternalId"]) == ([ROLE], ["ext-7"])
    assert asked["RoleSessionName"] == ["holdpoint"]


def test_a_roles_credentials_are_renewed_before_they_end(wire: WireServer) -> None:
    wire.play(
        on.assumed_role("ASIAONE", expires=in_minutes(5)),
        NONE,
        on.assumed_role("ASIATWO", expires=in_minutes(60)),
        NONE,
    )
    reader = Reader(access=role_at(wire))
    reader.list_state_machines()
    reader.list_state_machines()
    assert [signer(request) for request in wire.requests] == [
        "local",
        "ASIAONE",
        "local",
        "ASIATWO",
    ]


def test_credentials_that_end_within_a_minute_are_renewed_before_anything_is_sent(
    wire: WireServer,
) -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=50)).strftime("%Y-%m-%dT%H:%M:%SZ")
    wire.play(
        on.assumed_role("ASIAONE", expires=soon),
        on.assumed_role("ASIATWO", expires=in_minutes(60)),
        on.reply(),
    )
    sender = Sender(access=role_at(wire))
    sender.require_credentials()
    sender.require_credentials()
    assert wire.operations == ["AssumeRole", "AssumeRole"]
    sender.send_task_heartbeat(token="t")
    assert signer(wire.requests[-1]) == "ASIATWO"


def test_each_persons_role_is_assumed_once(wire: WireServer) -> None:
    wire.play(
        on.assumed_role("ASIAANA", expires=in_minutes(60)),
        on.reply(),
        on.reply(),
        on.assumed_role("ASIABEN", expires=in_minutes(60)),
        on.reply(),
    )
    for name in ("holdpoint-1-ana", "holdpoint-1-ana", "holdpoint-2-ben"):
        Sender(access=replace(role_at(wire), session_name=name)).send_task_heartbeat(token="t")
    asked = [parse_qs(one.body) for one in wire.requests if one.operation == "AssumeRole"]
    assert [one["RoleSessionName"] for one in asked] == [["holdpoint-1-ana"], ["holdpoint-2-ben"]]
    sends = [one for one in wire.requests if one.operation == "SendTaskHeartbeat"]
    assert [signer(one) for one in sends] == ["ASIAANA", "ASIAANA", "ASIABEN"]


def test_sessions_of_people_are_bounded_and_ours_stays(
    wire: WireServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "MOST_PEOPLE", 2)
    ours = client_for(access=role_at(wire), behaviour=SENDING)
    people = [replace(role_at(wire), session_name=f"holdpoint-{n}") for n in range(3)]
    first, second, _ = [client_for(access=one, behaviour=SENDING) for one in people]
    assert client_for(access=people[1], behaviour=SENDING) is second
    assert client_for(access=people[0], behaviour=SENDING) is not first
    assert client_for(access=people[1], behaviour=SENDING) is second
    assert client_for(access=role_at(wire), behaviour=SENDING) is ours


def test_sessions_share_what_botocore_knows_of_the_services() -> None:
    access = Access(region="eu-west-1")
    cores = [doors.open_session(access=access)._session for _ in range(2)]
    models = {id(core.get_component("data_loader")) for core in cores}
    assert len(models) == 1
    folders = cores[0].get_component("data_loader").search_paths
    assert len(folders) == len(set(folders))


def test_credentials_can_be_asked_for_anew(wire: WireServer) -> None:
    wire.play(
        on.assumed_role("ASIAONE", expires=in_minutes(60)),
        on.error("ExpiredTokenException", "The security token is expired"),
        on.assumed_role("ASIATWO", expires=in_minutes(60)),
        on.reply(),
    )
    sender = Sender(access=role_at(wire))
    with pytest.raises(Exception, match="expired"):
        sender.send_task_heartbeat(token="t")
    sender.renew_credentials()
    sender.send_task_heartbeat(token="t")
    assert signer(wire.requests[-1]) == "ASIATWO"


NO_ROLE = {
    "refused": (on.role_refused("AccessDenied"), NotSentKind.ROLE_DENIED),
    "a page of HTML": (on.HTML, NotSentKind.CREDENTIALS),
    "closed": (on.close, NotSentKind.UNREACHABLE),
    "a server error": (on.role_refused("InternalError", status=500), NotSentKind.UNREACHABLE),
}


@pytest.mark.parametrize(("act", "kind"), NO_ROLE.values(), ids=NO_ROLE)
def test_a_role_that_is_not_given_means_not_sent(
    wire: WireServer, act: on.Act, kind: NotSentKind
) -> None:
    wire.play(act)
    with pytest.raises(NotSent) as raised:
        Sender(access=role_at(wire)).send_task_heartbeat(token="t")
    assert raised.value.kind is kind
    assert raised.value.certainly_not_applied
    assert "SendTaskHeartbeat" not in wire.operations


def test_a_role_that_is_denied_says_whose_it_is_and_to_whom(
    wire: WireServer, caplog: pytest.LogCaptureFixture
) -> None:
    us = "arn:aws:sts::111111111111:assumed-role/holdpoint/i-1"
    told = f"User: {us} is not authorized to perform: sts:AssumeRole on resource: {ROLE}"
    wire.play(on.role_refused("AccessDenied", message=told))
    with pytest.raises(NotSent) as raised:
        Reader(access=role_at(wire)).list_state_machines()
    error = raised.value
    assert (error.kind, error.resource, error.principal) == (NotSentKind.ROLE_DENIED, ROLE, us)
    assert "ext-7" not in f"{error} {caplog.text}"
    # The SDK's own warning is a traceback for each try.
    assert "Traceback" not in caplog.text


def test_asking_for_a_role_has_a_timeout(wire: WireServer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (doors.STS_CONFIG.connect_timeout, doors.STS_CONFIG.read_timeout) == (2, 5)
    short = Config(read_timeout=0.1, retries={"total_max_attempts": 1})
    monkeypatch.setattr(doors, "STS_CONFIG", short)
    wire.play(wire.stall)
    with pytest.raises(NotSent) as raised:
        Sender(access=role_at(wire)).send_task_heartbeat(token="t")
    assert raised.value.code == "ReadTimeoutError"


def test_credentials_are_made_sure_of_without_a_call_to_step_functions(wire: WireServer) -> None:
    wire.play(on.assumed_role("ASIAONE", expires=in_minutes(60)), on.reply())
    require_credentials(access=role_at(wire))
    assert wire.operations == ["AssumeRole"]
    Sender(access=role_at(wire)).send_task_heartbeat(token="t")
    assert wire.operations == ["AssumeRole", "SendTaskHeartbeat"]


def test_missing_credentials_are_told_beforehand() -> None:
    with pytest.raises(NotSent) as raised:
        require_credentials(access=Access(region="eu-west-1", profile="nobody"))
    assert raised.value.kind is NotSentKind.CONFIGURATION
    with pytest.raises(NotSent) as raised:
        require_credentials(access=Access(region="eu-west-1"))
    assert raised.value.kind is NotSentKind.CREDENTIALS


def test_an_emulator_without_sts_leaves_us_unknown(wire: WireServer, access: Access) -> None:
    wire.play(on.reply())
    with pytest.raises(Unanswered):
        who_we_are(access=access)


def test_an_emulator_on_this_machine_is_not_sought_behind_a_proxy(
    wire: WireServer, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    wire.play(NONE)
    Reader(access=access).list_state_machines()
    assert len(wire.requests) == 1


def test_sending_and_reading_have_clients_of_their_own(access: Access) -> None:
    reading = client_for(access=access, behaviour=READING).meta.config
    sending = client_for(access=access, behaviour=SENDING).meta.config
    assert (reading.connect_timeout, reading.read_timeout) == (2, 20)
    assert (sending.connect_timeout, sending.read_timeout) == (2, 5)
    assert reading.retries == {"mode": "standard", "total_max_attempts": 3}
    assert sending.retries == {"mode": "standard", "total_max_attempts": 1}
    assert not reading.inject_host_prefix


def test_threads_share_one_client(access: Access) -> None:
    barrier = threading.Barrier(8)
    found: list[object] = []

    def ask() -> None:
        barrier.wait(5)
        found.append(client_for(access=access, behaviour=READING))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(found) == 8
    assert len({id(client) for client in found}) == 1


def test_a_forked_worker_makes_its_own_client(access: Access) -> None:
    before = client_for(access=access, behaviour=READING)
    child = os.fork()
    if child == 0:  # no pytest in here: say it with the exit code and be gone
        same = client_for(access=access, behaviour=READING) is before
        os._exit(1 if same else 0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def test_an_access_does_not_print_its_external_id(wire: WireServer) -> None:
    assert "ext-7" not in repr(role_at(wire))


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:5601", True),
        ("http://[::1]:5601", True),
        ("http://localhost:4566", True),
        ("http://10.0.0.5:4566", False),  # another machine on our network gets real signatures
        ("https://states.eu-west-1.amazonaws.com", False),
        ("http://localhost.example.com", False),
        (None, False),
    ],
)
def test_only_this_machine_is_local(url: str | None, local: bool) -> None:
    assert Access(region="eu-west-1", endpoint_url=url).is_local is local


@pytest.mark.parametrize(
    ("region", "url", "is_own"),
    [
        ("eu-west-1", "https://states.eu-west-1.amazonaws.com", True),
        ("cn-north-1", "https://states.cn-north-1.amazonaws.com.cn", True),
        ("eu-west-1", "https://states.eu-west-3.amazonaws.com", False),
        ("us-east-1", "https://states-fips.us-east-1.amazonaws.com", False),
        ("eu-west-1", "http://127.0.0.1:4599", False),
    ],
)
def test_awss_own_address_of_the_region_is_no_endpoint(region: str, url: str, is_own: bool) -> None:
    access = without_own_endpoint(Access(region=region, endpoint_url=url))
    assert access.endpoint_url == (None if is_own else url)


def test_awss_own_address_stays_where_the_environment_names_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SFN", "http://127.0.0.1:4599")
    own = Access(region="eu-west-1", endpoint_url="https://states.eu-west-1.amazonaws.com")
    assert without_own_endpoint(own) == own
