"""The payment term: the example of each rule, and what must hold of all."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.effective_dates import build_constant
from core.payment_terms import NO_END, PaymentTerms, compute_terms

days = st.integers(1, 400)


def compute_one(start: int, suspended: int = 0, resumed: int = 0, term: int = 30) -> PaymentTerms:
    said, stopped, again = (np.array([each], np.int32) for each in (start, suspended, resumed))
    return compute_terms(said, stopped, again, build_constant(term))


def count_days(found: PaymentTerms, paid: int) -> tuple[int, int, int]:
    """Delay, days of suspension, days late."""
    at = np.array([paid], np.int32)
    return (
        int(found.count_delay_days(at)[0]),
        int(found.count_suspended_days(at)[0]),
        int(found.count_late_days(at)[0]),
    )


@pytest.mark.parametrize(
    ("said", "paid", "expected"),
    [
        ((100,), 130, (30, 0, 0)),  # on the last day
        ((100,), 131, (31, 0, 1)),
        ((100,), 95, (0, 0, 0)),  # before it was received
        ((100, 110, 120), 150, (40, 10, 0)),  # a new term of thirty days
        ((100, 110, 120), 151, (41, 10, 1)),
        ((100, 110), 200, (10, 90, 0)),  # suspended still: paid all the same, and never late
        ((100, 130, 140), 170, (60, 10, 0)),  # on its last day
        ((100, 131, 140), 150, (50, 0, 20)),  # too late to stop anything
        ((100, 90, 95), 140, (40, 0, 10)),  # over before it began: nothing was stopped
        ((100, 90, 110), 141, (31, 10, 1)),  # suspended before it began, and for ten days of it
        ((100, 90), 200, (0, 100, 0)),
        ((100, 110, 105), 141, (41, 0, 1)),  # resumed on a day before: as if on the same day
        ((100, 110, 95), 131, (31, 0, 1)),
        ((100, 110, 120), 115, (10, 5, 0)),  # paid while it was suspended
    ],
)
def test_the_rules_by_example(said: tuple[int, ...], paid: int, expected: tuple[int, int, int]) -> None:
    assert count_days(compute_one(*said), paid) == expected


def test_a_term_that_is_suspended_ends_never() -> None:
    assert compute_one(100, 110).end.tolist() == [NO_END]


@given(days, days, days, days, st.integers(0, 60))
def test_whatever_is_said_the_parts_make_the_whole(
    start: int, suspended: int, after: int, paid: int, term: int
) -> None:
    found = compute_one(start, suspended, max(suspended + after - 50, 1), term)
    taken, stopped, late = count_days(found, paid)
    assert min(taken, stopped, late) >= 0
    assert int(found.end[0]) >= start + term
    if paid >= max(start, suspended + after):
        assert taken + stopped == max(paid - start, stopped)
    plain = compute_one(start, term=term)
    assert count_days(plain, paid) == (max(paid - start, 0), 0, max(paid - start - term, 0))
    assert late <= count_days(plain, paid)[2]


def test_dates_are_days_since_1970() -> None:
    first = (date(2018, 3, 1) - date(1970, 1, 1)).days
    assert count_days(compute_one(first), first + 45) == (45, 0, 15)
