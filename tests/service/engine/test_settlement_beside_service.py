"""Payment runs, bank statements and late interest beside a running service: the same books as alone, and no sender waits."""

import asyncio
import shutil
from datetime import date
from pathlib import Path

import pytest

from core.errors import EngineError
from posting.store.running_engine import FILES_CHANNEL
from service.database.change_listener import listen_for_changes
from service.database.embedded_server import Database
from service.engine import late_interest
from service.engine.late_interest import InterestRequest
from service.terminal.processing_progress import ProgressLines
from tests.service.http.access_keys import OPERATOR, insert_keys
from tests.service.http.running_service import run_service
from tests.service.small_state import (
    NEVER,
    OFTEN,
    State,
    copy_state,
    create_interruption,
    open_state,
    paris_time,
)

PAYEES = 300
ISSUE_DAY = paris_time("2018-11-20")


async def _pay_and_import(state: State) -> dict[str, object]:
    """Issue a run, import the bank's files and propose interest; return what a reader of the books compares."""
    files = await state.pay_due(date(2018, 11, 30), ISSUE_DAY)
    answers = state.list_files(state.simulate_bank(files, OFTEN))
    imported = await state.import_files(answers)
    assert not imported.rejected
    interest = await late_interest.propose_interest(
        state.context, InterestRequest(ISSUE_DAY), create_interruption(), reporter=ProgressLines()
    )
    repeated = await state.import_files(answers)
    assert all(message.known for message in repeated.messages)
    rows = await state.fetch(
        "select kind, reference, amount, (select reference from entry p where p.entry_id = e.predecessor) as follows "
        "from entry e order by reference, kind, entry_id"
    )
    return {
        "files": {path.name: path.read_bytes() for path in files},
        "entries": [tuple(row) for row in rows],
        "status": await state.read_status(),
        "interest": (interest.payments, interest.cents, interest.interest_cents, interest.waits),
    }


async def test_books_are_the_same_as_without_a_service(database: Database, tmp_path: Path) -> None:
    async with (
        open_state(database, tmp_path / "alone", PAYEES) as alone,
        copy_state(database, alone, tmp_path / "beside") as beside,
    ):
        expected = await _pay_and_import(alone)
        async with run_service(beside.dsn, beside.settings.data, reference=beside.reference) as service:
            assert await _pay_and_import(beside) == expected
            async with service.client() as client:
                assert (await client.get("/healthz")).status_code == 200
        verification = await beside.verify()
        assert verification.is_proven, verification


async def test_two_issues_of_one_run_pay_it_once(database: Database, tmp_path: Path) -> None:
    async with (
        open_state(database, tmp_path / "state", 40) as state,
        run_service(state.dsn, state.settings.data, reference=state.reference),
    ):
        first, second = await asyncio.gather(
            state.pay_due(date(2018, 11, 30), ISSUE_DAY), state.pay_due(date(2018, 11, 30), ISSUE_DAY)
        )
        assert bool(first) != bool(second), "the second proposal finds nothing left to pay"
        assert (await state.count_kinds())["payment"] == 40


async def test_import_waits_for_other_settlement_work(database: Database, tmp_path: Path) -> None:
    """Two imports at once are done one after the other, and each movement is booked once."""
    async with (
        open_state(database, tmp_path / "state", 40) as state,
        run_service(state.dsn, state.settings.data, reference=state.reference),
    ):
        files = await state.pay_due(date(2018, 11, 30), ISSUE_DAY)
        answers = state.list_files(state.simulate_bank(files, NEVER))
        first, second = await asyncio.gather(state.import_files(answers), state.import_files(answers))
        assert first.rejected == second.rejected == []
        assert {message.known for message in [*first.messages, *second.messages]} == {True, False}
        assert (await state.count_kinds())["bank_debit"] == 40
        assert (await state.read_status()).agrees


async def test_issue_goes_on_after_the_spool_lost_its_acts(database: Database, tmp_path: Path) -> None:
    """Nobody but the command may send the acts of a run, so the same command has to bring them back."""
    acts = "select encode(file_hash, 'hex') as hash from submission where sender = 'treasury'"
    async with open_state(database, tmp_path / "state", 40) as state:
        async with run_service(state.dsn, state.settings.data, reference=state.reference) as service:
            await _pause_treasury(state, is_paused=True)
            paying = asyncio.create_task(state.pay_due(date(2018, 11, 30), ISSUE_DAY))
            while not (rows := await state.fetch(acts)):  # noqa: ASYNC110
                await asyncio.sleep(0.05)  # the server sends no notification: poll it
            service.process.terminate()
            await service.process.wait()
            with pytest.raises(EngineError, match="not all decided"):
                await paying
        (name,) = [row["hash"] for row in rows]
        shutil.rmtree(state.settings.data / "spool" / name[:2] / name)
        await _pause_treasury(state, is_paused=False)
        async with run_service(state.dsn, state.settings.data, reference=state.reference) as service:
            await service.wait_for_log("its file is missing")
            assert await state.issue(1, ISSUE_DAY)
        assert (await state.count_kinds())["payment"] == 40
        assert len(await state.fetch(acts)) == 1


async def test_import_goes_on_after_the_spool_lost_its_acts(database: Database, tmp_path: Path) -> None:
    pause = (
        "insert into pause (sender, is_paused, reason, key, by) values ('bank', $1, 'inquiry', '', 'test')"
    )
    acts = "select encode(file_hash, 'hex') as hash from submission where sender = 'bank'"
    async with open_state(database, tmp_path / "state", 40) as state:
        files = await state.pay_due(date(2018, 11, 30), ISSUE_DAY)
        answers = state.list_files(state.simulate_bank(files, NEVER))
        async with run_service(state.dsn, state.settings.data, reference=state.reference) as service:
            await state.fetch(pause, True)
            importing = asyncio.create_task(state.import_files(answers))
            while not await state.fetch(acts):  # noqa: ASYNC110
                await asyncio.sleep(0.05)  # the server sends no notification: poll it
            service.process.terminate()
            await service.process.wait()
            await importing
        for row in await state.fetch(acts):
            shutil.rmtree(state.settings.data / "spool" / row["hash"][:2] / row["hash"])
        shutil.rmtree(state.settings.data / "bank")
        await state.fetch(pause, False)
        async with run_service(state.dsn, state.settings.data, reference=state.reference) as service:
            await service.wait_for_log("its file is missing")
            again = await state.import_files(answers)
        assert again.posted
        assert not again.posted.lost
        assert (await state.count_kinds())["bank_debit"] == 40
        assert (await state.read_status()).agrees


async def test_a_run_whose_acts_were_cancelled_is_issued_by_the_same_command(
    database: Database, tmp_path: Path
) -> None:
    """An operator pauses the treasury, cancels the acts of a run while they wait, and resumes it."""
    async with open_state(database, tmp_path / "state", 40) as state:
        await insert_keys(state.dsn)
        async with (
            run_service(state.dsn, state.settings.data, reference=state.reference) as service,
            service.client(OPERATOR) as operator,
        ):
            await _pause_treasury(state, is_paused=True)
            async with listen_for_changes(state.dsn, FILES_CHANNEL) as registration:
                issuing = asyncio.create_task(state.pay_due(date(2018, 11, 30), ISSUE_DAY))
                await registration.changed.wait()
            (number,) = (
                row[0]
                for row in await state.fetch("select submission from submission where sender = 'treasury'")
            )
            cancelled = await operator.delete(f"/v1/submissions/{number}")
            assert cancelled.json()["state"] == "cancelled", cancelled.text
            with pytest.raises(EngineError, match="are not all decided; run the same command again"):
                await issuing
            await _pause_treasury(state, is_paused=False)
            assert await state.issue(1, ISSUE_DAY)
        assert (await state.count_kinds())["payment"] == 40
        assert (await state.verify()).is_proven


async def _pause_treasury(state: State, *, is_paused: bool) -> None:
    await state.fetch(
        "insert into pause (sender, is_paused, reason, key, by) values ('treasury', $1, 'inquiry', '', 'test')",
        is_paused,
    )
