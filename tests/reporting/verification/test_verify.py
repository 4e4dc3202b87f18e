"""Verification proves an unchanged journal, and finds and locates every direct change of its rows."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import asyncpg
import pytest

from posting.store.migrate import migrate
from reporting.verification import Verification, verify
from reporting.verification.duckdb_session import CHECKS, read_rule
from reporting.verification.snapshot_queries import JournalSnapshot
from tests.databases import open_connection
from tests.file_strategies import REFERENCE
from tests.reporting import test_settlements
from tests.reporting.corruptions import CORRUPTIONS, HOSTILE, Corruption
from tests.reporting.remade_hashes import HASH_CHECKS, list_hash_findings, remake_chain
from tests.reporting.verification import (
    test_advances,
    test_assets,
    test_dates,
    test_decrees,
    test_funds,
    test_invoice_services,
    test_journals,
    test_lowered_credits,
    test_merges,
    test_penalties,
    test_persons,
    test_prior_reservations,
    test_reassignments,
    test_receipts,
    test_reconciliation,
    test_restorations,
    test_retentions,
    test_rollover,
    test_special_accounts,
    test_special_prohibitions,
    test_staff,
    test_suspense,
    test_visas,
    test_withdrawals,
)
from tests.service.cli.test_bank import DAMAGES
from tests.settlement.runs import test_verification

ROOT = Path(__file__).parents[3]


async def test_the_journal_of_a_year_is_proven(journal: str) -> None:
    verification = await verify(journal)
    assert verification.is_proven, verification.findings
    assert verification.findings == []
    assert verification.rows["entry"] > 1_000
    empty = [name for name, rows in verification.rows.items() if not rows]
    # the generated year freezes and withdraws nothing, and has no special accounts
    assert empty == ["frozen_balance", "withdrawn_balance", "special_balance"]


async def test_the_small_journal_is_proven(small_journal: str) -> None:
    """It contains what is rare in the year: an operation, moves, reversals, held acts, estimated credits."""
    verification = await verify(small_journal, folder=REFERENCE)
    assert verification.findings == []
    assert verification.batches > 3


async def test_a_journal_of_which_one_rule_was_not_checked_is_not_proven(small_journal: str) -> None:
    some, *_ = CHECKS
    verification = await verify(
        small_journal, folder=REFERENCE, checks=[name for name in CHECKS if name != some]
    )
    assert verification.findings == []
    assert not verification.is_proven


async def test_an_empty_journal_is_proven(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await migrate(connection)
    await connection.close()
    verification = await verify(dsn)
    assert verification.findings == []
    assert (verification.batches, verification.chain, sum(verification.rows.values())) == (0, "", 0)


@pytest.mark.parametrize("corruption", CORRUPTIONS, ids=lambda case: case.name)
async def test_a_corruption_is_found_in_its_place(journal: str, corruption: Corruption) -> None:
    """Each rule finds the change though the chain is made again; what names the chain is found before that.

    Five changes are of a hash itself, or of what no rule computes (a reason, the order of two entries, a text of a page):
    the chain alone finds them, and nothing is left to find once it is made again.
    """
    it = await _corrupt(journal, corruption)
    places = {check: place.format(it=it) for check, place in corruption.finding_places.items()}
    if "chain" in places:
        verification = await verify(journal, checks=())
        assert _starts(verification, "chain", places.pop("chain")), verification.findings
    if not places:
        return
    async with open_connection(journal) as connection:
        await connection.execute("set session_replication_role = replica")
        await remake_chain(connection)
    verification = await verify(journal, checks=list(places))
    assert list_hash_findings(verification) == []
    for check, start in places.items():
        assert _starts(verification, check, start), (check, start, verification.findings)
    assert _broken(verification) >= places.keys()
    assert HASH_CHECKS.isdisjoint(_broken(verification))


def _starts(verification: Verification, check: str, start: str) -> bool:
    """Return whether a finding of the check has a place that begins so."""
    return any(row.check == check and row.place.startswith(start) for row in verification.findings)


@pytest.mark.parametrize("change", HOSTILE)
async def test_every_stored_figure_is_checked(journal: str, change: str) -> None:
    await _corrupt(journal, Corruption(change, "select 0", change, {}))
    verification = await verify(journal)
    assert not verification.is_proven
    assert all(finding.place and finding.found and finding.expected for finding in verification.findings), (
        verification.findings
    )


def test_verification_shares_no_code_with_the_engine() -> None:
    program = "import sys, reporting.verification; print(*sys.modules)"
    command = [sys.executable, "-c", program]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.split()
    assert "core.catalog" in loaded
    assert {
        name for name in loaded if name.partition(".")[0] in {"posting", "kernels", "ingest", "numba"}
    } == set()


async def _corrupt(dsn: str, corruption: Corruption) -> int:
    """Change rows as only a superuser can, who disables the triggers."""
    connection = await asyncpg.connect(dsn)
    try:
        it = await connection.fetchval(corruption.choice)
        assert it is not None, "nothing to change"
        await connection.execute("set session_replication_role = replica")
        await connection.execute(corruption.change.format(it=it))
    finally:
        await connection.close()
    return it


def _broken(verification: Verification) -> set[str]:
    return {check.name for check in verification.checks if check.broken}


ONE_RULE = {
    *("invoices_once", "prescription"),  # test_invoices.py
    "payment_before_service",  # test_before_service.py
    *("late_interest", "suspended_unpaid"),  # tests/service/late_interest/test_clock.py
    "details_changes",  # test_details_changes.py
    "access_separation",  # test_access_separation.py
    "proved_persons",  # tests/settlement/runs/test_proved_persons.py
    "reference_uses",  # tests/posting/store/test_reference_acceptance.py
    "opening_balances",  # tests/closing/test_openings.py
    "opening_items",  # tests/closing/test_opening_items.py
    "document_numbers",  # tests/reporting/test_document_numbers.py
    "accruals",  # tests/closing/test_inventory.py
    "results",  # tests/closing/test_results.py
    "result_allocations",  # tests/closing/test_small_year.py
    *(
        "carry_overs",
        "carry_over_limits",
        "carry_over_orders",
        "settled_credits",
    ),  # tests/closing/test_carry_overs.py
    "step_executions",  # tests/closing/test_closing_steps.py
    "step_persons",  # tests/closing/test_step_persons.py
    "bank_receipts",  # tests/service/cli/test_bank_receipts.py
    "bank_suspense",  # tests/service/cli/test_bank_suspense.py
    "identifications",  # tests/service/cli/test_bank_suspense.py
    "reversals",  # test_reversals.py
    "run_details",  # tests/settlement/runs/test_new_bank_details.py
    *("delay_sums", "delay_measurements"),  # tests/service/late_interest/test_stored_sums.py
}
"""Rules that are broken in tests of each alone."""


def test_every_rule_is_broken_by_some_corruption() -> None:
    """A rule that no test breaks would be found by nobody, if it found nothing."""
    planted = (
        *(test_dates.BREACHES, test_lowered_credits.BREACHES, test_persons.BREACHES),
        test_prior_reservations.BREACHES,
        *(test_decrees.BREACHES, test_journals.BREACHES, test_receipts.BREACHES, test_rollover.BREACHES),
        *(test_advances.BREACHES, test_assets.BREACHES, test_funds.BREACHES),
        *(test_merges.BREACHES, test_reassignments.BREACHES, test_restorations.BREACHES),
        *(test_penalties.BREACHES, test_receipts.REVERSAL_BREACHES, test_reconciliation.BREACHES),
        *(test_retentions.BREACHES, test_staff.BREACHES, test_suspense.BREACHES, test_withdrawals.BREACHES),
        *(test_invoice_services.BREACHES, test_special_accounts.BREACHES, test_visas.BREACHES),
        test_special_prohibitions.BREACHES,
        *(test_settlements.CHANGES, test_verification.CHANGES),
    )
    broken = {check for corruption in CORRUPTIONS for check in corruption.finding_places}
    broken |= {breach[1] for breaches in planted for breach in breaches.values()}
    broken |= {check for check, _ in DAMAGES} | ONE_RULE
    assert broken == {"chain", *CHECKS}


def test_every_rule_is_a_sentence() -> None:
    assert all(read_rule(statement).endswith(".") for statement in CHECKS.values())


async def test_a_corruption_without_rights_is_refused(journal: str) -> None:
    """The database keeps the journal append-only unless its triggers are disabled."""
    connection = await asyncpg.connect(journal)
    try:
        for table in ("entry", "refusal", "batch", "node_balance"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"delete from {table}")
    finally:
        await connection.close()


async def test_progress_is_reported_to_the_end(journal: str) -> None:
    steps: list[tuple[int, int]] = []
    await verify(journal, lambda done, total, _: steps.append((done, total)))
    assert [done for done, _ in steps] == list(range(1, len(steps) + 1))
    assert steps[-1][0] == steps[-1][1]


async def test_a_failure_while_the_evidence_is_read_is_raised(
    journal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rules are checked in a thread of their own, which has ended then: the session that it uses is closed."""

    async def lose_connection(*_: object) -> NoReturn:
        raise ConnectionError("the database is gone")

    monkeypatch.setattr(JournalSnapshot, "list_columns", lose_connection)
    with pytest.raises(ConnectionError, match="the database is gone"):
        await verify(journal)


async def test_a_verification_that_is_cancelled_ends(journal: str) -> None:
    task: list[asyncio.Task[object]] = []

    def cancel(done: int, *_: object) -> None:
        if done == 40:
            task[0].get_loop().call_soon_threadsafe(task[0].cancel)

    task.append(asyncio.create_task(verify(journal, cancel)))
    await asyncio.wait(task, timeout=60)
    assert task[0].cancelled()


async def test_the_engine_may_commit_meanwhile(journal: str) -> None:
    """Batches committed after the start of a verification do not disturb it."""
    connection = await asyncpg.connect(journal)
    added = asyncio.Event()

    async def add() -> None:
        await connection.execute("update engine set version = version + 1")
        added.set()

    try:
        task: list[asyncio.Task[None]] = []
        verification = await verify(
            journal, lambda done, *_: task.append(asyncio.create_task(add())) if done == 1 else None
        )
        await added.wait()
        assert verification.findings == []
        assert not (await verify(journal)).is_proven
    finally:
        await connection.close()
