"""WSGI entry point of the web processes."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

application = get_wsgi_application()


def _look_back() -> None:
    """Find a rolled-back database before the first page is served."""
    from django.db import connections

    from callbacks.audit.lookback import look_back_loudly

    try:
        look_back_loudly()
    finally:
        connections.close_all()


_look_back()
