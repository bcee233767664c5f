"""Whose credentials are whose: sessions from AssumeRole; any others are the home account's."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from tests.simulator.calls import sha256
from tests.simulator.errors import ServiceError
from tests.simulator.jsontext import Json
from tests.simulator.signature import Signature

ROLE = re.compile(r"arn:[\w-]+:iam::(\d{12}):role/(?:\S*/)?([\w+=,.@-]+)")


@dataclass(frozen=True, slots=True)
class Session:
    """Credentials of a role; their text is nowhere in it."""

    access_key: str
    token_sha256: str
    role_arn: str
    name: str
    expires: float

    @property
    def account(self) -> str:
        return role_parts(self.role_arn)[0]

    @property
    def arn(self) -> str:
        account, role = role_parts(self.role_arn)
        return f"arn:aws:sts::{account}:assumed-role/{role}/{self.name}"


def role_parts(role_arn: str) -> tuple[str, str]:
    """The account and the name of a role; raises ServiceError where the ARN is none."""
    match = ROLE.fullmatch(role_arn)
    if match is None:
        raise ServiceError("ValidationError", f"{role_arn} is invalid")
    return match.group(1), match.group(2)


@dataclass(frozen=True, slots=True)
class Caller:
    account: str
    arn: str
    user_id: str
    session: Session | None = None
    problem: ServiceError | None = None


class Sts:
    def __init__(self, home: str) -> None:
        self._home = home
        self._sessions: dict[str, Session] = {}
        self._external_ids: dict[str, str] = {}

    def grant(self, **fields: Json) -> None:
        session = Session(**fields)
        self._sessions[session.access_key] = session

    def require(self, role_arn: str, external_id: str | None) -> None:
        """Let the role be assumed with this external id only; None: with any or none."""
        if external_id is None:
            self._external_ids.pop(role_arn, None)
        else:
            self._external_ids[role_arn] = external_id

    def admits(self, role_arn: str, external_id: str | None) -> bool:
        return self._external_ids.get(role_arn) in (None, external_id)

    def expire(self, now: float) -> None:
        self._sessions = {
            key: replace(session, expires=min(session.expires, now))
            for key, session in self._sessions.items()
        }

    def caller(self, signature: Signature | None, now: float) -> Caller:
        """Who calls, and what is wrong with the credentials."""
        session = self._sessions.get(signature.access_key) if signature is not None else None
        if signature is None or session is None:
            arn = f"arn:aws:iam::{self._home}:user/somebody"
            return Caller(self._home, arn, "AIDASOMEBODY")
        user_id = f"AROA{sha256(session.role_arn)[:17].upper()}:{session.name}"
        problem = _problem(session, signature, now)
        return Caller(session.account, session.arn, user_id, session, problem)


def _problem(session: Session, signature: Signature, now: float) -> ServiceError | None:
    if sha256(signature.session_token or "") != session.token_sha256:
        return ServiceError(
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        )
    if now >= session.expires:
        return ServiceError(
            "ExpiredTokenException", "The security token included in the request is expired"
        )
    return None
