"""Ports on this machine: free or taken, and does somebody answer."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

HOST = "127.0.0.1"
FIRST_SIMULATOR_PORT = 4599
# Never through a proxy: what we ask is on this machine or on one that the person named.
_direct = build_opener(ProxyHandler({}))


class PortTaken(Exception):
    """Somebody else listens there."""


def is_free(*, port: int) -> bool:
    """Tell whether we could listen on this port."""
    with socket.socket() as probe:
        # Connections of the last run that are not quite over must not count as a listener.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def answers(*, url: str) -> bool:
    """Tell whether somebody accepts connections at this address."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with socket.create_connection((parts.hostname or HOST, port), timeout=2):
            return True
    except OSError:
        return False


def status_of(*, url: str) -> tuple[int, str]:
    """Return status and body of a GET; (0, reason) where nobody answers."""
    try:
        with _direct.open(url, timeout=5) as response:
            return response.status, response.read().decode()
    except HTTPError as answer:
        return answer.code, answer.read().decode(errors="replace")
    except (URLError, OSError) as exc:
        return 0, str(exc)


def kept_simulator_port(*, kept_in: Path) -> int:
    """Return the port of this installation's own Step Functions, the same in every run.

    A connection is known by its address, so another port would be another account to Holdpoint.
    Raises PortTaken.
    """
    if kept_in.exists():
        port = int(json.loads(kept_in.read_text())["simulator_port"])
        if not is_free(port=port):
            raise PortTaken(
                f"Port {port}, where this installation has its local Step Functions, is in use. "
                "Is another `make demo` of it still running?"
            )
        return port
    port = next(port for port in range(FIRST_SIMULATOR_PORT, 65_536) if is_free(port=port))
    kept_in.parent.mkdir(parents=True, exist_ok=True)
    kept_in.write_text(json.dumps({"simulator_port": port}))
    return port
