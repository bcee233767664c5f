"""Where a run stands: what must have run, what cannot have, and what nobody can tell."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from callbacks.asl.dataflow import Visit
from callbacks.asl.definition import Definition
from callbacks.asl.drawing import graph_of
from callbacks.asl.forecast import Forecast, Outcome, Verdict, forecast_success
from callbacks.asl.language.values import Json
from callbacks.asl.progress import Behind, Mark, Seen, behind, marks_of
from callbacks.views.graph_words import behind_sentences
from tests.asl.graphs import (
    CATCH_ALL,
    any_definition,
    ask,
    choice,
    each,
    long_chain,
    order_release,
    parallel,
    task,
)
from tests.asl.histories import machine


def seen(
    waiting: str = "", failed: str = "", passed: str = "", last: str = "", whole: bool = False
) -> Seen:
    return Seen(
        last=last,
        waiting=frozenset(waiting.split()),
        failed=frozenset(failed.split()),
        passed=frozenset(passed.split()),
        is_whole=whole,
    )


def marks(definition: Definition, known: Seen) -> dict[str, str]:
    found = marks_of(definition=definition, graph=graph_of(definition), seen=known)
    return {name: str(mark) for name, mark in found.items()}


def behind_of(definition: Definition, name: str) -> Behind:
    state = definition.states[name]
    return behind(definition=definition, graph=graph_of(definition), state=state)


def test_what_every_way_leads_through_ran_and_what_leads_nowhere_back_is_ahead() -> None:
    assert marks(order_release(), seen("Ask")) == {
        "Load": "ran",
        "Limit": "ran",
        "Ask": "waiting",
        "Charge": "ahead",
        "Confirm": "ahead",
        "Sorry": "ahead",
        "Denied": "ahead",
    }


def test_a_state_that_may_have_been_passed_over_is_unknown() -> None:
    definition = machine(
        {"Way": choice("Ask", Note="x"), "Note": task("Ask"), "Ask": ask("End"), "End": task()}
    )

    assert marks(definition, seen("Ask"))["Note"] == "unknown"
    assert marks(definition, seen("Ask", passed="Way", whole=True))["Note"] == "ahead"


def test_in_a_circle_nothing_that_may_have_been_is_called_ahead() -> None:
    definition = machine({"Ask": ask("Check"), "Check": choice("Done", Ask="no"), "Done": task()})

    assert marks(definition, seen("Ask")) == {"Ask": "waiting", "Check": "unknown", "Done": "ahead"}


def test_the_frames_around_what_waits_are_entered_and_other_branches_unknown() -> None:
    definition = machine(
        {
            "Before": task("Both"),
            "Both": parallel({"Ask": ask("Then"), "Then": task()}, {"Other": task()}, to="After"),
            "After": task(),
        }
    )

    assert marks(definition, seen("Ask")) == {
        "Before": "ran",
        "Both": "inside",
        "After": "ahead",
        "Ask": "waiting",
        "Then": "ahead",
        "Other": "unknown",
    }


def test_in_a_map_other_items_may_be_anywhere() -> None:
    definition = machine({"Each": each({"Ask": ask("Then"), "Then": task()})})

    assert marks(definition, seen("Ask"))["Then"] == "unknown"


def test_what_is_inside_of_what_is_ahead_is_ahead() -> None:
    definition = machine({"Ask": ask("Each"), "Each": each({"In": task()})})

    assert marks(definition, seen("Ask"))["In"] == "ahead"


def test_a_run_that_is_over_is_marked_as_far_as_it_was_seen() -> None:
    assert marks(order_release(), seen(failed="Ask")) == {
        "Load": "ran",
        "Limit": "ran",
        "Ask": "failed",
        "Charge": "unknown",
        "Confirm": "unknown",
        "Sorry": "unknown",
        "Denied": "unknown",
    }


def test_where_a_run_is_known_to_have_failed_nothing_behind_was_reached() -> None:
    found = marks(order_release(), seen(passed="Ask", last="Ask"))

    assert (found["Load"], found["Ask"]) == ("ran", "failed")
    assert {found["Charge"], found["Sorry"], found["Denied"]} == {"ahead"}


def test_what_is_around_a_state_that_the_run_failed_in_failed_with_it() -> None:
    states = {
        "Both": parallel({"Ask": ask("Then"), "Then": task()}, {"Other": task()}, to="After"),
        "After": task(),
    }

    assert marks(machine(states), seen(last="Ask")) == {
        "Both": "failed",
        "After": "ahead",
        "Ask": "failed",
        "Then": "ahead",
        "Other": "unknown",
    }


def test_behind_a_yes_is_what_follows_and_behind_a_no_what_catches_it() -> None:
    found = behind_of(order_release(), "Ask")

    assert found.next == ("Charge",)
    assert found.yes == {"Charge", "Confirm"}
    assert [edge.target for edge in found.caught] == ["Sorry"]
    assert found.no == {"Sorry", "Denied"}
    assert not found.can_fail


def sent_no(definition: Definition, output: Json) -> Behind:
    """Behind `Ask`, where a no is this answer."""
    state = definition.states["Ask"]
    found = forecast_success(definition=definition, visit=Visit(state, {}), result=output)
    return behind(definition=definition, graph=graph_of(definition), state=state, sent_no=found)


def answered() -> Definition:
    return machine(
        {
            "Ask": ask("Check", Catch=CATCH_ALL),
            "Check": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.ok", "BooleanEquals": True, "Next": "Charge"}],
                "Default": "Note",
            },
            "Charge": task(),
            "Note": task("Told"),
            "Told": task(),
            "Sorry": task(),
        }
    )


def test_a_no_that_is_sent_as_an_answer_goes_where_the_answer_leads() -> None:
    found = sent_no(answered(), {"ok": False})

    assert found.caught == ()
    assert found.no == {"Check", "Note", "Told"}
    assert found.yes == {"Check", "Charge", "Note", "Told"}


def test_where_such_a_no_leads_is_that_of_any_answer_while_it_is_not_known() -> None:
    unknown = Forecast(Verdict.UNKNOWN, Outcome.UNKNOWN)
    definition = answered()
    state, graph = definition.states["Ask"], graph_of(definition)

    found = behind(definition=definition, graph=graph, state=state, sent_no=unknown)

    assert found.no == found.yes


def test_such_a_no_that_the_state_stumbles_over_is_caught_like_an_answer() -> None:
    formula = {"QueryLanguage": "JSONata", "Output": "{% $states.result.amount + 1 %}"}
    asks = ask("Z", Catch=CATCH_ALL, **formula)
    definition = machine({"Ask": asks, "Z": task(), "Sorry": task()})

    assert sent_no(definition, {"amount": "none"}).no == {"Sorry"}


def test_such_a_no_leads_out_of_its_branch_as_an_answer_does() -> None:
    definition = machine({"Both": parallel({"Ask": ask()}, to="Z"), "Z": task()})

    assert sent_no(definition, {}).no == {"Z"}


def test_a_no_that_fails_behind_the_step_goes_where_the_catch_around_leads() -> None:
    branch = {"Ask": ask("Check"), "Check": choice(Nice="yes"), "Nice": {"Type": "Succeed"}}
    around = parallel(branch, to="After", Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Sorry"}])
    definition = machine({"Par": around, "After": task(), "Sorry": task()})
    found = sent_no(definition, {"way": "no"})
    assert "Sorry" in found.no
    assert "After" not in found.no
    assert list(behind_sentences(found))[1] == "After a no, which is sent as an answer: Sorry."


def test_without_a_catch_for_every_error_a_no_can_fail_the_run() -> None:
    some = [{"ErrorEquals": ["Denied"], "Next": "Sorry"}]
    definition = machine({"Ask": ask(Catch=some), "Sorry": task()})

    assert behind_of(definition, "Ask").can_fail
    assert behind_of(machine({"Ask": ask()}), "Ask").caught == ()


def test_the_catch_of_a_frame_takes_what_the_state_does_not() -> None:
    definition = machine(
        {
            "Both": parallel({"Ask": ask()}, to="After", Catch=CATCH_ALL),
            "After": task(),
            "Sorry": task(),
        }
    )

    found = behind_of(definition, "Ask")

    assert found.next == ("After",)
    assert (found.yes, found.no, found.can_fail) == ({"After"}, {"Sorry"}, False)


def test_the_end_of_the_run_follows_a_last_state() -> None:
    assert behind_of(machine({"Ask": ask()}), "Ask").next == (None,)


def test_what_a_frame_holds_lies_behind_as_it_does() -> None:
    definition = machine({"Ask": ask("Each"), "Each": each({"In": task()}, to="Z"), "Z": task()})

    assert behind_of(definition, "Ask").yes == {"Each", "In", "Z"}


def test_of_a_machine_too_large_to_draw_only_what_was_seen_is_marked() -> None:
    definition = long_chain(10_000)

    began = time.process_time()
    found = marks(definition, seen("S5000", passed="S4000"))

    assert {found["S5000"], found["S4000"], found["S3000"]} == {"waiting", "ran", "unknown"}
    assert time.process_time() - began < 2


@given(any_definition(), st.data())
def test_every_state_of_any_machine_gets_one_mark(
    definition: Definition, data: st.DataObject
) -> None:
    names = st.frozensets(st.sampled_from(sorted(definition.states)), max_size=3)
    known = Seen(
        waiting=data.draw(names),
        failed=data.draw(names),
        passed=data.draw(names),
        is_whole=data.draw(st.booleans()),
    )
    graph = graph_of(definition)

    found = marks_of(definition=definition, graph=graph, seen=known)

    assert set(found) == set(definition.states)
    assert all(found[name] is Mark.WAITING for name in known.waiting)
    for state in definition.states.values():
        behind(definition=definition, graph=graph, state=state)


def test_what_children_of_a_distributed_map_do_no_history_of_the_run_tells() -> None:
    spread = each({"Ask": ask()}, to="Z")
    spread["ItemProcessor"]["ProcessorConfig"] = {"Mode": "DISTRIBUTED"}
    definition = machine({"Each": spread, "Z": task()})

    marks = marks_of(
        definition=definition, graph=graph_of(definition), seen=seen(waiting="Each", whole=True)
    )

    assert (marks["Ask"], marks["Z"]) == (Mark.UNKNOWN, Mark.AHEAD)
