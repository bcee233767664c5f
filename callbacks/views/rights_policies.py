"""The least-privilege policies of a connection, as its page shows them to copy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from callbacks.models import Connection
from callbacks.queries.rights import Verdict, known_keys
from callbacks.stepfunctions.rights import (
    IamRole,
    decrypt_statement,
    key_arn_of,
    policy,
    scope_of,
)
from callbacks.views.codelines import code_lines
from callbacks.views.rights_words import RightRow, RightsPanel


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyText:
    """One policy to copy: `text` is what the button copies, `lines` the same as code."""

    key: str
    title: str
    note: str
    text: str
    lines: SafeString
    is_open: bool = False


def policy_texts(*, connection: Connection, panel: RightsPanel) -> tuple[PolicyText, ...]:
    """The policies of `manage.py iam_policy`; the lines of what is denied are marked."""
    scope = scope_of(region=connection.region, account=connection.account)
    keys = [key_arn_of(key, scope) for key in known_keys(connection=connection)]
    arns = [arn for arn in keys if arn]
    return (
        _text(
            "read",
            _("Reading"),
            _("Changes nothing, and hands out no token."),
            policy(roles=[IamRole.READ], scope=scope, queue_url=connection.hint_queue_url),
            panel.reading,
        ),
        _text(
            "answer",
            _("Answering, stopping, redriving"),
            _(
                'For SendTask*, AWS documents only "*" as the resource. It checks the ARN of the '
                'workflow all the same, so this form works; use "*" if it is denied.'
            ),
            policy(roles=[IamRole.ANSWER], scope=scope),
            panel.answering,
        ),
        _text(
            "key",
            _("With a key of your own"),
            _("One more statement for the reading policy: these keys encrypt workflows here.")
            if arns
            else _(
                "One more statement for the reading policy, only where a key of yours encrypts "
                "workflows. Put the key's id in place of KEY-ID."
            ),
            decrypt_statement(scope=scope, key_arns=arns or [key_arn_of("KEY-ID", scope)]),
            panel.reading[-1:],
        ),
    )


def _text(
    key: str, title: str, note: str, document: Mapping[str, object], rows: tuple[RightRow, ...]
) -> PolicyText:
    short = (Verdict.DENIED, Verdict.PARTLY)
    denied = [json.dumps(row.action) for row in rows if row.verdict in short]
    text = json.dumps(document, indent=2)
    return PolicyText(
        key=key,
        title=title,
        note=note,
        text=text,
        lines=code_lines(document, added=denied),
        is_open=any(one in text for one in denied),
    )
