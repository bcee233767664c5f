"""What one place has apart from executions, and how its lists show it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.simulator.activities import Activities, Activity
from tests.simulator.jsontext import Json
from tests.simulator.lag import Lagging
from tests.simulator.listing import ExecutionIndex
from tests.simulator.model import DELETING, Machine, read_revision
from tests.simulator.paging import DAY
from tests.simulator.versions import Version

Recorder = Callable[[float, str, dict[str, Json]], None]


class Catalogue:
    """Machines and activities; whatever changes them is a command."""

    def __init__(self) -> None:
        self.now = 0.0
        self.machines: dict[str, Machine] = {}
        self.indexes: dict[str, ExecutionIndex] = {}  # by the machine's ARN, deleted ones too
        self.activities = Activities()
        self.deletes_slowly = False
        self.keys: dict[str, str] = {}  # how a key stands, where it is not plainly usable
        self.objects: dict[tuple[str, str], str] = {}  # what is in S3, by bucket and key
        self.lag = 0.0  # seconds that lists are behind
        self.page_generation = 0
        self.page_lifetime = DAY
        self.recorder: Recorder | None = None
        self._machines_lagging: Lagging[Machine] = Lagging()

    def _record_command(self, name: str, arguments: dict[str, Json]) -> None:
        if self.recorder is not None:
            self.recorder(self.now, name, arguments)

    # -- what lists say -----------------------------------------------------------------------

    def set_lag(self, seconds: float) -> None:
        """Let lists show each later change only so many seconds after it happened."""
        self.lag = seconds
        self._record_command("set_lag", {"seconds": seconds})

    @property
    def listed_at(self) -> float:
        """The moment that lists show."""
        return self.now - self.lag

    def listed_machines(self) -> dict[str, Machine]:
        """The machines by ARN as lists show them."""
        old = self._machines_lagging.old(self.listed_at)
        if not old:
            return self.machines
        shown = {**self.machines, **old}
        return {arn: machine for arn, machine in shown.items() if machine is not None}

    def _machine_will_change(self, arn: str) -> None:
        if self.lag > 0:
            machine = self.machines.get(arn)
            before = None if machine is None else replace(machine)
            self._machines_lagging.changed(arn, before, self.now, self.listed_at)

    def expire_pages(self, lifetime: float) -> None:
        """Make all page tokens so far invalid; those to come live so many seconds."""
        self.page_generation += 1
        self.page_lifetime = lifetime
        self._record_command("expire_pages", {"lifetime": lifetime})

    # -- machines and activities ------------------------------------------------------------------

    def create_machine(
        self,
        arn: str,
        name: str,
        type_: str,
        definition: str,
        role_arn: str,
        revision_id: str,
        tags: dict[str, str],
        kms_key: str = "",
    ) -> Machine:
        revision = read_revision(revision_id, definition, role_arn, self.now)
        machine = Machine(arn, name, type_, self.now, revision, dict(tags), kms_key=kms_key)
        self._machine_will_change(arn)
        self.machines[arn] = machine
        self.indexes[arn] = ExecutionIndex()
        self._record_command(
            "create_machine",
            {
                "arn": arn,
                "name": name,
                "type_": type_,
                "definition": definition,
                "role_arn": role_arn,
                "revision_id": revision_id,
                "tags": tags,
                "kms_key": kms_key,
            },
        )
        return machine

    def update_machine(self, arn: str, definition: str, role_arn: str, revision_id: str) -> None:
        machine = self.machines[arn]
        self._machine_will_change(arn)
        machine.revision = read_revision(revision_id, definition, role_arn, self.now)
        self._record_command(
            "update_machine",
            {
                "arn": arn,
                "definition": definition,
                "role_arn": role_arn,
                "revision_id": revision_id,
            },
        )

    def publish_version(self, arn: str) -> Version:
        """Keep what the machine is now as its next version."""
        machine = self.machines[arn]
        machine.last_version += 1
        version = Version(machine.last_version, machine.revision, self.now)
        machine.versions[version.number] = version
        self._record_command("publish_version", {"arn": arn})
        return version

    def delete_version(self, arn: str, number: int) -> None:
        self.machines[arn].versions.pop(number, None)
        self._record_command("delete_version", {"arn": arn, "number": number})

    def set_alias(self, arn: str, name: str, routing: list[list[int]]) -> None:
        self.machines[arn].aliases[name] = [(number, weight) for number, weight in routing]
        self._record_command("set_alias", {"arn": arn, "name": name, "routing": routing})

    def delete_machine(self, arn: str) -> None:
        if arn in self.machines and self.deletes_slowly and self.runs_in(arn):
            self.machines[arn].status = DELETING
        elif arn in self.machines:
            self.remove_machine(arn)
        self._record_command("delete_machine", {"arn": arn})

    def remove_machine(self, arn: str) -> None:
        self._machine_will_change(arn)
        del self.machines[arn]

    def runs_in(self, arn: str) -> bool:
        """Whether any execution of it runs."""
        running = self.indexes[arn].newest_first("RUNNING", None, self.now)
        return next(running, None) is not None

    def set_slow_deletion(self, on: bool) -> None:
        """Delete as AWS does: a machine is DELETING until the last of its executions has ended,
        and each ends at its next state. Else it is gone at once and they go on."""
        self.deletes_slowly = on
        self._record_command("set_slow_deletion", {"on": on})

    def set_key(self, key: str, standing: str) -> None:
        """Say whether callers may use a key: see `encryption`."""
        self.keys[key] = standing
        self._record_command("set_key", {"key": key, "standing": standing})

    def set_tags(self, arn: str, tags: dict[str, str]) -> None:
        tagged = self.tagged(arn)
        assert tagged is not None
        tagged.tags = dict(tags)
        self._record_command("set_tags", {"arn": arn, "tags": tags})

    def tagged(self, arn: str) -> Machine | Activity | None:
        return self.machines.get(arn) or self.activities.by_arn.get(arn)

    def put_object(self, bucket: str, key: str, text: str) -> None:
        """Put an object where an ItemReader finds it."""
        self.objects[bucket, key] = text
        self._record_command("put_object", {"bucket": bucket, "key": key, "text": text})

    def create_activity(self, arn: str, name: str, tags: dict[str, str]) -> None:
        self.activities.by_arn[arn] = Activity(arn, name, self.now, dict(tags))
        self._record_command("create_activity", {"arn": arn, "name": name, "tags": tags})

    def delete_activity(self, arn: str) -> None:
        self.activities.by_arn.pop(arn, None)
        self._record_command("delete_activity", {"arn": arn})
