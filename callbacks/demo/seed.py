"""Put the sample workflows onto an emulator and start them."""

from __future__ import annotations

import json
from datetime import datetime

from callbacks.demo.samples import SAMPLES, Sample
from callbacks.stepfunctions.emulator import Emulator


def seed(
    *, endpoint_url: str, region: str, now: datetime, only_new: bool = False
) -> tuple[str, ...]:
    """Make the state machines that are missing and start an execution of each; return their ARNs.

    `only_new` leaves alone what ever ran. Names of executions hold the moment: an emulator that
    forgot its past must not bring back an execution that was already answered.
    Raises NotAnEmulator, StepFunctionsError.
    """
    emulator = Emulator(endpoint_url=endpoint_url, region=region)
    machines = [(sample, _machine(emulator, sample)) for sample in SAMPLES]
    return tuple(
        _start(emulator, sample, arn, now)
        for sample, arn in machines
        if not (only_new and emulator.has_executions(arn=arn))
    )


def _machine(emulator: Emulator, sample: Sample) -> str:
    found = emulator.find_state_machine(name=sample.workflow)
    return found or emulator.create_state_machine(
        name=sample.workflow, definition=sample.definition
    )


def _start(emulator: Emulator, sample: Sample, arn: str, now: datetime) -> str:
    name = f"{sample.run}-{now:%Y%m%dT%H%M%S%f}"
    payload = json.dumps(sample.input, ensure_ascii=False)
    return emulator.start_execution(arn=arn, name=name, payload=payload)
