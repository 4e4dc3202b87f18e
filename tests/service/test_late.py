"""Late interest, proposed without being asked for: measured, posted, paid by the next run, and never twice."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
import pytest_asyncio

from core.catalog import KIND_NUMBER
from service import late
from service.database import Database
from service.late import Claimed, How
from service.progress import Lines
from tests.databases import connected, fresh
from tests.service.states import NEVER, Row, State, copied, heard, moment, payee, request

LATE = "select reference, predecessor, amount, payee, cell from entry where kind = $1 order by entry_id"
RATE = 825
"""Of the second half of 2018 in the reference data of the tests."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def paid(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[State]:
    """Twenty requests of the first of October paid in time, debited on the sixth of November: ten of them too late.

    Numbers 1 to 10 say that they were received on the tenth of October.
    """
    async with fresh(database) as dsn:
        found = State(dsn, tmp_path_factory.mktemp("paid"))
        await found.funded(20)
        await found.accepted([said(number) for number in range(1, 21)])
        files = await found.pay(date(2018, 11, 15), moment("2018-11-05"))
        await found.take(found.files(found.bank(files, NEVER)))
        yield found


def said(number: int) -> Row:
    """A request of some thousands of euros."""
    own = {**request(number, "2018-10-01"), "amount": f"{number}000.00"}
    return {**own, "received": "2018-10-10"} if number <= 10 else own


@pytest_asyncio.fixture
async def state(paid: State, database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with copied(database, paid, tmp_path / "state") as found:
        yield found


async def claim(state: State, day: str = "2018-11-20", *, dry: bool = False) -> Claimed:
    return await late.claim(state.where, How(moment(day), dry), heard(), Lines())


def interest(number: int, days: int) -> int:
    """By hand: principal, rate, days."""
    return (2 * number * 100_000 * RATE * days + 3_650_000) // (2 * 3_650_000)


async def debit_day(state: State) -> date:
    ((day,),) = await state.fetch("select distinct day from entry where kind = $1", KIND_NUMBER["bank_debit"])
    return day


async def test_what_was_paid_late_is_claimed_to_the_cent_and_what_was_not_is_not(state: State) -> None:
    days = (await debit_day(state) - date(2018, 10, 31)).days
    assert days == 6
    found = await claim(state)
    rows = await state.fetch(LATE, KIND_NUMBER["late_interest"])
    assert [row["amount"] for row in rows] == [4_000 + interest(number, days) for number in range(11, 21)]
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
    assert (await state.proof()).findings == []


async def test_it_is_claimed_once(state: State) -> None:
    await claim(state)
    again = await claim(state, "2018-11-21")
    assert (again.payments, again.posted) == (0, None)
    assert (await state.kinds())["late_interest"] == 10


async def test_a_look_changes_nothing(state: State) -> None:
    found = await claim(state, dry=True)
    assert (found.payments, found.posted) == (10, None)
    assert "late_interest" not in await state.kinds()


async def test_the_next_run_pays_it_at_once_and_no_interest_is_due_on_it(state: State) -> None:
    found = await claim(state)
    files = await state.pay(date(2018, 12, 20), moment("2018-12-20"))
    text = "".join(path.read_text() for path in files)
    assert text.count("<CdtTrfTxInf>") == 10
    assert (
        f"INTERETS MORATOIRES {interest(11, 6) // 100}.{interest(11, 6) % 100:02} + INDEMNITE 40.00 DP DP-11"
        in text
    )
    await state.take(state.files(state.bank(files, NEVER)))
    assert (await state.standing()).agrees
    (row,) = await state.fetch(
        "select sum(d.amount)::bigint as cents from entry d join entry p on p.entry_id = d.predecessor"
        " join entry r on r.entry_id = p.predecessor where d.kind = $1 and r.kind = $2",
        *(KIND_NUMBER[name] for name in ("bank_debit", "late_interest")),
    )
    assert row["cents"] == found.cents
    assert (await claim(state, "2018-12-31")).payments == 0
    assert (await state.proof()).findings == []


async def test_what_a_ministry_claimed_itself_counts(state: State) -> None:
    """The rest alone is proposed; what is rejected as not due is not proposed again."""
    act = {"kind": "late_interest", "exercise": 2018, "date": "2018-11-15"}
    await state.accepted(
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
    rows = {row["reference"]: row["amount"] for row in await state.fetch(LATE, KIND_NUMBER["late_interest"])}
    assert sum(rows.values()) == 4_000 + 90_000 + found.cents
    assert interest(11, 6) in rows.values()
    assert (await state.proof()).findings == []


async def test_without_credits_it_is_refused_and_proposed_again(state: State) -> None:
    """It has credits of its own: here a request takes what one unit has left first."""
    taken = sum(number for number in range(2, 21, 2)) * 100_000
    left = 100_000_000_00 - taken - 100
    rest = {**request(2, "2018-11-10"), "reference": "DP-ALL", "amount": f"{left // 100}.{left % 100:02}"}
    await state.accepted([rest])
    found = await claim(state)
    assert found.posted
    assert {reason.code: reason.lines for reason in found.posted.reasons} == {"AE_EXCEEDED": 5}
    assert (await state.kinds())["late_interest"] == 5
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
    async with fresh(database) as dsn:
        (tmp_path / "own").mkdir()
        state = State(dsn, tmp_path / "own")
        await state.funded(1)
        term = {
            "kind": "term_suspension",
            "exercise": 2018,
            "reference": "S-1",
            "predecessor": "DP-1",
            "date": suspended,
        }
        await state.accepted([request(1), term])
        files = await state.pay(date(2018, 11, 30), moment("2018-11-05"))
        assert files == []
        if resumed is None:
            resumed = "2018-11-05"
        again = term | {"kind": "term_resumption", "reference": "S-2", "predecessor": "S-1", "date": resumed}
        await state.accepted([again])
        files = await state.pay(date(2018, 12, 31), moment("2018-11-05"))
        await state.take(state.files(state.bank(files, NEVER)))
        assert (await claim(state)).payments == is_late
        assert (await state.proof()).findings == []


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
    async with connected(state.dsn) as connection, connection.transaction():
        await connection.execute("set local session_replication_role = replica")
        assert await connection.execute(damage) == "UPDATE 1"
    found = [each for each in (await state.proof()).findings if each.check == "late_interest"]
    assert len(found) == 1


async def test_flux_1_is_due_from_the_service_that_came_last_and_parts_of_it_to_others(
    database: Database, tmp_path: Path
) -> None:
    """Two services, two requests of one commitment, received before: each is due from the service that it is billed by."""
    async with fresh(database) as dsn:
        (tmp_path / "own").mkdir()
        state = State(dsn, tmp_path / "own")
        await state.funded(3)
        common = {"exercise": 2018, "date": "2018-09-01"}
        place = {key: request(1)[key] for key in ("fund_centre", "functional_area", "commitment_item")}
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
            {**common, **asks, "reference": "DP-1", "payee": payee(1), "amount": "3000.00"},
            {**common, **asks, "reference": "DP-2", "payee": payee(2), "amount": "5000.00"},
            {
                **common,
                "reference": "CC-1",
                "kind": "assignment",
                "predecessor": "DP-1",
                "payee": payee(3),
                "amount": "1000.00",
            },
        ]
        await state.accepted(rows)
        files = await state.pay(date(2018, 12, 1), moment("2018-11-05"))
        await state.take(state.files(state.bank(files, NEVER)))
        days = (await debit_day(state) - date(2018, 10, 31)).days
        await claim(state)
        found = await state.fetch(LATE, KIND_NUMBER["late_interest"])
        expected = {1: 4_000 + interest(2, days), 3: 4_000 + interest(1, days)}
        assert {row["payee"]: row["amount"] for row in found} == expected
        assert (await state.proof()).findings == []
