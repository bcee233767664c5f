"""The kit: every component with sample data, on a machine of development only."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import Http404, HttpResponse
from django.shortcuts import render

from callbacks.templatetags.look import BADGES
from callbacks.views.fragments import vary
from callbacks.views.frame import EVERYBODY
from callbacks.views.guard import PersonRequest, page

_SWATCH = re.compile(r"\.sw-([\w-]+)")


@page(roles=EVERYBODY)
def kit(request: PersonRequest) -> HttpResponse:
    """404 but in development: it shows sample requests that nobody should take for real ones."""
    if not settings.DEBUG:
        raise Http404
    context = {"badge_codes": list(BADGES), "swatches": swatches()}
    return vary(render(request, "callbacks/kit.html", context))


def swatches() -> list[str]:
    """The colour tokens that the kit's own sheet draws, in its order."""
    sheet = finders.find("css/kit.css")
    found = _SWATCH.findall(Path(sheet).read_text()) if isinstance(sheet, str) else []
    return list(dict.fromkeys(found))
