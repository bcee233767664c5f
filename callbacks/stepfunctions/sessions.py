"""The name of a role session: by it, AWS's own record tells for whom we called. Pure."""

from __future__ import annotations

import re
import unicodedata

# Of what is nobody's: reading, and a connection that is being added.
OUR_NAME = "holdpoint"
# docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole: [\w+=,.@-], 2 to 64 characters.
_NOT_TAKEN = re.compile(r"[^A-Za-z0-9_+=,.@-]")
LONGEST = 64


def session_name(*, person: int, username: str = "") -> str:
    """`holdpoint-42-ana`: the person's number in our audit record, and how they sign in.

    The number makes it unique and outlives a change of the username, which may be left out.
    Letters that AWS does not take lose their accents or become "_".
    """
    plain = unicodedata.normalize("NFKD", username)
    plain = "".join(one for one in plain if not unicodedata.combining(one))
    parts = [OUR_NAME, str(person), _NOT_TAKEN.sub("_", plain)]
    return "-".join(part for part in parts if part)[:LONGEST]
