"""What an answer does, seen in a real browser before it is given."""

from __future__ import annotations

import json

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from callbacks.models import Decision
from tests import making
from tests.founding import RETRY, RIGHT, founding_definition, founding_task
from tests.journeys.conftest import PHONE, WIDE, faults, overflows
from tests.journeys.founding import SETTLES_MS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WRONG = '{"message": "succeeded"}'
SCHEMA = {
    "type": "object",
    "required": ["Payload"],
    "properties": {
        "Payload": {
            "type": "object",
            "title": "Result",
            "required": ["message"],
            "properties": {
                "message": {"enum": ["succeeded", "failed"], "title": "How did it end?"},
                "rows": {"type": "integer", "title": "Rows written"},
            },
        }
    },
}


@pytest.mark.parametrize("width", [1440, 390])
def test_the_founding_mistake_is_stopped_mended_and_approved(
    founding, workers, open_page, troubles, width
):
    page = open_page(f"/tasks/{founding.task.pk}/", founding.approver, width=width)
    page.fill("#output", WRONG)
    expect(page.locator("#forecast.fatal")).to_contain_text("would end the whole run")
    expect(page.locator("#forecast")).to_contain_text("the part called “Payload”")
    expect(page.locator("#approve-effect")).to_have_text("blocked: would end the run")
    page.get_by_role("button", name="Write my answer so").click()
    expect(page.locator("#forecast.pass")).to_contain_text("This answer passes")
    expect(page.locator("#output")).to_have_value('{\n  "Payload": {"message": "succeeded"}\n}')
    page.locator("#answer-bar button[value=approve]").click()
    page.locator("#send-now").click()
    confirmed = page.locator("#answer", has_text="Approved and confirmed")
    expect(confirmed).to_be_visible(timeout=SETTLES_MS)
    assert json.loads(founding.ended()["output"]) == {"message": "succeeded"}
    assert troubles.seen == []


def test_a_wrong_answer_that_is_sent_at_once_is_refused_in_red(founding, open_page):
    page = open_page(f"/tasks/{founding.task.pk}/", founding.approver)
    page.fill("#output", WRONG)
    page.locator("#answer-bar button[value=approve]").click()
    expect(page.locator("#answer [role=alert]")).to_contain_text("nothing was sent")
    expect(page.locator("#forecast.fatal")).to_be_visible()
    assert not Decision.objects.exists()


def test_a_rejection_that_runs_it_again_says_so_and_does(founding, workers, open_page, troubles):
    page = open_page(f"/tasks/{founding.task.pk}/", founding.approver)
    page.get_by_role("button", name="Reject…").click()
    page.fill("#error", "Lambda.ServiceException")
    expect(page.locator("#reject-forecast")).to_contain_text("in 2 s (repeat 1 of 6)")
    expect(page.locator("#reject-effect")).to_have_text("runs the work again in 2 s")
    page.fill("#reason", "The cluster was away.")
    page.locator("#reject button[value=reject]").click()
    page.locator("#send-now").click()
    expect(page.locator("#answer", has_text="Rejected and confirmed")).to_be_visible(
        timeout=SETTLES_MS
    )
    founding.simulator.advance(3)
    assert founding.ended()["status"] == "RUNNING"
    assert len(founding.simulator.tokens(founding.execution_arn)) == 1
    assert troubles.seen == []


def test_a_form_is_filled_by_keyboard_alone(founding, workers, open_page, troubles):
    policy = making.default_policy()
    policy.output_schema = SCHEMA
    policy.save()
    page = open_page(f"/tasks/{founding.task.pk}/", founding.approver)
    page.get_by_label("How did it end?").focus()
    page.keyboard.type("succ")
    page.keyboard.press("Tab")
    page.keyboard.type("1840233")
    expect(page.locator("#forecast.pass")).to_contain_text("This answer passes")
    page.locator("#answer-bar button[value=approve]").focus()
    page.keyboard.press("Enter")
    page.locator("#send-now").focus()
    page.keyboard.press("Enter")
    # On the page of the decision where Enter came before its button was taken into the page.
    confirmed = page.get_by_role("heading", name="Approved and confirmed")
    expect(confirmed).to_be_visible(timeout=SETTLES_MS)
    assert json.loads(founding.ended()["output"]) == {"message": "succeeded", "rows": 1840233}
    assert troubles.seen == []


def test_without_javascript_it_is_checked_mended_and_given(founding, open_page, troubles):
    page = open_page(f"/tasks/{founding.task.pk}/", founding.approver, javascript=False)
    page.fill("#output", WRONG)
    page.get_by_role("button", name="Check my answer").last.click()
    expect(page.locator("#forecast.fatal")).to_contain_text("would end the whole run")
    page.get_by_role("button", name="Write my answer so").click()
    expect(page.locator("#forecast.pass")).to_be_visible()
    page.locator("#answer-bar button[value=approve]").click()
    page.wait_for_url("**/decisions/*/")
    assert Decision.objects.get().forecast == "ok"
    assert troubles.seen == []


def test_the_answer_is_never_lost_to_the_forecast_of_it(founding, open_page, troubles):
    """The forecast is asked for 400 ms after the last key: while the answer is on its way."""
    page = open_page(f"/tasks/{founding.task.pk}/", founding.approver)
    page.route("**/answer/", lambda route: (page.wait_for_timeout(900), route.continue_()))
    page.fill("#output", '{"Payload": {"message": "succeeded"}}')
    page.locator("#answer-bar button[value=approve]").click()
    expect(page.locator("#send-now")).to_be_visible()
    assert Decision.objects.count() == 1
    assert troubles.seen == []


# --- every look that it has, for axe ------------------------------------------------------------
LOOKS = {
    "passes": (founding_definition(), '{"Payload": {"approved": true}}', "This answer passes"),
    "ends the run": (
        founding_definition(),
        '{"Payload": {"approved": false}}',
        "This ends the whole run",
    ),
    "kills, can be wrapped": (
        founding_definition(),
        '{"approved": true}',
        "would end the whole run",
    ),
    "kills": (
        founding_definition(ResultSelector={"x.$": "$.one.two"}),
        "[1]",
        "would end the whole run",
    ),
    "cannot predict": (
        founding_definition(ResultSelector={"x.$": "States.UUID()"}),
        '{"Payload": 1}',
        "Cannot predict",
    ),
    "too large": (founding_definition(), json.dumps({"a": "x" * 262_144}), "Largest parts"),
    "no JSON": (founding_definition(), '{"a": }', "This cannot be sent yet"),
}


@pytest.mark.parametrize(("width", "dark"), [(PHONE, True), (WIDE, False)], ids=["phone", "wide"])
@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_on_a_forecast(people, open_page, troubles, look, width, dark):
    """As the person sees it who may send it all the same, with what differs unfolded."""
    definition, output, says = LOOKS[look]
    people.approver.role_grants.create(role="operator", granted_at=timezone.now())
    policy = making.make_policy(default_output='{"Payload": {"approved": true, "note": "x"}}')
    task = founding_task(definition, policy=policy)
    page = open_page(f"/tasks/{task.pk}/", people.approver, width=width, dark=dark)
    # Until it has come the one before stands there, greyed.
    with page.expect_response("**/forecast/"):
        page.fill("#output", output)
    expect(page.locator("#forecast:not(.htmx-request)")).to_contain_text(says)
    for summary in page.locator("#forecast details > summary").all():
        summary.click()
    assert faults(page) == []
    assert not overflows(page)
    assert troubles.seen == []


@pytest.mark.parametrize(("width", "dark"), [(PHONE, False), (WIDE, True)], ids=["phone", "wide"])
@pytest.mark.parametrize(
    ("error", "says"),
    [
        ("Busy", "The work would run again"),
        ("Refused", "The run takes another way"),
        ("Other", "This ends the whole run"),
    ],
)
def test_axe_finds_nothing_on_the_forecast_of_a_rejection(
    people, open_page, troubles, error, says, width, dark
):
    page = open_page(f"/tasks/{founding_task().pk}/", people.approver, width=width, dark=dark)
    page.get_by_role("button", name="Reject…").click()
    with page.expect_response("**/forecast/"):
        page.fill("#error", error)
    expect(page.locator("#forecast:not(.htmx-request)")).to_be_visible()
    expect(page.locator("#reject-forecast")).to_contain_text(says)
    assert faults(page) == []
    assert troubles.seen == []


# --- a form after past answers ------------------------------------------------------------------
@pytest.mark.parametrize(("width", "dark"), [(PHONE, True), (WIDE, False)], ids=["phone", "wide"])
def test_a_form_after_past_answers_is_filled_and_taken_over(
    people, open_page, troubles, width, dark
):
    task = founding_task(founding_definition(Retry=RETRY))
    for number in range(12):
        making.make_task(
            execution=making.make_execution(task.execution.state_machine),
            state="Review",
            status="answered",
            closed_kind="succeeded",
            closed_at=timezone.now(),
            closed_output=json.dumps({"Payload": {"approved": number % 4 > 0, "rows": number}}),
        )
    page = open_page(f"/tasks/{task.pk}/", people.approver, width=width, dark=dark)
    expect(page.locator("#answer")).to_contain_text("A form after the last 12 answers")
    page.get_by_label("Approved").select_option("true")
    page.get_by_label("Rows").fill("7")
    expect(page.locator("#forecast.pass")).to_contain_text("This answer passes")
    expect(page.locator("#forecast")).to_contain_text("differ")
    assert faults(page) == []
    assert not overflows(page)

    address = f"/workflows/{task.execution.state_machine_id}/"
    page = open_page(address, people.admin, width=width, dark=dark)
    assert faults(page) == []
    page.get_by_role("link", name="What answers hold").click()
    expect(page.locator("h1")).to_have_text("Answers to Review")
    assert faults(page) == []
    assert not overflows(page)
    page.get_by_role("link", name="Begin a policy with it").click()
    expect(page.get_by_label("JSON Schema of the answer")).to_contain_text('"approved"')
    assert troubles.seen == []


def test_what_was_unfolded_stays_so_and_both_buttons_follow(people, open_page, troubles):
    task = founding_task(founding_definition(Retry=RETRY))
    page = open_page(f"/tasks/{task.pk}/", people.approver)
    page.fill("#output", '{"Payload": {"approved": true, "n": 1}}')
    page.locator("#forecast-value > summary").click()
    page.fill("#output", '{"Payload": {"approved": true, "n": 77}}')
    expect(page.locator("#forecast-value")).to_contain_text("77")
    expect(page.locator("#forecast-value > summary + *")).to_be_visible()
    page.get_by_role("button", name="Reject…").click()
    page.fill("#error", "Busy")
    expect(page.locator("#reject-now-effect")).to_have_text("runs the work again in 2 s")
    page.fill("#error", "Other")
    expect(page.locator("#reject-now-effect")).to_have_text("ends the whole run")
    assert troubles.seen == []


def test_who_is_signed_out_while_writing_loses_nothing(people, open_page):
    task = founding_task()
    page = open_page(f"/tasks/{task.pk}/", people.approver)
    page.context.clear_cookies(name="sessionid")
    page.fill("#output", '{"Payload": ')
    expect(page.locator("#forecast")).to_contain_text("You were signed out")
    page.fill("#output", '{"Payload": {"approved": true}}')
    page.fill("#reason", "I have seen it.")
    page.get_by_role("button", name="Sign in and go on").click()
    page.fill("#id_username", people.approver.username)
    page.fill("#id_password", making.PASSWORD)
    page.get_by_role("button", name="Sign in and go on").click()
    expect(page.locator("#output")).to_have_value('{"Payload": {"approved": true}}')
    expect(page.locator("#reason")).to_have_value("I have seen it.")


def test_what_becomes_of_the_answer_is_said_when_it_changes_and_not_again(open_page, people):
    task = founding_task()
    page = open_page(f"/tasks/{task.pk}/", people.approver)
    page.evaluate(COUNTS_WHAT_IS_SAID)
    page.fill("#output", WRONG)
    expect(page.locator("#live")).to_have_text("This answer would end the whole run")
    with page.expect_response("**/forecast/"):
        page.fill("#output", f"{WRONG} ")
    with page.expect_response("**/forecast/"):
        page.fill("#output", RIGHT)
    expect(page.locator("#live")).to_have_text("This answer passes")
    assert page.evaluate("said") == 2


COUNTS_WHAT_IS_SAID = """
window.said = 0;
new MutationObserver(() => { said += 1; })
  .observe(document.getElementById("live"), { childList: true });
"""


def test_what_becomes_of_a_rejection_is_said_while_its_panel_is_open(open_page, people):
    page = open_page(f"/tasks/{founding_task().pk}/", people.approver)
    page.get_by_role("button", name="Reject…").click()
    page.fill("#error", "Refused")
    expect(page.locator("#live")).to_have_text("The run takes another way")


@pytest.mark.parametrize("width", [WIDE, PHONE, 320])
def test_the_icon_of_a_rejection_stands_beside_its_forecast(open_page, people, width):
    page = open_page(f"/tasks/{founding_task().pk}/", people.approver, width=width)
    page.locator("#answer-bar button[data-toggle=reject]").click()
    icon, title = (page.locator(f"#reject-forecast {one}").first for one in (".i", "b"))
    assert abs(icon.bounding_box()["y"] - title.bounding_box()["y"]) < 8
