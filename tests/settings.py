"""Settings of the test suite: embedded defaults in a folder of its own, keys made up each time."""

import atexit
import base64
import os
import shutil
import tempfile

if "VAR_DIR" not in os.environ:
    # Nothing of a test may reach the state of an installation in this checkout.
    os.environ["VAR_DIR"] = tempfile.mkdtemp(prefix="holdpoint-test-")
    atexit.register(shutil.rmtree, os.environ["VAR_DIR"], ignore_errors=True)
os.environ.setdefault("SECRET_KEY", "test-only-" + "x" * 50)
os.environ.setdefault("TOKEN_ENCRYPTION_KEYS", base64.urlsafe_b64encode(bytes(range(32))).decode())
os.environ.setdefault("AUDIT_SIGNING_KEY", base64.urlsafe_b64encode(bytes(range(32, 64))).decode())

from dashboard.local import VAR_DIR
from dashboard.settings import *  # noqa: F403 - a settings module is made by star import
from dashboard.settings import (
    CELERY_BROKER_TRANSPORT_OPTIONS,
    CELERY_BROKER_URL,
    DATABASES,
    STORAGES,
)

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not memory: threads and worker processes of the tests share it.
    VAR_DIR.mkdir(parents=True, exist_ok=True)
    # No test cuts the power.
    DATABASES["default"]["OPTIONS"]["init_command"] += " PRAGMA synchronous=NORMAL;"
    # SQLite queues nobody: of eight writers on a busy machine one may wait for long.
    DATABASES["default"]["OPTIONS"]["timeout"] = 60
    DATABASES["default"]["TEST"] = {
        "NAME": os.environ.get("HOLDPOINT_TEST_DB", str(VAR_DIR / "test.sqlite3"))
    }
else:
    # A pool keeps connections open that the end of the run must be able to cut.
    POOL = DATABASES["default"]["OPTIONS"].pop("pool")
if CELERY_BROKER_URL.startswith("redis"):
    # Each process of the suite, with what it starts, has queues of its own on the shared server.
    _suite = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"] = f"test-{_suite}:"
STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
