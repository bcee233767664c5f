"""The commands: add a connection, run a pass in the foreground."""

from __future__ import annotations

import json
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO
from threading import Thread
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from callbacks.models import AuditEntry, CallCount, Connection, Lease
from callbacks.models.clock import database_now
from callbacks.models.identity import connection_id
from tests import making
from tests.simulator.control import Control, running_simulator
from tests.sync.world import World

NOBODY = "http://127.0.0.1:9"


def run(*arguments: str, **options: Any) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out, **options)
    return out.getvalue()


def add(url: str, *more: str, name: str = "prod") -> str:
    return run("add_connection", name, "--region", "eu-west-1", "--endpoint-url", url, *more)


def test_a_connection_learns_its_account_and_is_audited(db: None, simulator: Control) -> None:
    simulator.create("orders", {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})

    said = add(simulator.url)

    connection = Connection.objects.get()
    assert said == "Added prod: account 123456789012, eu-west-1.\n"
    assert connection.pk == connection_id(
        account="123456789012", region="eu-west-1", endpoint_url=simulator.url
    )
    assert AuditEntry.objects.get().kind == "connection_added"


def test_an_empty_emulator_has_no_account_yet(db: None, simulator: Control) -> None:
    assert "account not known yet" in add(simulator.url)


def test_the_account_of_a_role_is_that_of_its_arn(db: None) -> None:
    role = "arn:aws:iam::210987654321:role/reader"

    add(NOBODY, "--role-arn", role, "--external-id", "x-1", "--no-check")

    connection = Connection.objects.get()
    assert (connection.account, connection.role_arn) == ("210987654321", role)


def test_one_that_does_not_answer_is_refused(db: None) -> None:
    with pytest.raises(CommandError, match="cannot be reached"):
        add(NOBODY)

    assert (Connection.objects.count(), AuditEntry.objects.count()) == (0, 0)


class Page(BaseHTTPRequestHandler):
    """Any web server: it takes no POST, and says so with a page."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(405)
        self.end_headers()
        self.wfile.write(b"<html>\n<title>\x1b[31mNo</title>\n" + b"<p>words</p>\n" * 400)

    def log_message(self, *_: Any) -> None:
        """Nothing to the terminal of the tests."""


def test_the_page_of_another_web_server_is_told_in_one_short_line(db: None) -> None:
    with HTTPServer(("127.0.0.1", 0), Page) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(CommandError) as raised:
            add(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()

    said = str(raised.value)
    assert "gave no usable answer" in said
    assert said.isprintable()
    assert len(said) < 350


def test_one_that_denies_is_refused_and_the_right_is_named(db: None, simulator: Control) -> None:
    simulator.fault("ListStateMachines", "deny")

    with pytest.raises(CommandError, match="denied states:ListStateMachines"):
        add(simulator.url)


def test_a_role_that_is_denied_is_named_with_what_to_check(db: None, simulator: Control) -> None:
    simulator.separate()
    role = "arn:aws:iam::210987654321:role/reader"
    simulator.require_external_id(role, "the-right-one")

    with pytest.raises(CommandError) as raised:
        add(simulator.url, "--role-arn", role, "--external-id", "a-wrong-one")

    said = str(raised.value)
    assert f"AWS denied sts:AssumeRole on {role} to arn:" in said
    assert "check the role's trust policy and the external id" in said
    assert "a-wrong-one" not in said


def test_adding_the_same_again_changes_nothing(db: None, simulator: Control) -> None:
    add(simulator.url)

    assert add(simulator.url).startswith("Nothing to do for prod")
    assert (Connection.objects.count(), AuditEntry.objects.count()) == (1, 1)


def test_the_way_in_may_change_and_is_audited(db: None, simulator: Control) -> None:
    add(simulator.url)

    assert add(simulator.url, name="production").startswith("Changed production")
    kinds = list(AuditEntry.objects.order_by("chain_seq").values_list("kind", flat=True))
    assert (Connection.objects.count(), kinds) == (1, ["connection_added", "connection_changed"])


ROLE = "arn:aws:iam::210987654321:role/reader"
IN_AWS = ("--region", "eu-west-3", "--role-arn", ROLE, "--no-check")


def test_an_account_and_region_are_mirrored_once_whatever_the_address(
    db: None, simulator: Control
) -> None:
    simulator.create("orders", {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
    add(simulator.url, name="demo")
    again = simulator.url.replace("127.0.0.1", "localhost")

    with pytest.raises(CommandError, match="123456789012 in eu-west-1 is already mirrored as demo"):
        add(again, name="loc")
    assert (Connection.objects.count(), AuditEntry.objects.count()) == (1, 1)

    run("switch_connection", "demo", "off")
    with pytest.raises(CommandError, match="as demo, which is switched off"):
        add(again, name="loc")

    assert add(again, "--mirror-twice", name="loc").startswith("Added loc")


def test_another_emulator_that_calls_its_account_the_same_is_another_one(
    db: None, simulator: Control
) -> None:
    add(simulator.url, name="demo")
    with running_simulator() as other:
        for one in (simulator, other):
            one.create("orders", {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
        assert add(other.url, name="other").startswith("Added other: account 123456789012")


def test_a_vpc_endpoint_is_no_other_account(db: None) -> None:
    making.make_connection("prod", region="eu-west-3", account="210987654321", endpoint_url="")
    vpc = "https://vpce-1-2.states.eu-west-3.vpce.amazonaws.com"
    with pytest.raises(CommandError, match="210987654321 in eu-west-3 is already mirrored as prod"):
        add(vpc, *IN_AWS, name="vpc")


@pytest.mark.parametrize(
    "url",
    [
        "https://states.eu-west-3.amazonaws.com",
        "https://states.eu-west-3.amazonaws.com:443/",
        "https://States.EU-West-3.amazonaws.com.",
    ],
)
def test_awss_own_address_is_no_other_endpoint(db: None, url: str) -> None:
    run("add_connection", "aws1", *IN_AWS)

    said = run("add_connection", "aws2", *IN_AWS, "--endpoint-url", url)

    assert said.startswith("Changed aws2")
    assert Connection.objects.get().endpoint_url == ""


def test_an_address_for_fips_is_another_endpoint_of_the_same_account(db: None) -> None:
    run("add_connection", "aws1", *IN_AWS)
    fips = "https://states-fips.eu-west-3.amazonaws.com"

    with pytest.raises(CommandError, match="already mirrored as aws1"):
        run("add_connection", "aws2", *IN_AWS, "--endpoint-url", fips)


def test_one_that_was_kept_with_awss_own_address_is_still_the_same(db: None) -> None:
    making.make_connection(
        "aws2",
        account="210987654321",
        region="eu-west-3",
        endpoint_url="https://states.eu-west-3.amazonaws.com",
        role_arn=ROLE,
    )

    assert run("add_connection", "aws2", *IN_AWS).startswith("Nothing to do for aws2")


def test_one_whose_account_was_not_known_yet_is_still_the_same(
    db: None, simulator: Control
) -> None:
    add(simulator.url, name="early")
    simulator.create("orders", {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})

    assert "Renamed from early to late" in add(simulator.url, name="late")
    assert Connection.objects.count() == 1


def test_what_a_second_adding_changes_is_said(db: None) -> None:
    role = "arn:aws:iam::210987654321:role/"
    queue = "https://sqs.eu-west-1.amazonaws.com/210987654321/hints"
    first = ("--role-arn", f"{role}one", "--external-id", "hush-1", "--no-check")
    add(NOBODY, *first, "--hint-queue-url", queue)

    said = add(
        NOBODY,
        "--role-arn",
        f"{role}two",
        "--external-id",
        "hush-2",
        "--no-check",
        name="production",
    )

    assert said == (
        "Changed production: account 210987654321, eu-west-1. Renamed from prod to production; "
        "role changed; external id changed; hint queue removed.\n"
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": ""}, "needs a name"),
        ({"name": "  "}, "needs a name"),
        ({"name": "prod\nforged"}, "that nobody sees"),
        ({"name": "prod\u202egnp"}, "that nobody sees"),
        ({"name": "p" * 81}, "more than 80 characters"),
        ({"region": "Ireland"}, "looks like eu-west-1"),
        ({"region": "eu-west-1 "}, "looks like eu-west-1"),
        ({"endpoint_url": "http://ana:hush@127.0.0.1:9"}, "no user and no password"),
        ({"endpoint_url": "127.0.0.1:9"}, "An endpoint looks like"),
        ({"endpoint_url": "http://127.0.0.1:port"}, "An endpoint looks like"),
        ({"endpoint_url": "http://[::1"}, "An endpoint looks like"),
        ({"endpoint_url": "http://127.0.0.1:9/?key=hush"}, "An endpoint looks like"),
        ({"endpoint_url": f"http://127.0.0.1:9/{'a' * 200}"}, "more than 200 characters"),
        ({"hint_queue_url": "https://ana:hush@sqs.example/1/q"}, "no user and no password"),
        ({"hint_queue_url": "my-queue"}, "address of a queue looks like"),
        ({"profile": "p" * 65}, "at most 64 characters"),
        ({"external_id": "hush-hush"}, "give the role, too"),
        ({"role_arn": "reader"}, "A role looks like"),
        ({"role_arn": "arn:aws:iam::210987654321:user/ana"}, "A role looks like"),
        ({"role_arn": ROLE + "r" * 2048}, "A role looks like"),
        ({"role_arn": ROLE, "external_id": "hush hush"}, "does not take"),
    ],
)
def test_what_cannot_be_a_connection_is_refused_in_words(
    db: None, options: dict[str, str], said: str
) -> None:
    given = {"name": "prod", "region": "eu-west-1", **options}
    name = given.pop("name")

    with pytest.raises(CommandError, match=said) as raised:
        run("add_connection", name, no_check=True, **given)

    assert "hush" not in str(raised.value)
    assert (Connection.objects.count(), AuditEntry.objects.count()) == (0, 0)


def test_a_connection_is_switched_off_and_on_again_on_the_record(db: None) -> None:
    one = making.make_connection("prod")

    assert run("switch_connection", "prod", "off").startswith("Switched prod off.")
    one.refresh_from_db()
    assert not one.is_enabled
    assert run("switch_connection", "prod", "off").startswith("prod was off already.")
    assert run("switch_connection", "prod", "on").startswith("Switched prod on.")
    one.refresh_from_db()
    assert one.is_enabled
    kinds = AuditEntry.objects.order_by("chain_seq").values_list("kind", flat=True)
    assert list(kinds) == ["connection_switched_off", "connection_switched_on"]


def test_a_switch_tells_how_many_answers_are_held_and_how_many_go_out(db: None) -> None:
    making.default_policy()
    machine = making.make_machine(making.make_connection("prod"))
    now = database_now()
    for seconds in (-60, -30, 600):
        task = making.make_task(execution=making.make_execution(machine))
        making.make_decision(task, send_after=now + timedelta(seconds=seconds))
    making.make_decision(send_after=now)

    assert "3 answers are held until then" in run("switch_connection", "prod", "off")
    assert "3 answers are held until then" in run("switch_connection", "prod", "off")
    assert "2 answers given before go out now." in run("switch_connection", "prod", "on")
    assert "answer" not in run("switch_connection", "prod", "on")


def test_one_that_is_switched_off_is_not_read_by_a_command_either(world: World) -> None:
    Connection.objects.update(is_enabled=False)
    name = Connection.objects.get().name

    with pytest.raises(CommandError, match=f"{name} is switched off.*switch_connection {name} on"):
        run("sync", "--connection", name)

    assert not CallCount.objects.exists()


def test_one_that_does_not_exist_cannot_be_switched(db: None) -> None:
    with pytest.raises(CommandError, match="no connection named nowhere"):
        run("switch_connection", "nowhere", "off")


def test_a_name_is_given_once(db: None, simulator: Control) -> None:
    making.make_connection("prod")

    with pytest.raises(CommandError, match="named prod already"):
        add(simulator.url)


def test_names_that_look_alike_do_not_stand_side_by_side(db: None) -> None:
    making.make_connection("prod")

    with pytest.raises(CommandError, match="named prod, and the two names look alike"):
        add(NOBODY, "--no-check", name="Prod")


def test_a_connection_may_be_renamed_to_what_looks_like_its_own_name(db: None) -> None:
    add(NOBODY, "--no-check", name="prod")

    assert "Renamed from prod to Prod" in add(NOBODY, "--no-check", name="Prod")


def test_sync_prints_the_figures_of_the_pass_as_json(world: World) -> None:
    world.start()

    figures = json.loads(run("sync", "--json"))

    assert (figures["executions_listed"], figures["tasks_opened"]) == (1, 1)
    assert figures["api_calls"]["GetExecutionHistory"] == figures["histories_read"] == 1
    assert (figures["tasks_closed"], figures["throttles"]) == (0, 0)
    assert figures["seconds"] > 0


def test_a_pass_leaves_how_many_lists_share_the_calls(world: World) -> None:
    world.start()

    run("sync")

    figures = world.health.figures
    assert (figures["lists"], figures["look_seconds"] > 0) == (1, True)


def test_sync_says_the_same_in_words(world: World) -> None:
    world.start()

    assert "1 executions listed, 1 histories read, 1 tasks opened, 0 closed" in run("sync")


def test_sync_takes_one_connection_by_name(world: World) -> None:
    making.make_connection("elsewhere", endpoint_url=NOBODY)

    said = run("sync", "--connection", world.connection.name)

    assert said.startswith(f"{world.connection.name}: ")


def test_sync_fails_where_it_could_not_read(db: None) -> None:
    making.make_connection("elsewhere", endpoint_url=NOBODY)

    with pytest.raises(CommandError, match=r"elsewhere \(unreachable\)"):
        run("sync")


def test_sync_says_that_a_pass_is_running(world: World) -> None:
    name = f"sync:{world.connection.pk}"
    Lease.objects.create(name=name, holder="other", until=making.timezone.now().replace(year=2099))

    with pytest.raises(CommandError, match="is running"):
        run("sync")


def test_one_that_is_being_synced_does_not_keep_the_others_from_it(world: World) -> None:
    world.start()
    busy = making.make_connection("a-busy-one", endpoint_url=NOBODY)
    until = making.timezone.now().replace(year=2099)
    Lease.objects.create(name=f"sync:{busy.pk}", holder="other", until=until)
    making.make_connection("away", endpoint_url=NOBODY, region="eu-north-1")
    out = StringIO()

    with pytest.raises(CommandError) as raised:
        call_command("sync", stdout=out)

    assert "A pass over a-busy-one is running" in str(raised.value)
    assert "away (unreachable)" in str(raised.value)
    assert f"{world.connection.name}: 1 executions listed" in out.getvalue()
    assert "a-busy-one" not in out.getvalue()


def test_an_unknown_connection_is_named(db: None) -> None:
    with pytest.raises(CommandError, match="no connection named nowhere"):
        run("sync", "--connection", "nowhere")
