"""What a person had before them when they answered, as a digest that tells which part changed."""

from __future__ import annotations

import hashlib

from callbacks.models import CallbackTask, Decision

# In this order in the digest; the words of `ShownChanged.changed`. The proposal is the answer that
# collects signatures, which another answer would make void.
PARTS = ("attempt", "input", "definition", "policy", "proposal")
# 48 bits of SHA-256 each: all five fit one column of 64.
_LENGTH = 12


def shown_digest(task: CallbackTask, proposal: Decision | None) -> str:
    """One short hash per part of what the page shows, joined by dots."""
    policy = f"{task.policy.name}\0{task.policy.version}"
    proposed = str(proposal.pk) if proposal else ""
    texts = (str(task.pk), task.input, task.execution.definition_id or "", policy, proposed)
    return ".".join(hashlib.sha256(text.encode()).hexdigest()[:_LENGTH] for text in texts)


def changed_since(*, shown: str, task: CallbackTask, proposal: Decision | None) -> tuple[str, ...]:
    """Return which parts are other ones now; all of them where `shown` is no such digest."""
    then, today = shown.split("."), shown_digest(task, proposal).split(".")
    if len(then) != len(today):
        return PARTS
    return tuple(part for part, was, now in zip(PARTS, then, today, strict=True) if was != now)
