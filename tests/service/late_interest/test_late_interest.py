"""Late interest, proposed without being asked for: measured, posted, paid by the next run, and never twice."""

from collections.abc import AsyncIterator, Sequence
from datetime import date
from pathlib import Path

import pytest
import pytest_asyncio

from core.catalog import KIND_NUMBERS
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
"""Of the second half of 2018 in the reference data of the tests."""
RATE_2019 = 800
"""Of the first of 2019."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def paid(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[State]:
    """Twenty requests of the first of October paid in time, debited on the sixth of November: ten of them too late.

    Numbers 1 to 10 say that they were received on the tenth of October.
    """
    async with create_database(database) as dsn:
        found = State(dsn, tmp_path_factory.mktemp("paid"))
        await found.fund(20)
        await found.submit_accepted([build_large_request(number) for number in range(1, 21)])
        files = await found.pay_due(date(2018, 11, 15), paris_time("2018-11-05"))
        await found.import_files(found.list_files(found.simulate_bank(files, NEVER)))
        yield found


def build_large_request(number: int) -> Row:
    """A request of some thousands of euros."""
    own = {**build_request(number, "2018-10-01"), "amount": f"{number}000.00"}
    return {**own, "received": "2018-10-10"} if number <= 10 else own


@pytest_asyncio.fixture
async def state(paid: State, database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with copy_state(database, paid, tmp_path / "state") as found:
        yield found


async def claim(state: State, day: str = "2018-11-20", *, dry: bool = False) -> InterestResult:
    return await late_interest.propose_interest(
        state.context, InterestRequest(paris_time(day), dry), create_interruption(), reporter=ProgressLines()
    )


def compute_interest(number: int, days: int) -> int:
    """By hand: principal, rate, days."""
    return (2 * number * 100_000 * RATE * days + 3_650_000) // (2 * 3_650_000)


async def read_debit_day(state: State) -> date:
    ((day,),) = await state.fetch(
        "select distinct day from entry where kind = $1", KIND_NUMBERS["bank_debit"]
    )
    return day


async def test_what_was_paid_late_is_claimed_to_the_cent_and_what_was_not_is_not(state: State) -> None:
    days = (await read_debit_day(state) - date(2018, 10, 31)).days
    assert days == 6
    found = await claim(state)
    rows = await state.fetch(LATE, KIND_NUMBERS["late_interest"])
    assert [row["amount"] for row in rows] == [
        4_000 + compute_interest(number, days) for number in range(11, 21)
    ]
    assert found.payments == 10
    assert found.cents == sum(row["amount"] for row in rows) == found.interest_cents + 40_000
    owed = {
        row["entry_id"]: row for row in await state.fetch("select * from entry where reference like 'DP-%'")
    }
    for row in rows:
        assert (owed[row["predecessor"]]["payee"], owed[row["predecessor"]]["cell"]) == (
            row["payee"],
            row["cell"],
        )
    assert (await state.verify()).findings == []


async def test_it_is_claimed_once(state: State) -> None:
    await claim(state)
    again = await claim(state, "2018-11-21")
    assert (again.payments, again.posted) == (0, None)
    assert (await state.count_kinds())["late_interest"] == 10


async def test_a_look_changes_nothing(state: State) -> None:
    found = await claim(state, dry=True)
    assert (found.payments, found.posted) == (10, None)
    assert "late_interest" not in await state.count_kinds()


async def test_the_next_run_pays_it_at_once_and_no_interest_is_due_on_it(state: State) -> None:
    found = await claim(state)
    files = await state.pay_due(date(2018, 12, 20), paris_time("2018-12-20"))
    text = "".join(path.read_text() for path in files)
    assert text.count("<CdtTrfTxInf>") == 10
    assert (
        f"INTERETS MORATOIRES {compute_interest(11, 6) // 100}.{compute_interest(11, 6) % 100:02} + INDEMNITE 40.00 DP DP-11"
        in text
    )
    await state.import_files(state.list_files(state.simulate_bank(files, NEVER)))
    assert (await state.read_status()).agrees
    (row,) = await state.fetch(
        "select sum(d.amount)::bigint as cents from entry d join entry p on p.entry_id = d.predecessor"
        " join entry r on r.entry_id = p.predecessor where d.kind = $1 and r.kind = $2",
        *(KIND_NUMBERS[name] for name in ("bank_debit", "late_interest")),
    )
    assert row["cents"] == found.cents
    assert (await claim(state, "2018-12-31")).payments == 0
    assert (await state.verify()).findings == []


async def test_what_a_ministry_claimed_itself_counts(state: State) -> None:
    """The rest alone is proposed; what is rejected as not due is not proposed again."""
    act = {"kind": "late_interest", "exercise": 2018, "date": "2018-11-15"}
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
    found = await claim(state)
    assert found.payments == 9
    rows = {row["reference"]: row["amount"] for row in await state.fetch(LATE, KIND_NUMBERS["late_interest"])}
    assert sum(rows.values()) == 4_000 + 90_000 + found.cents
    assert compute_interest(11, 6) in rows.values()
    assert (await state.verify()).findings == []


async def test_without_credits_it_is_refused_and_proposed_again(state: State) -> None:
    """It has credits of its own: here a request takes what one unit has left first."""
    taken = sum(number for number in range(2, 21, 2)) * 100_000
    left = 100_000_000_00 - taken - 100
    rest = {
        **build_request(2, "2018-11-10"),
        "reference": "DP-ALL",
        "amount": f"{left // 100}.{left % 100:02}",
    }
    await state.submit_accepted([rest])
    found = await claim(state)
    assert found.posted
    assert {reason.code: reason.lines for reason in found.posted.reasons} == {"AE_EXCEEDED": 5}
    assert (await state.count_kinds())["late_interest"] == 5
    for day in ("2018-11-20", "2018-11-22"):  # the same day once more makes the same file
        again = await claim(state, day)
        assert (again.payments, again.posted and again.posted.known) == (5, [])
        assert again.posted
        assert {each.code: each.lines for each in again.posted.reasons} == {"AE_EXCEEDED": 5}


@pytest.mark.parametrize(
    ("suspended", "resumed", "is_late"),
    [("2018-10-20", "2018-10-25", False), ("2018-10-20", None, False), ("2018-11-02", None, True)],
)
async def test_a_suspension_moves_the_end_of_the_term(
    database: Database, tmp_path: Path, suspended: str, resumed: str | None, is_late: bool
) -> None:
    """Suspended within the term, a new one of thirty days begins when it goes on; behind the term nothing is stopped."""
    async with create_database(database) as dsn:
        (tmp_path / "own").mkdir()
        state = State(dsn, tmp_path / "own")
        await state.fund(1)
        term = {
            "kind": "term_suspension",
            "exercise": 2018,
            "reference": "S-1",
            "predecessor": "DP-1",
            "date": suspended,
        }
        await state.submit_accepted([build_request(1), term])
        files = await state.pay_due(date(2018, 11, 30), paris_time("2018-11-05"))
        assert files == []
        if resumed is None:
            resumed = "2018-11-05"
        again = term | {"kind": "term_resumption", "reference": "S-2", "predecessor": "S-1", "date": resumed}
        await state.submit_accepted([again])
        files = await state.pay_due(date(2018, 12, 31), paris_time("2018-11-05"))
        await state.import_files(state.list_files(state.simulate_bank(files, NEVER)))
        assert (await claim(state)).payments == is_late
        assert (await state.verify()).findings == []
        async with open_connection(state.dsn) as connection, connection.transaction():
            await connection.execute("set local session_replication_role = replica")
            assert await connection.execute("delete from entry where reference = 'S-2'") == "DELETE 1"
        (found,) = [
            finding for finding in (await state.verify()).findings if finding.check == "suspended_unpaid"
        ]
        assert found.place.startswith("entry ")


@pytest.mark.parametrize(
    "damage",
    [
        "update entry set amount = amount + 1 where reference like 'IM-%' and payee = 11",
        "update entry set day = day + 1 where kind = 19 and payee = 11",
        "update entry set day = day - 1 where kind = 16 and payee = 11",
        "update entry set amount = amount * 2 where kind = 19 and payee = 11",
        "update entry set kind = 27 where kind = 18 and payee = 11",
    ],
)
async def test_interest_changed_by_hand_is_found(state: State, damage: str) -> None:
    await claim(state)
    async with open_connection(state.dsn) as connection, connection.transaction():
        await connection.execute("set local session_replication_role = replica")
        assert await connection.execute(damage) == "UPDATE 1"
    found = [finding for finding in (await state.verify()).findings if finding.check == "late_interest"]
    assert len(found) == 1


async def test_flux_1_is_due_from_the_service_that_came_last_and_parts_of_it_to_others(
    database: Database, tmp_path: Path
) -> None:
    """Two services, two requests of one commitment, received before: each is due from the service that it is billed by."""
    async with create_database(database) as dsn:
        (tmp_path / "own").mkdir()
        state = State(dsn, tmp_path / "own")
        await state.fund(3)
        common = {"exercise": 2018, "date": "2018-09-01"}
        place = {key: build_request(1)[key] for key in ("fund_centre", "functional_area", "commitment_item")}
        asks = {
            "kind": "payment_request",
            "predecessor": "EJ",
            "received": "2018-09-02",
            "date": "2018-10-07",
        }
        rows: list[Row] = [
            {**common, **place, "reference": "EJ", "kind": "commitment", "amount": "9000.00"},
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
            },
            {**common, **asks, "reference": "DP-1", "payee": build_payee_code(1), "amount": "3000.00"},
            {**common, **asks, "reference": "DP-2", "payee": build_payee_code(2), "amount": "5000.00"},
            {
                **common,
                "reference": "CC-1",
                "kind": "assignment",
                "predecessor": "DP-1",
                "payee": build_payee_code(3),
                "amount": "1000.00",
            },
        ]
        await state.submit_accepted(rows)
        files = await state.pay_due(date(2018, 12, 1), paris_time("2018-11-05"))
        await state.import_files(state.list_files(state.simulate_bank(files, NEVER)))
        days = (await read_debit_day(state) - date(2018, 10, 31)).days
        await claim(state)
        found = await state.fetch(LATE, KIND_NUMBERS["late_interest"])
        expected = {1: 4_000 + compute_interest(2, days), 3: 4_000 + compute_interest(1, days)}
        assert {row["payee"]: row["amount"] for row in found} == expected
        assert (await state.verify()).findings == []


Acts = Sequence[Row]
"""Lines of acts; one without an exercise or a day is of 2018, of the first of November."""


async def prepare_state(database: Database, folder: Path, rows: Acts) -> AsyncIterator[State]:
    """A State of four payees and what ``rows`` say."""
    async with create_database(database) as dsn:
        folder.mkdir()
        found = State(dsn, folder)
        await found.fund(4)
        await post_acts(found, *rows)
        yield found


async def post_acts(state: State, *rows: Row) -> None:
    await state.submit_accepted([{"exercise": 2018, "date": "2018-11-01", **row} for row in rows])


async def pay_on(state: State, day: str, until: str = "2018-12-31") -> int:
    """A run of that day, debited by the bank; the day of the debits, counted from 1970."""
    year, month, number = map(int, until.split("-"))
    files = await state.pay_due(date(year, month, number), paris_time(day))
    await state.import_files(state.list_files(state.simulate_bank(files, NEVER)))
    (row,) = await state.fetch(
        "select max(day) as day from entry where kind = $1", KIND_NUMBERS["bank_debit"]
    )
    return (row["day"] - date(1970, 1, 1)).days


def to_day_number(text: str) -> int:
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


async def read_claims(state: State) -> dict[str, list[int]]:
    """What was claimed, by the reference of what it is about, in order."""
    rows = await state.fetch(
        "select r.reference, i.amount from entry i join entry r on r.entry_id = i.predecessor where i.kind = $1"
        " order by i.entry_id",
        KIND_NUMBERS["late_interest"],
    )
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(row["reference"], []).append(row["amount"])
    return found


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
            "date": each,
        }
        for at, each in ((2, "2018-09-10"), (3, "2018-10-07"))
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
"""DP-2 is billed by SF-2, of the tenth of September, and DP-3 by SF-3, of the seventh of October."""
REJECTED: Row = {
    "kind": "payment_request_rejection",
    "reference": "RJ",
    "predecessor": "DP-2",
    "amount": "3000.00",
}


@pytest.mark.parametrize("claimed_before", [True, False])
async def test_what_is_undone_behind_a_debit_changes_nothing_of_it(
    database: Database, tmp_path: Path, claimed_before: bool
) -> None:
    """DP-3 was due by the second service when it was paid; were DP-2 rejected before that, it would be by the first."""
    async for state in prepare_state(database, tmp_path / "own", FLUX_1):
        await withhold_and_pay(state, held="DP-2")
        if claimed_before:
            await claim(state)
        await post_acts(state, REJECTED)
        assert (await state.verify()).findings == []
        await claim(state)
        await claim(state, "2018-12-10")
        days = await read_last_debit(state) - to_day_number("2018-11-06")
        assert await read_claims(state) == {"DP-3": [4_000 + compute_interest(3, days)]}
        assert (await state.verify()).findings == []


async def test_what_is_undone_before_a_debit_counts(database: Database, tmp_path: Path) -> None:
    """DP-3 is billed by the first service then."""
    async for state in prepare_state(database, tmp_path / "own", [*FLUX_1, REJECTED]):
        days = await pay_on(state, "2018-11-12") - to_day_number("2018-10-10")
        await claim(state)
        assert await read_claims(state) == {"DP-3": [4_000 + compute_interest(3, days)]}
        assert (await state.verify()).findings == []


async def withhold_and_pay(state: State, held: str) -> None:
    """Pay in November all but one."""
    books = PaymentReference.load(state.reference)
    async with command_queries.connect(state.dsn) as connection:
        at = paris_time("2018-11-12")
        wanted = ProposalRequest("anne", date(2018, 12, 31), at.date())
        run = await proposals.propose_run(connection, books, wanted, on_step=lambda _: None)
        shown = (await run_status.describe_run(connection, run, LineSelection(10)))["shown"]
        (row,) = await state.fetch("select entry_id from entry where reference = $1", held)
        (line,) = [each["line"] for each in shown if each["entry"] == row["entry_id"]]
        await run_edits.edit_run(connection, run, "hold", numbers=(line,), reason="", by="anne")
        await run_edits.release_run(connection, run, "benoit")
    assert await payment_runs.issue_in_database(
        state.context,
        run,
        IssueRequest("benoit", at),
        interruption=create_interruption(),
        reporter=ProgressLines(),
    )
    files = sorted((state.settings.data / payment_runs.OUTBOX_FOLDER / f"{run:08}").glob("*.xml"))
    await state.import_files(state.list_files(state.simulate_bank(files, NEVER)))


async def read_last_debit(state: State) -> int:
    (row,) = await state.fetch(
        "select max(day) as day from entry where kind = $1", KIND_NUMBERS["bank_debit"]
    )
    return (row["day"] - date(1970, 1, 1)).days


async def pay_part(state: State, reference: str, amount: str, debited: str) -> None:
    """Part of a request paid in December and debited by the bank on a day; acts as a run and a statement give them."""
    (row,) = await state.fetch("select max(entry_id) as entry from entry")
    payment = {
        "kind": "payment",
        "reference": f"P-{row['entry']}",
        "amount": amount,
        "predecessor": reference,
    }
    await state.submit_accepted([{**payment, "exercise": 2018, "date": "2018-11-12"}])
    (paid,) = await state.fetch("select max(entry_id) as entry from entry")
    debit = {"kind": "bank_debit", "reference": f"D{paid['entry']}", "predecessor": f"@{paid['entry']}"}
    await state.submit_accepted(
        [{**debit, "amount": amount, "exercise": int(debited[:4]), "date": debited}], "bank"
    )


async def test_debits_on_both_sides_of_a_claim_are_each_judged_by_what_stood_before_them(
    database: Database, tmp_path: Path
) -> None:
    """Half of a request late, and claimed after it was suspended behind that; the rest late in another half-year.

    Due on the 31st of October; for what is debited behind the suspension thirty days from the tenth of December.
    """
    own = {**build_request(1), "amount": "2000.00", "date": "2018-10-01"}
    term = {"kind": "term_suspension", "reference": "S-1", "predecessor": "DP-1", "date": "2018-10-20"}
    again = {"kind": "term_resumption", "reference": "S-2", "predecessor": "S-1", "date": "2018-12-10"}
    async for state in prepare_state(database, tmp_path / "own", [own]):
        await pay_part(state, "DP-1", "1000.00", "2018-11-12")
        await post_acts(state, term)
        await claim(state, "2018-11-25")
        assert await read_claims(state) == {"DP-1": [4_000 + compute_interest(1, 12)]}
        assert (await state.verify()).findings == []
        await post_acts(state, again)
        assert (await claim(state, "2018-12-12")).payments == 0
        await pay_part(state, "DP-1", "1000.00", "2019-02-08")
        assert (await state.verify()).findings == []
        await claim(state, "2019-02-20")
        other = (2 * 100_000 * RATE_2019 * 30 + 3_650_000) // 7_300_000
        assert await read_claims(state) == {"DP-1": [4_000 + compute_interest(1, 12), other]}
        assert (await claim(state, "2019-02-21")).payments == 0
        assert (await state.verify()).findings == []


async def test_what_comes_back_behind_a_late_debit_was_paid_late_all_the_same(
    database: Database, tmp_path: Path
) -> None:
    """The delay ends with the first debit: sent again, it is neither late a second time nor claimed anew."""
    async for state in prepare_state(database, tmp_path / "own", [{**build_request(1), "amount": "1000.00"}]):
        await pay_part(state, "DP-1", "1000.00", "2018-11-12")
        (row,) = await state.fetch("select max(entry_id) as entry from entry")
        common = {"exercise": 2018, "date": "2018-11-14", "amount": "1000.00"}
        back = [
            {
                **common,
                "kind": "bank_return",
                "reference": "R1",
                "line": 1,
                "predecessor": f"@{row['entry']}",
            },
            {**common, "kind": "return_identified", "reference": "R1", "line": 2, "predecessor": "#1"},
        ]
        await state.submit_accepted(back, "bank")
        await claim(state, "2018-11-20")
        assert await read_claims(state) == {"DP-1": [4_000 + compute_interest(1, 12)]}
        await state.submit_accepted(
            [{**common, "kind": "reissue", "reference": "N1", "predecessor": f"@{row['entry'] + 2}"}]
        )
        sent = {**common, "kind": "bank_debit", "reference": "D2", "date": "2018-12-20"}
        (last,) = await state.fetch("select max(entry_id) as entry from entry")
        await state.submit_accepted([{**sent, "predecessor": f"@{last['entry']}"}], "bank")
        assert (await claim(state, "2018-12-21")).payments == 0
        assert (await state.verify()).findings == []


async def test_parts_are_late_by_the_request_and_the_longest_suspension(
    database: Database, tmp_path: Path
) -> None:
    """Whole suspended, a part of it by itself as well, and a part of that: each measured and proven alike."""
    stop = {"kind": "term_suspension", "date": "2018-10-10"}
    rows: Acts = [
        {**build_request(1), "amount": "5000.00", "date": "2018-10-01"},
        {
            "kind": "assignment",
            "reference": "A1",
            "predecessor": "DP-1",
            "payee": build_payee_code(2),
            "amount": "3000.00",
        },
        {
            "kind": "attachment",
            "reference": "B1",
            "predecessor": "A1",
            "payee": build_payee_code(3),
            "amount": "1000.00",
        },
        {**stop, "reference": "S-1", "predecessor": "DP-1"},
        {**stop, "reference": "S-2", "predecessor": "A1"},
        {**stop, "reference": "S-3", "predecessor": "B1"},
        {"kind": "term_resumption", "reference": "E-1", "predecessor": "S-1", "date": "2018-10-20"},
        {"kind": "term_resumption", "reference": "E-2", "predecessor": "S-2", "date": "2018-10-05"},
        {"kind": "term_resumption", "reference": "E-3", "predecessor": "S-3", "date": "2018-10-25"},
    ]
    async for state in prepare_state(database, tmp_path / "own", rows):
        for reference, amount in (("DP-1", "2000.00"), ("A1", "2000.00"), ("B1", "1000.00")):
            await pay_part(state, reference, amount, "2018-11-29")
        await claim(state, "2018-12-01")
        # thirty days from the 20th of October, on which the whole went on; the last part from the 25th
        assert await read_claims(state) == {
            "DP-1": [4_000 + compute_interest(2, 10)],
            "A1": [4_000 + compute_interest(2, 10)],
            "B1": [4_000 + compute_interest(1, 5)],
        }
        assert (await state.verify()).findings == []


async def test_a_part_of_late_interest_bears_none(state: State) -> None:
    """Interest is attached, and paid to others months later: nothing is due on it, and what claims it is found."""
    await claim(state)
    (row,) = await state.fetch("select entry_id from entry where kind = 28 order by entry_id limit 1")
    part = {"kind": "attachment", "reference": "SATD-1", "predecessor": f"@{row['entry_id']}"}
    await state.submit_accepted(
        [{**part, "payee": build_payee_code(3), "amount": "10.00", "exercise": 2018, "date": "2018-11-20"}],
        "treasury",
    )
    files = await state.pay_due(date(2018, 12, 31), paris_time("2018-12-27"))
    await state.import_files(state.list_files(state.simulate_bank(files, NEVER)))
    found = await claim(state, "2018-12-31")
    assert (found.payments, found.posted) == (0, None)
    assert (await state.verify()).findings == []
    (debit,) = await state.fetch(
        "select d.entry_id, p.predecessor from entry d join entry p on p.entry_id = d.predecessor"
        " join entry a on a.entry_id = p.predecessor where d.kind = $1 and a.reference = 'SATD-1'",
        KIND_NUMBERS["bank_debit"],
    )
    wrong = {
        "kind": "late_interest",
        "reference": f"IM-{debit['predecessor']}-{debit['entry_id']}",
        "payee": build_payee_code(3),
    }
    await state.submit_accepted(
        [{**wrong, "predecessor": "SATD-1", "amount": "40.05", "exercise": 2018, "date": "2018-12-31"}],
        "treasury",
    )
    (finding,) = (await state.verify()).findings
    assert (finding.check, finding.expected) == ("late_interest", "no late payment")


async def test_other_rates_claim_the_rest_under_another_name(state: State) -> None:
    """A rate that was corrected: what was claimed stays, the rest is claimed behind it, and the whole is proven."""
    await claim(state)
    rates = state.reference / "late_interest.toml"
    text = rates.read_text()
    assert '"2018-2" = "0.25"' in text
    rates.write_text(text.replace('"2018-2" = "0.25"', '"2018-2" = "1.25"'))
    assert (
        len([finding for finding in (await state.verify()).findings if finding.check == "late_interest"])
        == 10
    )
    found = await claim(state, "2018-11-21")
    assert found.posted
    assert (found.payments, found.posted.reasons) == (10, [])
    names = [row["reference"] for row in await state.fetch(LATE, KIND_NUMBERS["late_interest"])]
    assert sum(name.count("-") == 3 and name.endswith("-2") for name in names) == 10
    assert (await state.verify()).findings == []
    assert (await claim(state, "2018-11-22")).payments == 0


async def test_a_day_in_no_open_period_is_said_and_nothing_is_refused(state: State) -> None:
    found = await claim(state, "2019-05-02")
    assert (found.payments, found.posted) == (10, None)
    assert "2019-05-02 is not in an open period" in found.waits
    assert "--at DAY" in found.waits
    assert (await claim(state)).payments == 10
