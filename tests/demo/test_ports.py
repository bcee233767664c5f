"""Ports: what is taken is said, and the local Step Functions keeps its own."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from callbacks.demo import ports


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind((ports.HOST, 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_port_with_a_listener_is_not_free(taken: int) -> None:
    assert not ports.is_free(port=taken)
    assert ports.answers(url=f"http://{ports.HOST}:{taken}")


def test_a_port_is_free_again_once_its_listener_has_gone(taken: int) -> None:
    with socket.socket() as other:
        other.bind((ports.HOST, 0))
        port = other.getsockname()[1]
    assert ports.is_free(port=port)
    assert not ports.answers(url=f"http://{ports.HOST}:{port}")


def test_the_second_run_has_the_first_ones_port(tmp_path: Path) -> None:
    first = ports.kept_simulator_port(kept_in=tmp_path / "demo.json")
    assert ports.kept_simulator_port(kept_in=tmp_path / "demo.json") == first


def test_a_kept_port_that_somebody_took_is_said(tmp_path: Path, taken: int) -> None:
    (tmp_path / "demo.json").write_text(f'{{"simulator_port": {taken}}}')
    with pytest.raises(ports.PortTaken, match=f"Port {taken}.*in use"):
        ports.kept_simulator_port(kept_in=tmp_path / "demo.json")


def test_up_says_that_its_port_is_taken(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", str(taken))
    with pytest.raises(CommandError, match=f"Port {taken} is in use.*PORT=8123"):
        call_command("up")


@pytest.mark.parametrize("text", ["web", "0", "70000", "-1"])
def test_up_says_what_a_port_is(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", text)
    with pytest.raises(CommandError, match="PORT must be a number from 1 to 65535"):
        call_command("up")
