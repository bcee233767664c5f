"""What lies still is read whole, on whichever database and broker this run uses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from callbacks.models import CallbackTask
from tests import making
from tests.leaks import stores

TEXT = "a text that is looked for"


@pytest.fixture
def redis_client(settings: Any) -> Any:
    if not settings.CELERY_BROKER_URL.startswith("redis"):
        pytest.skip("this run's broker is no Redis")
    import redis

    with redis.Redis.from_url(settings.CELERY_BROKER_URL) as client:
        yield client
        client.delete("planted")


HELD = {
    "string": lambda client: client.set("planted", TEXT),
    "list": lambda client: client.rpush("planted", "first", TEXT),
    "hash": lambda client: client.hset("planted", "field", TEXT),
    "set": lambda client: client.sadd("planted", TEXT),
    "sorted set": lambda client: client.zadd("planted", {TEXT: 1}),
}


@pytest.mark.parametrize("plant", HELD.values(), ids=HELD)
def test_a_redis_key_of_each_type_is_read(redis_client: Any, plant: Any) -> None:
    plant(redis_client)
    names = [name for name, text in stores.redis_keys() if TEXT in text]
    assert names == ["Redis key b'planted'"]


@pytest.mark.parametrize(
    ("column", "value"),
    [("input", TEXT), ("key_fields", [["Note", TEXT]]), ("token_ciphertext", TEXT.encode())],
    ids=["text", "JSON", "binary"],
)
def test_a_column_of_each_kind_is_read(db: None, column: str, value: Any) -> None:
    making.make_task()
    CallbackTask.objects.update(**{column: value})
    names = [name for name, text in stores.tables() if TEXT in text]
    assert names == [f"column callbacks_callbacktask.{column}"]


def test_a_file_is_read_again_only_when_it_has_changed(tmp_path: Path) -> None:
    files, file = stores.Files(), tmp_path / "logs" / "worker.log"
    file.parent.mkdir()
    file.write_text(TEXT)
    assert [text for _, text in files.changed([tmp_path])] == [TEXT]
    assert list(files.changed([tmp_path])) == []
    file.write_text(TEXT + TEXT)
    assert [text for _, text in files.changed([tmp_path])] == [TEXT + TEXT]


def test_a_simulators_journal_is_known_by_its_first_line(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text('{"seed":"s"}\n[1,"start",{}]\n')
    (tmp_path / "other").write_text('{"seed":"s","more":1}\n')
    assert list(stores.seeds_of_journals(tmp_path)) == [(tmp_path / "journal", "s")]
