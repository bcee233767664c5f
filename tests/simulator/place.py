"""One account in one region: all that AWS keeps apart between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.simulator.calls import CallLog
from tests.simulator.engine import Engine
from tests.simulator.faultlist import FaultList
from tests.simulator.jsontext import Json
from tests.simulator.quotas import Quotas
from tests.simulator.service import Service

if TYPE_CHECKING:
    from tests.simulator.simulator import Simulator


class Place:
    def __init__(self, simulator: Simulator, account: str, region: str, seed: str) -> None:
        self.simulator = simulator
        self.account = account
        self.region = region
        self.faults = FaultList()
        self.calls = CallLog()
        self.quotas = Quotas(region)
        self.engine = Engine(seed=seed, region=region, account=account)
        self.service = Service(self.engine, seed)

    def call(self, operation: str, params: dict[str, Json]) -> dict[str, Any]:
        """Apply one operation at the present moment; raises ServiceError."""
        self.simulator.catch_up()
        return self.service.call(operation, params)
