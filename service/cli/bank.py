"""``crescendo bank``: import bank files, and show the status of the operations accounts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from reporting.report_tables import CellType, Column, ReportTable
from service.cli import bank_credits
from service.cli import pay_interest as late
from service.cli.bank_files import ImportRequest, import_files
from service.cli.caller import UNNAMED_CALLER, UnnamedCallerOptions
from service.cli.number_limits import AMOUNT_OF_ITEMS
from service.cli.shared_options import DEFAULT_DATA, DataOptions, JsonOption, MomentOption, parse_moment
from service.configuration.input_files import check_files
from service.configuration.settings import UsageError
from service.database import session
from service.terminal import console, signals
from service.terminal.processing_progress import ProgressReporter
from settlement import bank_formats

if TYPE_CHECKING:
    from service.engine.bank_import import ImportResult, MessageReceipt
    from settlement.reconciliation.account_status import AccountsReport, TransferInTransit, UnmatchedMovement

EXIT_FINDINGS = 1
ITEMS_SHOWN, FOREIGN_SHOWN = 1000, 5
_REFUSED_REMEDY = (
    "Remove the cause, for example open the period, then call crescendo bank import --again FILE"
)

_FOREIGN_REMEDY = (
    "is no operations account of this ledger: nothing of its statement is posted or compared. Ask the bank whether it sent the"
    " right file, or add the account to accountants.csv of the reference data, then import the file with --again"
)

app = App(name="bank", help="Bank files: import, match and post them; status of the operations accounts.")


@dataclass(frozen=True, slots=True)
class InterestOptions:
    """Whether late interest is proposed after the import, and as of when."""

    no_interest: Annotated[
        bool,
        Parameter(
            name="--no-interest",
            negative="",
            show_default=False,
            help='Do not propose late interest now; "crescendo pay interest" or the next import proposes it.',
        ),
    ] = False
    at: MomentOption = ""

    def read_moment(self) -> datetime | None:
        """Return the moment as of which interest is proposed; None if it is not."""
        at = parse_moment(self.at)
        return None if self.no_interest else at


DEFAULT_INTEREST = InterestOptions()


ItemsOption = Annotated[int, Parameter(help="Maximum number of items shown.", validator=AMOUNT_OF_ITEMS)]


@app.command(name="import")
def import_(
    *files: Annotated[Path, Parameter(help=f"{bank_formats.list_labels()} files, in the bank's order.")],
    again: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="Match again the files that were imported before, and post again their acts that were refused.",
        ),
    ] = False,
    interest: Annotated[InterestOptions, Parameter(name="*")] = DEFAULT_INTEREST,
    caller: Annotated[UnnamedCallerOptions, Parameter(name="*")] = UNNAMED_CALLER,
    options: DataOptions = DEFAULT_DATA,
    json: JsonOption = False,
) -> int:
    """Import bank files: match them with transfers and receivables, post debits, returns, rejects and receipts.

    A statement that does not add up, or does not follow the last one of its account, is refused whole. Movements
    without a match are stored and listed by "crescendo bank unmatched". Importing the same file again changes nothing.
    If there are debits, late interest is proposed afterwards, as the command "crescendo pay interest" does. After an
    interruption, run the same command again: it continues where it stopped.

    Exit codes: 0 imported, even if movements are unmatched or late interest could not be proposed; 1 at least one file
    was refused whole, or is of an account that is not ours; 2 wrong usage; 3 the engine cannot continue; 130 interrupted.
    """
    settings = options.read_settings()
    request = ImportRequest(again, interest.read_moment(), caller.read_caller())
    if not files:
        raise UsageError("name at least one file of the bank")
    check_files(files)
    result = import_files(settings, files, request)
    if json:
        console.print_json(result)
    else:
        print_import(result)
    if result.is_interrupted:
        return signals.report_interruption()
    return EXIT_FINDINGS if result.rejected or result.has_foreign_accounts else 0


@app.command
def status(*, items: ItemsOption = 0, options: DataOptions = DEFAULT_DATA, json: JsonOption = False) -> int:
    """Show each operations account: balance at the bank, in the books, in transit; and returned transfers by reason.

    With --items, list transfers in transit. Exit codes: 0 books and bank agree to the cent, or no statement was imported
    yet; 1 they do not agree.
    """
    settings = options.read_settings()

    async def task(dsn: str, reporter: ProgressReporter) -> "tuple[AccountsReport, list[TransferInTransit]]":
        from service.database import command_queries
        from service.engine import bank_import
        from settlement.reconciliation import account_status

        reporter.report_activity("reading")
        years = bank_import.load_accountants(settings)
        async with command_queries.connect(dsn) as connection:
            report = await account_status.load_accounts_report(connection, years)
            return report, await account_status.load_in_transit(connection, years, items)

    report, in_transit = session.run_on_database(settings, task)
    if json:
        totals = {"agrees": report.agrees, "accounts": report.accounts, "foreign": report.foreign}
        totals["rejected_debits"] = report.rejected_debits
        console.print_json({**totals, "back": report.back, "in_transit": in_transit})
    else:
        print_account_status(report, in_transit)
    return 0 if report.agrees else EXIT_FINDINGS


@app.command
def unmatched(
    *, items: ItemsOption = ITEMS_SHOWN, options: DataOptions = DEFAULT_DATA, json: JsonOption = False
) -> None:
    """List the movements of the bank for which nothing was posted, each with its reason."""

    async def task(dsn: str, reporter: ProgressReporter) -> "list[UnmatchedMovement]":
        from service.database import command_queries
        from settlement.reconciliation import account_status

        reporter.report_activity("reading")
        async with command_queries.connect(dsn) as connection:
            return await account_status.load_unmatched_movements(connection, items)

    movements = session.run_on_database(options.read_settings(), task)
    if json:
        console.print_json(movements)
        return
    console.print_table(_build_unmatched_table(movements))
    console.print_line(f"{console.format_count(len(movements), 'movement')} not posted.")


def print_account_status(status: "AccountsReport", in_transit: "Sequence[TransferInTransit]" = ()) -> None:
    """Print the status of the accounts."""
    console.print_parts(
        [
            *_build_status_tables(status, in_transit),
            _format_verdict(status),
            *bank_credits.describe_accounts(status.accounts),
            *_format_foreign(status),
        ]
    )


def print_import(result: "ImportResult") -> None:
    """Print the result of an import."""
    if result.messages:
        console.print_table(_build_message_table(result.messages))
    print_rejected_files(result)
    print_foreign(result)
    for message in result.messages:
        console.print_parts(list(bank_credits.describe_credits(message)))
    if result.posted:
        lines = sum(receipt.accepted.lines for receipt in [*result.posted.receipts, *result.posted.known])
        console.print_line(f"{console.format_count(lines, 'line')} of acts accepted in all.")
    print_refused_acts(result)
    if result.interest:
        late.print_interest(result.interest)


def print_rejected_files(result: "ImportResult") -> None:
    """Print which files were refused whole, and what to do."""
    for rejection in result.rejected:
        console.print_line(f"  refused whole: {rejection.where}: {rejection.found}. {rejection.remedy}")


def print_foreign(result: "ImportResult") -> None:
    """Print which files have statements of accounts that are not ours, and what to do."""
    for message in result.messages:
        for account in message.foreign_accounts:
            console.print_line(f"  not ours: {message.file}: {account} {_FOREIGN_REMEDY}")


def print_refused_acts(result: "ImportResult") -> None:
    """Print which files have acts that were refused, and what to do."""
    for message in result.messages:
        if message.refused:
            codes = ", ".join(f"{code} {lines:,}" for code, lines in sorted(message.refused.items()))
            console.print_line(
                f"  refused acts of {message.file}: {codes} (crescendo bank unmatched). {_REFUSED_REMEDY}"
            )


def _build_message_table(messages: "Sequence[MessageReceipt]") -> ReportTable:
    figures = ("movements", "debits", "returns", "rejects", "receipts", "unmatched")
    texts = (Column("file"), Column("format"), Column("statement", CellType.PROSE))
    rows = [
        [
            *(message.file, message.format, ", ".join(message.statements)[:60]),
            *(getattr(message, name) for name in figures),
        ]
        for message in messages
    ]
    return ReportTable(
        "Imported from the bank",
        (*texts, *(Column(name, CellType.COUNT) for name in figures)),
        rows,
        drop_order=("statement", "format", "movements", "returns", "rejects", "receipts", "debits"),
    )


def _build_status_tables(
    status: "AccountsReport", in_transit: "Sequence[TransferInTransit]"
) -> list[ReportTable]:
    tables = [_build_account_table(status)]
    if status.back:
        figures = (Column("transfers", CellType.COUNT), Column("euros", CellType.MONEY))
        columns = (*map(Column, ("reason", "phase")), *figures)
        rows = [[total.reason, total.sort, total.items, total.cents] for total in status.back]
        tables.append(ReportTable("Returned or refused by the bank", columns, rows, drop_order=("phase",)))
    if in_transit:
        columns = (*map(Column, ("transfer", "sent", "act", "account")), Column("euros", CellType.MONEY))
        rows = [
            [f"@{item.transfer}", str(item.day), item.reference, item.account, item.amount]
            for item in in_transit
        ]
        tables.append(ReportTable("In transit", columns, rows, drop_order=("sent", "account")))
    return tables


def _build_account_table(status: "AccountsReport") -> ReportTable:
    figures = ("bank", "books", "unmatched", "refused", "difference", "transit")
    columns = (Column("account"), Column("day"), *(Column(name, CellType.MONEY) for name in figures))
    rows = [
        [account.account, str(account.day or "-"), *(getattr(account, name) for name in figures)]
        for account in status.accounts
    ]
    title = "Operations accounts: bank balance, and books on the same day"
    return ReportTable(title, columns, rows, drop_order=("day", "refused", "unmatched", "transit"))


def _format_verdict(status: "AccountsReport") -> str:
    in_transit = sum(account.transit_items for account in status.accounts)
    verdict = f"{bank_credits.describe_agreement(status)}; {console.format_count(in_transit, 'transfer')} in transit."
    if not status.rejected_debits:
        return verdict
    count = console.format_count(status.rejected_debits, "transfer")
    return f"{verdict} The bank rejected {count} that it had debited, and returned nothing: ask it for the money."


def _format_foreign(status: "AccountsReport") -> list[str]:
    if not status.foreign:
        return []
    count = len(status.foreign)
    verb = "is" if count == 1 else "are"
    names = ", ".join(account.account for account in status.foreign[:FOREIGN_SHOWN])
    more = f" and {count - FOREIGN_SHOWN:,} more" if count > FOREIGN_SHOWN else ""
    accounts = console.format_count(count, "account")
    finding = (
        f"{accounts} {verb} not ours, and not compared, although statements were imported: {names}{more}."
    )
    return [finding]


def _build_unmatched_table(movements: "list[UnmatchedMovement]") -> ReportTable:
    columns = (
        *(Column("statement"), Column("item", CellType.COUNT)),
        *(Column("type"), Column("euros", CellType.MONEY)),
        *(Column("end-to-end id"), Column("why", CellType.PROSE), Column("what to do", CellType.PROSE)),
    )
    rows = [
        [
            *(movement.statement, movement.item, movement.sort, movement.amount),
            *(movement.end_to_end, movement.why, movement.finding),
        ]
        for movement in movements
    ]
    return ReportTable("Not posted", columns, rows, drop_order=("type", "item", "statement", "why"))
