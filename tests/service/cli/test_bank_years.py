"""Around the turn of the year: a debit in December and its return in January are one transfer."""

import signal
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
import pytest_asyncio

from service.database.embedded_server import Database
from settlement.bank_files import bank_file_reader as reading
from settlement.simulated_bank.transfer_outcomes import OutcomeRates
from tests.crash.test_bank import run_child
from tests.databases import create_database
from tests.service.cli.test_bank_refusals import merge_statements
from tests.service.small_state import State, copy_state, paris_time

OWED = 12
ALL_RETURNED = OutcomeRates(2, 100_000)
"""Every transfer fails, and for no reason that leaves the debt closed (AM05)."""
ACROSS = """
select count(*) from entry r join entry d on d.entry_id = r.predecessor
where r.kind = 21 and d.kind = 19 and r.exercise = 2019 and d.exercise = 2018
"""
FIRST_OF_2019 = (date(2019, 1, 1) - date(1970, 1, 1)).days


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def template(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[State]:
    async with create_database(database) as dsn:
        state = State(dsn, tmp_path_factory.mktemp("owing"))
        await state.fund(OWED)
        await state.submit_requests(OWED)
        yield state


@pytest_asyncio.fixture
async def state(template: State, database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with copy_state(database, template, tmp_path / "state") as copy:
        yield copy


async def pay_and_list_answers(state: State) -> tuple[list[Path], list[Path]]:
    """Pay a run at the end of December, all of it returned; return the files of December, and the statements of January."""
    files = await state.pay_due(date(2018, 12, 31), paris_time("2018-12-28"))
    paths = [
        path
        for path in state.list_files(state.simulate_bank(files, ALL_RETURNED))
        if "camt054" not in path.name
    ]
    december = [
        path for path in paths if (reading.read_bank_file(path).statements[0].day or 0) < FIRST_OF_2019
    ]
    return december, [path for path in paths if path not in december]


async def check_agreement(state: State) -> None:
    """Check that all debits of December were returned in January, and nothing is left to explain."""
    kinds = await state.count_kinds()
    assert kinds["bank_debit"] == kinds["bank_return"] > 0
    assert kinds["return_identified"] == kinds["bank_debit"] + kinds["bank_reject"] == OWED
    ((across,),) = await state.fetch(ACROSS)
    assert across == kinds["bank_return"]
    assert await state.read_unmatched() == []
    standing = await state.read_status()
    assert standing.agrees
    assert all(account.unmatched == account.refused == account.transit == 0 for account in standing.accounts)
    assert (await state.verify()).findings == []


async def test_statement_after_statement(state: State) -> None:
    december, january = await pay_and_list_answers(state)
    assert january
    for path in (*december, *january):
        result = await state.import_files([path])
        assert result.posted is None or result.posted.reasons == []
    await check_agreement(state)


async def test_statements_of_both_years_in_one_command(state: State) -> None:
    december, january = await pay_and_list_answers(state)
    result = await state.import_files([*december, *january])
    assert result.posted
    assert result.posted.reasons == []
    assert sum(message.unmatched for message in result.messages) == 0
    assert {message.file for message in result.messages} == {path.name for path in (*december, *january)}
    await check_agreement(state)
    again = await state.import_files([*december, *january])
    assert again.posted is None


async def test_one_message_with_statements_of_both_years(state: State) -> None:
    """Of one file, the debits are posted first, and then the returns."""
    december, january = await pay_and_list_answers(state)
    reports = [path for path in (*december, *january) if "camt053" not in path.name]
    reports += merge_statements(state, december, january)
    result = await state.import_files(reports)
    assert result.posted
    assert result.posted.reasons == []
    await check_agreement(state)


async def test_a_return_reported_before_its_debit_waits_for_it(state: State) -> None:
    december, january = await pay_and_list_answers(state)
    notices = [path for path in state.answers.iterdir() if "camt054" in path.name]
    result = await state.import_files(sorted(notices))
    assert result.posted is None
    unmatched = await state.read_unmatched()
    assert {movement.why for movement in unmatched} == {"NOT_DEBITED"}
    assert len(unmatched) == sum(message.unmatched for message in result.messages)
    assert (await state.verify()).findings == []
    await state.import_files(december)
    rematched = await state.import_files(sorted(notices))
    assert {message.attempt for message in rematched.messages} == {2}
    await state.import_files(january)
    await check_agreement(state)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_killed_between_the_years(state: State, database: Database, tmp_path: Path) -> None:
    """After a kill at any step once the debits are posted, the same command posts the returns."""
    december, january = await pay_and_list_answers(state)
    names = [path.name for path in (*december, *january)]
    async with copy_state(database, state, tmp_path / "undisturbed") as undisturbed:
        _, steps = await run_child(undisturbed, 1_000, [undisturbed.answers / name for name in names])
    first, second = (at for at, step in enumerate(steps) if step == "posting")
    matching = next(at for at in range(first, second) if steps[at].startswith("matching"))
    for step in (matching, second):
        async with copy_state(database, state, tmp_path / f"killed-{step}") as copy:
            files = [copy.answers / name for name in names]
            code, _ = await run_child(copy, step, files)
            assert code == -signal.SIGKILL
            await copy.import_files(files)
            await check_agreement(copy)
