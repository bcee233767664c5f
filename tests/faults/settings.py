"""Settings of the processes under fault: the product's own, with waits of seconds made short."""

import os

for _name, _value in {
    # Their logs are searched for tokens, so they say all they can.
    "LOG_LEVEL": "DEBUG",
    "SEND_LEASE_SECONDS": "3",
    "SEND_READ_SECONDS": "1.5",
    "SEND_RETRY_SECONDS": "0.3",
    "SEND_DOUBT_SECONDS": "1",
    "SWEEP_INTERVAL_SECONDS": "0.3",
    "SYNC_INTERVAL_SECONDS": "1",
    "UNDO_SECONDS": "0",
}.items():
    os.environ.setdefault(_name, _value)

from tests.settings import *  # noqa: E402, F403 - a settings module is made by star import
