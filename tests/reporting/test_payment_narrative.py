"""What of a request is paid, as text: of one that was carried, what happened to it in the next year."""

import pytest

from reporting.act_views import EntrySummary, Standing
from reporting.payment_narrative import describe_payment

CARRY = EntrySummary(44, "DP-1", "request_carry", "2019-01-02", 250_000, 30)
PAYMENT = EntrySummary(50, "P-1", "payment", "2019-01-14", 250_000, 44)
DEBIT = EntrySummary(52, "D-1", "bank_debit", "2019-01-15", 250_000, 50)
INTEREST = [
    EntrySummary(54, "IM-01-44-52", "late_interest", "2019-01-20", 4_100, 44),
    EntrySummary(56, "P-2", "payment", "2019-01-21", 4_100, 54),
]
REJECTION = EntrySummary(50, "RJ-1", "payment_request_rejection", "2019-01-03", 250_000, 44)
PLACE = "carried into 2019 as entry 44: 2,500.00 euros; there: "


def build_standing(settled_cents: int) -> Standing:
    return Standing(
        state="carried",
        settled_cents=settled_cents,
        payable_cents=0,
        retained_cents=0,
        back_cents=0,
        transit_cents=0,
    )


@pytest.mark.parametrize(
    ("followers", "settled_cents", "expected"),
    [
        ([CARRY], 250_000, f"{PLACE}not paid yet"),
        ([CARRY, PAYMENT], 250_000, f"{PLACE}paid 2019-01-14"),
        ([CARRY, PAYMENT, DEBIT], 250_000, f"{PLACE}paid 2019-01-14, debited 2019-01-15"),
        ([CARRY, PAYMENT, DEBIT, *INTEREST], 250_000, f"{PLACE}paid 2019-01-14, debited 2019-01-15"),
        ([CARRY, REJECTION], 250_000, f"{PLACE}rejected 2019-01-03"),
        ([CARRY], 300_000, f"500.00 euros settled, the rest {PLACE}not paid yet"),
    ],
)
def test_a_carried_request_is_followed_into_the_next_year(
    followers: list[EntrySummary], settled_cents: int, expected: str
) -> None:
    assert describe_payment(build_standing(settled_cents), followers) == expected
