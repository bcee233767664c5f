"""The five sample workflows and what their runs are about."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("workflows")


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One state machine, and one execution of it: `run` begins its name, `input` is JSON."""

    workflow: str
    run: str
    input: dict[str, Any]

    @property
    def definition(self) -> str:
        return (FOLDER / f"{self.workflow}.json").read_text(encoding="utf-8")


ORDER = Sample(
    workflow="order-release",
    run="order-881-2047",
    input={
        "order": "881-2047",
        "amount": 2480,
        "currency": "EUR",
        "customer": "Ingrid Solheim",
        "riskScore": 61,
        "askedBy": "Web shop",
        "note": "Above the limit of 2,000 EUR, and the first order to this address.",
        "customerSince": 2019,
        "earlierOrders": {"paid": 23, "chargedBack": 0},
        "items": [
            {"sku": "LOOM-L4", "name": "Loom L4", "quantity": 1},
            {"sku": "BOB-2", "name": "Bobbin set", "quantity": 2},
        ],
        "shipTo": {
            "street": "Skippergata 14",
            "postcode": "5003",
            "city": "Bergen",
            "country": "NO",
            "isNew": True,
        },
        "card": {"brand": "Visa", "lastDigits": "4417"},
    },
)
REFUND = Sample(
    workflow="refund-approval",
    run="refund-881-1998",
    input={
        "order": "881-1998",
        "amount": 120,
        "currency": "EUR",
        "customer": "Tomasz Zieliński",
        "cause": "Damaged on arrival",
        "askedBy": "Mateo Ruiz",
        "photos": 3,
        "carrier": {"name": "Nordfrakt", "claim": "NF-20931", "claimAccepted": True},
        "payment": {"method": "card", "lastDigits": "9022", "paidAt": "2026-11-19T08:14:02Z"},
    },
)
IDENTITY = Sample(
    workflow="kyc-onboarding",
    run="kyc-brandt-logistics",
    input={
        "company": "Brandt Logistics GmbH",
        "finding": "The owner does not match the register",
        "register": "HRB 118204, Hamburg",
        "askedBy": "Kofi Mensah",
        "riskClass": "medium",
        "country": "DE",
        "owner": {
            "declared": "Helene Brandt-Osei",
            "registered": "Helene Brandt",
            "share": 0.62,
            "bornIn": 1979,
        },
        "documents": ["register-extract.pdf", "passport.pdf", "marriage-certificate.pdf"],
    },
)
PHOTOS = Sample(
    workflow="content-moderation",
    run="photos-7741",
    input={
        "batch": "7741",
        "askedBy": "Upload check",
        "listings": [
            {
                "listing": "55190",
                "title": "Garden table, teak",
                "seller": "user 11873, 52 listings",
                "machineSays": "alcohol 0.41",
                "rule": "4.1, no advertising of alcohol",
            },
            {
                "listing": "55204",
                "title": "Air rifle, like new",
                "seller": "user 20381, 4 listings",
                "machineSays": "weapon 0.93",
                "rule": "7.2, air guns need a proof of age",
            },
            {
                "listing": "55207",
                "title": "Children's bike, 16 inch",
                "seller": "user 9054, 17 listings",
                "machineSays": "face of a child 0.77",
                "rule": "2.6, no faces of children",
            },
        ],
    },
)
SPARK = Sample(
    workflow="spark-settlement",
    run="settlement-2026-11-23",
    input={
        "job": "settlement-2026-11-23",
        "cluster": "dc2",
        "rows": 18_442_907,
        "askedBy": "scheduler/nightly",
        "submittedAs": "application_1763870521044_0193",
        "parts": {"orders": 412, "refunds": 38, "fees": 9},
    },
)
SAMPLES = (ORDER, REFUND, IDENTITY, PHOTOS, SPARK)
