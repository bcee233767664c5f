"""Addresses of the AWS console: partition and region come from the ARN."""

from __future__ import annotations

from urllib.parse import quote

_DOMAINS = {
    "aws": "{region}.console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}


def console_url(arn: str) -> str:
    """The page of an execution, "" where the ARN is not one or the partition is not known."""
    parts = arn.split(":")
    if len(parts) < 8 or "execution" not in parts[5]:
        return ""
    return _page(arn, "v2/executions/details")


def workflow_console_url(arn: str) -> str:
    """The same of a state machine."""
    parts = arn.split(":")
    if len(parts) != 7 or parts[5] != "stateMachine":
        return ""
    return _page(arn, "statemachines/view")


def _page(arn: str, kind: str) -> str:
    _arn, partition, _service, place, *_rest = arn.split(":")
    region = quote(place, safe="")
    if partition not in _DOMAINS:
        return ""
    domain = _DOMAINS[partition].format(region=region)
    return f"https://{domain}/states/home?region={region}#/{kind}/{quote(arn, safe=':')}"
