"""How tests and the demo drive a simulator: in a thread, in a process, or one that runs already."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.simulator.server import PLACE_HEADER, Server
from tests.simulator.simulator import Options, Simulator

ROOT = Path(__file__).resolve().parents[2]
ROLE_ARN = "arn:aws:iam::123456789012:role/workflow"
PATIENCE = 20.0
Json = Any


class ControlError(Exception):
    """The simulator refused; `code` is AWS's error code where it was an operation."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class Control:
    """A small synchronous client of one simulator."""

    def __init__(self, url: str, place: str | None = None) -> None:
        self.url = url
        self._place = {} if place is None else {PLACE_HEADER: place}

    # -- accounts and regions -----------------------------------------------------------------

    def at(self, *, account: str = "", region: str = "") -> Control:
        """The same simulator at another account and region, with machines, faults, quotas and
        calls of its own (empty: the simulator's own one); from then on all of them are told
        apart, and STS answers."""
        self.separate()
        return Control(self.url, f"{account}/{region}")

    def separate(self) -> None:
        """Tell accounts and regions apart by the signature, and answer for STS."""
        self._ask("separate")

    def require_external_id(self, role_arn: str, external_id: str | None) -> None:
        """Let AssumeRole give out this role for the external id only; None: to everybody."""
        self._ask("require_external_id", role_arn=role_arn, external_id=external_id)

    def expire_sessions(self) -> None:
        """End all credentials that AssumeRole has given out so far."""
        self._ask("expire_sessions")

    # -- time and state -----------------------------------------------------------------------

    def now(self) -> float:
        """Seconds since the epoch on the simulator's clock."""
        return float(self._ask("now")["now"])

    def advance(self, seconds: float) -> float:
        """Move the clock on; everything due by then has happened when this returns."""
        return float(self._ask("advance", seconds=seconds)["now"])

    def reset(self) -> None:
        self._ask("reset")

    def quotas(self, *, enabled: bool, **buckets: tuple[float, float]) -> None:
        """Switch the token buckets on or off; keywords are operations with (size, refill)."""
        self._ask("quotas", enabled=enabled, buckets=buckets)

    def lag(self, seconds: float) -> None:
        """Let lists show each later change only so many seconds after it happened."""
        self._ask("lag", seconds=seconds)

    def expire_pages(self, **lifetime: float) -> None:
        """Make all page tokens so far invalid; with lifetime= (seconds, 0: at once) later ones
        die early too."""
        self._ask("expire_pages", **lifetime)

    def outcome(self, kind: str, **fields: Json) -> None:
        """Say what tasks do: succeed (output), fail (error, cause), submit_fail, start_fail, wait;
        for machine=, state=, resource=, and times= (default: always)."""
        self._ask("outcome", kind=kind, **fields)

    def put_object(self, bucket: str, key: str, text: str) -> None:
        """Put an object where the ItemReader of a distributed Map finds it."""
        self._ask("put_object", bucket=bucket, key=key, text=text)

    def key(self, key: str, standing: str) -> None:
        """Say how a key stands for callers: usable, denied, disabled or busy. A machine is
        encrypted with it by encryptionConfiguration={"kmsKeyId": key}."""
        self._ask("key", key=key, standing=standing)

    def slow_deletion(self, on: bool = True) -> None:
        """Delete machines as AWS does: DELETING until the last of their executions has ended, each
        of which ends at its next state. Else they are gone at once and executions go on."""
        self._ask("slow_deletion", on=on)

    # -- machines and executions --------------------------------------------------------------

    def create(self, name: str, definition: Json, **fields: Json) -> str:
        """Create a state machine from a definition as text or as data; returns its ARN."""
        text = definition if isinstance(definition, str) else json.dumps(definition)
        given = {"name": name, "definition": text, "roleArn": ROLE_ARN, **fields}
        return str(self.call("CreateStateMachine", **given)["stateMachineArn"])

    def update(self, arn: str, definition: Json) -> str:
        """Returns the new revision id."""
        text = definition if isinstance(definition, str) else json.dumps(definition)
        answer = self.call("UpdateStateMachine", stateMachineArn=arn, definition=text)
        return str(answer["revisionId"])

    def publish(self, arn: str) -> str:
        """Publish what the machine is now as a version; returns its ARN."""
        answer = self.call("PublishStateMachineVersion", stateMachineArn=arn)
        return str(answer["stateMachineVersionArn"])

    def alias(self, name: str, *versions: str) -> str:
        """Make an alias, or lead it elsewhere: to one version, or evenly to two. Its ARN."""
        weight = 100 // len(versions)
        routing = [{"stateMachineVersionArn": one, "weight": weight} for one in versions]
        answer = self.call("CreateStateMachineAlias", name=name, routingConfiguration=routing)
        return str(answer["stateMachineAliasArn"])

    def start(self, arn: str, input: Json = None, name: str | None = None) -> str:  # noqa: A002 - AWS's word
        """Start one execution of a machine, or by a version or alias; a dict or list is sent as
        JSON. Returns the execution's ARN."""
        text = input if isinstance(input, str) else json.dumps({} if input is None else input)
        given = {"stateMachineArn": arn, "input": text} | ({"name": name} if name else {})
        return str(self.call("StartExecution", **given)["executionArn"])

    def start_many(
        self,
        arn: str,
        count: int,
        input: Json = None,  # noqa: A002 - AWS's word
        name_prefix: str = "run-",
    ) -> str:
        """Start many at once with one input; returns what each ARN is before its six digits."""
        text = input if isinstance(input, str) else json.dumps({} if input is None else input)
        given = {"stateMachineArn": arn, "count": count, "input": text, "name_prefix": name_prefix}
        return str(self._ask("start_many", **given)["prefix"])

    def execution(self, arn: str) -> Json:
        """As DescribeExecution answers; not counted as a call."""
        return self._ask("execution", execution=arn)

    def history(self, arn: str) -> list[Json]:
        """All events, oldest first; not counted as a call."""
        return list(self._ask("history", execution=arn)["events"])

    def tokens(self, execution_arn: str | None = None) -> list[Json]:
        """Open tasks: token, token_sha256, execution_arn, state, event_id, redrive_count."""
        return list(self._ask("tokens", execution=execution_arn)["tokens"])

    def add_event(
        self,
        execution_arn: str,
        type: str,  # noqa: A002 - AWS's word
        previous: int,
        **details: Json,
    ) -> int:
        """Write any event into a history, sensible or not; returns its id."""
        given = {"execution": execution_arn, "type": type, "previous": previous}
        return int(self._ask("add_event", **given, details=details)["id"])

    # -- faults and the log -------------------------------------------------------------------

    def fault(self, operation: str, kind: str, **fields: Json) -> int:
        """Let a call go wrong; see `faultlist.Fault` for the fields. Returns the fault's id."""
        return int(self._ask("fault", operation=operation, kind=kind, **fields)["id"])

    def clear_faults(self) -> None:
        self._ask("clear_faults")

    def held(self) -> list[Json]:
        """The calls that a `hold` fault has stopped."""
        return list(self._ask("held")["held"])

    def wait_held(self, count: int = 1, timeout: float = PATIENCE) -> list[Json]:
        """Wait until so many calls are held."""
        deadline = time.monotonic() + timeout
        while len(held := self.held()) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(held)} of {count} calls are held")
            time.sleep(0.02)
        return held

    def release(self, fault: int | None = None) -> int:
        """Let held calls go on; returns how many."""
        return int(self._ask("release", fault=fault)["released"])

    def calls(
        self, operation: str | None = None, execution: str | None = None, after: int = 0
    ) -> list[Json]:
        """The log, oldest first: seq, at, operation, request_id, params, session, execution_arn,
        event_id, fault, applied, answer. Tokens appear as `token_sha256` only. `after` is a seq."""
        wanted = {"operation": operation, "execution": execution, "after": after}
        return list(self._ask("calls", **wanted)["calls"])

    def wait_applied(self, operation: str, count: int = 1, timeout: float = PATIENCE) -> list[Json]:
        """Wait until so many calls of the operation were applied; returns those."""
        deadline = time.monotonic() + timeout
        while True:
            applied = [call for call in self.calls(operation) if call["applied"]]
            if len(applied) >= count:
                return applied
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(applied)} of {count} calls were applied")
            time.sleep(0.02)

    def counts(self) -> dict[str, int]:
        """How many calls of each operation came in, however long ago."""
        return dict(self._ask("counts")["counts"])

    # -- the wire -----------------------------------------------------------------------------

    def call(self, operation: str, **params: Json) -> Json:
        """Call one operation as a client would; raises ControlError with AWS's code."""
        headers = {
            "X-Amz-Target": f"AWSStepFunctions.{operation}",
            "Content-Type": "application/x-amz-json-1.0",
        }
        return self._post("/", params, headers)

    def _ask(self, action: str, **arguments: Json) -> Json:
        return self._post(f"/_simulator/{action}", arguments, {})

    def _post(self, path: str, body: Json, headers: dict[str, str]) -> Json:
        data = json.dumps(body).encode()
        sent = {**headers, **self._place}
        request = urllib.request.Request(self.url + path, data, sent, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=300) as reply:
                return json.loads(reply.read())
        except urllib.error.HTTPError as exc:
            answer = json.loads(exc.read())
            code = answer.get("__type", "Refused")
            message = answer.get("message") or answer.get("error") or ""
            raise ControlError(code, message) from None


class ThreadedSimulator:
    """A simulator in a thread of this process."""

    def __init__(self, *, port: int = 0, **options: Any) -> None:
        self._server = Server(Simulator(Options(**options)), "127.0.0.1", port)
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="simulator", daemon=True)

    def start(self) -> Control:
        self._thread.start()
        if not self._ready.wait(PATIENCE):
            raise TimeoutError("the simulator did not start")
        return Control(self._server.url)

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(PATIENCE)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        await self._server.start()
        self._ready.set()
        await self._stopping.wait()
        await self._server.stop()


@contextmanager
def running_simulator(**options: Any) -> Iterator[Control]:
    """A simulator for the length of a with block. Options: those of `simulator.Options`
    (region, account, journal, seed, frozen, start) and port."""
    simulator = ThreadedSimulator(**options)
    try:
        yield simulator.start()
    finally:
        simulator.stop()


class SimulatorProcess:
    """A simulator in a process of its own, as the demo runs it; can be killed and started again."""

    def __init__(
        self,
        *,
        journal: Path | None = None,
        port: int = 0,
        region: str | None = None,
        frozen: bool = False,
    ) -> None:
        self._journal = journal
        self._port = port
        self._options = [*(["--region", region] if region else []), *(["--frozen"] * frozen)]
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> Control:
        """Start, or start again on the same port and journal."""
        command = [sys.executable, "-m", "tests.simulator", "--port", str(self._port)]
        command += self._options
        if self._journal is not None:
            command += ["--journal", str(self._journal)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if "ready" not in line:
            raise RuntimeError(f"the simulator did not start: {line!r}")
        url = line.split()[-1]
        self._port = int(url.rsplit(":", 1)[1])
        return Control(url)

    @property
    def pid(self) -> int:
        """Of the running process; 0 where none runs."""
        return self._process.pid if self._process is not None else 0

    def kill(self) -> None:
        """SIGKILL: nothing is said or saved."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> int:
        process = self._process
        if process is None:
            return 0
        process.send_signal(how)
        code = process.wait(PATIENCE)
        if process.stdout is not None:
            process.stdout.close()
        self._process = None
        return code

    def __enter__(self) -> Control:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
