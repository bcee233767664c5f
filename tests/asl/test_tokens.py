"""A task's own token is found where the definition puts it, and never somebody else's."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote

import pytest

from callbacks.asl.definition import State
from callbacks.asl.tokens import find_own_token
from tests.asl.histories import LAMBDA, aws_token, callback, machine

OWN = aws_token("own")
PARENT = aws_token("parent")
UUID = "f8dbd7b5-c4aa-4ca9-9aef-4766f18c7ebe"
CONTEXT = {
    "Execution": {"Input": {"n": 1}},
    "State": {"Name": "Ask"},
    "StateMachine": {"Id": "m"},
    "Task": {"Token": UUID},
}


def _state(parameters: Any, **fields: Any) -> State:
    state = machine({"Ask": callback(parameters, **fields)}).state("Ask")
    assert state is not None
    return state


def _jsonata(arguments: Any) -> State:
    raw = {"Type": "Task", "Resource": LAMBDA, "Arguments": arguments, "End": True}
    state = machine({"Ask": raw}, QueryLanguage="JSONata").state("Ask")
    assert state is not None
    return state


def _found(state: State | None, sent: Any, *known_before: str) -> tuple[str | None, str]:
    finding = find_own_token(parameters=json.dumps(sent), state=state, known_before=known_before)
    return finding.token, finding.token_state


@pytest.mark.parametrize(
    ("template", "sent"),
    [
        ({"x.$": "$$.Task.Token"}, {"x": UUID}),
        ({"x.$": "$$['Task']['Token']"}, {"x": UUID}),
        ({"x.$": "$$.Task"}, {"x": {"Token": UUID}}),
        ({"x.$": "$$"}, {"x": CONTEXT}),
        ({"a": [{"b": {"x.$": "$$.Task.Token"}}]}, {"a": [{"b": {"x": UUID}}]}),
        ({"x.$": "States.JsonToString($$)"}, {"x": json.dumps(CONTEXT)}),
        ({"x.$": "States.JsonToString($$.Task)"}, {"x": json.dumps({"Token": UUID})}),
        ({"x.$": "States.JsonToString($$.Task.Token)"}, {"x": json.dumps(UUID)}),
        (
            {"x.$": "States.Format('https://a/?t={}&id={}', $$.Task.Token, $.id)"},
            {"x": f"https://a/?t={UUID}&id=7"},
        ),
        (
            {"x.$": r"States.Format('it\'s \{{}\}', $$.Task.Token)"},
            {"x": f"it's {{{UUID}}}"},
        ),
        ({"x.$": "States.Format('{}', States.JsonToString($$.Task))"},
         {"x": json.dumps({"Token": UUID})}),
        ({"x.$": "States.Base64Encode($$.Task.Token)"},
         {"x": base64.b64encode(UUID.encode()).decode()}),
        ({"x.$": "States.Array($.id, $$.Task.Token)"}, {"x": [7, UUID]}),
        ({"x.$": "States.JsonMerge($$, $.more, false)"}, {"x": {**CONTEXT, "more": 1}}),
        ({"x.$": "States.StringToJson(States.JsonToString($$))"}, {"x": CONTEXT}),
    ],
)  # fmt: skip
def test_each_jsonpath_form_gives_the_token(template: Any, sent: Any) -> None:
    assert _found(_state(template), sent) == (UUID, "found")


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [
        ({"x": "{% $states.context.Task.Token %}"}, {"x": UUID}),
        ({"x": "{% $states.context.Task %}"}, {"x": {"Token": UUID}}),
        ({"x": "{% $states.context %}"}, {"x": CONTEXT}),
        ({"x": "{% $string($states.context) %}"}, {"x": json.dumps(CONTEXT)}),
        ({"x": "{% $string($states.context.Task.Token) %}"}, {"x": UUID}),
        ({"x": "{% 'https://a/?t=' & $states.context.Task.Token & '&n=' & $states.input.n %}"},
         {"x": f"https://a/?t={UUID}&n=7"}),
        ({"x": "{% $encodeUrlComponent($states.context.Task.Token) %}"}, {"x": quote(UUID)}),
        ({"x": '{% {"y": $states.context.Task.Token, "z": [1, $states.input]} %}'},
         {"x": {"y": UUID, "z": [1, {}]}}),
        ("{% {'Payload': {'t': $states.context.Task.Token}} %}", {"Payload": {"t": UUID}}),
        ({"x": "{% $merge([$states.input, $states.context]) %}"}, {"x": CONTEXT}),
    ],
)  # fmt: skip
def test_each_jsonata_form_gives_the_token(arguments: Any, sent: Any) -> None:
    assert _found(_jsonata(arguments), sent) == (UUID, "found")


def test_an_input_path_into_the_context_counts() -> None:
    state = _state({"x.$": "$.Token"}, InputPath="$$.Task")

    assert _found(state, {"x": UUID}) == (UUID, "found")


def test_without_parameters_the_input_itself_is_sent() -> None:
    raw = {"Type": "Task", "Resource": LAMBDA, "InputPath": "$$", "End": True}

    assert _found(machine({"Ask": raw}).state("Ask"), CONTEXT) == (UUID, "found")


def test_the_founding_case_gives_token_and_context_as_written() -> None:
    state = _state({"Payload": {"input.$": "$", "context.$": "$$"}, "FunctionName": "f"})
    context = f'{{"Execution": {{"Input": {{"n": 1.50}}}}, "Task": {{"Token": "{UUID}"}}}}'
    sent = f'{{"Payload": {{"input": 1e2, "context": {context} }}, "FunctionName": "f"}}'

    finding = find_own_token(parameters=sent, state=state, known_before=())

    assert (finding.token, finding.context) == (UUID, context)


def test_a_child_finds_its_own_token_beside_its_parents() -> None:
    # The shape of the founding case inside startExecution.waitForTaskToken: the parent's token
    # stands in the input, and once more in the context's copy of it.
    state = _state({"Payload": {"input.$": "$", "context.$": "$$"}})
    given = {"order": 7, "callback": PARENT}
    context = {"Execution": {"Input": given}, "Task": {"Token": OWN}}
    sent = {"Payload": {"input": given, "context": context}}

    assert _found(state, sent, json.dumps(given)) == (OWN, "found")
    assert _found(None, sent, json.dumps(given)) == (OWN, "found")


def test_a_child_that_passes_no_token_of_its_own_has_none() -> None:
    state = _state({"Payload": {"input.$": "$"}})
    given = {"callback": PARENT, "context": {"Task": {"Token": PARENT}}}

    assert _found(state, {"Payload": {"input": given}}, json.dumps(given)) == (None, "missing")


def test_an_outdated_definition_does_not_take_the_parents_token() -> None:
    # The execution still runs on a definition in which this place was filled from the input.
    newer = _state({"token.$": "$$.Task.Token"})
    given = json.dumps({"callback": PARENT})

    assert _found(newer, {"token": PARENT}, given) == (None, "missing")
    assert _found(newer, {"token": PARENT, "own": OWN}, given) == (OWN, "found")


@pytest.mark.parametrize("spell", [json.dumps, lambda text: text.replace("/", "\\/"), quote])
def test_the_parents_token_is_known_in_any_escaping(spell: Any) -> None:
    given = f'{{"link": "{spell(PARENT)}"}}'

    assert _found(None, {"token": PARENT}, given) == (None, "missing")


def test_two_candidates_are_ambiguous() -> None:
    assert _found(None, {"a": OWN, "b": aws_token("other")}) == (None, "ambiguous")


def test_the_same_token_twice_is_one_candidate() -> None:
    assert _found(None, {"a": OWN, "b": f"https://x/?t={quote(OWN, safe='')}"}) == (OWN, "found")


def test_a_search_goes_into_json_in_text() -> None:
    sent = {"MessageBody": json.dumps({"deep": json.dumps({"Task": {"Token": UUID}})})}

    assert _found(None, sent) == (UUID, "found")


def test_a_form_that_is_not_followed_is_searched_in_its_own_place_first() -> None:
    state = _jsonata({"x": "{% $lookup($states.context.Task, 'Token') %}", "y": "{% $other %}"})

    assert _found(state, {"x": OWN, "y": aws_token("other")}) == (OWN, "found")


def test_texts_side_by_side_are_not_cut_by_guessing() -> None:
    state = _state({"x.$": "States.Format('{}{}', $.id, $$.Task.Token)"})

    assert _found(state, {"x": f"7{UUID}"}) == (None, "missing")


def test_no_token_anywhere_is_missing() -> None:
    assert _found(_state({"x": "nothing"}), {"x": "nothing"}) == (None, "missing")


@pytest.mark.parametrize("parameters", ["", "{", "[" * 100_000, "7", '"text"', "null"])
def test_odd_parameters_have_no_token(parameters: str) -> None:
    state = _state({"Payload": {"context.$": "$$"}})

    finding = find_own_token(parameters=parameters, state=state, known_before=())

    assert (finding.token, finding.context) == (None, None)


def test_deeply_nested_parameters_end_the_search_and_nothing_else() -> None:
    sent = '{"a":' * 900 + "1" + "}" * 900

    finding = find_own_token(parameters=sent, state=None, known_before=())

    assert finding.token_state == "missing"


def test_a_finding_shows_no_token() -> None:
    finding = find_own_token(parameters=json.dumps({"t": OWN}), state=None, known_before=())

    assert finding.token == OWN
    assert OWN not in repr(finding)
