"""Policies: the rules that hold today, for who they name."""

from django.http import HttpResponse
from ninja import Router

from callbacks.api.callers import ApiRequest, doors
from callbacks.api.problems import documented
from callbacks.api.rendering import render
from callbacks.api.shapes import PolicyList, PolicyOut
from callbacks.models import Policy

router = Router(tags=["policies"])

_PLAIN = (
    *("id", "name", "version", "position", "is_default"),
    *("connections", "state_machine", "state", "tags", "conditions"),
    *("approvals_needed", "rejections_needed", "own_requests_allowed", "requester_path"),
    *("reason_rule", "rejection_mode", "rejection_errors", "rejection_output", "undo_seconds"),
    *("headline", "question", "key_fields", "approve_label", "reject_label"),
    *("default_output", "output_schema"),
)


@router.get(
    "",
    auth=doors(),
    response={200: PolicyList, **documented()},
    summary="The policies of today, in the order in which they are tried",
)
def policies(request: ApiRequest) -> HttpResponse:
    """All of them for who sees every request; else those that name the caller."""
    sight = request.auth.sight
    rows = Policy.objects.current().in_order().prefetch_related("policy_teams__team", "users")
    if not sight.sees_all:
        rows = rows.filter(pk__in=sight.policy_ids)
    return render(PolicyList(items=[_shape(policy) for policy in rows]))


def _shape(policy: Policy) -> PolicyOut:
    return PolicyOut(
        **{name: getattr(policy, name) for name in _PLAIN},
        teams={one.team.name: one.approvals for one in policy.policy_teams.all()},
        users=[user.username for user in policy.users.all()],
    )
