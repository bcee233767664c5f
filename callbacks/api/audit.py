"""The audit record for programs: pages of it, and all of it as a file."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Literal

from django.db import transaction
from django.http import HttpResponse, StreamingHttpResponse
from ninja import Query, Router
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, Field

from callbacks.api.callers import ApiRequest, doors
from callbacks.api.cursors import bad_cursor, seal, unseal
from callbacks.api.export import as_csv, as_jsonl
from callbacks.api.problems import Problem, documented, not_recorded
from callbacks.api.queries import check_names
from callbacks.api.rendering import render
from callbacks.api.shapes import (
    ActorOut,
    AuditEvidence,
    AuditItem,
    AuditList,
    ExportedAuditItem,
    PersonalEvidence,
)
from callbacks.audit import AuditUnavailable, append
from callbacks.models import Role
from callbacks.queries.audit import AuditFilter, AuditLine, chain_end, count_audit, list_audit
from callbacks.queries.outside import last_checkpoint

router = Router(tags=["audit"])

READERS = (Role.AUDITOR, Role.ADMIN)
CHUNK = 500
Text = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]


def _written_out(text: object) -> object:
    """A moment in words of ISO 8601: pydantic would take bare numbers for seconds since 1970."""
    if isinstance(text, str) and "T" not in text.upper():
        raise ValueError("write a time as 2026-01-31T12:00:00Z")
    return text


def _in_utc(moment: datetime) -> datetime:
    """PostgreSQL takes no offset of 16 hours, though ISO 8601 does."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("no such moment in UTC") from None


Moment = Annotated[AwareDatetime, BeforeValidator(_written_out), AfterValidator(_in_utc)]


class AuditFilters(BaseModel):
    kind: Text = ""
    person: Text = Field("", description="Part of a name.")
    about: uuid.UUID | None = Field(None, description="The id of a decision or of a task.")
    since: Moment | None = None
    until: Moment | None = None


class AuditQuery(AuditFilters):
    limit: int = Field(50, ge=1, le=200)
    cursor: Annotated[str, Field(max_length=500)] = ""


class ExportQuery(AuditFilters):
    format: Literal["csv", "jsonl"]


@router.get(
    "",
    auth=doors(roles=READERS),
    response={200: AuditList, **documented()},
    summary="The audit record, newest entry first",
)
def audit(request: ApiRequest, query: Query[AuditQuery]) -> HttpResponse:
    check_names(request, AuditQuery)
    _check_key(request)
    before = _number(unseal("audit", query.cursor))
    found = list_audit(filters=_filters(query), before=before, limit=query.limit)
    return render(
        AuditList(
            items=[_item(line) for line in found.lines],
            next_cursor=seal("audit", found.next) if found.next else None,
        )
    )


@router.get(
    "/export",
    auth=doors(roles=READERS),
    response={200: str, **documented(503)},
    summary="The audit record as a file, newest entry first, then the last signed checkpoint",
    openapi_extra={
        "responses": {
            200: {
                "content": {
                    "text/csv": {"schema": {"type": "string"}},
                    "application/jsonl": {"schema": {"type": "string"}},
                }
            }
        }
    },
)
def export(request: ApiRequest, query: Query[ExportQuery]) -> StreamingHttpResponse:
    """That it was exported is an audit entry itself, made first and not in the file."""
    check_names(request, ExportQuery)
    _check_key(request)
    last = last_checkpoint()
    lines = _all(_filters(query), before=_record(request, query))
    note = last.note if last and last.note else None
    if query.format == "csv":
        content = as_csv(map(_item, lines), checkpoint=note)
        kind = "text/csv; charset=utf-8; header=present"
    else:
        proved, is_whole = map(_with_evidence, lines), _filters(query) == AuditFilter()
        content = as_jsonl(proved, checkpoint=note, is_whole=is_whole)
        kind = "application/jsonl; charset=utf-8"
    response = StreamingHttpResponse(content, content_type=kind)
    name = f"audit-{request.auth.now:%Y%m%dT%H%M%SZ}.{query.format}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _record(request: ApiRequest, query: ExportQuery) -> int:
    """Write down who exports what; return the number before which it ends. Raises Problem."""
    caller, end = request.auth, chain_end()
    before = end.seq + 1 if end else 1
    facts = {
        "format": query.format,
        "entries": count_audit(filters=_filters(query), before=before),
        "before": before,
        "about": str(query.about or ""),
        "since": query.since.isoformat() if query.since else "",
        "until": query.until.isoformat() if query.until else "",
    }
    # What was typed may be anything, so it stands where it can be erased.
    typed = {"asked_kind": query.kind, "asked_person": query.person}
    try:
        with transaction.atomic():
            append(
                kind="audit_exported",
                now=caller.now,
                actor=caller.actor,
                facts=facts,
                personal=typed,
            )
    except AuditUnavailable:
        text = "The audit record cannot be written, so nothing is exported. Try again."
        raise not_recorded(text) from None
    return before


def _all(filters: AuditFilter, *, before: int) -> Iterator[AuditLine]:
    """Chunk by chunk: what is appended meanwhile has higher numbers, and does not move these."""
    while True:
        found = list_audit(filters=filters, before=before, limit=CHUNK)
        yield from found.lines
        if found.next is None:
            return
        before = found.next


def _filters(query: AuditFilters) -> AuditFilter:
    return AuditFilter(
        kind=query.kind,
        person=query.person,
        about=query.about,
        since=query.since,
        until=query.until,
    )


def _check_key(request: ApiRequest) -> None:
    """The record speaks of every state machine, so it is not for keys of a few."""
    if request.auth.machines:
        raise Problem(403, "scope", "This key is for some state machines only.")


def _number(place: str) -> int | None:
    if not place:
        return None
    if not place.isdigit():
        raise bad_cursor()
    return int(place)


def _item(line: AuditLine) -> AuditItem:
    personal = dict(line.personal)
    name = personal.pop("actor_name", "") or personal.get("system_user", "")
    return AuditItem(
        seq=line.seq,
        at=line.at,
        kind=line.kind,
        actor=ActorOut(id=line.actor_id, name=name),
        channel=line.channel,
        decision=line.decision_id,
        task=line.task_id,
        headline=line.headline,
        facts=dict(line.facts) if line.facts is not None else None,
        personal=personal,
        entry_hash=line.entry_hash,
    )


def _with_evidence(line: AuditLine) -> ExportedAuditItem:
    personal = {
        name: PersonalEvidence(value=value, salt=line.salts[name])
        for name, value in line.personal.items()
    }
    return ExportedAuditItem(
        **_item(line).model_dump(), evidence=AuditEvidence(body=line.body, personal=personal)
    )
