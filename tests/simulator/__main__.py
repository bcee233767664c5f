"""`python -m tests.simulator`: the simulator as a process, until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import asyncio
import gc
import signal
import sys
from pathlib import Path

from tests.simulator.server import Server
from tests.simulator.simulator import Options, Simulator


def main() -> int:
    given = _arguments()
    # A hundred thousand waiting executions are not garbage: look through them less often.
    gc.set_threshold(100_000, 50, 100)
    # The service takes numbers of any length and nests deeper than Python likes by itself.
    sys.set_int_max_str_digits(0)
    sys.setrecursionlimit(12_000)
    options = Options(
        region=given.region,
        account=given.account,
        journal=given.journal,
        frozen=given.frozen,
        separate=given.separate,
    )
    asyncio.run(_serve(Server(Simulator(options), given.host, given.port)))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=4599, help="0 takes a free one")
    parser.add_argument("--journal", type=Path, help="file that a second run starts from")
    parser.add_argument("--region", default="eu-west-1")
    parser.add_argument("--account", default="123456789012")
    parser.add_argument("--frozen", action="store_true", help="time stands still but for advance")
    parser.add_argument(
        "--separate", action="store_true", help="tell accounts and regions apart; answer for STS"
    )
    return parser.parse_args()


async def _serve(server: Server) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)
    await server.start()
    print(f"simulator ready at {server.url}", flush=True)  # noqa: T201 - whoever started us waits for it
    await stopping.wait()
    await server.stop()


if __name__ == "__main__":
    raise SystemExit(main())
