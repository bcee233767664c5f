"""What beat sends: tasks that exist, with messages that live through clocks that differ."""

from dashboard import settings
from dashboard.celery import app

# AWS refuses the calls of a host that is further off.
CLOCKS_DIFFER_SECONDS = 300


def test_every_scheduled_task_exists() -> None:
    app.loader.import_default_modules()
    assert {job["task"] for job in settings.CELERY_BEAT_SCHEDULE.values()} <= app.tasks.keys()


def test_the_audit_record_leaves_the_database_every_minute() -> None:
    job = settings.CELERY_BEAT_SCHEDULE["audit"]
    assert (job["task"], job["schedule"]) == ("callbacks.tasks.keep_audit_outside", 60.0)


def test_what_beat_sends_survives_clocks_that_differ() -> None:
    """Celery compares the worker's clock with beat's: what has expired is thrown away."""
    for name, job in settings.CELERY_BEAT_SCHEDULE.items():
        assert job["options"]["expires"] >= CLOCKS_DIFFER_SECONDS, name
