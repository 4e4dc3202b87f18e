"""The demonstration's payments: a run from proposal to files, the bank's answers, and what came back paid again.

Two runs of December, or one a month and two in December, as two hands make them.  Between them the payees whose account
was wrong tell another one.  Behind each what is due for paying late is claimed, which the next run pays as far as there
are credits.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from core.bank_reasons import Reissue
from core.iban import add_check_digits
from core.payment_rules import TIME_ZONE
from ingest.queue.file_feed import ProcessingRequest
from ingest.spool.envelope import Envelope
from reporting.report_tables import CellType, Column, ReportTable
from service.cli import bank as telling
from service.cli import pay_interest
from service.database import command_queries
from service.database.connect import open_database
from service.engine import bank_import, file_processing, late_interest, payment_runs
from service.engine.bank_import import ImportOptions, ImportResult
from service.engine.late_interest import InterestRequest, InterestResult
from service.settings import Settings
from service.terminal import console, processing_progress, signals
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
"""How far ahead a run looks: what is due before the next one is paid in this."""
_PROPOSER, _RELEASER = "anne", "benoit"


class PaymentTurn(NamedTuple):
    """Files that are taken in; the moment of the run behind them, and the day up to which it pays what is due."""

    files: Sequence[Path]
    at: datetime
    until: date


def plan_december() -> list[PaymentTurn]:
    """December, when all files are in already: once, and again for what came back."""
    return [PaymentTurn((), _at_ten(12, day), _YEAR_END.date()) for day in (19, 27)]


def plan_months(files: Sequence[Path]) -> list[PaymentTurn]:
    """The files of each month, paid on the second of the next; December's as ``twice`` does.

    The names of the files begin with their months.
    """
    first, last = plan_december()
    of_month = {month: [path for path in files if path.name[5:7] == f"{month:02}"] for month in range(1, 13)}
    days = [(month, _at_ten(month + 1, 2)) for month in range(1, 12)]
    paid = [PaymentTurn(of_month[month], at, (at + _LOOKAHEAD).date()) for month, at in days]
    return [*paid, first._replace(files=of_month[12]), last]


def _at_ten(month: int, day: int) -> datetime:
    return datetime(2018, month, day, 10, tzinfo=ZoneInfo(TIME_ZONE))


class PaymentRound(NamedTuple):
    """One run, and what the bank answered to it."""

    run: int
    files: int
    transfers: int
    imported: ImportResult
    payment_seconds: float
    """From what is due to files for the bank."""
    answers_bytes: int
    import_seconds: float
    """From the bank's files to entries."""
    interest: InterestResult
    """Of late interest, behind it."""


class DemoPayments(NamedTuple):
    """What came of it all."""

    rounds: Sequence[PaymentRound]
    account_status: AccountsReport
    results: Sequence[file_processing.ProcessingResult]
    """Of the files that were taken in between."""


class _DemoContext(NamedTuple):
    """Whoever works here."""

    engine: file_processing.EngineContext
    books: PaymentReference
    folder: Path
    told: tuple[Interruption, ProgressReporter]


def run_turns(settings: Settings, folder: Path, turns: Sequence[PaymentTurn]) -> DemoPayments:
    """Take in files, pay what is due, and take in what the bank answers, turn by turn, in ``folder``."""
    reporter = processing_progress.create_reporter()

    async def work(interruption: Interruption) -> DemoPayments:
        reference = await asyncio.to_thread(file_processing.load_reference, settings)
        async with open_database(settings, reporter.report_activity) as database:
            context = file_processing.EngineContext(settings, database, reference)
            desk_ = _DemoContext(
                context, await asyncio.to_thread(PaymentReference.load), folder, (interruption, reporter)
            )
            return await _run_turns(desk_, turns)

    try:
        return signals.run_interruptible(work)
    finally:
        reporter.close()


async def _run_turns(context: _DemoContext, turns: Sequence[PaymentTurn]) -> DemoPayments:
    rounds: list[PaymentRound] = []
    results: list[file_processing.ProcessingResult] = []
    for turn, then in zip(turns, [*(each.at for each in turns[1:]), _YEAR_END], strict=True):
        if rounds:
            await _change_bank_details(context, turn.at)
        if turn.files:
            results.append(await _process_files(context, ProcessingRequest(list(turn.files))))
        if found := await _run_round(context, turn, then):
            rounds.append(found)
    async with command_queries.connect(context.engine.database.dsn) as connection:
        return DemoPayments(
            rounds, await load_accounts_report(connection, context.books.accountants), results
        )


async def _process_files(context: _DemoContext, order: ProcessingRequest) -> file_processing.ProcessingResult:
    """Files to their end.

    Raises
    ------
    asyncio.CancelledError
        A signal stopped them: a demonstration begins anew.
    """
    result = await file_processing.process_files(context.engine, order, *context.told)
    if result.is_interrupted:
        raise asyncio.CancelledError
    return result


async def _run_round(context: _DemoContext, turn: PaymentTurn, interest_at: datetime) -> PaymentRound | None:
    """A run, and the bank's answers to it; what they tell to be late is claimed as of ``claims``.  None: nothing was due."""
    engine, (interruption, reporter) = context.engine, context.told
    began = time.monotonic()
    run = await _issue_run(context, turn)
    if run is None:
        return None
    paid = time.monotonic() - began
    files = sorted((engine.settings.data / payment_runs.OUTBOX_FOLDER / f"{run:08}").glob("*.xml"))
    reporter.report_activity("the bank answers")
    found = await asyncio.to_thread(
        write_responses, files, context.folder, BankBehaviour(context.books.reasons), reporter.report_activity
    )
    paths = [context.folder / name for name in found.files]
    began = time.monotonic()
    taken = await bank_import.import_files(engine, paths, interruption, ImportOptions(reporter))
    answered = time.monotonic() - began
    claimed = await late_interest.propose_since_mark(
        engine, InterestRequest(interest_at), interruption, reporter
    )
    size = sum(path.stat().st_size for path in paths)
    return PaymentRound(run, len(files), found.transfers, taken, paid, size, answered, claimed)


async def _issue_run(context: _DemoContext, turn: PaymentTurn) -> int | None:
    """The number of a run that one hand proposed and another released; given up where nothing is due."""
    engine, reporter = context.engine, context.told[1]
    async with command_queries.connect(engine.database.dsn) as connection:
        await command_queries.apply_migrations(connection)
        wanted = ProposalRequest(_PROPOSER, turn.until, turn.at.date())
        run = await proposals.propose_run(connection, context.books, wanted, reporter.report_activity)
        if not (await proposals.get_run(connection, run))["lines"]:
            await run_edits.abandon_run(connection, run, "nothing is due", _RELEASER)
            return None
        await run_edits.release_run(connection, run, _RELEASER)
    await payment_runs.issue_in_database(engine, run, IssueRequest(_RELEASER, turn.at), context.told)
    return run


async def _change_bank_details(context: _DemoContext, at: datetime) -> None:
    """Whoever was paid on a wrong or closed account tells another one, to the accountant."""
    reasons = context.books.reasons
    asked = [code for code in reasons.codes if reasons.get(code).reissue is Reissue.WITH_NEW_DETAILS]
    async with command_queries.connect(context.engine.database.dsn) as connection:
        rows = await load_returned_payees(connection, asked)
    acts = [
        {
            "reference": f"RIB-{row['payee']}-{at:%m%d}", "kind": "bank_details", "exercise": 2018,
            "date": at.date().isoformat(),
            "payee": row["code"], "payee_name": row["name"],
            "iban": add_check_digits("FR", f"{row['payee']:023}"),
        }
        for row in rows
    ]  # fmt: skip
    path = context.folder / "bank-details.jsonl"
    path.write_text("".join(f"{json.dumps(act)}\n" for act in acts))
    if acts:
        await _process_files(context, ProcessingRequest([path], Envelope(sender="treasury")))


def books_agree(payments: DemoPayments) -> bool:
    """Whether every answer was taken in, and books and bank agree."""
    return payments.account_status.agrees and not any(each.imported.rejected for each in payments.rounds)


def print_rounds(payments: DemoPayments) -> None:
    """Show the rounds, and how books and bank stand."""
    figures = ("debits", "returns", "rejects", "unmatched")
    heads = (
        Column("run"),
        *(Column(name, CellType.COUNT) for name in ("payment files", "transfers", "bank files", *figures)),
    )
    rows = [
        [
            str(each.run),
            each.files,
            each.transfers,
            len(each.imported.messages),
            *(_sum_messages(each.imported, name) for name in figures),
        ]
        for each in payments.rounds
    ]
    console.print_table(ReportTable("Payments, and what the bank answered", heads, rows))
    for each in payments.rounds:
        console.print_line(_format_pace(each))
        telling.print_rejected(each.imported)
        pay_interest.print_interest(each.interest)
    telling.print_account_status(payments.account_status)


def _format_pace(payment_round: PaymentRound) -> str:
    answers = f"{payment_round.answers_bytes / 1e6:,.1f} MB of answers read, matched and posted"
    return (
        f"Run {payment_round.run}: {payment_round.transfers:,} transfers from what is due to files for the bank in {payment_round.payment_seconds:,.1f} s; "
        f"{answers} in {payment_round.import_seconds:,.1f} s."
    )


def _sum_messages(result: ImportResult, name: str) -> int:
    """Over statements and reports: what notices say, statements say again."""
    return sum(getattr(each, name) for each in result.messages if each.format != BankFormat.CAMT054)
