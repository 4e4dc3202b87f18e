"""The payments of the demonstration: runs from proposal to files, the bank's responses, and returned transfers paid again.

There are two runs in December, or one a month and two in December; each is proposed by one person and released by another.
Between the runs, payees whose account was wrong give a new one. After each run late interest is proposed, which the next
run pays as far as there are credits.
"""

import asyncio
import hashlib
import json
import time
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from core.bank_reasons import Reissue
from core.directory_entries import DirectoryEntry, LoginEntry, PersonEntry, RoleEntry
from core.iban import add_check_digits
from core.payment_rules import TIME_ZONE
from core.person_decisions import StatedPerson
from core.roles import Role
from ingest.queue.file_feed import ProcessingRequest
from ingest.spool.envelope import Envelope
from posting.store import directory_store
from posting.store.directory_store import NewChange
from reporting.report_tables import CellType, Column, ReportTable
from service.cli import bank, pay_interest
from service.database import command_queries
from service.engine import bank_import, engine_context, file_processing, payment_runs
from service.engine.bank_import import ImportOptions, ImportResult
from service.engine.late_interest import InterestRequest
from service.terminal import console
from service.terminal.processing_progress import ProgressReporter
from service.terminal.signals import Interruption
from settlement.bank_formats import BankFormat
from settlement.reconciliation.account_status import AccountsReport, load_accounts_report
from settlement.reconciliation.bank_queries import load_returned_payees
from settlement.runs import proposals, run_edits
from settlement.runs.issue import IssueRequest
from settlement.runs.payment_reference import PaymentReference
from settlement.runs.proposals import ProposalRequest
from settlement.simulated_bank.responses import BankBehaviour, write_responses

_YEAR_END = datetime(2018, 12, 31, 10, tzinfo=ZoneInfo(TIME_ZONE))
_LOOKAHEAD = timedelta(days=30)
"""How far ahead a run pays: requests that become due before the next run are paid in this one."""
_PROPOSER, _RELEASER = (StatedPerson(name, user=name) for name in ("anne", "benoit"))
_ACCOUNTANT = "accountant"
"""The sender of the bank details that payees have changed."""
_ENTERING, _VALIDATING = "chloe", "david"
"""The accountants who enter and validate these changes."""
_YEAR_START = date(2018, 1, 1)


class PaymentTurn(NamedTuple):
    """Files to process; then the moment of the payment run, and the day up to which it pays due requests."""

    files: Sequence[Path]
    at: datetime
    until: date


def plan_december() -> list[PaymentTurn]:
    """Plan two runs in December, after all files are processed; the second one pays returned transfers again.

    It also pays ahead of their term the requests of its day and before, because CP are those of the year of payment.
    """
    first, last = (_at_ten(12, day) for day in (19, 27))
    return [PaymentTurn((), first, _YEAR_END.date()), PaymentTurn((), last, (last + _LOOKAHEAD).date())]


def plan_months(files: Sequence[Path]) -> list[PaymentTurn]:
    """Plan a run on the second day after each month, and those of ``plan_december``.

    The names of the files begin with their month.
    """
    first, last = plan_december()
    files_by_month = {
        month: [path for path in files if path.name[5:7] == f"{month:02}"] for month in range(1, 13)
    }
    days = [(month, _at_ten(month + 1, 2)) for month in range(1, 12)]
    turns = [PaymentTurn(files_by_month[month], at, (at + _LOOKAHEAD).date()) for month, at in days]
    return [*turns, first._replace(files=files_by_month[12]), last]


def _at_ten(month: int, day: int) -> datetime:
    return datetime(2018, month, day, 10, tzinfo=ZoneInfo(TIME_ZONE))


class PaymentRound(NamedTuple):
    """One payment run, and the bank's responses to it."""

    run: int
    files: int
    transfers: int
    imported: ImportResult
    payment_seconds: float
    """Seconds from due requests to payment files."""
    answers_bytes: int
    import_seconds: float
    """Seconds from bank files to entries, late interest included."""


class DemoPayments(NamedTuple):
    """The results of all turns."""

    rounds: Sequence[PaymentRound]
    results: Sequence[file_processing.ProcessingResult]
    """Results of the files that were processed before the runs."""


class DemoContext(NamedTuple):
    """The engine, the payment reference data, and the folder of the bank's files."""

    engine: engine_context.EngineContext
    reference: PaymentReference
    folder: Path
    interruption: Interruption
    reporter: ProgressReporter


async def run_turns(context: DemoContext, turns: Sequence[PaymentTurn]) -> DemoPayments:
    """Process files, pay due requests, and import the bank's files, turn by turn; these files go to a folder."""
    await _register_accountants(context)
    rounds: list[PaymentRound] = []
    results: list[file_processing.ProcessingResult] = []
    for turn, interest_at in zip(turns, [*(turn.at for turn in turns[1:]), _YEAR_END], strict=True):
        if rounds:
            await _change_bank_details(context, turn.at)
        if turn.files:
            results.append(await process_files(context, ProcessingRequest(list(turn.files))))
        if payment_round := await _run_round(context, turn, interest_at):
            rounds.append(payment_round)
    return DemoPayments(rounds, results)


async def process_files(context: DemoContext, request: ProcessingRequest) -> file_processing.ProcessingResult:
    """Process files to the end.

    Raises
    ------
    asyncio.CancelledError
        A signal stopped it: an interrupted demonstration starts again from the beginning.
    """
    result = await file_processing.process_files(
        context.engine, request, context.interruption, reporter=context.reporter
    )
    if result.is_interrupted:
        raise asyncio.CancelledError
    return result


async def _run_round(context: DemoContext, turn: PaymentTurn, interest_at: datetime) -> PaymentRound | None:
    """Pay due requests, import the bank's responses, and propose late interest as of ``interest_at``.

    Return None if nothing was due.
    """
    engine, interruption, reporter = context.engine, context.interruption, context.reporter
    start = time.monotonic()
    run = await _issue_run(context, turn)
    if run is None:
        return None
    payment_seconds = time.monotonic() - start
    files = sorted((engine.settings.data / payment_runs.OUTBOX_FOLDER / f"{run:08}").glob("*.xml"))
    reporter.report_activity("simulating the bank")
    responses = await asyncio.to_thread(
        write_responses,
        files,
        context.folder,
        BankBehaviour(context.reference.reasons),
        on_step=reporter.report_activity,
    )
    paths = [context.folder / name for name in responses.files]
    start = time.monotonic()
    interest = InterestRequest(interest_at, by=_PROPOSER)
    options = ImportOptions(reporter, interest=interest, by=_PROPOSER)
    imported = await bank_import.import_files(engine, paths, interruption, options=options)
    import_seconds = time.monotonic() - start
    size = sum(path.stat().st_size for path in paths)
    return PaymentRound(run, len(files), responses.transfers, imported, payment_seconds, size, import_seconds)


async def _issue_run(context: DemoContext, turn: PaymentTurn) -> int | None:
    """Propose, release and issue a run; return its number, or None if nothing is due."""
    engine, reporter = context.engine, context.reporter
    async with command_queries.connect(engine.database.dsn) as connection:
        await command_queries.apply_migrations(connection)
        proposal = ProposalRequest(_PROPOSER, turn.until, turn.at.date())
        run = await proposals.propose_run(
            connection, context.reference, proposal, on_step=reporter.report_activity
        )
        if not (await proposals.get_run(connection, run))["lines"]:
            await run_edits.abandon_run(connection, run, "nothing is due", by=_RELEASER)
            return None
        await run_edits.release_run(connection, run, _RELEASER)
    request = IssueRequest(_RELEASER, turn.at)
    await payment_runs.issue_in_database(
        engine, run, request, interruption=context.interruption, reporter=reporter
    )
    return run


async def _register_accountants(context: DemoContext) -> None:
    """Register the persons who change bank details, and those who pay, in the directory of the ledger."""
    names = (_ENTERING, _VALIDATING, _PROPOSER.name, _RELEASER.name)
    entries: list[DirectoryEntry] = [PersonEntry(name, name.capitalize()) for name in names]
    entries += [RoleEntry(name, Role.ASSIGNED_ACCOUNTANT, "both", _YEAR_START) for name in names]
    entries += [LoginEntry(name, "user", name, _YEAR_START) for name in names]
    async with command_queries.connect(context.engine.database.dsn) as connection:
        await directory_store.store_change(connection, NewChange(entries, "demonstration", _PROPOSER))


async def _change_bank_details(context: DemoContext, at: datetime) -> None:
    """Register new bank details for payees whose account was wrong or closed."""
    reasons = context.reference.reasons
    codes = [code for code in reasons.codes if reasons.get(code).reissue is Reissue.WITH_NEW_DETAILS]
    async with command_queries.connect(context.engine.database.dsn) as connection:
        rows = await load_returned_payees(connection, codes)
    acts = [
        {
            "reference": f"RIB-{row['payee']}-{at:%m%d}", "kind": "bank_details", "exercise": 2018,
            "date": at.date().isoformat(),
            "payee": row["code"], "payee_name": row["name"],
            "iban": add_check_digits("FR", f"{row['payee']:023}"),
            "evidence_hash": hashlib.sha256(f"letter of {row['code']}".encode()).hexdigest(),
            "call_back": f"third party {row['code']}, at its number in the file, {at:%Y-%m-%d}",
            "entered_by": _ENTERING, "validated_by": _VALIDATING,
        }
        for row in rows
    ]  # fmt: skip
    path = context.folder / "bank-details.jsonl"
    path.write_text("".join(f"{json.dumps(act)}\n" for act in acts))
    if acts:
        await process_files(context, ProcessingRequest([path], Envelope(sender=_ACCOUNTANT)))


async def load_status(context: DemoContext) -> AccountsReport:
    """Compare books and bank."""
    async with command_queries.connect(context.engine.database.dsn) as connection:
        return await load_accounts_report(connection, context.reference.accountants)


def books_agree(payments: DemoPayments, status: AccountsReport) -> bool:
    """Return whether all bank files were imported, and books and bank agree."""
    return status.agrees and not any(payment_round.imported.rejected for payment_round in payments.rounds)


def print_rounds(payments: DemoPayments, status: AccountsReport) -> None:
    """Print the rounds, and the comparison of books and bank."""
    console.print_table(build_round_table(payments.rounds))
    for payment_round in payments.rounds:
        console.print_line(_format_pace(payment_round))
        bank.print_rejected_files(payment_round.imported)
        if payment_round.imported.interest:
            pay_interest.print_interest(payment_round.imported.interest)
    bank.print_account_status(status)


def build_round_table(rounds: Sequence[PaymentRound]) -> ReportTable:
    """Build the table with one row per round."""
    figures = ("debits", "returns", "rejects", "unmatched")
    columns = (
        Column("run"),
        *(Column(name, CellType.COUNT) for name in ("payment files", "transfers", "bank files", *figures)),
    )
    rows = [
        [
            str(payment_round.run),
            payment_round.files,
            payment_round.transfers,
            len(payment_round.imported.messages),
            *(_sum_messages(payment_round.imported, name) for name in figures),
        ]
        for payment_round in rounds
    ]
    order = ("bank files", "payment files", "rejects", "returns", "debits")
    return ReportTable("Payments, and the bank's responses", columns, rows, drop_order=order)


def _format_pace(payment_round: PaymentRound) -> str:
    return (
        f"Run {payment_round.run}: {payment_round.transfers:,} transfers from due requests to payment files in "
        f"{payment_round.payment_seconds:,.1f} s; {payment_round.answers_bytes / 1e6:,.1f} MB of bank files read, "
        f"matched and posted, and late interest proposed, in {payment_round.import_seconds:,.1f} s."
    )


def _sum_messages(result: ImportResult, name: str) -> int:
    """Add up a figure over all messages except notices (camt.054), which statements repeat."""
    return sum(getattr(message, name) for message in result.messages if message.format != BankFormat.CAMT054)
