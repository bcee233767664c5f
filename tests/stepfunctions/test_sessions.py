"""The name by which AWS's own record tells for whom we called."""

import re

import pytest

from callbacks.stepfunctions import session_name

TAKEN_BY_AWS = re.compile(r"[A-Za-z0-9_+=,.@-]{2,64}")


@pytest.mark.parametrize(
    ("username", "name"),
    [
        ("ana", "holdpoint-42-ana"),
        ("ana.b+c@example.com", "holdpoint-42-ana.b+c@example.com"),
        ("Jos\u00e9 N", "holdpoint-42-Jose_N"),
        ("\u5f20\u4f1f", "holdpoint-42-__"),
        ("a/b:c\n*", "holdpoint-42-a_b_c__"),
        ("", "holdpoint-42"),
        ("x" * 150, "holdpoint-42-" + "x" * 51),
    ],
)
def test_a_name_is_one_that_aws_takes(username: str, name: str) -> None:
    assert session_name(person=42, username=username) == name
    assert TAKEN_BY_AWS.fullmatch(name)


def test_two_people_never_have_the_same_name() -> None:
    """Nobody can choose a username that makes them somebody else."""
    assert session_name(person=4, username="2-ana") != session_name(person=42, username="ana")
