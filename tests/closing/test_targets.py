"""Where open entries go in the next year, by columns that are written by hand."""

import numpy as np
import pyarrow as pa

from closing.assignments import Assignments
from closing.journal import Journal
from closing.remainders import compute_remainders
from closing.targets import follow_carried_commitments
from core.catalog import KIND_NUMBERS

_ENTRIES = (
    ("commitment", 0, 1),
    ("payment_request", 1, 1),
    ("commitment_carry", 1, 2),
    ("request_carry", 2, 2),
    ("late_interest", 4, 4),
    ("commitment_carry", 3, 3),
    ("payment_request", 6, 3),
)
"""Kind, predecessor and account assignment: 1 is of 2018, 2 and 4 are of 2019, and 3 is of 2020."""


def _build_journal() -> Journal:
    size = len(_ENTRIES)
    return Journal(
        np.array([0, *(before for _, before, _ in _ENTRIES)], np.uint32),
        np.array([0, *[100] * size], np.int64),
        np.array([0, *(cell for _, _, cell in _ENTRIES)], np.int32),
        np.array([0, *(KIND_NUMBERS[kind] for kind, _, _ in _ENTRIES)], np.uint8),
    )


def _build_assignments(*, of_next: int) -> Assignments:
    """Return assignments of which one is of the next year; what nothing here reads is empty."""
    none = np.zeros(5, np.int64)
    codes = {"fund_centre": pa.array([""] * 5)}
    is_of_next = np.arange(5) == of_next
    return Assignments(codes, none > 0, none > 0, is_of_next, none, [""], none, [""])


def test_a_request_follows_its_commitment_in_each_year() -> None:
    """A request that was carried to 2019 goes with its commitment to 2020; late interest on another place does not."""
    journal = _build_journal()
    remainders, entries = compute_remainders(journal), np.array([4, 5, 7], np.int64)
    targets = follow_carried_commitments(journal, remainders, _build_assignments(of_next=3), entries=entries)
    assert targets.tolist() == [3, 4, 3]


def test_what_is_carried_into_no_next_year_stays() -> None:
    journal = _build_journal()
    remainders, entries = compute_remainders(journal), np.array([4, 5], np.int64)
    targets = follow_carried_commitments(journal, remainders, _build_assignments(of_next=0), entries=entries)
    assert targets.tolist() == [2, 4]
