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
    "SYNC_LEASE_SECONDS": "2",
    "UNDO_SECONDS": "0",
}.items():
    os.environ.setdefault(_name, _value)

from tests import settings as _tests  # noqa: E402
from tests.settings import *  # noqa: E402, F403 - a settings module is made by star import
from tests.settings import CELERY_BROKER_TRANSPORT_OPTIONS, DATABASES  # noqa: E402

if "WITH_POOL" in os.environ:
    # As the product has it, on a server whose end does not depend on who is connected.
    DATABASES["default"]["OPTIONS"]["pool"] = _tests.POOL

if "OWN_REDIS" in os.environ:
    # Nobody else is there to be kept apart from.
    CELERY_BROKER_TRANSPORT_OPTIONS.pop("global_keyprefix", None)
if "VISIBILITY_SECONDS" in os.environ:
    CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"] = float(os.environ["VISIBILITY_SECONDS"])
    CELERY_BROKER_TRANSPORT_OPTIONS["unacked_restore_interval"] = 1
