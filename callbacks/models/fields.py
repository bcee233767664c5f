"""Columns of our own kinds."""

from __future__ import annotations

import json
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class OrderedJSONField(models.TextField):  # type: ignore[type-arg]
    """A JSON value whose members keep the order in which they were written.

    PostgreSQL's jsonb, which Django's JSONField is there, sorts them; a form that is drawn from a
    schema has its fields in the schema's order. Nothing can be looked up inside of it.
    """

    def from_db_value(self, value: str | None, _expression: Any, _: BaseDatabaseWrapper) -> Any:
        return None if value is None else json.loads(value)

    def to_python(self, value: Any) -> Any:
        return value

    def get_prep_value(self, value: Any) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=False)

    def value_to_string(self, obj: models.Model) -> Any:
        return self.value_from_object(obj)
