"""Public ids: UUIDv5 of what a thing is in AWS, so that a link survives a rebuilt mirror."""

import uuid

NAMESPACE = uuid.UUID("6f1a3f0e-6c1f-5b7e-9d0a-2f4f0b7f7a11")


def connection_id(*, account: str, region: str, endpoint_url: str) -> uuid.UUID:
    return _name("connection", account, region, endpoint_url)


def state_machine_id(*, connection: uuid.UUID, arn: str) -> uuid.UUID:
    return _name("state-machine", str(connection), arn)


def execution_id(*, connection: uuid.UUID, arn: str) -> uuid.UUID:
    return _name("execution", str(connection), arn)


def request_id(
    *, connection: uuid.UUID, execution_arn: str, state: str, iteration: str, entry_number: int
) -> uuid.UUID:
    """One visit of one state, whatever its attempts and redrives."""
    return _name("request", str(connection), execution_arn, state, iteration, str(entry_number))


def task_id(
    *, connection: uuid.UUID, execution_arn: str, redrive_count: int, scheduled_event_id: int
) -> uuid.UUID:
    """One attempt. Never made from the token: an emulator repeats tokens, and ids are public."""
    return _name(
        "task", str(connection), execution_arn, str(redrive_count), str(scheduled_event_id)
    )


def intake_id(*, token_sha256: str) -> uuid.UUID:
    """A token that was handed over, and the task that stands for it: all that is known of it."""
    return _name("intake", token_sha256)


def intake_request_id(intake: uuid.UUID) -> uuid.UUID:
    """The request of such a task, which it keeps where its state's visit has none yet."""
    return _name("intake-request", str(intake))


def decision_id(*, user_id: int, path: str, key: str) -> uuid.UUID:
    """A program's answer under its Idempotency-Key: sent again, it is the same decision."""
    return _name("decision", str(user_id), path, key)


def _name(*parts: str) -> uuid.UUID:
    # The unit separator cannot stand in a name or an ARN, so no two part lists read the same.
    return uuid.uuid5(NAMESPACE, "\x1f".join(parts))
