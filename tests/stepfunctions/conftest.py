"""A machine without any AWS settings, and the scripted wire."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from callbacks.stepfunctions import Access, forget_clients
from tests.stepfunctions.wire_server import WireServer, wire_server


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


@pytest.fixture(scope="session")
def one_wire_server() -> Iterator[WireServer]:
    with wire_server() as server:  # one address, so that the tests share its clients
        yield server
    forget_clients()


@pytest.fixture
def wire(one_wire_server: WireServer) -> WireServer:
    one_wire_server.begin_anew()
    return one_wire_server


@pytest.fixture
def access(wire: WireServer) -> Access:
    return Access(region="eu-west-1", endpoint_url=wire.url)
