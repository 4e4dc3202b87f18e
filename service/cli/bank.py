"""``crescendo bank``: what the bank answers, and how its accounts stand."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

from cyclopts import App, Parameter

from reporting.report_tables import CellType, Column, ReportTable
from service.cli import pay_interest as late
from service.cli.options import DEFAULT_DATA, DataOptions, JsonOption
from service.cli.time_options import MomentOption, parse_moment
from service.database import session
from service.database.connect import open_database
from service.engine import kernel_warmup, process_tuning
from service.settings import Settings
from service.terminal import console, processing_progress, signals
from service.terminal.processing_progress import ProgressReporter
from settlement import bank_formats

if TYPE_CHECKING:
    from posting.book.registry import ReferenceData
    from service.engine.bank_import import ImportResult, MessageReceipt
    from settlement.reconciliation.account_status import AccountsReport, TransferInTransit, UnmatchedMovement

EXIT_REFUSED = 1
EXIT_FINDINGS = 1
ITEMS_SHOWN = 1000
_REFUSED_REMEDY = "Mend the cause, as by opening the period, then: crescendo bank import --again FILE"

app = App(name="bank", help="The bank's answers: taken in, matched, posted; and how its accounts stand.")


@dataclass(frozen=True, slots=True)
class InterestOptions:
    """Whether late interest is proposed behind debits, and as of when."""

    no_interest: Annotated[
        bool,
        Parameter(
            name="--no-interest",
            negative="",
            show_default=False,
            help='Leave late interest: "crescendo pay interest", or the next import, proposes it.',
        ),
    ] = False
    at: MomentOption = ""

    def read_moment(self) -> datetime | None:
        """The moment as of which it is proposed; none where it is not."""
        at = parse_moment(self.at)
        return None if self.no_interest else at


DEFAULT_INTEREST = InterestOptions()


class ImportRequest(NamedTuple):
    """What is done beside taking files in."""

    again: bool = False
    interest_at: datetime | None = None


ItemsOption = Annotated[int, Parameter(help="How many are shown, at most.")]


@app.command(name="import")
def import_(
    *files: Annotated[Path, Parameter(help=f"{bank_formats.list_labels()}, in the order of the bank.")],
    again: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="Match files anew that were taken in before, and post what was refused: either may pass now.",
        ),
    ] = False,
    interest: Annotated[InterestOptions, Parameter(name="*")] = DEFAULT_INTEREST,
    options: DataOptions = DEFAULT_DATA,
    json: JsonOption = False,
) -> int:
    """Take in files of the bank: read, match with what was sent, post debits, returns and rejects.

    A statement that does not add up, or does not follow the last one of its account, is refused whole. What does not
    match is kept and listed by "crescendo bank unmatched". The same file twice changes nothing. Behind debits, late
    interest is proposed as "crescendo pay interest" does. Whenever it is stopped or killed, the same command goes on
    from there.

    Exit codes: 0 taken in, whatever did not match, and whether or not late interest could be proposed; 1 at least one
    file refused whole; 2 wrong usage; 3 the engine cannot go on; 130 interrupted.
    """
    found = import_files(options.read_settings(), files, ImportRequest(again, interest.read_moment()))
    if json:
        console.print_json(found)
    else:
        print_import(found)
    if found.is_interrupted:
        console.print_note("Stopped in good order, nothing is lost: the same command goes on from here.")
        return signals.EXIT_INTERRUPTED
    return EXIT_REFUSED if found.rejected else 0


def import_files(settings: Settings, files: Sequence[Path], request: ImportRequest) -> "ImportResult":
    """Take in files with progress on standard error."""
    process_tuning.tune_process()
    reporter = processing_progress.create_reporter()
    try:
        reporter.report_activity("starting")

        async def work(interruption: signals.Interruption) -> "ImportResult":
            # code and reference data are loaded while the database starts: neither needs the other
            loading = asyncio.create_task(asyncio.to_thread(_load_reference, settings, reporter))
            async with open_database(settings, reporter.report_activity) as database:
                from service.engine import bank_import, file_processing
                from service.engine.late_interest import InterestRequest

                context = file_processing.EngineContext(settings, database, await loading)
                how = InterestRequest(request.interest_at) if request.interest_at else None
                return await bank_import.import_files(
                    context, files, interruption, bank_import.ImportOptions(reporter, request.again, how)
                )

        return signals.run_interruptible(work)
    finally:
        reporter.close()


def _load_reference(settings: Settings, reporter: ProgressReporter) -> "ReferenceData":
    from service.engine.file_processing import load_reference

    kernel_warmup.load_kernels(reporter)
    return load_reference(settings)


@app.command
def status(*, items: ItemsOption = 0, options: DataOptions = DEFAULT_DATA, json: JsonOption = False) -> int:
    """How each operations account stands: with the bank, in the books, in transit; and what came back, by reason.

    With --items, what is in transit one by one. Exit codes: 0 books and bank agree to the cent; 1 they do not.
    """
    settings = options.read_settings()

    async def question(
        dsn: str, reporter: ProgressReporter
    ) -> "tuple[AccountsReport, list[TransferInTransit]]":
        from service.database import command_queries
        from service.engine import bank_import
        from settlement.reconciliation import account_status

        reporter.report_activity("reading")
        years = bank_import.load_accountants(settings)
        async with command_queries.connect(dsn) as connection:
            return await account_status.load_accounts_report(
                connection, years
            ), await account_status.load_in_transit(connection, years, items)

    found, open_items = session.run_on_database(settings, question)
    if json:
        console.print_json(
            {"agrees": found.agrees, "accounts": found.accounts, "back": found.back, "in_transit": open_items}
        )
    else:
        print_account_status(found, open_items)
    return 0 if found.agrees else EXIT_FINDINGS


@app.command
def unmatched(
    *, items: ItemsOption = ITEMS_SHOWN, options: DataOptions = DEFAULT_DATA, json: JsonOption = False
) -> None:
    """What the bank told and nothing was posted for, each with its reason."""

    async def question(dsn: str, reporter: ProgressReporter) -> "list[UnmatchedMovement]":
        from service.database import command_queries
        from settlement.reconciliation import account_status

        reporter.report_activity("reading")
        async with command_queries.connect(dsn) as connection:
            return await account_status.load_unmatched(connection, items)

    found = session.run_on_database(options.read_settings(), question)
    if json:
        console.print_json(found)
        return
    console.print_table(_build_unmatched_table(found))
    console.print_line(f"{console.format_count(len(found), 'movement')} not posted.")


def print_account_status(status: "AccountsReport", open_items: "Sequence[TransferInTransit]" = ()) -> None:
    """Write how the accounts stand."""
    console.print_parts([*_build_status_tables(status, open_items), _format_verdict(status)])


def print_import(result: "ImportResult") -> None:
    """Write what became of each file."""
    if result.messages:
        console.print_table(_build_message_table(result.messages))
    print_rejected(result)
    if result.posted:
        lines = sum(each.accepted.lines for each in [*result.posted.receipts, *result.posted.known])
        console.print_line(f"{lines:,} lines of acts accepted in all.")
    print_refused(result)
    if result.interest:
        late.print_interest(result.interest)


def print_rejected(result: "ImportResult") -> None:
    """Write which files were refused whole, and what to do."""
    for each in result.rejected:
        console.print_line(f"  refused whole: {each.where}: {each.found}. {each.remedy}")


def print_refused(result: "ImportResult") -> None:
    """Write of which files the journal does not have all acts, and what to do."""
    for each in result.messages:
        if each.refused:
            codes = ", ".join(f"{code} {lines:,}" for code, lines in sorted(each.refused.items()))
            console.print_line(
                f"  refused by the journal, of {each.file}: {codes} (crescendo bank unmatched). {_REFUSED_REMEDY}"
            )


def _build_message_table(messages: "Sequence[MessageReceipt]") -> ReportTable:
    figures = ("movements", "debits", "returns", "rejects", "unmatched")
    texts = (Column("file"), Column("format"), Column("statement"))
    rows = [
        [each.file, each.format, ", ".join(each.statements)[:60], *(getattr(each, name) for name in figures)]
        for each in messages
    ]
    return ReportTable(
        "Taken in from the bank", (*texts, *(Column(name, CellType.COUNT) for name in figures)), rows
    )


def _build_status_tables(
    status: "AccountsReport", open_items: "Sequence[TransferInTransit]"
) -> list[ReportTable]:
    grids = [_build_account_table(status)]
    if status.back:
        heads = (
            Column("reason"),
            Column("phase"),
            Column("transfers", CellType.COUNT),
            Column("euros", CellType.MONEY),
        )
        back = [[each.reason, each.sort, each.items, each.cents] for each in status.back]
        grids.append(ReportTable("What came back, or was refused by the bank", heads, back))
    if open_items:
        heads = (*map(Column, ("transfer", "sent", "act", "account")), Column("euros", CellType.MONEY))
        rows = [
            [f"@{each.transfer}", str(each.day), each.reference, each.account, each.amount]
            for each in open_items
        ]
        grids.append(ReportTable("In transit", heads, rows))
    return grids


def _build_account_table(status: "AccountsReport") -> ReportTable:
    figures = ("bank", "books", "unmatched", "refused", "difference", "transit")
    columns = (Column("account"), Column("day"), *(Column(name, CellType.MONEY) for name in figures))
    rows = [
        [each.account, str(each.day or "-"), *(getattr(each, name) for name in figures)]
        for each in status.accounts
    ]
    return ReportTable("Operations accounts: the bank, and the books at its day", columns, rows)


def _format_verdict(status: "AccountsReport") -> str:
    waits = sum(each.transit_items for each in status.accounts)
    agreed = "Books and bank agree to the cent" if status.agrees else "Books and bank DO NOT agree"
    return f"{agreed}; {console.format_count(waits, 'transfer')} in transit."


def _build_unmatched_table(movements: "list[UnmatchedMovement]") -> ReportTable:
    columns = (Column("statement"), Column("item", CellType.COUNT), Column("what"), Column("euros", CellType.MONEY),
               *map(Column, ("end-to-end id", "why", "what to do")))  # fmt: skip
    rows = [
        [each.statement, each.item, each.sort, each.amount, each.end_to_end, each.why, each.finding]
        for each in movements
    ]
    return ReportTable("Not posted", columns, rows)
