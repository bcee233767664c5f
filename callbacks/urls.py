"""Every address of the product. A route without a declared role fails a test."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
