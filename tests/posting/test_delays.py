"""Payment delays: service dates compared with a plain model, and amounts due summed payment by payment."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import late_interest
from core.catalog import KIND_NUMBERS
from core.contracts import Contract
from core.effective_dates import build_constant
from core.payment_terms import compute_terms
from core.reference.files import SAMPLE_FOLDER
from core.tables.columns import allocate_zeros
from core.tables.delays import DebitedPayments, LatePayments, ServiceEntries
from posting.delays import service_dates
from posting.delays.amounts_due import compute_amounts_due
from posting.delays.contracts import ChargedAccounts, ContractDefaults, build_contract_defaults
from posting.delays.measurement import (
    DivertedPart,
    ReceivableDays,
    RequestFacts,
    RequestTerms,
    measure_delays,
    select_late,
)

SERVICE, CANCELLATION = KIND_NUMBERS["service"], KIND_NUMBERS["service_cancellation"]
REQUEST, REJECTION = KIND_NUMBERS["payment_request"], KIND_NUMBERS["payment_request_rejection"]
Row = tuple[int, int, int, int]
"""Kind, predecessor, cents, day; its entry is its place."""


@st.composite
def histories(draw: st.DrawFn) -> list[Row]:
    """Draw three commitments, of which never more is requested than certified, nor more undone than done."""
    rows: list[Row] = []
    certified_left: dict[int, int] = {}
    free = dict.fromkeys((101, 102, 103), 0)
    for day in range(1, draw(st.integers(1, 14)) + 1):
        commitment = draw(st.sampled_from(sorted(free)))
        kind = draw(st.sampled_from((SERVICE, REQUEST, SERVICE, REQUEST, CANCELLATION, REJECTION)))
        done = {SERVICE: SERVICE, REQUEST: REQUEST, CANCELLATION: SERVICE, REJECTION: REQUEST}[kind]
        kinds = [
            at
            for at, row in enumerate(rows)
            if row[0] == done and row[1] == commitment and certified_left.get(at)
        ]
        room = free[commitment]
        if kind == SERVICE:
            room = 9
        elif kind in (CANCELLATION, REJECTION):
            if not kinds:
                continue
            room = certified_left[kinds[0]] if kind == REJECTION else min(room, certified_left[kinds[0]])
        if room < 1:
            continue
        cents = draw(st.integers(1, room))
        free[commitment] += cents if kind in (SERVICE, REJECTION) else -cents
        if kind in (SERVICE, REQUEST):
            certified_left[len(rows)] = cents
        else:
            certified_left[kinds[0]] -= cents
        rows.append((kind, commitment if kind in (SERVICE, REQUEST) else kinds[0] + 1, cents, day))
    return rows


def plainly(rows: list[Row]) -> dict[int, int]:
    """Return, for each request, the day of the service that its last cent bills, computed cent by cent."""
    undone: dict[int, int] = {}
    for kind, followed, cents, _ in rows:
        if kind in (CANCELLATION, REJECTION):
            undone[followed] = undone.get(followed, 0) + cents
    day_by_request: dict[int, int] = {}
    for commitment in {row[1] for row in rows if row[0] in (SERVICE, REQUEST)}:
        lines = [(entry, row) for entry, row in enumerate(rows, 1) if row[1] == commitment]
        days = [
            row[3] for entry, row in lines if row[0] == SERVICE for _ in range(row[2] - undone.get(entry, 0))
        ]
        billed = 0
        for entry, row in lines:
            if row[0] == REQUEST:
                billed += row[2] - undone.get(entry, 0)
                if row[2] > undone.get(entry, 0):
                    day_by_request[entry] = days[billed - 1]
    return day_by_request


@settings(max_examples=300, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_requests_have_the_date_of_the_service_they_bill(rows: list[Row], chance: object) -> None:
    """At each moment by the entries before it, whatever was undone since."""
    order = list(range(len(rows)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    billing = service_dates.build_billing(columns_of(rows, order))
    moments = [plainly(rows[:moment]) for moment in range(len(rows) + 1)]
    requests = [(entry, moment, day) for moment, days in enumerate(moments, 1) for entry, day in days.items()]
    entries, times, days = (np.array([row[at] for row in requests], np.int64) for at in range(3))
    services = billing.find_services(entries, times)
    assert services.day.tolist() == days.tolist()
    assert services.account.tolist() == (days + 1_000).tolist()


@settings(max_examples=200, deadline=None)
@given(histories(), st.lists(st.integers(0, 14), max_size=3).map(sorted), st.randoms(use_true_random=False))
def test_what_was_carried_is_billed_as_if_nothing_had_been_carried(
    rows: list[Row], carried_before: list[int], chance: object
) -> None:
    """All commitments and services are carried before some of the acts; what follows names the last carry."""
    carried, entries = carry_everything(rows, carried_before)
    order = list(range(len(carried)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    billing = service_dates.build_billing(columns_of(carried, order))
    plain = service_dates.build_billing(columns_of(rows, list(range(len(rows)))))
    requests = [(entry, moment) for entry in range(1, len(rows) + 1) for moment in range(1, len(rows) + 2)]
    moments = [*entries.values(), len(carried) + 1]
    services = billing.find_services(
        np.array([entries[entry] for entry, _ in requests], np.int64),
        np.array([moments[moment - 1] for _, moment in requests], np.int64),
    )
    expected = plain.find_services(*(np.array([row[at] for row in requests], np.int64) for at in range(2)))
    assert services.day.tolist() == expected.day.tolist()


def carry_everything(rows: list[Row], carried_before: list[int]) -> tuple[list[Row], dict[int, int]]:
    """Return the rows with carries before each of these rows, and the entry that each row has then."""
    carried: list[Row] = []
    entries: dict[int, int] = {}
    now = {1_000 + row[1]: row[1] for row in rows if row[0] in (SERVICE, REQUEST)}
    """The entry that stands for each commitment, which has 1,000 more, and for each row."""
    for entry, (kind, followed, cents, day) in enumerate(rows, 1):
        for _ in range(carried_before.count(entry - 1)):
            for thing, standing in list(now.items()):
                is_service = thing < 1_000 and rows[thing - 1][0] == SERVICE
                if is_service or thing >= 1_000:
                    carry = KIND_NUMBERS["service_carry" if is_service else "commitment_carry"]
                    carried.append((carry, standing, 1, 999))
                    now[thing] = len(carried)
        carried.append((kind, now[1_000 + followed if kind in (SERVICE, REQUEST) else followed], cents, day))
        now[entry] = entries[entry] = len(carried)
    return carried, entries


def columns_of(rows: list[Row], order: list[int]) -> ServiceEntries:
    """Return the rows in this order; the account of each is its day and 1,000."""
    columns = allocate_zeros(ServiceEntries, len(rows))
    for at, place in enumerate(order):
        columns.entry_id[at] = place + 1
        columns.kind[at], columns.predecessor[at], columns.amount[at], columns.day[at] = rows[place]
    columns.debit[:] = columns.day + 1_000
    return columns


def test_a_request_without_a_service_is_due_from_its_receipt() -> None:
    columns = allocate_zeros(ServiceEntries, 1)
    columns.entry_id[0], columns.kind[0], columns.predecessor[0], columns.amount[0] = 7, REQUEST, 3, 10
    requests = np.array([7, 8], np.int64), np.array([9, 9], np.int64)
    for rows in (columns, allocate_zeros(ServiceEntries, 0)):
        services = service_dates.build_billing(rows).find_services(*requests)
        assert (services.day.tolist(), services.account.tolist()) == ([0, 0], [0, 0])


def build_request_terms(**request_terms: dict[str, int]) -> RequestTerms:
    """Build what the requests ``e7``, in ascending order, state: columns by name."""
    rows = allocate_zeros(RequestTerms, len(request_terms))
    for row, (name, fields) in enumerate(request_terms.items()):
        rows.entry[row] = int(name[1:])
        for column, value in fields.items():
            getattr(rows, column)[row] = value
    return rows


def build_billing_of(**day_by_name: int) -> service_dates.Billing:
    """Build a service and a request of a separate commitment for each, with that service date."""
    rows: list[Row] = []
    entries: list[int] = []
    for name, day in day_by_name.items():
        commitment = 1_000 + len(rows)
        rows += [(SERVICE, commitment, 10, day), (REQUEST, commitment, 10, 1)]
        entries += [500 + len(rows), int(name[1:])]
    columns = columns_of(rows, list(range(len(rows))))
    columns.entry_id[:] = entries
    return service_dates.build_billing(columns)


NO_ACCOUNTS = np.full((2_000, 1), -1, np.int16)
EVERY_ITEM = ContractDefaults(
    np.zeros(1, np.int32), (build_constant(Contract.SERVICES),), np.zeros(2_000, np.int16), NO_ACCOUNTS, ()
)
"""Account assignment 0 has a contract, and no other has."""


def build_facts(
    request_terms: RequestTerms,
    billing: service_dates.Billing,
    parts: dict[int, DivertedPart],
    *,
    delays_since: int = 0,
) -> RequestFacts:
    no_set_offs = allocate_zeros(ReceivableDays, 0)
    return RequestFacts(
        request_terms, billing, parts, build_constant(30), EVERY_ITEM, delays_since, no_set_offs
    )


@pytest.mark.parametrize(
    ("payable", "cell", "contract", "delays_since", "is_due"),
    [
        (1, 0, Contract.UNSTATED, 0, True),
        (1, 1, Contract.UNSTATED, 0, False),  # no contract: pay, a grant
        (1, 0, Contract.UNSTATED, 100, True),
        (1, 0, Contract.UNSTATED, 101, False),  # its term began too early
        (2, 0, Contract.UNSTATED, 0, True),  # an assignee
        (2, 1, Contract.UNSTATED, 0, False),
        (3, 0, Contract.UNSTATED, 0, False),  # an opposing creditor
        (1, 0, Contract.NONE, 0, False),  # what the request states counts before its item
        (2, 0, Contract.NONE, 0, False),
        (1, 1, Contract.CONCESSION, 0, True),
        (2, 1, Contract.WORKS, 0, True),
        (3, 1, Contract.WORKS, 0, False),
    ],
)
def test_only_some_late_payments_bear_interest(
    payable: int, cell: int, contract: Contract, delays_since: int, is_due: bool
) -> None:
    rows = allocate_zeros(DebitedPayments, 1)
    rows.kind[:] = {1: 16, 2: KIND_NUMBERS["assignment"], 3: KIND_NUMBERS["attachment"]}[payable]
    rows.payable[:], rows.entry_id[:], rows.cell[:], rows.payee[:] = payable, 60, cell, 5
    rows.day[:], rows.since[:], rows.amount[:] = 150, 100, 1000
    parts = {2: DivertedPart((1,), 100, 16, 7, 0, 0, False), 3: DivertedPart((1,), 100, 16, 7, 0, 0, True)}
    request_terms = build_request_terms(e1={"contract": contract})
    facts = build_facts(request_terms, build_billing_of(), parts, delays_since=delays_since)
    late = select_late(measure_delays(rows, facts))
    assert late.late.tolist() == [20] * is_due
    assert late.request.tolist() == [1] * is_due
    assert late.request_payee.tolist() == [5 if payable == 1 else 7] * is_due


ACCOUNTS = {
    "4011100000": 1,
    "4211110000": 2,
    "6154000000": 3,
    "6188000000": 4,
    "6222000000": 5,
    "4081000000": 6,
}
ROWS = """
[[accounts]]
expense = "615"
contract = "none"
source = "not settled"
[[accounts]]
expense = "6154"
contract = { "1970-01-01" = "item", "1970-04-11" = "works" }
source = "not settled"
[[accounts]]
expense = "6154"
creditor = "4211110000"
contract = "none"
source = "not settled"
[[accounts]]
expense = "62"
contract = "none"
source = "not settled"
"""


@pytest.mark.parametrize(
    ("expense", "creditor", "day", "contract"),
    [
        ("6188000000", "4011100000", 99, Contract.SERVICES),
        ("6222000000", "4011100000", 99, Contract.NONE),
        ("6222000000", "4211110000", 99, Contract.NONE),
        ("6154000000", "4211110000", 99, Contract.NONE),
        ("6154000000", "4211110000", 100, Contract.NONE),
        ("6154000000", "4011100000", 99, Contract.SERVICES),  # until 10 April 1970 that of the item
        ("6154000000", "4011100000", 100, Contract.WORKS),
        ("4081000000", "4011100000", 100, Contract.SERVICES),
    ],
)
def test_the_expense_account_decides_before_the_item(
    tmp_path: Path, expense: str, creditor: str, day: int, contract: Contract
) -> None:
    text = (SAMPLE_FOLDER / "late_interest.toml").read_text().partition("\n[[accounts]]")[0]
    (tmp_path / "late_interest.toml").write_text(text + ROWS)
    defaults = build_contract_defaults({0: "31"}, ACCOUNTS, late_interest.load(tmp_path))
    charged = ChargedAccounts(*(np.array([ACCOUNTS[code]], np.int16) for code in (expense, creditor)))
    cells, days = np.zeros(1, np.int32), np.array([day], np.int32)
    assert defaults.find_contracts(cells, days, charged).tolist() == [contract]


@pytest.mark.parametrize("payable", [2, 3])
def test_the_service_that_a_request_bills_decides_its_contract(payable: int) -> None:
    """Request 2 bills a service on account 1,040, on which nothing bears interest; 3 charges account 1,041 itself."""
    rows = allocate_zeros(DebitedPayments, 1)
    rows.kind[:], rows.payable[:], rows.entry_id[:], rows.amount[:] = 14, payable, 60, 1000
    rows.day[:], rows.since[:], rows.debit[:] = 300, 100, 1_041
    accounts = NO_ACCOUNTS.copy()
    accounts[1_040] = 0
    facts = build_facts(build_request_terms(), build_billing_of(e2=40), {})._replace(
        contracts=EVERY_ITEM._replace(accounts=accounts, account_contracts=(build_constant(Contract.NONE),))
    )
    assert len(select_late(measure_delays(rows, facts)).late) == (payable == 3)


def test_the_delay_of_each_payment_is_measured() -> None:
    """Of requests received, certified later, of a diverted part; interest and a part of it have no delay."""
    kinds = (16, 14, 26, 28, 26)
    rows = allocate_zeros(DebitedPayments, len(kinds))
    rows.kind[:], rows.payable[:], rows.entry_id[:] = kinds, (1, 2, 3, 4, 5), 60
    rows.day[:], rows.since[:], rows.amount[:] = 150, (105, 105, 140, 100, 100), 1000
    parts = {3: DivertedPart((9,), 97, 16, 7, 0, 0, False), 5: DivertedPart((6, 4), 100, 28, 7, 0, 0, False)}
    request_terms = build_request_terms(
        e1={"received": 100},
        e2={"received": 90},
        e9={"received": 95, "suspension_notified": 100, "suspension_ended": 110},
    )
    facts = build_facts(request_terms, build_billing_of(e2=118), parts)
    delays = measure_delays(rows, facts)
    assert delays.rows.payable.tolist() == [1, 2, 3]
    assert delays.terms.start.tolist() == [100, 118, 95]
    assert delays.terms.end.tolist() == [130, 148, 140]
    assert delays.delay_days.tolist() == [50, 32, 45]
    assert delays.suspended_days.tolist() == [0, 0, 10]
    assert select_late(delays).since.tolist() == [131, 149, 141]
    assert select_late(delays).late.tolist() == [20, 2, 10]


def test_receipt_that_is_not_stated_is_two_days_after_the_invoice() -> None:
    rows = allocate_zeros(DebitedPayments, 3)
    rows.kind[:], rows.payable[:], rows.entry_id[:], rows.day[:], rows.since[:] = 16, (1, 2, 3), 60, 300, 105
    request_terms = build_request_terms(
        e1={"invoice_date": 90}, e2={"invoice_date": 104}, e3={"invoice_date": 90, "received": 99}
    )
    delays = measure_delays(rows, build_facts(request_terms, build_billing_of(), {}))
    assert delays.terms.start.tolist() == [92, 105, 99]


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 10**9), st.integers(1, 90)), max_size=12))
def test_the_compensation_is_due_once_and_interest_on_each_payment(paid: list[tuple[int, int, int]]) -> None:
    """Payables 3 and 4 are parts of request 2: it alone has the compensation, whichever of the three is late."""
    rows = allocate_zeros(LatePayments, len(paid))
    first = (date(2018, 5, 1) - date(1970, 1, 1)).days
    for at, (payable, cents, days) in enumerate(paid):
        rows.debit[at], rows.payable[at], rows.amount[at], rows.late[at] = 100 - at, payable, cents, days
    rows.request[:] = np.minimum(rows.payable, 2)
    rows.payee[:], rows.request_payee[:] = rows.payable, rows.request
    rows.since[:] = first
    amounts = compute_amounts_due(rows, late_interest.load())
    by_hand: dict[int, int] = {}
    for payable, cents, days in paid:
        by_hand.setdefault(min(payable, 2), 4_000)
        by_hand[payable] = by_hand.get(payable, 0) + (2 * cents * 800 * days + 3_650_000) // 7_300_000
    assert dict(zip(amounts.payable.tolist(), amounts.amount.tolist(), strict=True)) == by_hand
    assert amounts.payee.tolist() == amounts.payable.tolist()
    for payable, debit, days in zip(
        amounts.payable.tolist(), amounts.debit.tolist(), amounts.late_days.tolist(), strict=True
    ):
        payments = [(100 - at, payment[2]) for at, payment in enumerate(paid) if payment[0] == payable]
        family = [(100 - at, late) for at, (other, _, late) in enumerate(paid) if min(other, 2) == payable]
        counted = [*payments, *([min(family)] if family else [])]
        assert debit == max(counted)[0]
        assert days == max(late for _, late in counted)


def test_no_payments_have_no_delays() -> None:
    none = np.zeros(0, np.int32)
    assert compute_terms(none, none, none, rule=build_constant(30)).end.tolist() == []
