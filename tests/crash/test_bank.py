"""The import of bank files is killed with -9 at each step: nothing is posted twice or lost, and books and bank agree."""

import signal
from datetime import date
from pathlib import Path

import pytest

from service.database.embedded_server import Database
from settlement.bank_files.bank_file_reader import read_bank_file
from settlement.simulated_bank.transfer_outcomes import OutcomeRates
from tests.crash.database_states import read_state
from tests.crash.killed_processes import run_to_step
from tests.databases import create_database, open_connection
from tests.service.small_state import UNITS, State, build_payee_code, copy_state, paris_time
from tests.settlement.camt_messages import balance, detail, document, entry, free_text, statement

NEVER = 1_000
RECEIVABLE = {
    "kind": "receivable", "exercise": 2018, "date": "2018-10-01", "amount": "100.00",
    "commitment_item": "269906", "payee": build_payee_code(1),
}  # fmt: skip
FREQUENT = OutcomeRates(4, 60_000)


async def run_child(state: State, step: int, files: list[Path]) -> tuple[int, list[str]]:
    """Import files in a process that kills itself at a step; return its exit code and the steps it reached."""
    return await run_to_step("bank_import_process", state.dsn, state.folder, step, *files)


async def read_outcome(state: State) -> dict[str, object]:
    """Read everything that must be the same after any kill."""
    async with open_connection(state.dsn) as connection:
        outcome: dict[str, object] = dict(await read_state(connection))
        for table, columns in (
            ("bank_message", "message, format, identity, file_name, file_hash, movements"),
            ("bank_statement", "*"),
            (
                "bank_attempt",
                "message, attempt, debits, returns, rejects, unmatched, acts, acts_hash, batch_id",
            ),
            ("bank_item", "*"),
            ("bank_receipt", "*"),
            ("bank_suspense", "*"),
        ):
            outcome[table] = [
                tuple(row)
                for row in await connection.fetch(f"select {columns} from {table} order by 1, 2, 3")
            ]
    return outcome


async def pay_and_respond(state: State) -> list[Path]:
    """Pay a run and let the bank respond; return a report, a notice of returns and three statements, one with a receipt."""
    await state.fund(12)
    await state.submit_accepted(
        [
            {**RECEIVABLE, "reference": f"TP-2018-{number}", "fund_centre": unit}
            for number, (unit, _) in enumerate(UNITS)
        ]
    )
    await state.submit_requests(12)
    responses = state.simulate_bank(
        await state.pay_due(date(2018, 11, 5), paris_time("2018-11-05")), FREQUENT
    )
    files = state.list_files(responses)
    selected = [
        next(path for path in files if kind in path.name) for kind in ("pain002", "camt053", "camt054")
    ]
    account = selected[2].name.partition("camt054-")[2]
    statements = [path for path in files if "camt053" in path.name and account[:23] in path.name]
    return [*selected[:2], *statements, write_receipts(state, statements[-1]), selected[2]]


def write_receipts(state: State, last: Path) -> Path:
    """Write the statement that follows ``last``, whose credits name a receivable of each accountant."""
    before = read_bank_file(last).statements[-1]
    opening = before.closing or 0
    credits_ = [entry("60.00", "CRDT", [detail(remittance=free_text("TP-2018-0, TP-2018-1"))])] * 2
    balances = [
        balance(code, f"{abs(cents) // 100}.{abs(cents) % 100:02}", "DBIT" if cents < 0 else "CRDT")
        for code, cents in (("OPBD", opening), ("CLBD", opening + 12_000))
    ]
    path = state.answers / "receipts.xml"
    path.write_text(document(statement(*balances, *credits_, identity="R-1", account=before.account)))
    return path


@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_killed_at_each_step(database: Database, tmp_path: Path) -> None:
    async with create_database(database) as dsn:
        (tmp_path / "state").mkdir()
        state = State(dsn, tmp_path / "state")
        names = [path.name for path in dict.fromkeys(await pay_and_respond(state))]

        def list_files(copy: State) -> list[Path]:
            return [copy.answers / name for name in names]

        async with copy_state(database, state, tmp_path / "undisturbed") as undisturbed:
            code, steps = await run_child(undisturbed, NEVER, list_files(undisturbed))
            assert code == 0
            assert [step for step in steps if step.endswith("stored")] == [f"{name} stored" for name in names]
            assert "posting" in steps
            expected = await read_outcome(undisturbed)
            assert (await undisturbed.read_status()).agrees
            assert (await undisturbed.count_kinds())["receipt"] == 2
        for step in range(len(steps)):
            async with copy_state(database, state, tmp_path / f"killed-{step}") as copy:
                code, _ = await run_child(copy, step, list_files(copy))
                assert code == -signal.SIGKILL
                assert (await copy.import_files(list_files(copy))).rejected == []
                assert await read_outcome(copy) == expected, steps[step]
