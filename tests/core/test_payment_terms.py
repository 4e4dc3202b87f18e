"""The payment term: an example of each rule, and the invariants of all terms."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.effective_dates import build_constant
from core.payment_terms import PaymentTerms, compute_terms, find_receipt_days

days = st.integers(1, 400)


def compute_one(start: int, suspended: int = 0, resumed: int = 0, term: int = 30) -> PaymentTerms:
    start_column, suspended_column, resumed_column = (
        np.array([day], np.int32) for day in (start, suspended, resumed)
    )
    return compute_terms(start_column, suspended_column, resumed_column, rule=build_constant(term))


def count_days(terms: PaymentTerms, paid: int) -> tuple[int, int, int]:
    """Count the days of delay, of suspension, and late."""
    at = np.array([paid], np.int32)
    return (
        int(terms.count_delay_days(at)[0]),
        int(terms.count_suspended_days(at)[0]),
        int(terms.count_late_days(at)[0]),
    )


@pytest.mark.parametrize(
    ("dates", "paid", "expected"),
    [
        ((100,), 130, (30, 0, 0)),  # on the last day
        ((100,), 131, (31, 0, 1)),
        ((100,), 95, (0, 0, 0)),  # before it was received
        ((100, 110, 120), 150, (40, 10, 0)),  # a new term of thirty days
        ((100, 110, 120), 151, (41, 10, 1)),
        ((100, 130, 140), 170, (60, 10, 0)),  # on its last day
        ((100, 131, 140), 150, (50, 0, 20)),  # too late to have an effect
        ((100, 90, 95), 140, (40, 0, 10)),  # over before the term began: no effect
        ((100, 90, 110), 141, (31, 10, 1)),  # suspended before it began, and for ten days of it
        ((100, 110, 120), 115, (10, 5, 0)),  # paid while it was suspended
        ((100, 110, 112), 142, (40, 2, 0)),  # suspended for two days: thirty days from the second
        ((100, 101, 103, 60), 162, (60, 2, 0)),  # of sixty days, a new sixty
    ],
)
def test_terms_by_example(dates: tuple[int, ...], paid: int, expected: tuple[int, int, int]) -> None:
    assert count_days(compute_one(*dates), paid) == expected


@pytest.mark.parametrize(
    ("received", "invoice", "ordered", "expected"),
    [
        (95, 90, 110, 95),
        (0, 90, 110, 92),  # two days after the invoice
        (0, 109, 110, 110),  # at the latest on the day of the order
        (0, 0, 110, 110),
        (115, 90, 110, 115),  # as stated, whenever that is
    ],
)
def test_receipt_by_example(received: int, invoice: int, ordered: int, expected: int) -> None:
    columns = (np.array([day], np.int32) for day in (received, invoice, ordered))
    assert find_receipt_days(*columns).tolist() == [expected]


@given(days, days, days, days, st.integers(0, 60))
def test_delay_and_suspension_add_up(start: int, suspended: int, after: int, paid: int, term: int) -> None:
    terms = compute_one(start, suspended, suspended + after, term)
    delay, suspension, late = count_days(terms, paid)
    assert min(delay, suspension, late) >= 0
    assert int(terms.end[0]) >= start + term
    if paid >= max(start, suspended + after):
        assert delay + suspension == max(paid - start, suspension)
    plain = compute_one(start, term=term)
    assert count_days(plain, paid) == (max(paid - start, 0), 0, max(paid - start - term, 0))
    assert late <= count_days(plain, paid)[2]


def test_dates_are_days_since_1970() -> None:
    first = (date(2018, 3, 1) - date(1970, 1, 1)).days
    assert count_days(compute_one(first), first + 45) == (45, 0, 15)
