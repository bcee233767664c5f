"""What a person had before them when they answered, as a digest that tells which part changed."""

from __future__ import annotations

import hashlib

from callbacks.models import CallbackTask

# In this order in the digest; the words of `ShownChanged.changed`.
PARTS = ("attempt", "input", "definition", "policy")
# 60 bits of SHA-256 each: all four fit one column, and nobody chooses the texts.
_LENGTH = 15


def shown_digest(task: CallbackTask) -> str:
    """One short hash per part of what the page shows, joined by dots."""
    policy = f"{task.policy.name}\0{task.policy.version}"
    texts = (str(task.pk), task.input, task.execution.definition_id or "", policy)
    return ".".join(hashlib.sha256(text.encode()).hexdigest()[:_LENGTH] for text in texts)


def changed_since(*, shown: str, task: CallbackTask) -> tuple[str, ...]:
    """Return which parts are other ones now; all of them where `shown` is no such digest."""
    then, today = shown.split("."), shown_digest(task).split(".")
    if len(then) != len(today):
        return PARTS
    return tuple(part for part, was, now in zip(PARTS, then, today, strict=True) if was != now)
