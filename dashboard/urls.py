"""Where the product and Django's own pages hang."""

from django.urls import include, path

urlpatterns = [
    path("", include("callbacks.urls")),
]
