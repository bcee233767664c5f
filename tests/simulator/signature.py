"""Who signed a request, and for which region; the signature itself is not checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

# AWS4-HMAC-SHA256 Credential=KEY/20260101/eu-west-1/states/aws4_request, SignedHeaders=…
CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d+/([^/,\s]+)/([^/,\s]+)/aws4_request")


class Signature(NamedTuple):
    access_key: str
    region: str
    service: str
    session_token: str | None


def read_signature(headers: Mapping[str, str]) -> Signature | None:
    """None where the request is not signed, as those of a test's own client."""
    match = CREDENTIAL.search(headers.get("Authorization", ""))
    if match is None:
        return None
    key, region, service = match.groups()
    return Signature(key, region, service, headers.get("X-Amz-Security-Token"))
