"""Where the product and Django's own pages hang."""

from django.urls import include, path

urlpatterns = [
    path("", include("callbacks.urls")),
]

handler400 = "callbacks.views.errors.bad_request"
handler403 = "callbacks.views.errors.forbidden"
handler404 = "callbacks.views.errors.not_found"
handler500 = "callbacks.views.errors.broken"
