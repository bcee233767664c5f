"""Settings of a benchmark run: those of the tests, as fast as an installation has them."""

import logging

from tests.settings import *  # noqa: F403 - a settings module is made by star import
from tests.settings import ALLOWED_HOSTS, DATABASES

if not DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Connections are kept, as an installation's pool keeps them.
    DATABASES["default"]["CONN_MAX_AGE"] = None
    # Planning a benchmark's data may take longer than a page may.
    DATABASES["default"]["OPTIONS"]["options"] = "-c statement_timeout=0"
ALLOWED_HOSTS.append("testserver")
# Our own budget of calls would be what is measured; the section on passes says what it allows.
SYNC_QUOTA_SHARE = 1_000_000.0
logging.disable(logging.INFO)
