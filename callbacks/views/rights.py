"""Try the rights of reading on a connection now, and show on its page what AWS said."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from callbacks.models import Connection
from callbacks.rights import try_reading
from callbacks.views.connections import MAY_TRY_RIGHTS, show_connection
from callbacks.views.frame import frame_of
from callbacks.views.guard import PersonRequest, page


@page(roles=MAY_TRY_RIGHTS, methods=("GET", "HEAD", "POST"))
def rights_door(request: PersonRequest, connection_id: uuid.UUID) -> HttpResponse:
    """What came of it is shown once and not kept; who reloads the address gets the page."""
    if request.method != "POST":
        page_of_it = reverse("connection", args=[connection_id])
        return HttpResponseRedirect(f"{page_of_it}#rights")
    # One that is switched off is not called, whoever asks.
    connection = Connection.objects.enabled().filter(pk=connection_id).first()
    if connection is None:
        raise Http404
    trial = try_reading(connection=connection, now=frame_of(request).now)
    return show_connection(request, connection_id, trial=trial)
