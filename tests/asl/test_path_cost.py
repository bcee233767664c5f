"""Which paths a policy cannot have, since looking them up could take for ever."""

import json
from time import process_time

import pytest

from callbacks.asl.lookup import LONGEST_PATH, PathError, Payloads, check_path

# A look-up that blows up takes hours; this leaves room for a slow machine.
A_MOMENT = 20

FINE = [
    "$",
    "$.amount",
    "$$.Execution.Name",
    "$.items[*].sku",
    "$..amount",
    "$['a', 'b'].c",
    "$.items[?@.kind == 'a'].price",
    "$..[?@.price > $.limit]",
    "$.items[?length(@.name) > 3]",
    "$.items[1:]",
    "$.items[?@.kind in ['a', 'b']]",
    "$.items[?@.items contains 3]",
    "$..[?'a' in @.kind]",
]


@pytest.mark.parametrize("path", FINE)
def test_what_goes_through_the_input_once_is_fine(path: str) -> None:
    check_path(path)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("$[?@ =~ /(a+)+$/]", "=~"),
        ("$[?@ =~ 'a']", "=~"),
        ("$[?match(@, '(a|a)*b')]", "match()"),
        ("$[?!(@.a == 1 && search(@.b, '(a+)+b'))]", "search()"),
        ("$.a[?@ in $.b]", "a written list"),
        ("$.a[?!(@.c == 1 && $.b contains @.c)]", "a written list"),
        ("$.a[?@ in _.b]", "a written list"),
        ("$.a[?@ in value($.b)]", "a written list"),
        ("$..a..b", "only one “..”"),
        ("$..[?@..a]", "only plain paths"),
        ("$[?$[?$[?$.a]]]", "only plain paths"),
        ("$[?count(@.*) > 1]", "only plain paths"),
        ("$[?@.a][?@.b]", "only one filter"),
        ("$['a', 'a']['a', 'a']", "only one bracket"),
        ("$..[" + ", ".join("*" * 11) + "]", "only one bracket"),
        ("$." + "a" * LONGEST_PATH, "at most 200"),
        ("$[?@ =~ /(/]", "not a JSONPath"),
        ("$[?@ == 1e999]", "not a JSONPath"),
    ],
)
def test_what_could_take_for_ever_is_refused_and_says_why(path: str, says: str) -> None:
    with pytest.raises(PathError, match=says.replace("(", r"\(").replace(")", r"\)")):
        check_path(path)


@pytest.mark.parametrize("path", FINE)
def test_a_path_that_is_fine_is_found_in_the_largest_input_within_a_moment(path: str) -> None:
    rows = [{"amount": n, "kind": "a", "items": [n]} for n in range(5_000)]
    payloads = Payloads(input=json.dumps({"items": rows, "limit": 3}))
    began = process_time()
    payloads.find(path)
    assert process_time() - began < A_MOMENT
