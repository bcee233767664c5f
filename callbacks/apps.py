"""The product: one Django app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class CallbacksConfig(AppConfig):
    name = "callbacks"
    verbose_name = "Holdpoint"

    def ready(self) -> None:
        from callbacks import checks  # noqa: F401 - registers the system checks
        from callbacks.audit import signals  # noqa: F401 - sign-ins go to the audit record
        from callbacks.models.sqlite import drop_search_index, ensure_search_index

        pre_migrate.connect(drop_search_index, sender=self)
        post_migrate.connect(ensure_search_index, sender=self)
