"""A suite of planted leaks, run by `test_planted`: each test leaks once, and its twin does not.

Not collected by itself: half of it must fail.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import path
from kombu import Connection as Broker
from kombu.messaging import Producer

from callbacks.models import CallbackTask
from callbacks.models.secret import decrypt_token
from tests import making
from tests.audit.chains import add
from tests.journeys import conftest
from tests.simulator.control import running_simulator
from tests.simulator.tokens import TokenMint

chromium = conftest.chromium  # a fixture
HARMLESS = "a text in which nothing secret stands"
shown: dict[str, str] = {}


def page(request: Any) -> HttpResponse:
    return HttpResponse(f"<p>{shown['text']}</p>")


def header(request: Any) -> HttpResponse:
    return HttpResponse("", headers={"X-Note": shown["text"].replace("\n", " ")})


def redirect(request: Any) -> HttpResponse:
    return HttpResponseRedirect(f"/elsewhere?t={shown['text']}")


def stream(request: Any) -> StreamingHttpResponse:
    text = shown["text"].encode()
    return StreamingHttpResponse([text[:100], text[100:]])


def fail(request: Any) -> HttpResponse:
    return fail_with(shown["text"])


def fail_with(text: str) -> HttpResponse:
    """Fail in a function that counts as the product's and holds the text."""
    names: dict[str, Any] = {"__name__": "callbacks.planted"}
    exec("def held(text):\n    raise ValueError('this is not it')", names)  # noqa: S102
    return names["held"](text)


def store(request: Any) -> HttpResponse:
    request.session["note"] = shown["text"]
    return HttpResponse("")


urlpatterns = [
    path(f"{view.__name__}/", view) for view in (page, header, redirect, stream, fail, store)
]


@pytest.fixture(params=["leak", "twin"])
def secret(request: Any, db: None) -> str:
    """The token of a task that waits, or in the twin a harmless text beside the same task."""
    task = making.make_task()
    token = decrypt_token(ciphertext=task.token_ciphertext, task_id=task.pk)
    shown["text"] = token if request.param == "leak" else HARMLESS
    return shown["text"]


@pytest.fixture
def visit(client: Any, settings: Any) -> Any:
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware"]
    return client.get


def test_page(secret, visit):
    visit("/page/")


def test_headers(secret, visit):
    visit("/header/")
    visit("/redirect/")


def test_url(secret, visit):
    visit("/page/" if secret == HARMLESS else f"/nowhere/?token={secret}")


def test_stream(secret, visit):
    list(visit("/stream/").streaming_content)


def test_session(secret, visit):
    visit("/store/")


def test_debug_page(secret, visit, client):
    client.raise_request_exception = False
    assert visit("/fail/").status_code == 500


def test_log(secret):
    logging.getLogger("callbacks.sync").debug("read %s", secret)


def test_log_without_propagation(secret):
    logger = logging.getLogger("apart")
    logger.propagate, logger.level = False, logging.DEBUG
    logger.debug(base64.b64encode(f"--{secret}".encode()).decode())


def test_stdout(secret):
    sys.stdout.write(secret)


def test_stderr(secret):
    os.write(2, secret.encode())


def test_process(secret, tmp_path):
    (tmp_path / "worker.log").write_text(json.dumps({"body": json.dumps(secret)}))


def test_broker_folder(secret):
    folder = Path(os.environ["VAR_DIR"]) / "broker" / "messages"
    (folder / uuid.uuid4().hex).write_bytes(base64.b64encode(json.dumps([secret]).encode()))


def test_message(secret):
    with Broker("memory://") as broker:
        Producer(broker).publish({"args": [secret]}, routing_key="send")


def test_mail(secret, settings):
    from django.core.mail import send_mail

    send_mail("Note", secret, "a@example.com", ["b@example.com"])


def test_exception(secret):
    """Hidden in the context of another one."""
    with pytest.raises(ValueError, match="something else"):
        fail_again(secret)


def fail_again(text: str) -> None:
    try:
        raise KeyError(text)
    except KeyError:
        raise ValueError("something else") from None


def test_variables(secret):
    with pytest.raises(ValueError, match="is not"):
        fail_with(secret)


def test_column(secret):
    CallbackTask.objects.update(input=json.dumps({"note": secret}))


def test_json_column(secret):
    CallbackTask.objects.update(key_fields=[["Note", f"see {secret[:200]}"]])


def test_binary_column(secret):
    making.make_decision(output=json.dumps({"t": secret}).encode())


@pytest.fixture
def table(db):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE planted (note text)")
        yield cursor
        cursor.execute("DROP TABLE planted")


def test_table_without_model(table, secret):
    table.execute("INSERT INTO planted VALUES (%s)", [secret.encode().hex()])


def test_audit(secret):
    add("signed_in", personal={"reason": secret})


def test_at_teardown(secret, late):
    assert secret


@pytest.fixture
def late(secret):
    yield
    logging.getLogger("late").info(secret)


def test_from_a_simulator(secret):
    with running_simulator() as simulator:
        simulator.start(simulator.create("orders", making.DEFINITION), {"order": 7})
        token = simulator.tokens()[0]["token"]
    sys.stdout.write(token if secret != HARMLESS else HARMLESS)


def test_from_a_process_of_its_own(secret, tmp_path):
    """A simulator that neither the test nor the search has started, known by its journal."""
    token = TokenMint("planted").token(3)
    (tmp_path / "journal.jsonl").write_text('{"seed":"planted"}\n')
    (tmp_path / "web.log").write_text(token if secret != HARMLESS else HARMLESS)


FILL = {
    "document": "text => document.body.append(text)",
    "address": "text => history.pushState({}, '', '?t=' + text.replaceAll('\\n', ''))",
    "local storage": "text => localStorage.setItem('note', text)",
    "session storage": "text => sessionStorage.setItem('note', text)",
    "console": "text => console.debug(text)",
    "IndexedDB": """text => new Promise(done => {
      const opening = indexedDB.open('notes');
      opening.onupgradeneeded = () => opening.result.createObjectStore('notes');
      opening.onsuccess = () => {
        const change = opening.result.transaction('notes', 'readwrite');
        change.objectStore('notes').put(text, 1);
        change.oncomplete = done;
      };
    })""",
}


@pytest.mark.browser
@pytest.mark.parametrize("place", FILL)
def test_browser(secret, chromium, place):
    context = chromium.new_context()
    page = context.new_page()
    page.route("**/*", lambda route: route.fulfill(body="<body></body>", content_type="text/html"))
    page.goto("http://127.0.0.1:9/")
    page.evaluate(FILL[place], secret)
    context.close()


@pytest.mark.browser
def test_browser_without_scripts(secret, chromium):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.route("**/*", lambda route: route.fulfill(body=secret, content_type="text/html"))
    page.goto("http://127.0.0.1:9/")
    context.close()
