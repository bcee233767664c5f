"""Amounts of money in headlines."""

import pytest

from callbacks.asl.lookup import Payloads
from callbacks.models import Policy
from callbacks.sync.money import as_money
from callbacks.sync.summary import paths_in, summarise


@pytest.mark.parametrize(
    ("text", "currency", "reads"),
    [
        ("2480", "EUR", "2,480.00 €"),
        ("2480.5", "CHF", "2,480.50 CHF"),
        ("-1234567.891", "USD", "-1,234,567.891 USD"),
        ("2480", "JPY", "2,480 JPY"),
        ("2480.25", "JPY", "2,480.25 JPY"),
        ("2480", "", "2,480.00"),
        ("2480", "euros", "2,480.00"),
        ("0", "GBP", "0.00 £"),
        ("1E+999999", "EUR", "1E+999999"),
        ("9" * 40, "EUR", "9" * 40),
        ("about 5", "EUR", "about 5"),
        ("٣", "EUR", "٣"),
    ],
)
def test_money_is_grouped_with_its_cents_and_never_rounded(
    text: str, currency: str, reads: str
) -> None:
    assert as_money(text, currency=currency) == reads


ORDER = """{"amount": 2480, "currency": "CHF", "name": "Ann",
  "order": {"total": "120.00", "currency": "EUR", "id": "881-2047"},
  "items": [{"price": 1}, {"price": 2, "currency": "EUR"}]}"""


@pytest.mark.parametrize(
    ("template", "reads"),
    [
        (
            "Charge {$.order.total|money} for order {$.order.id}",
            "Charge 120.00 € for order 881-2047",
        ),
        ("Pay {$.amount | money}", "Pay 2,480.00 CHF"),
        ("Pay {$['amount']|money}", "Pay 2,480.00 CHF"),
        ("Pay {$.amount}", "Pay 2480"),
        ("Pay {$.nothing|money}", "Pay …"),
        ("Pay {$.name|money}", "Pay Ann"),
        # The currency of another item would be a lie.
        ("Pay {$.items[*].price|money}", "Pay 1.00"),
        ("Pay {$.items[1].price|money}", "Pay 2.00 €"),
        ("Pay {$..total|money}", "Pay 120.00"),
    ],
)
def test_a_headline_shows_an_amount_with_the_currency_beside_it(template: str, reads: str) -> None:
    summary = summarise(
        state_machine="m",
        state="s",
        payloads=Payloads(input=ORDER),
        texts=Policy(headline=template),
    )
    assert summary.headline == reads


def test_the_path_of_an_amount_is_checked_like_any_other() -> None:
    assert paths_in("{$.a|money} {$.b} {$.c | other}") == ["$.a", "$.b", "$.c | other"]
