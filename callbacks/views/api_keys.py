"""Make and revoke API keys from the settings; a new key is shown once, in answer to its form."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from callbacks.keys import BadKeyRequest, create_key, revoke_key
from callbacks.models import ApiKey, Role, Scope
from callbacks.views.frame import EVERYBODY
from callbacks.views.guard import PersonRequest, page
from callbacks.views.key_words import LIFETIMES
from callbacks.views.persons import actor_of
from callbacks.views.settings_page import show_settings


@page(roles=EVERYBODY, methods=("POST",))
def make_key(request: PersonRequest) -> HttpResponse:
    """A key for oneself, with no more than one's own rights."""
    now, form = timezone.now(), request.POST
    try:
        _, text = create_key(
            user=request.user,
            label=form.get("label", ""),
            scopes=[Scope(one) for one in form.getlist("scope") if one in Scope.values],
            expires_at=_expiry(form, now),
            actor=actor_of(request),
            now=now,
        )
    except BadKeyRequest as exc:
        typed = {
            "label": form.get("label", ""),
            "scopes": form.getlist("scope"),
            "days": form.get("days", ""),
        }
        return show_settings(request, errors={}, key={"error": str(exc), "typed": typed})
    return show_settings(request, errors={}, key={"made": text})


@page(roles=EVERYBODY, methods=("POST",))
def revoke(request: PersonRequest, key_id: uuid.UUID) -> HttpResponse:
    """Close one's own key; an administrator closes anybody's."""
    rows = ApiKey.objects.select_related("user").filter(pk=key_id)
    if Role.ADMIN not in request.user.roles:
        rows = rows.filter(user=request.user)
    key = rows.first()
    if key is None:
        raise Http404
    revoke_key(key=key, actor=actor_of(request), now=timezone.now())
    query = QueryDict(mutable=True)
    if key.user_id != request.user.pk:
        query["person"] = key.user.username
    return HttpResponseRedirect(f"{reverse('settings')}?{query.urlencode()}#keys-title")


def _expiry(form: QueryDict, now: datetime) -> datetime | None:
    days = form.get("days", "")
    if days not in LIFETIMES:
        raise BadKeyRequest(_("Choose one of the times in the list."))
    return now + timedelta(days=int(days)) if days else None
