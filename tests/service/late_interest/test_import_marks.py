"""An import measures the debits since the last mark; obstacles to claims are reported, and the next import completes them."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
import pytest_asyncio

from core import late_interest as interest
from core import payment_rules
from core.catalog import KIND_NUMBERS
from core.errors import EngineError
from service.auth.access_queries import PauseChange, store_pause_change
from service.database import command_queries
from service.database.embedded_server import Database
from service.engine import bank_import
from service.engine import late_interest as late
from service.engine.bank_import import ImportOptions, ImportResult
from service.engine.late_interest import InterestRequest, InterestResult
from service.terminal.processing_progress import ProgressLines
from settlement.late_interest import interest_queries
from tests.crash.test_late_interest import StopSignaller
from tests.service.late_interest.test_late_interest import (
    FLUX_1,
    REJECTED,
    pay_part,
    post_acts,
    prepare_state,
    read_claims,
)
from tests.service.small_state import (
    NEVER,
    Row,
    State,
    build_payee_code,
    build_request,
    build_third_party,
    copy_state,
    create_interruption,
    open_state,
    paris_time,
)

CLAIMS = "select reference, predecessor, amount, payee from entry where kind = $1 order by reference"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def responded(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[State]:
    """Two runs of four and three late requests; the bank responded to both, and nothing is imported."""
    async with open_state(database, tmp_path_factory.mktemp("responded"), 4) as state:
        state.simulate_bank(await state.pay_due(date(2018, 11, 15), paris_time("2018-11-05")), NEVER)
        await state.submit_accepted([build_third_party(number) for number in (5, 6, 7)])
        await state.submit_requests(3, first=5)
        state.simulate_bank(await state.pay_due(date(2018, 11, 15), paris_time("2018-11-12")), NEVER)
        yield state


@pytest_asyncio.fixture
async def state(responded: State, database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with copy_state(database, responded, tmp_path / "state") as copy:
        yield copy


def list_statements(state: State) -> tuple[list[Path], list[Path]]:
    """List the statements of the first run, and of the second."""
    paths = sorted(path for path in state.answers.glob("*.xml") if "camt053" in path.name)
    days = sorted({path.read_text().split("<BookgDt><Dt>")[1][:10] for path in paths})
    assert len(days) == 2
    first, second = ([path for path in paths if f"<BookgDt><Dt>{day}" in path.read_text()] for day in days)
    return first, second


async def import_files(state: State, files: list[Path], *, claiming: bool = True) -> ImportResult:
    request = InterestRequest(paris_time("2018-11-20")) if claiming else None
    return await bank_import.import_files(
        state.context, files, create_interruption(), options=ImportOptions(ProgressLines(), interest=request)
    )


async def claim(state: State, day: str = "2018-11-21") -> InterestResult:
    return await late.propose_interest(
        state.context, InterestRequest(paris_time(day)), create_interruption(), reporter=ProgressLines()
    )


async def fetch_claims(state: State) -> list[tuple[object, ...]]:
    return [tuple(row) for row in await state.fetch(CLAIMS, KIND_NUMBERS["late_interest"])]


async def read_marks(state: State) -> list[int]:
    return [row["last_entry"] for row in await state.fetch("select last_entry from interest_mark order by 1")]


async def test_an_import_measures_the_debits_since_the_last_mark(
    state: State, database: Database, tmp_path: Path
) -> None:
    async with copy_state(database, state, tmp_path / "at-once") as full:
        for files in list_statements(full):
            await import_files(full, files, claiming=False)
        assert await read_marks(full) == []
        assert (await claim(full)).debits == 7
        expected = await fetch_claims(full)
    first, second = list_statements(state)
    result = (await import_files(state, first)).interest
    assert result
    assert (result.debits, result.payments) == (4, 4)
    (mark,) = await read_marks(state)
    result = (await import_files(state, first)).interest
    assert result
    assert (result.debits, result.payments) == (0, 0)
    result = (await import_files(state, second)).interest
    assert result
    assert (result.debits, result.payments) == (3, 3)
    assert max(await read_marks(state)) > mark
    assert len(await fetch_claims(state)) == len(expected) == 7
    assert [row[1:] for row in await fetch_claims(state)] == [row[1:] for row in expected]
    result = await claim(state)
    assert (result.debits, result.payments) == (7, 0)
    assert (await state.verify()).findings == []


async def test_a_mark_cannot_be_changed(state: State) -> None:
    await import_files(state, list_statements(state)[0])
    for change in ("update interest_mark set last_entry = 1", "delete from interest_mark"):
        with pytest.raises(Exception, match="append-only"):
            await state.fetch(change)


async def test_without_claims_no_mark_is_set(state: State) -> None:
    """First a closed day, then a missing rate; the next import of debits completes both."""
    first, second = list_statements(state)
    closed = ImportOptions(ProgressLines(), interest=InterestRequest(paris_time("2019-05-02")))
    result = (
        await bank_import.import_files(state.context, first, create_interruption(), options=closed)
    ).interest
    assert result
    assert "not in an open period" in result.waits
    assert await read_marks(state) == []
    rates = state.reference / "late_interest.toml"
    text = rates.read_text()
    rates.write_text(text.replace('"2018-2" = "0.25"\n', ""))
    missing = (await import_files(state, first)).interest
    assert missing
    assert "no rate" in missing.waits
    assert await read_marks(state) == []
    rates.write_text(text)
    completed = (await import_files(state, second)).interest
    assert completed
    assert (completed.debits, completed.payments, completed.waits) == (7, 7, "")
    assert len(await read_marks(state)) == 1


PARTS: list[Row] = [
    {
        **build_request(1),
        "amount": "5000.00",
        "date": "2018-10-20",
        "received": "2018-09-20",
        "suspension_notified": "2018-10-10",
        "suspension_ended": "2018-10-20",
    },
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
    {**build_request(4), "amount": "7000.00", "date": "2018-10-01", "received": "2018-10-03"},
]
DEBITS = (("DP-1", "1000.00"), ("A1", "2000.00"), ("B1", "1000.00"), ("DP-4", "3000.00"))


async def check_each_mark(state: State) -> int:
    """Check for each mark that claims are as in a full search, for debits since the mark; return the number of marks."""
    rules, term = interest.load(state.reference), payment_rules.load(state.reference).term_days
    debits = await state.fetch(
        "select d.entry_id, p.predecessor from entry d join entry p on p.entry_id = d.predecessor where d.kind = $1"
        " order by d.entry_id",
        KIND_NUMBERS["bank_debit"],
    )
    for row in debits:
        async with command_queries.connect(state.dsn) as connection:
            all_claims = (await interest_queries.find_unclaimed_interest(connection, rules, term)).claims
        async with command_queries.connect(state.dsn) as connection:
            await interest_queries.store_mark(connection, row["entry_id"])
            measured = await interest_queries.find_unclaimed_since_mark(connection, rules, term)
        later = await list_families(
            state, {debit["predecessor"] for debit in debits if debit["entry_id"] > row["entry_id"]}
        )
        all_cents = dict(zip(all_claims.payable.tolist(), all_claims.amount.tolist(), strict=True))
        cents_since_mark = dict(
            zip(measured.claims.payable.tolist(), measured.claims.amount.tolist(), strict=True)
        )
        assert cents_since_mark == {entry: cents for entry, cents in all_cents.items() if entry in later}
        assert measured.debits == sum(debit["predecessor"] in later for debit in debits)
        late_debits = {*all_claims.due.debit[all_claims.rows].tolist()}
        assert {*measured.claims.due.debit[measured.claims.rows].tolist()} <= late_debits
    return len(debits)


async def list_families(state: State, payables: set[int]) -> set[int]:
    """Return ``payables``; where one is a part of the first request, that request and all its parts."""
    rows = await state.fetch("select entry_id, reference from entry where reference in ('DP-1', 'A1', 'B1')")
    entries = {row["reference"]: row["entry_id"] for row in rows}
    is_part = not payables.isdisjoint(entries[name] for name in ("A1", "B1") if name in entries)
    return payables | {*entries.values()} if is_part else payables


async def test_after_a_mark_parts_and_suspensions_are_measured_as_in_a_full_search(
    database: Database, tmp_path: Path
) -> None:
    """A part after the mark needs its origin and the suspension of that, from before the mark."""
    async for state in prepare_state(database, tmp_path / "own", PARTS):
        for reference, amount in DEBITS:
            await pay_part(state, reference, amount, "2018-11-29")
        await pay_part(state, "DP-4", "2000.00", "2018-12-05")
        await pay_part(state, "DP-1", "1000.00", "2018-12-06")
        assert await check_each_mark(state) == 6


async def test_after_a_mark_services_are_those_of_their_commitment(
    database: Database, tmp_path: Path
) -> None:
    """Services before the mark, and a rejection between two debits, count as in a full search."""
    async for state in prepare_state(database, tmp_path / "own", FLUX_1):
        await pay_part(state, "DP-3", "1000.00", "2018-11-12")
        await post_acts(state, REJECTED)
        await pay_part(state, "DP-3", "1000.00", "2018-11-13")
        await pay_part(state, "DP-3", "1000.00", "2018-11-14")
        assert await check_each_mark(state) == 3


# ------------------------------------------------------------------------------------------------ obstacles


async def set_paused(state: State, *, is_paused: bool) -> None:
    async with command_queries.connect(state.dsn) as connection:
        assert await store_pause_change(
            connection, PauseChange("treasury", is_paused, "looked into", "", "anne")
        )


async def test_while_the_treasury_is_paused_claims_wait_and_no_others_are_proposed(state: State) -> None:
    """Measured again, they would be the same references with another day: a conflict."""
    first, second = list_statements(state)
    await import_files(state, first, claiming=False)
    reporter = StopSignaller()
    stopped = await late.propose_interest(
        state.context, InterestRequest(paris_time("2018-11-20")), reporter.interruption, reporter=reporter
    )
    assert stopped.is_interrupted
    await set_paused(state, is_paused=True)
    result = await claim(state)
    assert "crescendo access resume treasury" in result.waits
    assert (result.payments, result.posted, result.is_interrupted) == (0, None, False)
    assert await read_marks(state) == []
    interest = (await import_files(state, second)).interest
    assert interest
    assert "acts.arrow" in interest.waits
    assert (interest.payments, interest.debits, interest.posted) == (0, 0, None)
    assert await fetch_claims(state) == []
    submissions = "select * from submission where sender = 'treasury' and batch_id like 'interest-%'"
    assert len(await state.fetch(submissions)) == 1
    await set_paused(state, is_paused=False)
    completed = await claim(state, "2018-11-23")
    assert (completed.earlier, completed.payments, completed.waits) == (4, 3, "")
    assert len(await fetch_claims(state)) == 7
    assert await state.fetch("select * from refusal") == []
    assert (await state.verify()).findings == []


async def test_a_claim_by_hand_beside_waiting_claims_is_no_finding(state: State) -> None:
    """It is decided after the waiting claims were computed and before they are decided; both are accepted."""
    await import_files(state, list_statements(state)[0], claiming=False)
    reporter = StopSignaller()
    await late.propose_interest(
        state.context, InterestRequest(paris_time("2018-11-20")), reporter.interruption, reporter=reporter
    )
    await set_paused(state, is_paused=True)
    by_hand = {
        "kind": "late_interest",
        "reason": "jugement n° 7",
        "reference": "IM-HAND",
        "predecessor": "DP-1",
        "amount": "10.00",
    }
    await state.submit_accepted(
        [by_hand | {"payee": build_payee_code(1), "exercise": 2018, "date": "2018-11-20"}]
    )
    await set_paused(state, is_paused=False)
    assert (await claim(state)).earlier == 4
    assert len(await fetch_claims(state)) == 5
    assert (await state.verify()).findings == []


class FileTruncator(ProgressLines):
    """Truncates our own file of acts before the engine reads it."""

    def __init__(self, folder: Path, step: str) -> None:
        super().__init__()
        self.folder, self.step = folder, step

    def report_activity(self, text: str) -> None:
        if text == self.step:
            (path,) = self.folder.glob("*.arrow")
            path.write_bytes(path.read_bytes()[:-100])


async def test_claims_refused_whole_are_proposed_again(state: State) -> None:
    """Nothing is reported as posted, and the file stays; the next call makes it again."""
    await import_files(state, list_statements(state)[0], claiming=False)
    path = late.CLAIMS.find_path(state.context)
    with pytest.raises(EngineError, match="late interest were refused whole"):
        await late.propose_interest(
            state.context,
            InterestRequest(paris_time("2018-11-20")),
            create_interruption(),
            reporter=FileTruncator(path.parent, "posting interest"),
        )
    assert list(path.parent.iterdir()) == [path]
    assert (await fetch_claims(state), await read_marks(state)) == ([], [])
    assert (await claim(state)).payments == 4
    assert list(path.parent.iterdir()) == []
    assert len(await fetch_claims(state)) == 4


async def test_bank_files_refused_whole_are_imported_again(state: State) -> None:
    first, _ = list_statements(state)
    folder = state.settings.data / bank_import.FOLDER
    with pytest.raises(EngineError, match="acts of the bank files were refused whole"):
        await bank_import.import_files(
            state.context,
            first[:1],
            create_interruption(),
            options=ImportOptions(FileTruncator(folder, "posting")),
        )
    assert len(list(folder.glob("*.arrow"))) == 1
    assert "bank_debit" not in await state.count_kinds()
    assert (await import_files(state, first)).rejected == []
    assert (await state.count_kinds())["bank_debit"] == 4
    assert list(folder.glob("*.arrow")) == []
    assert len(await read_claims(state)) == 4
