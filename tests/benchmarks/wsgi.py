"""Product and bare page in one web process, each with its own middleware."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

product = get_wsgi_application()

from tests.benchmarks.bare import bare_application  # noqa: E402 - needs the apps

bare = bare_application()


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    is_bare = environ["PATH_INFO"].startswith("/bare/")
    return (bare if is_bare else product)(environ, start_response)
