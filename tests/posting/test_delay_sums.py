"""Sums of delays: split at any debit they are those of all debits, and each figure is that of a plain computation."""

from collections import Counter
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core import late_interest
from core.catalog import KIND_NUMBERS
from core.delay_rules import DelayRules
from core.effective_dates import build_constant
from core.tables.columns import allocate_zeros, concat_tables, select_rows
from core.tables.delays import CellPlaces, DebitedPayments, DelaySums, InterestEntries, SubmissionSenders
from posting.delays.delay_sums import KEYS, DelayAdder, PaymentOwners, SumScope, add_up
from posting.delays.measurement import DivertedPart
from tests.posting.test_delays import build_billing_of, build_facts, build_request_terms

RULES = DelayRules(build_constant(30), late_interest.load())
DIRECT, ASSIGNMENT, INTEREST = (
    KIND_NUMBERS[name] for name in ("direct_payment_request", "assignment", "late_interest")
)
DEBIT, SET_OFF = KIND_NUMBERS["bank_debit"], KIND_NUMBERS["set_off"]
REQUEST_DAYS = {1: 17_600, 2: 17_605, 3: 17_640}
"""Requests 1 and 3 are of sender 1, 2 is of sender 2; payable 4 is a part of 1 that sender 2 diverted; 5 is interest on 2."""
PARTS = {4: DivertedPart((1,), REQUEST_DAYS[1], DIRECT, 1, 0, 0, is_opposed=False)}
SUBMISSIONS = {1: 1, 2: 2, 3: 1, 4: 2, 5: 3}
SENDERS = {1: 1, 2: 2, 3: 9}
OWNERS = {payable: SENDERS[submission] for payable, submission in SUBMISSIONS.items()} | {5: 2}
CENTRES = {0: (7, 2018), 1: (8, 2018)}
CELLS = {1: 0, 2: 1, 3: 1, 4: 0, 5: 1}


class Paid(NamedTuple):
    """A debited payment; its entry is its place and 100."""

    payable: int
    cents: int
    day: int
    is_set_off: bool


payments = st.lists(
    st.builds(
        Paid,
        st.sampled_from(sorted(OWNERS)),
        st.integers(1, 10**9),
        st.integers(17_600, 17_960),
        st.booleans(),
    ),
    max_size=14,
)


def build_rows(paid: list[Paid]) -> DebitedPayments:
    rows = allocate_zeros(DebitedPayments, len(paid))
    for at, (payable, cents, day, is_set_off) in enumerate(paid):
        rows.settled_by[at] = SET_OFF if is_set_off else DEBIT
        rows.entry_id[at], rows.payable[at], rows.amount[at], rows.day[at] = 100 + at, payable, cents, day
        rows.cell[at], rows.submission[at] = CELLS[payable], SUBMISSIONS[payable]
        rows.kind[at] = {4: ASSIGNMENT, 5: INTEREST}.get(payable, DIRECT)
        rows.since[at] = REQUEST_DAYS.get(payable, 17_700)
    return rows


def build_owners() -> PaymentOwners:
    senders = allocate_zeros(SubmissionSenders, len(SENDERS))
    senders.submission[:], senders.sender[:] = list(SENDERS), list(SENDERS.values())
    cells = allocate_zeros(CellPlaces, len(CENTRES))
    cells.cell[:] = list(CENTRES)
    cells.centre[:], cells.budget_year[:] = zip(*CENTRES.values(), strict=True)
    claims = allocate_zeros(InterestEntries, 1)
    claims.entry_id[:], claims.cell[:], claims.submission[:] = 5, 1, 2
    claims.amount[:], claims.day[:] = 77, 17_700
    return PaymentOwners(senders, cells, claims)


def measure(rows: DebitedPayments, after: int = 0) -> DelaySums:
    """Add up what follows ``after``, of rows that are measured in two parts."""
    terms = build_request_terms(
        e1={"received": 17_590, "suspension_notified": 17_595, "suspension_ended": 17_600, "contract": 4},
        e2={"contract": 4},
        e3={"contract": 4},
    )
    adder = DelayAdder(build_facts(terms, build_billing_of(), PARTS), build_owners(), SumScope(after))
    for part in np.array_split(np.arange(len(rows.entry_id)), 2):
        adder.add_debits(select_rows(rows, part))
    return adder.build_sums(RULES)


def add_up_plainly(paid: list[Paid]) -> dict[tuple[int, ...], dict[str, int]]:
    """Add up payment by payment."""
    sums: dict[tuple[int, ...], Counter[str]] = {}
    paid_late: set[tuple[object, ...]] = set()
    for payable, cents, day, is_set_off in paid:
        centre, budget_year = CENTRES[CELLS[payable]]
        year = 2018 if day < 17_897 else 2019
        figures = sums.setdefault((OWNERS[payable], centre, budget_year, year), Counter())
        if payable == 5:
            figures["interest_paid"] += cents
            continue
        request = 1 if payable == 4 else payable
        start, end = (17_590, 17_630) if request == 1 else (REQUEST_DAYS[request], REQUEST_DAYS[request] + 30)
        stopped = 5 if request == 1 else 0
        late_days = max(day - end, 0)
        figures.update(
            payments=1,
            cents=cents,
            days=max(day - start - stopped, 0),
            in_time=int(not late_days),
            suspended=int(stopped > 0),
            suspended_days=stopped,
            set_offs=int(is_set_off),
            set_off_cents=cents * is_set_off,
        )
        if late_days:
            rate = 800  # what became late in the first half of 2018 and in the second has the same rate
            figures["interest"] += (2 * cents * rate * late_days + 3_650_000) // 7_300_000
            owner = OWNERS[payable]
            for name, key in (
                ("compensation", (request,)),
                ("compensation_of_year", (request, year)),
                ("compensation_of_sender", (request, f"sender {owner}")),
                ("compensation_of_sender_and_year", (request, year, f"sender {owner}")),
            ):
                figures[name] += 4_000 * ((name, *key) not in paid_late)
                paid_late.add((name, *key))
    proposed = sums.setdefault((2, *CENTRES[1], 2018), Counter())
    proposed["interest_proposed"] += 77
    return {key: {name: value for name, value in figures.items() if value} for key, figures in sums.items()}


def to_figures(sums: DelaySums) -> dict[tuple[int, ...], dict[str, int]]:
    names = DelaySums._fields[len(KEYS) :]
    rows = zip(*(column.tolist() for column in sums), strict=True)
    return {
        row[: len(KEYS)]: {name: value for name, value in zip(names, row[len(KEYS) :], strict=True) if value}
        for row in rows
    }


@settings(max_examples=300, deadline=None)
@given(payments)
def test_each_figure_is_that_of_a_plain_computation(paid: list[Paid]) -> None:
    assert to_figures(measure(build_rows(paid))) == add_up_plainly(paid)


@settings(max_examples=300, deadline=None)
@given(payments, st.data())
def test_sums_split_at_any_debit_are_those_of_all(paid: list[Paid], data: st.DataObject) -> None:
    """The later part has the earlier debits too: they say whether a request was paid late before."""
    rows, split = build_rows(paid), data.draw(st.integers(0, len(paid)))
    earlier = measure(select_rows(rows, np.arange(split)))
    later = measure(rows, after=99 + split)
    joined = to_figures(add_up(concat_tables([earlier, later])))
    assert joined == to_figures(measure(rows))


def test_a_rate_that_is_added_leaves_stored_sums_valid() -> None:
    """A rate of a half-year that was used, or any other rule, does not."""
    rules = RULES.interest
    used = max(rules.refinancing_rates) - 1
    rates = dict(rules.refinancing_rates)

    def hash_with(**changes: object) -> bytes:
        return DelayRules(RULES.term_days, replace(rules, **changes)).hash_until(used)

    same = RULES.hash_until(used)
    assert hash_with(refinancing_rates={**rates, used + 1: 25, used + 2: 50}) == same
    assert hash_with(place="elsewhere") == same
    others = [
        hash_with(refinancing_rates={**rates, used: 7_700}),
        hash_with(points=build_constant(900)),
        hash_with(compensation_cents=build_constant(5_000)),
        hash_with(days_a_year=build_constant(360)),
        hash_with(delays_since=0),
        hash_with(contracts={}),
        hash_with(account_contracts=()),
        DelayRules(build_constant(45), rules).hash_until(used),
        RULES.hash_until(used - 1),
    ]
    assert len({same, *others}) == 1 + len(others)
