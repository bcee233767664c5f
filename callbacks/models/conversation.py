"""Record: what people said to each other about a request."""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import models

from callbacks.models.people import User
from callbacks.models.record import RecordError, RecordQuerySet


class Comment(models.Model):
    """One remark. It stays with the request, whichever attempt it was made on."""

    # Chosen by the form or the caller: sending it twice makes one comment.
    id = models.UUIDField(primary_key=True, editable=False)
    request_id = models.UUIDField()
    task_id = models.UUIDField()
    user = models.ForeignKey(
        User, on_delete=models.DO_NOTHING, db_constraint=False, related_name="comments"
    )
    user_name = models.CharField(max_length=200)
    channel = models.CharField(max_length=16)
    at = models.DateTimeField()
    text = models.TextField()

    objects = RecordQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["request_id", "at"], name="comment_by_request")]

    def __str__(self) -> str:
        return f"{self.user_name} about {self.request_id}"

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise RecordError("The record is never deleted.")
