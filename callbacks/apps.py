"""The product: one Django app."""

from django.apps import AppConfig


class CallbacksConfig(AppConfig):
    name = "callbacks"
    verbose_name = "Holdpoint"

    def ready(self) -> None:
        from callbacks import checks  # noqa: F401 - registers the system checks
        from callbacks.audit import signals  # noqa: F401 - sign-ins go to the audit record
