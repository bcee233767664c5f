"""Sign in and sign out: Django's own views, with our statuses and the answer to a lock-out."""

from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import path
from django.views.decorators.cache import never_cache

from callbacks.models import User
from callbacks.views.guard import View, public
from callbacks.views.signed_out import keep_as_draft, kept_text

LOCKED_OUT = 429


class SignIn(LoginView):
    """The template says the same whether the name, the password or the account is the reason."""

    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # Signed in again in another tab: the text kept in this one is not lost for that.
        if request.method == "POST" and isinstance(request.user, User):
            place = keep_as_draft(form=request.POST, user=request.user)
            if place:
                return HttpResponseRedirect(place)
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kept = kept_text(self.request.POST)
        return super().get_context_data(version=settings.VERSION, kept=kept, **kwargs)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        answer = super().form_valid(form)
        user = form.get_user()
        place = keep_as_draft(form=self.request.POST, user=user) if isinstance(user, User) else ""
        return HttpResponseRedirect(place) if place else answer

    def form_invalid(self, form: forms.Form) -> HttpResponse:
        is_locked = bool(getattr(self.request, "axes_locked_out", False))
        context = self.get_context_data(form=form, locked_out=is_locked)
        answer = self.render_to_response(context, status=LOCKED_OUT if is_locked else 422)
        if is_locked:
            # Each further try starts the waiting time anew, so this is exact.
            answer["Retry-After"] = str(round(settings.AXES_COOLOFF_TIME.total_seconds()))
        return answer


def locked_out(
    request: HttpRequest, response: HttpResponse, credentials: dict[str, Any] | None
) -> HttpResponse:
    """Let the sign-in page's own answer stand; axes asks for one after every locked-out try."""
    if response.status_code == LOCKED_OUT:
        return response
    return HttpResponse("Too many wrong tries.", status=LOCKED_OUT, content_type="text/plain")


sign_in = public(cast("View", SignIn.as_view()))
sign_out = public(never_cache(LogoutView.as_view()))

urlpatterns = [
    path("accounts/login/", sign_in, name="login"),
    path("accounts/logout/", sign_out, name="logout"),
]
