"""Every address of the product. A route without a declared role fails a test."""

from django.urls import URLPattern, URLResolver

from callbacks.views import accounts, health

urlpatterns: list[URLPattern | URLResolver] = [
    *accounts.urlpatterns,
    *health.urlpatterns,
]
