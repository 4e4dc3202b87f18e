"""What delays are measured from: services and their bills by hand, and what is due summed one payment at a time."""

from datetime import date

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core import interest
from core.columns import blank
from core.delays import Certified, Debited, Late
from core.terms import terms
from posting.delays import services
from posting.delays.due import due
from posting.delays.measuring import Days, Known, late, measured
from posting.delays.services import CANCELLATION, REJECTION, REQUEST, SERVICE

Row = tuple[int, int, int, int]
"""Kind, predecessor, cents, day; its entry is its place."""


@st.composite
def histories(draw: st.DrawFn) -> list[Row]:
    """Three commitments, of which never more is requested than certified, nor more undone than done."""
    rows: list[Row] = []
    left: dict[int, int] = {}
    free = dict.fromkeys((101, 102, 103), 0)
    for day in range(1, draw(st.integers(1, 14)) + 1):
        commitment = draw(st.sampled_from(sorted(free)))
        kind = draw(st.sampled_from((SERVICE, REQUEST, SERVICE, REQUEST, CANCELLATION, REJECTION)))
        done = {SERVICE: SERVICE, REQUEST: REQUEST, CANCELLATION: SERVICE, REJECTION: REQUEST}[kind]
        others = [
            at for at, row in enumerate(rows) if row[0] == done and row[1] == commitment and left.get(at)
        ]
        room = free[commitment]
        if kind == SERVICE:
            room = 9
        elif kind in (CANCELLATION, REJECTION):
            if not others:
                continue
            room = left[others[0]] if kind == REJECTION else min(room, left[others[0]])
        if room < 1:
            continue
        cents = draw(st.integers(1, room))
        free[commitment] += cents if kind in (SERVICE, REJECTION) else -cents
        if kind in (SERVICE, REQUEST):
            left[len(rows)] = cents
        else:
            left[others[0]] -= cents
        rows.append((kind, commitment if kind in (SERVICE, REQUEST) else others[0] + 1, cents, day))
    return rows


def plainly(rows: list[Row]) -> dict[int, int]:
    """Of each request, cent by cent, the day of the service that its last cent is billed by."""
    undone: dict[int, int] = {}
    for kind, followed, cents, _ in rows:
        if kind in (CANCELLATION, REJECTION):
            undone[followed] = undone.get(followed, 0) + cents
    found: dict[int, int] = {}
    for commitment in {row[1] for row in rows if row[0] in (SERVICE, REQUEST)}:
        own = [(entry, row) for entry, row in enumerate(rows, 1) if row[1] == commitment]
        days = [
            row[3] for entry, row in own if row[0] == SERVICE for _ in range(row[2] - undone.get(entry, 0))
        ]
        billed = 0
        for entry, row in own:
            if row[0] == REQUEST:
                billed += row[2] - undone.get(entry, 0)
                if row[2] > undone.get(entry, 0):
                    found[entry] = days[billed - 1]
    return found


@settings(max_examples=300, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_requests_are_due_from_the_service_that_they_are_billed_by(rows: list[Row], chance: object) -> None:
    order = list(range(len(rows)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    columns = blank(Certified, len(rows))
    for at, place in enumerate(order):
        columns.entry_id[at] = place + 1
        columns.kind[at], columns.predecessor[at], columns.amount[at], columns.day[at] = rows[place]
    entries, days = services.days(columns)
    found = dict(zip(entries.tolist(), days.tolist(), strict=True))
    assert entries.tolist() == sorted(entries.tolist())
    expected = plainly(rows)
    assert {entry: found[entry] for entry in expected} == expected


def test_a_request_without_a_service_is_due_from_its_receipt() -> None:
    columns = blank(Certified, 1)
    columns.entry_id[0], columns.kind[0], columns.predecessor[0], columns.amount[0] = 7, REQUEST, 3, 10
    entries, days = services.days(columns)
    assert (entries.tolist(), days.tolist()) == ([7], [0])
    entries, days = services.days(blank(Certified, 0))
    assert (entries.tolist(), days.tolist()) == ([], [])


def days_of(**told: int) -> Days:
    """By entry, named ``e7``."""
    entries = sorted(int(name[1:]) for name in told)
    return Days(np.array(entries, np.int64), np.array([told[f"e{each}"] for each in entries], np.int32))


def test_what_is_measured_of_each_payment() -> None:
    """Received, certified later, of a part owed to another, and interest, which has no delay."""
    kinds = (16, 14, 26, 28)
    rows = blank(Debited, len(kinds))
    rows.kind[:], rows.payable[:] = kinds, (1, 2, 3, 4)
    rows.day[:], rows.since[:], rows.amount[:] = 150, (105, 105, 140, 100), 1000
    known = Known(
        days_of(e1=100, e2=90, e9=95), days_of(e2=118), days_of(e9=100), days_of(e9=110), {3: (9, 97)}, 30
    )
    found = measured(rows, known)
    assert found.rows.payable.tolist() == [1, 2, 3]
    assert found.terms.start.tolist() == [100, 118, 95]
    assert found.terms.end.tolist() == [130, 148, 140]
    assert found.taken.tolist() == [50, 32, 45]
    assert found.stopped.tolist() == [0, 0, 10]
    assert late(found).since.tolist() == [131, 149, 141]
    assert late(found).late.tolist() == [20, 2, 10]


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 10**9), st.integers(1, 90)), max_size=12))
def test_the_compensation_is_due_once_and_interest_on_each_payment(paid: list[tuple[int, int, int]]) -> None:
    rows = blank(Late, len(paid))
    first = (date(2018, 5, 1) - date(1970, 1, 1)).days
    for at, (payable, cents, days) in enumerate(paid):
        rows.debit[at], rows.payable[at], rows.amount[at], rows.late[at] = 100 - at, payable, cents, days
    rows.since[:] = first
    found = due(rows, interest.load())
    by_hand: dict[int, int] = {}
    for payable, cents, days in paid:
        by_hand[payable] = by_hand.get(payable, 4_000) + (2 * cents * 800 * days + 3_650_000) // 7_300_000
    assert dict(zip(found.payable.tolist(), found.amount.tolist(), strict=True)) == by_hand
    for payable, debit, days in zip(
        found.payable.tolist(), found.debit.tolist(), found.late.tolist(), strict=True
    ):
        own = [(100 - at, each[2]) for at, each in enumerate(paid) if each[0] == payable]
        assert debit == max(own)[0]
        assert days == max(late for _, late in own)


def test_terms_of_nothing() -> None:
    none = np.zeros(0, np.int32)
    assert terms(none, none, none, 30).end.tolist() == []
