"""The broker in a folder, for one machine: kombu's, made safe for several processes.

kombu 5.7 opens a message file and fills it afterwards, so a worker that lists the folder in between
takes an empty message and ends with a JSON error; and it reads messages by way of the system's
temporary folder, where others may look. Here a file gets its name only when it is whole.
"""

from __future__ import annotations

import json
import os
import threading
import time
import uuid
from contextlib import suppress
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem

# A table of queues is rewritten in place; a reader that meets one half written looks again.
TABLE_READS = 20
TABLE_PAUSE_SECONDS = 0.01


# kombu notes a binding for the whole process before it stands in the table: a second thread that
# sent in between found no table, and its messages went to nobody.
_binding = threading.Lock()


class Channel(filesystem.Channel):
    def queue_bind(self, *args: Any, **kwargs: Any) -> None:
        with _binding:
            super().queue_bind(*args, **kwargs)

    # kombu names the argument differently in each class.
    def _put(  # type: ignore[override]
        self, queue: str, payload: dict[str, Any], **_options: Any
    ) -> None:
        folder = Path(self.data_folder_out)
        name = f"{time.time_ns()}_{uuid.uuid4()}.{queue}.msg"
        unfinished = folder / f"{name}.part"
        unfinished.write_text(json.dumps(payload))
        unfinished.rename(folder / name)

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:
        for name in sorted(os.listdir(self.data_folder_in)):
            if name.partition(".")[2] != f"{queue}.msg":
                continue
            message = self._take(name)
            if message is not None:
                return message
        raise Empty

    def _take(self, name: str) -> dict[str, Any] | None:
        """The message, now ours; None where another process was faster."""
        mine = Path(self.processed_folder) / name
        try:
            (Path(self.data_folder_in) / name).rename(mine)
        except FileNotFoundError:
            return None
        message: dict[str, Any] = json.loads(mine.read_text())
        mine.unlink()
        return message

    def get_table(self, exchange: str) -> list[Any]:
        for _ in range(TABLE_READS):
            with suppress(json.JSONDecodeError):
                return list(super().get_table(exchange))
            time.sleep(TABLE_PAUSE_SECONDS)
        return list(super().get_table(exchange))


class Transport(filesystem.Transport):
    Channel = Channel


def install() -> None:
    """Let `filesystem://` mean this transport."""
    TRANSPORT_ALIASES["filesystem"] = "dashboard.broker:Transport"
