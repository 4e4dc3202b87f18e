"""Late interest is proposed without a request: measured, posted, paid by the next run, and never twice."""

from collections.abc import AsyncIterator, Sequence
from datetime import date
from pathlib import Path

import pytest
import pytest_asyncio

from core.catalog import KIND_NUMBERS
from core.person_decisions import StatedPerson
from service.database import command_queries
from service.database.embedded_server import Database
from service.engine import late_interest, payment_runs
from service.engine.late_interest import InterestRequest, InterestResult
from service.terminal.processing_progress import ProgressLines
from settlement.runs import proposals, run_edits, run_status
from settlement.runs.issue import IssueRequest
from settlement.runs.payment_reference import PaymentReference
from settlement.runs.proposals import ProposalRequest
from settlement.runs.run_status import LineSelection
from tests.databases import create_database, open_connection
from tests.reporting.remade_hashes import list_hash_findings, remake_hashes
from tests.service.small_state import (
    NEVER,
    Row,
    State,
    build_payee_code,
    build_request,
    copy_state,
    create_interruption,
    paris_time,
)

LATE = "select reference, predecessor, amount, payee, cell from entry where kind = $1 order by entry_id"
RATE = 825
"""The rate of the second half of 2018 in the reference data of the tests, in hundredths of a percent."""
RATE_BEFORE = 800
"""The rate of the first half of 2018."""
DAYS_LATE = 5


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def paid(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[State]:
    """Twenty requests of the first of October are paid on the fifth of November; ten of them are late.

    Numbers 1 to 10 were received on the tenth of October, so that they are in time.
    """
    async with create_database(database) as dsn:
        state = State(dsn, tmp_path_factory.mktemp("paid"))
        await state.fund(20)
        await state.submit_accepted([build_large_request(number) for number in range(1, 21)])
        files = await state.pay_due(date(2018, 11, 15), paris_time("2018-11-05"))
        await state.import_files(state.list_files(state.simulate_bank(files, NEVER)))
        yield state


def build_large_request(number: int) -> Row:
    """Build a request of ``number`` thousand euros."""
    request = {**build_request(number, "2018-10-01"), "amount": f"{number}000.00"}
    return {**request, "received": "2018-10-10"} if number <= 10 else request


@pytest_asyncio.fixture
async def state(paid: State, database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with copy_state(database, paid, tmp_path / "state") as copy:
        yield copy


async def claim(state: State, day: str = "2018-11-20", *, dry: bool = False) -> InterestResult:
    return await late_interest.propose_interest(
        state.context, InterestRequest(paris_time(day), dry), create_interruption(), reporter=ProgressLines()
    )


def compute_interest(number: int, days: int) -> int:
    """Compute the interest on ``number`` thousand euros, independently: principal, rate, days."""
    return (2 * number * 100_000 * RATE * days + 3_650_000) // (2 * 3_650_000)


async def read_payment_day(state: State) -> date:
    ((day,),) = await state.fetch("select distinct day from entry where kind = $1", KIND_NUMBERS["payment"])
    return day


async def test_late_payments_are_claimed_to_the_cent_and_others_are_not(state: State) -> None:
    """Interest runs to the day of payment, whenever the bank debits it."""
    days = (await read_payment_day(state) - date(2018, 10, 31)).days
    assert days == DAYS_LATE
    assert await state.fetch(
        "select from entry where kind = $1 and day = '2018-11-06'", KIND_NUMBERS["bank_debit"]
    )
    result = await claim(state)
    rows = await state.fetch(LATE, KIND_NUMBERS["late_interest"])
    assert [row["amount"] for row in rows] == [
        4_000 + compute_interest(number, days) for number in range(11, 21)
    ]
    assert result.payments == 10
    assert result.cents == sum(row["amount"] for row in rows) == result.interest_cents + 40_000
    requests = {
        row["entry_id"]: row for row in await state.fetch("select * from entry where reference like 'DP-%'")
    }
    for row in rows:
        assert (requests[row["predecessor"]]["payee"], requests[row["predecessor"]]["cell"]) == (
            row["payee"],
            row["cell"],
        )
    assert (await state.verify()).findings == []


async def test_interest_is_claimed_once(state: State) -> None:
    await claim(state)
    repeated = await claim(state, "2018-11-21")
    assert (repeated.payments, repeated.posted) == (0, None)
    assert (await state.count_kinds())["late_interest"] == 10


async def test_a_dry_run_changes_nothing(state: State) -> None:
    result = await claim(state, dry=True)
    assert (result.payments, result.posted) == (10, None)
    assert "late_interest" not in await state.count_kinds()


async def test_the_next_run_pays_claims_and_they_bear_no_interest(state: State) -> None:
    result = await claim(state)
    files = await state.pay_due(date(2018, 12, 20), paris_time("2018-12-20"))
    text = "".join(path.read_text() for path in files)
    assert text.count("<CdtTrfTxInf>") == 10
    interest = compute_interest(11, DAYS_LATE)
    amounts = f"{interest // 100}.{interest % 100:02} + INDEMNITE 40.00"
    assert f"INTERETS MORATOIRES {amounts} DP DP-11" in text
    await state.import_files(state.list_files(state.simulate_bank(files, NEVER)))
    assert (await state.read_status()).agrees
    (row,) = await state.fetch(
        "select sum(d.amount)::bigint as cents from entry d join entry p on p.entry_id = d.predecessor"
        " join entry r on r.entry_id = p.predecessor where d.kind = $1 and r.kind = $2",
        *(KIND_NUMBERS[name] for name in ("bank_debit", "late_interest")),
    )
    assert row["cents"] == result.cents
    assert (await claim(state, "2018-12-31")).payments == 0
    assert (await state.verify()).findings == []


async def test_claims_of_a_ministry_count(state: State) -> None:
    """Only the remainder is proposed; a rejected claim is not proposed again."""
    act = {"kind": "late_interest", "reason": "jugement n° 7", "exercise": 2018, "date": "2018-11-15"}
    await state.submit_accepted(
        [
            act | {"reference": "IM-A", "predecessor": "DP-11", "payee": "1001000011", "amount": "40.00"},
            act | {"reference": "IM-B", "predecessor": "DP-12", "payee": "1001000012", "amount": "900.00"},
            {
                "kind": "payment_request_rejection",
                "reference": "RJ-B",
                "predecessor": "IM-B",
                "amount": "900.00",
                "exercise": 2018,
                "date": "2018-11-16",
            },
        ]
    )
    result = await claim(state)
    assert result.payments == 9
    rows = {row["reference"]: row["amount"] for row in await state.fetch(LATE, KIND_NUMBERS["late_interest"])}
    assert sum(rows.values()) == 4_000 + 90_000 + result.cents
    assert compute_interest(11, DAYS_LATE) in rows.values()
    assert (await state.verify()).findings == []


async def test_claims_without_credits_are_refused_and_proposed_again(state: State) -> None:
    """A claim consumes credits of its own; here a request consumes all that a unit has open_cents."""
    requested_cents = sum(number for number in range(2, 21, 2)) * 100_000
    open_cents = 100_000_000_00 - requested_cents - 100
    request = {
        **build_request(2, "2018-11-10"),
        "reference": "DP-ALL",
        "amount": f"{open_cents // 100}.{open_cents % 100:02}",
    }
    await state.submit_accepted([request])
    result = await claim(state)
    assert result.posted
    assert {reason.code: reason.lines for reason in result.posted.reasons} == {"AE_EXCEEDED": 5}
    assert (await state.count_kinds())["late_interest"] == 5
    for day in ("2018-11-20", "2018-11-22"):  # the same day makes the same file repeated
        repeated = await claim(state, day)
        assert (repeated.payments, repeated.posted and repeated.posted.known) == (5, [])
        assert repeated.posted
        assert {reason.code: reason.lines for reason in repeated.posted.reasons} == {"AE_EXCEEDED": 5}


@pytest.mark.parametrize(
    "damage",
    [
        "update entry set amount = amount + 1 where reference like 'IM-%' and payee = 11",
        "update entry set day = day + 1 where kind = 18 and payee = 11",
        "update entry set day = day - 1 where kind = 16 and payee = 11",
        "update entry set amount = amount * 2 where kind = 19 and payee = 11",
        "update entry set kind = 24 where kind = 18 and payee = 11",
    ],
)
async def test_altered_interest_is_detected(state: State, damage: str) -> None:
    await claim(state)
    async with open_connection(state.dsn) as connection, connection.transaction():
        await connection.execute("set local session_replication_role = replica")
        assert await connection.execute(damage) == "UPDATE 1"
        await remake_hashes(connection)
    verification = await state.verify()
    assert list_hash_findings(verification) == []
    findings = [finding for finding in verification.findings if finding.check == "late_interest"]
    assert len(findings) == 1


async def test_the_term_of_flux_1_starts_with_the_last_service_for_parts_too(
    database: Database, tmp_path: Path
) -> None:
    """Two services and two requests of one commitment: the term of each request starts with the service that it bills."""
    async with create_database(database) as dsn:
        (tmp_path / "own").mkdir()
        state = State(dsn, tmp_path / "own")
        await state.fund(3)
        common = {"exercise": 2018, "date": "2018-09-01"}
        assignment = {
            key: build_request(1)[key] for key in ("fund_centre", "functional_area", "commitment_item")
        }
        request = {
            "kind": "payment_request",
            "predecessor": "EJ",
            "received": "2018-09-02",
            "date": "2018-10-07",
        }
        rows: list[Row] = [
            {**common, **assignment, "reference": "EJ", "kind": "commitment", "amount": "9000.00"},
            {
                **common,
                "reference": "SF-1",
                "kind": "service",
                "predecessor": "EJ",
                "amount": "4000.00",
                "date": "2018-10-01",
            },
            {
                **common,
                "reference": "SF-2",
                "kind": "service",
                "predecessor": "EJ",
                "amount": "5000.00",
                "date": "2018-10-07",
            },
            {
                **common,
                "reference": "AN-1",
                "kind": "service_cancellation",
                "predecessor": "SF-1",
                "amount": "1000.00",
                "date": "2018-10-07",
            },
            {**common, **request, "reference": "DP-1", "payee": build_payee_code(1), "amount": "3000.00"},
            {**common, **request, "reference": "DP-2", "payee": build_payee_code(2), "amount": "5000.00"},
            {
                **common,
                "reference": "CC-1",
                "kind": "assignment",
                "predecessor": "DP-1",
                "payee": build_payee_code(3),
                "amount": "1000.00",
                "date": "2018-10-07",
            },
        ]
        await state.submit_accepted(rows)
        files = await state.pay_due(date(2018, 12, 1), paris_time("2018-11-05"))
        await state.import_files(state.list_files(state.simulate_bank(files, NEVER)))
        days = (await read_payment_day(state) - date(2018, 10, 31)).days
        await claim(state)
        claims = await state.fetch(LATE, KIND_NUMBERS["late_interest"])
        expected = {1: 4_000 + compute_interest(2, days), 3: compute_interest(1, days)}
        assert {row["payee"]: row["amount"] for row in claims} == expected
        assert (await state.verify()).findings == []


Acts = Sequence[Row]
"""Lines of acts; exercise and date default to 2018 and the first of November."""


async def prepare_state(database: Database, folder: Path, rows: Acts) -> AsyncIterator[State]:
    """Open a state with four payees, and post ``rows``."""
    async with create_database(database) as dsn:
        folder.mkdir()
        state = State(dsn, folder)
        await state.fund(4)
        await post_acts(state, *rows)
        yield state


async def post_acts(state: State, *rows: Row) -> None:
    await state.submit_accepted([{"exercise": 2018, "date": "2018-11-01", **row} for row in rows])


async def pay_on(state: State, day: str, until: str = "2018-12-31") -> int:
    """Pay and debit a run of that day; return the day of the payments since 1970."""
    year, month, number = map(int, until.split("-"))
    files = await state.pay_due(date(year, month, number), paris_time(day))
    await state.import_files(state.list_files(state.simulate_bank(files, NEVER)))
    return await read_last_payment(state)


def to_day_number(text: str) -> int:
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


async def read_claims(state: State) -> dict[str, list[int]]:
    """Return the claims in order, by the reference of what they are for."""
    rows = await state.fetch(
        "select r.reference, i.amount from entry i join entry r on r.entry_id = i.predecessor where i.kind = $1"
        " order by i.entry_id",
        KIND_NUMBERS["late_interest"],
    )
    claims: dict[str, list[int]] = {}
    for row in rows:
        claims.setdefault(row["reference"], []).append(row["amount"])
    return claims


FLUX_1: Acts = [
    {
        **{key: build_request(1)[key] for key in ("fund_centre", "functional_area", "commitment_item")},
        "reference": "EJ",
        "kind": "commitment",
        "amount": "9000.00",
        "date": "2018-09-01",
    },
    *(
        {
            "reference": f"SF-{at}",
            "kind": "service",
            "predecessor": "EJ",
            "amount": "3000.00",
            "date": day,
        }
        for at, day in ((2, "2018-09-10"), (3, "2018-10-07"))
    ),
    *(
        {
            "reference": f"DP-{at}",
            "kind": "payment_request",
            "predecessor": "EJ",
            "received": "2018-09-02",
            "payee": build_payee_code(at),
            "amount": "3000.00",
        }
        for at in (2, 3)
    ),
]
"""DP-2 bills SF-2 of the tenth of September, and DP-3 bills SF-3 of the seventh of October."""
REJECTED: Row = {
    "kind": "payment_request_rejection",
    "reference": "RJ",
    "predecessor": "DP-2",
    "amount": "3000.00",
}


@pytest.mark.parametrize("claimed_before", [True, False])
async def test_a_reversal_after_a_debit_does_not_change_its_delay(
    database: Database, tmp_path: Path, claimed_before: bool
) -> None:
    """When DP-3 was paid, it billed the second service; a later rejection of DP-2 does not change that."""
    async for state in prepare_state(database, tmp_path / "own", FLUX_1):
        await withhold_and_pay(state, withheld="DP-2")
        if claimed_before:
            await claim(state)
        await post_acts(state, REJECTED)
        assert (await state.verify()).findings == []
        await claim(state)
        await claim(state, "2018-12-10")
        days = await read_last_payment(state) - to_day_number("2018-11-06")
        assert await read_claims(state) == {"DP-3": [4_000 + compute_interest(3, days)]}
        assert (await state.verify()).findings == []


async def test_a_reversal_before_a_debit_counts(database: Database, tmp_path: Path) -> None:
    """DP-3 bills the first service then."""
    async for state in prepare_state(database, tmp_path / "own", [*FLUX_1, REJECTED]):
        days = await pay_on(state, "2018-11-12") - to_day_number("2018-10-10")
        await claim(state)
        assert await read_claims(state) == {"DP-3": [4_000 + compute_interest(3, days)]}
        assert (await state.verify()).findings == []


async def withhold_and_pay(state: State, withheld: str) -> None:
    """Pay all requests but one in November."""
    reference = PaymentReference.load(state.reference)
    async with command_queries.connect(state.dsn) as connection:
        at = paris_time("2018-11-12")
        request = ProposalRequest(StatedPerson("anne"), date(2018, 12, 31), at.date())
        run = await proposals.propose_run(connection, reference, request, on_step=lambda _: None)
        lines = (await run_status.describe_run(connection, run, LineSelection(10)))["shown"]
        (row,) = await state.fetch("select entry_id from entry where reference = $1", withheld)
        (line,) = [line["line"] for line in lines if line["entry"] == row["entry_id"]]
        await run_edits.edit_run(connection, run, "hold", numbers=(line,), reason="", by=StatedPerson("anne"))
        await run_edits.release_run(connection, run, StatedPerson("benoit"))
    assert await payment_runs.issue_in_database(
        state.context,
        run,
        IssueRequest(StatedPerson("benoit"), at),
        interruption=create_interruption(),
        reporter=ProgressLines(),
    )
    files = sorted((state.settings.data / payment_runs.OUTBOX_FOLDER / f"{run:08}").glob("*.xml"))
    await state.import_files(state.list_files(state.simulate_bank(files, NEVER)))


async def read_last_payment(state: State) -> int:
    (row,) = await state.fetch("select max(day) as day from entry where kind = $1", KIND_NUMBERS["payment"])
    return (row["day"] - date(1970, 1, 1)).days


async def submit_payment(state: State, payment: Row, reference: str) -> None:
    """Have the treasury pay what the act with this reference owes."""
    (last,) = await state.fetch("select max(entry_id) as entry from entry")
    (owed,) = await state.fetch("select max(entry_id) as entry from entry where reference = $1", reference)
    named = {"reference": f"P-{last['entry']}", "predecessor": f"@{owed['entry']}"}
    await state.submit_accepted([{**payment, **named}], "treasury")


async def pay_part(state: State, reference: str, amount: str, day: str) -> None:
    """Pay part of a request on a day and debit it at the year's end, by acts like those of a run and of a statement."""
    payment = {"kind": "payment", "amount": amount, "exercise": 2018, "date": day}
    await submit_payment(state, payment, reference)
    (paid,) = await state.fetch("select max(entry_id) as entry from entry")
    debit = {"kind": "bank_debit", "reference": f"D{paid['entry']}", "predecessor": f"@{paid['entry']}"}
    await state.submit_accepted([{**debit, "amount": amount, "exercise": 2018, "date": "2018-12-31"}], "bank")


async def test_each_debit_is_measured_by_the_entries_before_it(database: Database, tmp_path: Path) -> None:
    """Half of a request is late, and claimed; the other half is debited later, after the accountant has suspended it.

    It is due on the first of May: the first half is 12 days late, the second 130 days, at the rate of the second of May.
    """
    request = {**build_request(1), "amount": "2000.00", "date": "2018-04-01"}
    term = {"kind": "term_suspension", "reference": "S-1", "predecessor": "DP-1", "date": "2018-04-20"}
    resumption = {"kind": "term_resumption", "reference": "S-2", "predecessor": "S-1", "date": "2018-07-10"}
    async for state in prepare_state(database, tmp_path / "own", [request]):
        await pay_part(state, "DP-1", "1000.00", "2018-05-13")
        await post_acts(state, term)
        await claim(state, "2018-05-25")
        first_interest = (2 * 100_000 * RATE_BEFORE * 12 + 3_650_000) // 7_300_000
        assert await read_claims(state) == {"DP-1": [4_000 + first_interest]}
        assert (await state.verify()).findings == []
        await post_acts(state, resumption)
        assert (await claim(state, "2018-07-12")).payments == 0
        await pay_part(state, "DP-1", "1000.00", "2018-09-08")
        assert (await state.verify()).findings == []
        await claim(state, "2018-09-20")
        second_interest = (2 * 100_000 * RATE_BEFORE * 130 + 3_650_000) // 7_300_000
        assert await read_claims(state) == {"DP-1": [4_000 + first_interest, second_interest]}
        assert (await claim(state, "2018-09-21")).payments == 0
        assert (await state.verify()).findings == []


async def test_a_return_after_a_late_debit_does_not_change_the_delay(
    database: Database, tmp_path: Path
) -> None:
    """The delay ends with the first debit: a reissue is neither late a second time nor claimed again."""
    async for state in prepare_state(database, tmp_path / "own", [{**build_request(1), "amount": "1000.00"}]):
        await pay_part(state, "DP-1", "1000.00", "2018-11-12")
        (row,) = await state.fetch("select max(entry_id) as entry from entry")
        common = {"exercise": 2018, "date": "2018-12-31", "amount": "1000.00"}
        returned = [
            {
                **common,
                "kind": "bank_return",
                "reference": "R1",
                "line": 1,
                "predecessor": f"@{row['entry']}",
            },
            {**common, "kind": "return_identified", "reference": "R1", "line": 2, "predecessor": "#1"},
        ]
        await state.submit_accepted(returned, "bank")
        await claim(state, "2018-11-20")
        assert await read_claims(state) == {"DP-1": [4_000 + compute_interest(1, 12)]}
        await state.submit_accepted(
            [{**common, "kind": "reissue", "reference": "N1", "predecessor": f"@{row['entry'] + 2}"}],
            "treasury",
        )
        debit = {**common, "kind": "bank_debit", "reference": "D2"}
        (reissue,) = await state.fetch("select max(entry_id) as entry from entry")
        await state.submit_accepted([{**debit, "predecessor": f"@{reissue['entry']}"}], "bank")
        assert (await claim(state, "2018-12-31")).payments == 0
        assert (await state.verify()).findings == []


async def test_parts_are_late_by_their_request_and_the_suspension_before_its_order(
    database: Database, tmp_path: Path
) -> None:
    """The accountant suspends a part and a part of that, too: that counts for none."""
    before_order = {"suspension_notified": "2018-10-10", "suspension_ended": "2018-10-20"}
    part = {"kind": "assignment", "reference": "A1", "predecessor": "DP-1", "payee": build_payee_code(2)}
    opposed = {"kind": "attachment", "reference": "B1", "predecessor": "A1", "payee": build_payee_code(3)}
    suspension = {"kind": "term_suspension", "date": "2018-10-21"}
    rows: Acts = [
        {
            **build_request(1),
            "amount": "5000.00",
            "received": "2018-10-01",
            "date": "2018-10-20",
            **before_order,
        },
        {**part, "amount": "3000.00", "date": "2018-10-20"},
        {**opposed, "amount": "1000.00", "date": "2018-10-20"},
        {**suspension, "reference": "S-2", "predecessor": "A1"},
        {**suspension, "reference": "S-3", "predecessor": "B1"},
        {"kind": "term_resumption", "reference": "E-2", "predecessor": "S-2", "date": "2018-10-22"},
        {"kind": "term_resumption", "reference": "E-3", "predecessor": "S-3", "date": "2018-10-25"},
    ]
    async for state in prepare_state(database, tmp_path / "own", rows):
        for reference, amount in (("DP-1", "2000.00"), ("A1", "2000.00"), ("B1", "1000.00")):
            await pay_part(state, reference, amount, "2018-11-29")
        await claim(state, "2018-12-01")
        # thirty days from the 20th of October, when the papers had arrived; the opposing creditor has nothing
        assert await read_claims(state) == {
            "DP-1": [4_000 + compute_interest(2, 10)],
            "A1": [compute_interest(2, 10)],
        }
        assert (await state.verify()).findings == []


async def test_a_guarantee_is_late_by_its_release_and_not_by_its_request(
    database: Database, tmp_path: Path
) -> None:
    """The request of 1 October is paid in time; the guarantee is released on 1 November, and 20 days late at its payment."""
    common = {"exercise": 2018, "amount": "1000.00", "date": "2018-10-01"}
    bill = {**common, "predecessor": "EJ-1"}
    rows: Acts = [
        {**build_request(1), **common, "kind": "commitment", "reference": "EJ-1"},
        {**bill, "kind": "service", "reference": "SF-1"},
        {**bill, "kind": "payment_request", "reference": "DP-1", "payee": build_payee_code(1)},
    ]
    retention = {**common, "kind": "retention", "reference": "RG-1", "predecessor": "DP-1", "amount": "50.00"}
    release = {"kind": "retention_release", "reference": "LG-1", "predecessor": "RG-1", "amount": "50.00"}
    async for state in prepare_state(database, tmp_path / "own", rows):
        await state.submit_accepted([{**retention, "predecessor_sender": "ministry"}], "treasury")
        await post_acts(state, {**release, "predecessor_sender": "treasury", "date": "2018-11-01"})
        await pay_part(state, "DP-1", "950.00", "2018-10-20")
        await pay_part(state, "LG-1", "50.00", "2018-12-21")
        await claim(state, "2018-12-31")
        interest = (2 * 5_000 * RATE * 20 + 3_650_000) // 7_300_000
        assert await read_claims(state) == {"LG-1": [4_000 + interest]}
        assert (await state.verify()).findings == []


async def test_a_release_states_the_contract_of_its_guarantee(database: Database, tmp_path: Path) -> None:
    """An unknown contract is refused; what was retained on no contract that bears interest is late without interest."""
    common = {"exercise": 2018, "amount": "1000.00", "date": "2018-10-01"}
    bill = {**common, "predecessor": "EJ-1"}
    rows: Acts = [
        {**build_request(1), **common, "kind": "commitment", "reference": "EJ-1"},
        {**bill, "kind": "service", "reference": "SF-1"},
        {
            **bill,
            "kind": "payment_request",
            "reference": "DP-1",
            "payee": build_payee_code(1),
            "contract": "none",
        },
    ]
    retention = {**common, "kind": "retention", "reference": "RG-1", "predecessor": "DP-1", "amount": "50.00"}
    release = {"kind": "retention_release", "reference": "LG-1", "predecessor": "RG-1", "amount": "50.00"}
    release |= {"predecessor_sender": "treasury", "date": "2018-11-01"}
    async for state in prepare_state(database, tmp_path / "own", rows):
        await state.submit_accepted([{**retention, "predecessor_sender": "ministry"}], "treasury")
        result = await state.submit([{"exercise": 2018, **release, "contract": "lease"}])
        assert [reason.code for reason in result.reasons] == ["FIELD_INVALID"]
        await post_acts(state, {**release, "contract": "none"})
        await pay_part(state, "LG-1", "50.00", "2018-12-21")
        await claim(state, "2018-12-31")
        assert await read_claims(state) == {}
        assert (await state.verify()).findings == []


async def test_a_part_of_late_interest_bears_no_interest(state: State) -> None:
    """Attached interest that is paid later bears no interest, and a claim for it is detected."""
    await claim(state)
    (row,) = await state.fetch("select entry_id from entry where kind = 28 order by entry_id limit 1")
    part = {"kind": "attachment", "reference": "SATD-1", "predecessor": f"@{row['entry_id']}"}
    await state.submit_accepted(
        [{**part, "payee": build_payee_code(3), "amount": "10.00", "exercise": 2018, "date": "2018-11-20"}],
        "treasury",
    )
    files = await state.pay_due(date(2018, 12, 31), paris_time("2018-12-27"))
    await state.import_files(state.list_files(state.simulate_bank(files, NEVER)))
    result = await claim(state, "2018-12-31")
    assert (result.payments, result.posted) == (0, None)
    assert (await state.verify()).findings == []
    (debit,) = await state.fetch(
        "select d.entry_id, p.predecessor from entry d join entry p on p.entry_id = d.predecessor"
        " join entry a on a.entry_id = p.predecessor where d.kind = $1 and a.reference = 'SATD-1'",
        KIND_NUMBERS["bank_debit"],
    )
    wrong = {
        "kind": "late_interest",
        "reason": "jugement n° 7",
        "reference": f"IM-01-{debit['predecessor']}-{debit['entry_id']}",
        "payee": build_payee_code(3),
    }
    await state.submit_accepted(
        [{**wrong, "predecessor": "SATD-1", "amount": "40.05", "exercise": 2018, "date": "2018-12-31"}],
        "treasury",
    )
    (finding,) = (await state.verify()).findings
    assert (finding.check, finding.expected) == ("late_interest", "no late payment")


async def test_a_corrected_rate_claims_the_remainder_under_another_reference(state: State) -> None:
    """After a rate is corrected, earlier claims stay, the remainder is claimed, and all of it is verified."""
    await claim(state)
    rates = state.reference / "late_interest.toml"
    text = rates.read_text()
    assert '"2018-2" = "0.25"' in text
    rates.write_text(text.replace('"2018-2" = "0.25"', '"2018-2" = "1.25"'))
    assert (
        len([finding for finding in (await state.verify()).findings if finding.check == "late_interest"])
        == 10
    )
    result = await claim(state, "2018-11-21")
    assert result.posted
    assert (result.payments, result.posted.reasons) == (10, [])
    names = [row["reference"] for row in await state.fetch(LATE, KIND_NUMBERS["late_interest"])]
    assert sum(name.count("-") == 4 and name.endswith("-2") for name in names) == 10
    assert (await state.verify()).findings == []
    assert (await claim(state, "2018-11-22")).payments == 0


async def test_a_day_in_no_open_period_is_reported_and_nothing_is_refused(state: State) -> None:
    result = await claim(state, "2019-05-02")
    assert (result.payments, result.posted) == (10, None)
    assert "2019-05-02 is not in an open period" in result.waits
    assert "--at DAY" in result.waits
    assert (await claim(state)).payments == 10
