"""Settings: everything that differs between installations comes from the environment."""

import hashlib
from datetime import timedelta
from typing import Any

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from dashboard.env import env, secret
from dashboard.local import (
    AUDIT_KEY_FILE,
    BASE_DIR,
    SECRET_KEY_FILE,
    TOKEN_KEYS_FILE,
    VAR_DIR,
    ensure_local_keys,
)

VERSION = "0.1.0"

# --- Who we are ------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", False)
if DEBUG:
    ensure_local_keys()
_secret_key = secret("SECRET_KEY", kept_in=SECRET_KEY_FILE)
if not _secret_key:
    raise ImproperlyConfigured(
        "SECRET_KEY is not set. Give it in the environment (or SECRET_KEY_FILE); "
        "for a try on this machine use `make demo`, which makes its own."
    )
SECRET_KEY = _secret_key
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])
# Served over https: secure cookies, HSTS. Off for the demo on 127.0.0.1.
HTTPS = env.bool("HTTPS", any(origin.startswith("https://") for origin in CSRF_TRUSTED_ORIGINS))

# 32 bytes in base64url each, newest first. Tokens cannot be kept without one, so none is fatal
# where tokens are written (see callbacks.models.secret), not for `collectstatic`.
TOKEN_ENCRYPTION_KEYS = [
    key.strip()
    for key in (secret("TOKEN_ENCRYPTION_KEYS", kept_in=TOKEN_KEYS_FILE) or "").split(",")
    if key.strip()
]

# --- Application -----------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "template_partials.apps.SimpleAppConfig",
    "csp",
    "axes",
    "callbacks",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "callbacks.views.zone.PersonZone",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "dashboard.urls"
WSGI_APPLICATION = "dashboard.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "callbacks.views.frame.frame",
            ],
            "builtins": ["template_partials.templatetags.partials"],
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
        },
    }
]

# --- Database --------------------------------------------------------------------------------
DATABASES: dict[str, Any] = {
    "default": dj_database_url.parse(
        secret("DATABASE_URL") or f"sqlite:///{VAR_DIR / 'holdpoint.sqlite3'}",
        conn_health_checks=True,
    )
}
_database = DATABASES["default"]
_database["ATOMIC_REQUESTS"] = False
if _database["ENGINE"].endswith("sqlite3"):
    # WAL and immediate transactions: writers wait for each other instead of failing "locked".
    _database["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        # FULL: with less, a power cut takes back answers that were confirmed to people.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
else:
    _database["OPTIONS"] = {
        **_database.get("OPTIONS", {}),
        "pool": {"min_size": 1, "max_size": env.int("DATABASE_POOL_SIZE", 8), "timeout": 10},
        "options": "-c idle_in_transaction_session_timeout=60s -c statement_timeout=60s",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- People ----------------------------------------------------------------------------------
AUTH_USER_MODEL = "callbacks.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"
SESSION_COOKIE_AGE = env.int("SESSION_SECONDS", 12 * 3600)
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "callbacks.views.errors.form_refused"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=5)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_LOCKOUT_CALLABLE = "callbacks.views.accounts.locked_out"
# Our own audit record keeps sign-ins; a second copy would be one more place with addresses.
AXES_DISABLE_ACCESS_LOG = True

# --- Browser ---------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
if HTTPS:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Bigger than the largest answer after form encoding, smaller than what could hurt us.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# --- Language and time -----------------------------------------------------------------------
LANGUAGE_CODE = "en"
# The words are marked for translation; no catalogue exists, and looking them up is not free.
USE_I18N = False
USE_TZ = True
# Times are kept in UTC; this is the zone of people who have set none.
TIME_ZONE = env.str("TIME_ZONE", "UTC")

# --- Holdpoint's own numbers -----------------------------------------------------------------
SYNC_INTERVAL_SECONDS = env.float("SYNC_INTERVAL_SECONDS", 5.0)
SYNC_QUOTA_SHARE = env.float("SYNC_QUOTA_SHARE", 0.5)
# A killed pass keeps others of its connection out for this long.
SYNC_LEASE_SECONDS = env.float("SYNC_LEASE_SECONDS", 60.0)
# After so long a pass asks for nothing more, and the next one goes on: a worker is for all.
SYNC_PASS_SECONDS = env.float("SYNC_PASS_SECONDS", 40.0)
UNDO_SECONDS = env.int("UNDO_SECONDS", 10)
# So long "I am on it" is shown to others.
CLAIM_SECONDS = env.int("CLAIM_SECONDS", 8 * 3600)
# Delivery: how long a claim holds, how often the sweep looks, pause before a second try.
SEND_LEASE_SECONDS = env.float("SEND_LEASE_SECONDS", 30.0)
SEND_CONNECT_SECONDS = env.float("SEND_CONNECT_SECONDS", 2.0)
SEND_READ_SECONDS = env.float("SEND_READ_SECONDS", 5.0)
SEND_RETRY_SECONDS = env.float("SEND_RETRY_SECONDS", 5.0)
# How long the history is read before a doubtful answer is sent again.
SEND_DOUBT_SECONDS = env.float("SEND_DOUBT_SECONDS", 10.0)
# CloudTrail tells for whom a call was made by the person's number, and by their username.
AWS_SESSION_USERNAMES = env.bool("AWS_SESSION_USERNAMES", True)
SWEEP_INTERVAL_SECONDS = env.float("SWEEP_INTERVAL_SECONDS", 1.0)
# Without a sign of life from beat and worker for so long, every page says so, and /readyz.
SILENT_SECONDS = env.float("SILENT_SECONDS", max(60.0, SYNC_INTERVAL_SECONDS * 3))
# No pass for so long means that worker or beat is gone: /readyz says so.
READY_SYNC_SECONDS = env.float("READY_SYNC_SECONDS", max(300.0, SYNC_INTERVAL_SECONDS * 10))
# A bad history is left alone this long before it is read again.
QUARANTINE_SECONDS = env.float("QUARANTINE_SECONDS", 300.0)
# A token that a worker handed over waits at least so long for its execution to be found.
INTAKE_LOOK_SECONDS = env.float("INTAKE_LOOK_SECONDS", 60.0)
# How often it is asked whether policies have changed, so that what waits is matched again.
POLICY_INTERVAL_SECONDS = env.float("POLICY_INTERVAL_SECONDS", 2.0)
# Calls that one API key may make in a minute; 0 sets no limit.
API_CALLS_PER_MINUTE = env.int("API_CALLS_PER_MINUTE", 600)
# How often audit entries that belong to no send leave the database.
AUDIT_INTERVAL_SECONDS = env.float("AUDIT_INTERVAL_SECONDS", 60.0)
# How long a writer waits for the file while another process writes; then nothing is sent.
AUDIT_LOCK_SECONDS = env.float("AUDIT_LOCK_SECONDS", 5.0)
# Audit lines leave the database before each send; without this file there is no send.
# A file belongs to one database: the lines of another would look like a roll-back.
_database_mark = hashlib.sha256(
    "|".join(str(_database.get(part, "")) for part in ("ENGINE", "HOST", "PORT", "NAME")).encode()
).hexdigest()[:8]
AUDIT_SINK_FILE = env.str(
    "AUDIT_SINK_FILE", str(VAR_DIR / "audit" / f"sink-{_database_mark}.jsonl")
)
# Checkpoints of the audit record: signed by a key that the database does not hold, written beside
# the audit file and into each of these folders, after so many seconds or entries.
AUDIT_SIGNING_KEY = secret("AUDIT_SIGNING_KEY", kept_in=AUDIT_KEY_FILE) or ""
AUDIT_ORIGIN = env.str("AUDIT_ORIGIN", f"holdpoint/{_database_mark}")
# Verifier keys of signing keys (or origins) that were in use before.
AUDIT_VERIFY_KEYS: list[str] = env.list("AUDIT_VERIFY_KEYS", [])
AUDIT_CHECKPOINT_SINKS: list[str] = env.list("AUDIT_CHECKPOINT_SINKS", [])
AUDIT_CHECKPOINT_SECONDS = env.float("AUDIT_CHECKPOINT_SECONDS", 60.0)
AUDIT_CHECKPOINT_ENTRIES = env.int("AUDIT_CHECKPOINT_ENTRIES", 100)
# How often it is asked whether one is due.
AUDIT_CHECKPOINT_LOOK_SECONDS = min(5.0, AUDIT_CHECKPOINT_SECONDS / 4)

# --- Celery ----------------------------------------------------------------------------------
REDIS_TRANSPORT_OPTIONS: dict[str, Any] = {
    # kombu looks for lost messages every interval x throttle seconds; the defaults take 100 s.
    "visibility_timeout": 300,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    # A person who answers waits no longer for a broker that is away or hangs: the sweep finds
    # the row. Without these, a hanging Redis holds the page for ever.
    "socket_connect_timeout": 2,
    "socket_timeout": 3,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.2,
    "interval_max": 0.2,
}
CELERY_BROKER_URL = secret("CELERY_BROKER_URL") or "filesystem://localhost"
_broker_folder = VAR_DIR / "broker"
if CELERY_BROKER_URL.startswith("filesystem"):
    for _folder in ("messages", "processed", "control"):
        (_broker_folder / _folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
        "data_folder_in": str(_broker_folder / "messages"),
        "data_folder_out": str(_broker_folder / "messages"),
        "processed_folder": str(_broker_folder / "processed"),
        "control_folder": str(_broker_folder / "control"),
        "polling_interval": 0.1,
    }
    CELERY_WORKER_POOL = "threads"
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = REDIS_TRANSPORT_OPTIONS
# A worker that takes nothing for so long though messages wait ends itself; 0: never.
WATCHDOG_SECONDS = env.float("WATCHDOG_SECONDS", 45.0)
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_DEFAULT_QUEUE = "sync"
CELERY_TASK_ROUTES = {
    "callbacks.tasks.deliver_decision": {"queue": "send"},
    "callbacks.tasks.settle_decision": {"queue": "send"},
    "callbacks.tasks.sweep_decisions": {"queue": "send"},
    "callbacks.tasks.carry_out_rescue": {"queue": "send"},
    "callbacks.tasks.settle_rescue": {"queue": "send"},
    "callbacks.tasks.keep_audit_outside": {"queue": "send"},
    "callbacks.tasks.write_checkpoint": {"queue": "send"},
}
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")
# Messages that nobody took in time are worthless: the next beat brings another. Celery tells their
# age by beat's clock and the worker's, which may differ as far as AWS lets a host's clock be off.
BEAT_MESSAGE_SECONDS = 300.0
CELERY_BEAT_SCHEDULE = {
    "sync": {
        "task": "callbacks.tasks.start_passes",
        "schedule": SYNC_INTERVAL_SECONDS,
        "options": {"expires": max(SYNC_INTERVAL_SECONDS, BEAT_MESSAGE_SECONDS)},
    },
    "sweep": {
        "task": "callbacks.tasks.sweep_decisions",
        "schedule": SWEEP_INTERVAL_SECONDS,
        "options": {"expires": BEAT_MESSAGE_SECONDS},
    },
    "audit": {
        "task": "callbacks.tasks.keep_audit_outside",
        "schedule": AUDIT_INTERVAL_SECONDS,
        "options": {"expires": max(AUDIT_INTERVAL_SECONDS, BEAT_MESSAGE_SECONDS)},
    },
    "checkpoint": {
        "task": "callbacks.tasks.write_checkpoint",
        "schedule": AUDIT_CHECKPOINT_LOOK_SECONDS,
        "options": {"expires": BEAT_MESSAGE_SECONDS},
    },
    "policies": {
        "task": "callbacks.tasks.match_policies",
        "schedule": POLICY_INTERVAL_SECONDS,
        "options": {"expires": BEAT_MESSAGE_SECONDS},
    },
    "statistics": {
        "task": "callbacks.tasks.refresh_statistics",
        "schedule": 600.0,
        "options": {"expires": 600.0},
    },
    "figures": {
        "task": "callbacks.tasks.measure_workflows",
        "schedule": 300.0,
        "options": {"expires": 300.0},
    },
    "calls": {
        "task": "callbacks.tasks.forget_api_calls",
        "schedule": 3600.0,
        "options": {"expires": 3600.0},
    },
}

# --- Logging ---------------------------------------------------------------------------------
LOG_LEVEL = env.str("LOG_LEVEL", "INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "dashboard.logs.OneLineFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        # Django's own handlers (with DEBUG, and of the development server) would print addresses as
        # they are.
        "django": {"handlers": [], "level": "INFO"},
        "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
        # It greets at each start of each command.
        "axes": {"level": "WARNING"},
        # Their debug lines print whole requests, token included.
        "botocore": {"level": "INFO"},
        "boto3": {"level": "INFO"},
        "urllib3": {"level": "INFO"},
    },
}
