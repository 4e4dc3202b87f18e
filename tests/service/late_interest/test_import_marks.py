"""An import measures what was debited since the last; and what stands in the way of claims is said, and made up for."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
import pytest_asyncio

from core import late_interest as interest
from core import payment_rules
from core.catalog import KIND_NUMBER
from core.errors import EngineError
from service.auth.access_queries import Change, pause
from service.database import command_queries
from service.database.embedded import Database
from service.engine import bank_import
from service.engine import late_interest as late
from service.engine.bank_import import Taken, Telling
from service.engine.late_interest import Claimed, How
from service.terminal.processing_progress import Lines
from settlement.late_interest import interest_queries as measuring
from tests.crash.test_late_interest import Stopping
from tests.service.late_interest.test_late_interest import FLUX_1, REJECTED, claims, noted, owing, part_paid
from tests.service.small_state import (
    NEVER,
    Row,
    State,
    copied,
    heard,
    moment,
    owed_to,
    payee,
    request,
    third_party,
)

CLAIMS = "select reference, predecessor, amount, payee from entry where kind = $1 order by reference"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def answered(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[State]:
    """Two runs of late requests, four and three of them; the bank has answered both, and nothing of that is taken in."""
    async with owed_to(database, tmp_path_factory.mktemp("answered"), 4) as found:
        found.bank(await found.pay(date(2018, 11, 15), moment("2018-11-05")), NEVER)
        await found.accepted([third_party(number) for number in (5, 6, 7)])
        await found.owe(3, first=5)
        found.bank(await found.pay(date(2018, 11, 15), moment("2018-11-12")), NEVER)
        yield found


@pytest_asyncio.fixture
async def state(answered: State, database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with copied(database, answered, tmp_path / "state") as found:
        yield found


def statements(state: State) -> tuple[list[Path], list[Path]]:
    """Of the first run, and of the second."""
    every = sorted(path for path in state.answers.glob("*.xml") if "camt053" in path.name)
    days = sorted({path.read_text().split("<BookgDt><Dt>")[1][:10] for path in every})
    assert len(days) == 2
    first, second = ([path for path in every if f"<BookgDt><Dt>{day}" in path.read_text()] for day in days)
    return first, second


async def taken(state: State, files: list[Path], *, claiming: bool = True) -> Taken:
    how = How(moment("2018-11-20")) if claiming else None
    return await bank_import.take(state.where, files, heard(), Telling(Lines(), claims=how))


async def claim(state: State, day: str = "2018-11-21") -> Claimed:
    return await late.claim(state.where, How(moment(day)), heard(), Lines())


async def told(state: State) -> list[tuple[object, ...]]:
    return [tuple(row) for row in await state.fetch(CLAIMS, KIND_NUMBER["late_interest"])]


async def marks(state: State) -> list[int]:
    return [row["last_entry"] for row in await state.fetch("select last_entry from interest_mark order by 1")]


async def test_an_import_measures_what_was_debited_since_the_last(
    state: State, database: Database, tmp_path: Path
) -> None:
    async with copied(database, state, tmp_path / "at-once") as whole:
        for files in statements(whole):
            await taken(whole, files, claiming=False)
        assert await marks(whole) == []
        assert (await claim(whole)).debits == 7
        expected = await told(whole)
    first, second = statements(state)
    one = (await taken(state, first)).interest
    assert one
    assert (one.debits, one.payments) == (4, 4)
    (mark,) = await marks(state)
    again = (await taken(state, first)).interest
    assert again
    assert (again.debits, again.payments) == (0, 0)
    other = (await taken(state, second)).interest
    assert other
    assert (other.debits, other.payments) == (3, 3)
    assert max(await marks(state)) > mark
    assert len(await told(state)) == len(expected) == 7
    assert [row[1:] for row in await told(state)] == [row[1:] for row in expected]
    all_of_it = await claim(state)
    assert (all_of_it.debits, all_of_it.payments) == (7, 0)
    assert (await state.proof()).findings == []


async def test_a_mark_stays_as_it_was_noted(state: State) -> None:
    await taken(state, statements(state)[0])
    for change in ("update interest_mark set last_entry = 1", "delete from interest_mark"):
        with pytest.raises(Exception, match="append-only"):
            await state.fetch(change)


async def test_what_could_not_be_claimed_sets_no_mark(state: State) -> None:
    """A closed day, then a rate that is missing; the next import of debits makes up for both."""
    first, second = statements(state)
    closed = Telling(Lines(), claims=How(moment("2019-05-02")))
    found = (await bank_import.take(state.where, first, heard(), closed)).interest
    assert found
    assert "no open period" in found.waits
    assert await marks(state) == []
    rates = state.reference / "late_interest.toml"
    text = rates.read_text()
    rates.write_text(text.replace('"2018-2" = "0.25"\n', ""))
    missing = (await taken(state, first)).interest
    assert missing
    assert "no rate" in missing.waits
    assert await marks(state) == []
    rates.write_text(text)
    made_up = (await taken(state, second)).interest
    assert made_up
    assert (made_up.debits, made_up.payments, made_up.waits) == (7, 7, "")
    assert len(await marks(state)) == 1


PARTS: list[Row] = [
    {**request(1), "amount": "5000.00", "date": "2018-10-01", "received": "2018-09-20"},
    {"kind": "assignment", "reference": "A1", "predecessor": "DP-1", "payee": payee(2), "amount": "3000.00"},
    {"kind": "attachment", "reference": "B1", "predecessor": "A1", "payee": payee(3), "amount": "1000.00"},
    {"kind": "term_suspension", "reference": "S-1", "predecessor": "DP-1", "date": "2018-10-10"},
    {"kind": "term_resumption", "reference": "E-1", "predecessor": "S-1", "date": "2018-10-20"},
    {**request(4), "amount": "7000.00", "date": "2018-10-01", "received": "2018-10-03"},
]
DEBITS = (("DP-1", "1000.00"), ("A1", "2000.00"), ("B1", "1000.00"), ("DP-4", "3000.00"))


async def since_each_mark(state: State) -> int:
    """Behind each mark that is found which is found of everything, but for what had no debit since; how many were tried."""
    rules, term = interest.load(state.reference), payment_rules.load(state.reference).term_days
    debits = await state.fetch(
        "select d.entry_id, p.predecessor from entry d join entry p on p.entry_id = d.predecessor where d.kind = $1"
        " order by d.entry_id",
        KIND_NUMBER["bank_debit"],
    )
    for row in debits:
        async with command_queries.connected(state.dsn) as connection:
            whole = (await measuring.proposed(connection, rules, term)).proposed
        async with command_queries.connected(state.dsn) as connection:
            await measuring.note(connection, row["entry_id"])
            found = await measuring.proposed_since(connection, rules, term)
        later = {each["predecessor"] for each in debits if each["entry_id"] > row["entry_id"]}
        own = dict(zip(whole.payable.tolist(), whole.amount.tolist(), strict=True))
        some = dict(zip(found.proposed.payable.tolist(), found.proposed.amount.tolist(), strict=True))
        assert some == {entry: cents for entry, cents in own.items() if entry in later}
        assert found.debits == sum(each["predecessor"] in later for each in debits)
        names = {*whole.due.debit[whole.rows].tolist()}
        assert {*found.proposed.due.debit[found.proposed.rows].tolist()} <= names
    return len(debits)


async def test_behind_a_mark_parts_and_suspensions_are_measured_as_everything_is(
    database: Database, tmp_path: Path
) -> None:
    """A part behind the mark needs what it is taken from, and that one's suspension, from before it."""
    async for state in owing(database, tmp_path / "own", PARTS):
        for reference, amount in DEBITS:
            await part_paid(state, reference, amount, "2018-11-29")
        await part_paid(state, "DP-4", "2000.00", "2018-12-05")
        await part_paid(state, "DP-1", "1000.00", "2018-12-06")
        assert await since_each_mark(state) == 6


async def test_behind_a_mark_services_are_those_of_their_commitment(
    database: Database, tmp_path: Path
) -> None:
    """Services from before the mark, and a rejection between two debits, count as they do for everything."""
    async for state in owing(database, tmp_path / "own", FLUX_1):
        await part_paid(state, "DP-3", "1000.00", "2018-11-12")
        await noted(state, REJECTED)
        await part_paid(state, "DP-3", "1000.00", "2018-11-13")
        await part_paid(state, "DP-3", "1000.00", "2018-11-14")
        assert await since_each_mark(state) == 3


# ---------------------------------------------------------------------------------- what stands in the way


async def paused(state: State, *, is_paused: bool) -> None:
    async with command_queries.connected(state.dsn) as connection:
        assert await pause(connection, Change("treasury", is_paused, "looked into", "", "anne"))


async def test_claims_of_a_paused_treasury_wait_and_nothing_is_proposed_beside_them(state: State) -> None:
    """Measured anew they would be the same claims under the same names, but on another day, a conflict."""
    first, second = statements(state)
    await taken(state, first, claiming=False)
    teller = Stopping()
    stopped = await late.claim(state.where, How(moment("2018-11-20")), teller.heard, teller)
    assert stopped.is_interrupted
    await paused(state, is_paused=True)
    found = await claim(state)
    assert "crescendo access resume treasury" in found.waits
    assert (found.payments, found.posted, found.is_interrupted) == (0, None, False)
    assert await marks(state) == []
    waits = (await taken(state, second)).interest
    assert waits
    assert "acts.arrow" in waits.waits
    assert (waits.payments, waits.debits, waits.posted) == (0, 0, None)
    assert await told(state) == []
    submissions = "select * from submission where sender = 'treasury' and batch_id like 'interest-%'"
    assert len(await state.fetch(submissions)) == 1
    await paused(state, is_paused=False)
    done = await claim(state, "2018-11-23")
    assert (done.earlier, done.payments, done.waits) == (4, 3, "")
    assert len(await told(state)) == 7
    assert await state.fetch("select * from refusal") == []
    assert (await state.proof()).findings == []


class Spoiling(Lines):
    """Our own file is cut short before the engine takes it."""

    def __init__(self, folder: Path, step: str) -> None:
        super().__init__()
        self.folder, self.step = folder, step

    def doing(self, text: str) -> None:
        if text == self.step:
            (path,) = self.folder.glob("*.arrow")
            path.write_bytes(path.read_bytes()[:-100])


async def test_claims_that_are_refused_whole_are_no_end(state: State) -> None:
    """Nothing is told as posted, nor is their file taken away; the next call makes it anew."""
    await taken(state, statements(state)[0], claiming=False)
    folder = state.settings.data / late.FOLDER
    with pytest.raises(EngineError, match="late interest were refused whole"):
        await late.claim(
            state.where, How(moment("2018-11-20")), heard(), Spoiling(folder, "posting interest")
        )
    assert [path.name for path in folder.iterdir()] == [late.FILE]
    assert (await told(state), await marks(state)) == ([], [])
    assert (await claim(state)).payments == 4
    assert list(folder.iterdir()) == []
    assert len(await told(state)) == 4


async def test_answers_that_are_refused_whole_are_no_end(state: State) -> None:
    first, _ = statements(state)
    folder = state.settings.data / bank_import.FOLDER
    with pytest.raises(EngineError, match="bank's answers were refused whole"):
        await bank_import.take(state.where, first[:1], heard(), Telling(Spoiling(folder, "posting")))
    assert len(list(folder.glob("*.arrow"))) == 1
    assert "bank_debit" not in await state.kinds()
    assert (await taken(state, first)).rejected == []
    assert (await state.kinds())["bank_debit"] == 4
    assert list(folder.glob("*.arrow")) == []
    assert len(await claims(state)) == 4
