"""The botocore clients of a connection, for reading and for sending, kept per process.

Where a connection has a role, whoever answers has a session of their own for sending: one
AssumeRole for each in a process, renewed before it ends.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.config import Config

from callbacks.stepfunctions.access import Access, open_session
from callbacks.stepfunctions.quiet import quiet_botocore
from callbacks.stepfunctions.sessions import OUR_NAME
from callbacks.stepfunctions.wire import watch

if TYPE_CHECKING:
    import boto3
    from botocore.client import BaseClient


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """How patient a client is: seconds for each attempt, and attempts on the wire."""

    connect_timeout: float
    read_timeout: float
    attempts: int
    pool: int = 10


# Reading may be repeated freely: standard mode backs off with jitter (and never adapts, which
# would slow one connection down for what another one did).
READING = Behaviour(connect_timeout=2, read_timeout=20, attempts=3)
# An answer must not be repeated blindly: where the reply was lost, the SDK's second attempt
# reports TaskTimedOut about the success of the first. Repeating is delivery's decision.
SENDING = Behaviour(connect_timeout=2, read_timeout=5, attempts=1)
# A pass waits for it, and what it would have said is found without it.
QUEUE = Behaviour(connect_timeout=2, read_timeout=5, attempts=1)
# Sessions of people in one process, half a megabyte each; who has not sent for longest goes first.
MOST_PEOPLE = 50


@dataclass
class _Kept:
    lock: threading.Lock = field(default_factory=threading.Lock)
    sessions: dict[Access, boto3.Session] = field(default_factory=dict)
    clients: dict[tuple[Access, Behaviour], BaseClient] = field(default_factory=dict)
    queue_clients: dict[Access, BaseClient] = field(default_factory=dict)


_kept = _Kept()


def client_for(*, access: Access, behaviour: Behaviour) -> BaseClient:
    """Return this process's client; both clients of an access share one set of credentials."""
    kept = _kept
    with kept.lock:  # making sessions and clients is not thread-safe in boto3, using them is
        key, session = (access, behaviour), _session(kept, access)
        if key not in kept.clients:
            kept.clients[key] = _make_client(session, access, behaviour)
        return kept.clients[key]


def queue_client_for(*, access: Access) -> BaseClient:
    """Return this process's client of SQS, over the same credentials."""
    kept = _kept
    with kept.lock:
        if access not in kept.queue_clients:
            kept.queue_clients[access] = _make_queue_client(_session(kept, access), access)
        return kept.queue_clients[access]


def session_for(*, access: Access) -> boto3.Session:
    """Return this process's session, whose credentials the clients of the access use."""
    with _kept.lock:
        return _session(_kept, access)


def forget_clients(*, access: Access | None = None) -> None:
    """Drop the clients and credentials of one access (or all), so that the next call asks anew."""
    kept = _kept
    with kept.lock:
        for known in [one for one in kept.sessions if access in (None, one)]:
            _forget(kept, known)


def _session(kept: _Kept, access: Access) -> boto3.Session:
    """The dictionary is in the order of their last use."""
    session = kept.sessions.pop(access, None)
    if session is None:
        session = open_session(access=access)
    kept.sessions[access] = session
    people = [one for one in kept.sessions if one.session_name != OUR_NAME]
    for longest_unused in people[:-MOST_PEOPLE]:
        _forget(kept, longest_unused)
    return session


def _forget(kept: _Kept, access: Access) -> None:
    del kept.sessions[access]
    for key in [one for one in kept.clients if one[0] == access]:
        del kept.clients[key]
    kept.queue_clients.pop(access, None)


def _make_client(session: boto3.Session, access: Access, behaviour: Behaviour) -> BaseClient:
    config = Config(
        connect_timeout=behaviour.connect_timeout,
        read_timeout=behaviour.read_timeout,
        retries={"mode": "standard", "total_max_attempts": behaviour.attempts},
        max_pool_connections=behaviour.pool,
        tcp_keepalive=True,
        user_agent_extra="holdpoint",
        # TestState would go to "sync-" + host, which an emulator's address does not have.
        inject_host_prefix=access.effective_endpoint is None,
        proxies={} if access.is_local else None,
    )
    client = session.client(
        "stepfunctions",
        region_name=access.region,
        endpoint_url=access.endpoint_url,
        config=config,
    )
    watch(client)
    quiet_botocore()
    return client


def _make_queue_client(session: boto3.Session, access: Access) -> BaseClient:
    config = Config(
        connect_timeout=QUEUE.connect_timeout,
        read_timeout=QUEUE.read_timeout,
        retries={"mode": "standard", "total_max_attempts": QUEUE.attempts},
        user_agent_extra="holdpoint",
        proxies={} if access.is_local else None,
    )
    client: BaseClient = session.client(
        "sqs",
        region_name=access.region,
        endpoint_url=access.effective_endpoint if access.is_local else None,
        config=config,
    )
    watch(client)
    quiet_botocore()
    return client


def _start_over_in_child() -> None:
    # A forked worker must not share sockets with its parent, nor wait for a lock that a thread
    # of the parent held at the moment of the fork.
    global _kept
    _kept = _Kept()


os.register_at_fork(after_in_child=_start_over_in_child)
