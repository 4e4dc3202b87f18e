"""Credits are matched with the receivables that they name, as a model of plain Python does one credit after the other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from settlement.reconciliation.mismatch import MISMATCH_TEXTS, Mismatch
from settlement.reconciliation.receipt_matching import (
    CreditMatches,
    Credits,
    NamedReceivables,
    Receivables,
    match_credits,
)

OWN, OTHER = True, False
DAY = 17_879


@dataclass(frozen=True)
class Receivable:
    left: int
    day: int = DAY
    is_own: bool = OWN
    is_by_hand: bool = False


@dataclass(frozen=True)
class Credit:
    amount: int
    structured: frozenset[int] = frozenset()
    free: frozenset[int] = frozenset()
    day: int = DAY


def match(credits_: Sequence[Credit], receivables: Sequence[Receivable]) -> CreditMatches:
    pairs = [
        (number, receivable, is_structured)
        for number, credit in enumerate(credits_)
        for is_structured, names in ((True, credit.structured), (False, credit.free))
        for receivable in sorted(names)
    ]
    credit, named, is_structured = np.array(pairs or np.zeros((0, 3)), np.int64).reshape(-1, 3).T
    is_own = np.array([receivable.is_own for receivable in receivables], bool)
    return match_credits(
        Credits(
            np.arange(len(credits_)),
            np.array([credit.amount for credit in credits_], np.int64),
            np.array([credit.day for credit in credits_], np.int64),
        ),
        NamedReceivables(credit, named, is_structured.astype(bool), is_own[named]),
        Receivables(
            np.arange(len(receivables), dtype=np.int64) + 100,
            np.array([receivable.left for receivable in receivables], np.int64),
            np.array([receivable.day for receivable in receivables], np.int64),
            np.zeros(len(receivables), np.int64),
            np.array([receivable.is_by_hand for receivable in receivables], bool),
            pa.array([""] * len(receivables), pa.string()),
        ),
    )


def match_by_hand(
    credits_: Sequence[Credit], receivables: Sequence[Receivable]
) -> list[tuple[int, int, Mismatch]]:
    """Return the entry, the cents collected and the reason of each credit."""
    rests = [receivable.left for receivable in receivables]
    matches = []
    for credit in credits_:
        names = credit.structured or credit.free
        own = [number for number in names if receivables[number].is_own]
        due = [number for number in own if receivables[number].day <= credit.day]
        if len(due) == 1 and receivables[due[0]].is_by_hand:
            matches.append((due[0] + 100, 0, Mismatch.BY_HAND))
        elif len(due) == 1:
            (number,) = due
            share = min(credit.amount, rests[number])
            rests[number] -= share
            whole = Mismatch.NONE if share == credit.amount else Mismatch.EXCESS
            matches.append((number + 100, share, whole if share else Mismatch.NOTHING_LEFT))
        elif due:
            matches.append((0, 0, Mismatch.SEVERAL_RECEIVABLES))
        elif own:
            matches.append((0, 0, Mismatch.BEFORE_RECEIVABLE))
        else:
            matches.append((0, 0, Mismatch.OTHER_ACCOUNTANT if names else Mismatch.NO_REFERENCE))
    return matches


def list_matches(matches: CreditMatches) -> list[tuple[int, int, Mismatch]]:
    columns = (column.tolist() for column in matches)
    return [(entry, amount, Mismatch(why)) for entry, amount, why in zip(*columns, strict=True)]


@pytest.mark.parametrize(
    ("credit", "receivable", "expected"),
    [
        (Credit(100, free=frozenset({0})), Receivable(100), (100, 100, Mismatch.NONE)),
        (Credit(60, free=frozenset({0})), Receivable(100), (100, 60, Mismatch.NONE)),
        (Credit(130, structured=frozenset({0})), Receivable(100), (100, 100, Mismatch.EXCESS)),
        (Credit(100, free=frozenset({0})), Receivable(0), (100, 0, Mismatch.NOTHING_LEFT)),
        (Credit(100, free=frozenset({0})), Receivable(40, is_by_hand=True), (100, 0, Mismatch.BY_HAND)),
        (Credit(100, free=frozenset({0})), Receivable(0, is_by_hand=True), (100, 0, Mismatch.BY_HAND)),
        (Credit(100, free=frozenset({0})), Receivable(100, is_own=OTHER), (0, 0, Mismatch.OTHER_ACCOUNTANT)),
        (Credit(100, free=frozenset({0})), Receivable(100, DAY + 1), (0, 0, Mismatch.BEFORE_RECEIVABLE)),
        (Credit(100), Receivable(100), (0, 0, Mismatch.NO_REFERENCE)),
    ],
)
def test_one_credit_and_one_receivable(
    credit: Credit, receivable: Receivable, expected: tuple[int, int, Mismatch]
) -> None:
    assert list_matches(match([credit], [receivable])) == [expected]


def test_the_only_receivable_of_the_accountant_at_that_day_is_collected() -> None:
    """One of those that the text names is another accountant's, and one was issued later."""
    receivables = [Receivable(50), Receivable(70, is_own=OTHER), Receivable(50, DAY + 1)]
    assert list_matches(match([Credit(50, free=frozenset({0, 1, 2}))], receivables)) == [
        (100, 50, Mismatch.NONE)
    ]


def test_what_is_left_does_not_choose_among_several() -> None:
    """Two receivables may have one reference: the credit may pay the one that is closed a second time."""
    receivables = [Receivable(0), Receivable(50)]
    assert list_matches(match([Credit(50, free=frozenset({0, 1}))], receivables)) == [
        (0, 0, Mismatch.SEVERAL_RECEIVABLES)
    ]


def test_the_structured_reference_counts_before_the_text() -> None:
    credits_ = [Credit(50, structured=frozenset({0}), free=frozenset({0, 1}))]
    assert list_matches(match(credits_, [Receivable(80), Receivable(80)])) == [(100, 50, Mismatch.NONE)]


_NUMBERS = st.frozensets(st.integers(0, 3), max_size=2)
_CREDITS = st.builds(Credit, st.integers(1, 60), _NUMBERS, _NUMBERS, st.integers(DAY - 1, DAY + 1))
_RECEIVABLES = st.builds(
    Receivable, st.integers(0, 100), st.integers(DAY - 1, DAY + 1), st.booleans(), st.booleans()
)


@example([Credit(60, free=frozenset({0})) for _ in range(3)], [Receivable(100)] * 4)
@given(st.lists(_CREDITS, max_size=12), st.lists(_RECEIVABLES, min_size=4, max_size=4))
def test_any_credits_are_matched_as_by_hand(credits_: list[Credit], receivables: list[Receivable]) -> None:
    matches = match(credits_, receivables)
    assert list_matches(matches) == match_by_hand(credits_, receivables)
    for number, receivable in enumerate(receivables):
        assert matches.amount[matches.receivable == number + 100].sum() <= receivable.left


def test_every_reason_says_what_to_do() -> None:
    assert MISMATCH_TEXTS.keys() == set(Mismatch)
