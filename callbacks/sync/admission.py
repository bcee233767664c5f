"""What a connection may be made of, judged before AWS is asked or anything is kept.

No message repeats an address or an external id: what is wrong with it may be a secret in it.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import SplitResult, urlsplit

from callbacks.stepfunctions import Access

# As the columns have them; SQLite would keep more, PostgreSQL would refuse it.
LONGEST_NAME = 80
LONGEST_ENDPOINT = 200
LONGEST_QUEUE = 400
LONGEST_PROFILE = 64
LONGEST_ROLE = 2048
LONGEST_REGION = 32

_REGION = re.compile(r"[a-z]{2,5}(-[a-z]+){1,2}-[0-9]{1,2}")
# docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]+")
# docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole
_EXTERNAL_ID = re.compile(r"[A-Za-z0-9_+=,.@:/-]{2,1224}")
QUEUE_FORM = "The address of a queue looks like https://sqs.REGION.amazonaws.com/ACCOUNT/NAME."
ENDPOINT_FORM = "An endpoint looks like https://HOST or http://HOST:PORT."


class BadConnection(Exception):
    """A value that no connection can have."""


def admit(*, name: str, access: Access, hint_queue_url: str) -> None:
    """Raises BadConnection with what is wrong, in a sentence."""
    _admit_name(name)
    _admit_way_in(access)
    if access.endpoint_url:
        _admit_address(access.endpoint_url, longest=LONGEST_ENDPOINT, form=ENDPOINT_FORM)
    if hint_queue_url:
        _admit_address(hint_queue_url, longest=LONGEST_QUEUE, form=QUEUE_FORM)


def _admit_name(name: str) -> None:
    if not name.strip():
        raise BadConnection("A connection needs a name.")
    if len(name) > LONGEST_NAME:
        raise BadConnection(f"The name has more than {LONGEST_NAME} characters.")
    if _is_unseen(name) or name != name.strip():
        raise BadConnection(
            "The name has characters that nobody sees: control characters, line ends, or blanks "
            "at an end."
        )


def _admit_way_in(access: Access) -> None:
    if len(access.region) > LONGEST_REGION or not _REGION.fullmatch(access.region):
        raise BadConnection("A region looks like eu-west-1.")
    profile, role = access.profile or "", access.role_arn or ""
    if len(profile) > LONGEST_PROFILE or _is_unseen(profile):
        raise BadConnection(f"The profile is no name of at most {LONGEST_PROFILE} characters.")
    if role and (len(role) > LONGEST_ROLE or not _ROLE.fullmatch(role)):
        raise BadConnection("A role looks like arn:aws:iam::ACCOUNT:role/NAME.")
    if access.external_id and not role:
        raise BadConnection("An external id is a role's: give the role, too (--role-arn).")
    if access.external_id and not _EXTERNAL_ID.fullmatch(access.external_id):
        raise BadConnection("The external id has a length or characters that AWS does not take.")


def _admit_address(url: str, *, longest: int, form: str) -> None:
    """User and password would be shown on pages and in the record, and AWS wants none."""
    parts = _parts(url)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadConnection(form)
    if "@" in parts.netloc:
        raise BadConnection(f"An address here holds no user and no password. {form}")
    if parts.query or parts.fragment or _is_unseen(url) or " " in url:
        raise BadConnection(form)
    if len(url) > longest:
        raise BadConnection(f"The address has more than {longest} characters.")


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _is_unseen(text: str) -> bool:
    return any(unicodedata.category(one)[0] == "C" or one in "\u2028\u2029" for one in text)
