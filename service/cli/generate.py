"""``crescendo generate``: generated files for tests and trials."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from service.cli.number_limits import SEED, SHARE_OF_TRANSFERS
from service.cli.shared_options import DEFAULT_DATA, DataOptions, JsonOption
from service.configuration.input_files import check_files, check_output_folder
from service.configuration.settings import UsageError
from service.terminal import console, processing_progress
from settlement.bank_formats import STATEMENT_FORMATS, BankFormat

app = App(name="generate", help="Generate files of acts for tests and trials.")


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class YearOptions:
    """Size and format of the year."""

    seed: Annotated[
        int, Parameter(help="The same seed produces the same files, byte for byte.", validator=SEED)
    ] = 1
    acts: Annotated[
        int,
        Parameter(help="Payment request lines; third parties, budgets and commitments in proportion."),
    ] = 10_100_000
    senders: Annotated[int, Parameter(help="Number of senders, 1 to 15.")] = 5
    format: Annotated[
        tuple[Literal["parquet", "arrow", "csv", "jsonl"], ...],
        Parameter(help="One or several formats, used in turn, file by file.", negative_iterable=""),
    ] = ("parquet",)


DEFAULT_YEAR = YearOptions()


@app.command
def year(
    *,
    out: Annotated[Path, Parameter(help="Folder for the files; created if needed.")],
    year_options: YearOptions = DEFAULT_YEAR,
    json: JsonOption = False,
) -> None:
    """Generate the State's year: budget, commitments, services and payment requests, by month and sender.

    Programmes run out of credits, some acts come twice or before the acts they follow, and some must be refused, at
    realistic rates. The names of the files sort in the order of submission; summary.json describes their content.
    """
    from bench.year.year_generator import Year, generate_year

    check_output_folder("--out", out)
    try:
        generated_year = Year(year_options.seed, year_options.acts, year_options.senders, year_options.format)
    except ValueError as error:
        raise UsageError(str(error)) from error
    reporter = processing_progress.create_reporter()
    try:
        summary = generate_year(
            out,
            generated_year,
            lambda done, total, label: reporter.report_steps(done, total, f"writing {label}"),
        )
    finally:
        reporter.close()
    if json:
        console.print_json(summary)
        return
    console.print_line(
        f"{summary['rows']:,} lines in {console.format_count(len(summary['files']), 'file')}, in {out}"
    )
    console.print_line(f"Process them: crescendo run {out}/*-*")


@dataclass(frozen=True, slots=True)
class PaymentFileOptions:
    """Size and format of the payment files."""

    seed: Annotated[
        int, Parameter(help="The same seed produces the same files, byte for byte.", validator=SEED)
    ] = 1
    transfers: Annotated[int, Parameter(help="Transfers in all files.")] = 10_000
    per_file: Annotated[int, Parameter(help="Transfers per file.")] = 1_000_000
    version: Annotated[Literal["03", "09"], Parameter(help="Version of pain.001.001.")] = "09"
    imputation: Annotated[
        Literal["csv", "parquet", "arrow", "jsonl", "structured"],
        Parameter(
            help="Format of the account assignment file; structured: no file, but the remittance of each transfer."
        ),
    ] = "csv"
    wrong_every: Annotated[
        int, Parameter(help="Of this many transfers, one must be refused; 0 for none.")
    ] = 500


DEFAULT_PAYMENT_FILES = PaymentFileOptions()


@app.command
def payments(
    *,
    out: Annotated[Path, Parameter(help="Folder for the files; created if needed.")],
    file_options: Annotated[PaymentFileOptions, Parameter(name="*")] = DEFAULT_PAYMENT_FILES,
    json: JsonOption = False,
) -> None:
    """Generate payment files (pain.001) with account assignments, and the credits and third parties they need.

    summary.json states the expected results.
    """
    from bench.payments.payable_requests import Size
    from bench.payments.payment_files import Style, write_files
    from posting.book.registry import ReferenceData

    check_output_folder("--out", out)
    if file_options.transfers < 1 or file_options.per_file < 1 or file_options.wrong_every < 0:
        raise UsageError("--transfers and --per-file must be at least 1, --wrong-every at least 0")
    style = Style(
        file_options.version,
        file_options.imputation,
        file_options.per_file,
        wrong_every=file_options.wrong_every,
    )
    summary = write_files(
        out, Size(file_options.transfers, file_options.seed), style, reference=ReferenceData.load()
    )
    if json:
        console.print_json(summary)
        return
    console.print_line(
        f"{summary['transfers']:,} transfers in {console.format_count(len(summary['files']) - 2, 'file')}, in {out}"
    )
    named = " ".join(str(out / name) for name in ("credits.arrow", "payees.arrow", "payments-*.xml"))
    console.print_line(f"Process them: crescendo run {named} --sender {summary['sender']}")


if TYPE_CHECKING:
    StatementFormatName = str
else:  # the choices that the help shows
    StatementFormatName = Literal[tuple(str(bank_format) for bank_format in STATEMENT_FORMATS)]


@dataclass(frozen=True, slots=True)
class BankOptions:
    """How the simulated bank responds."""

    seed: Annotated[
        int,
        Parameter(help="The same files and seed produce the same responses, byte for byte.", validator=SEED),
    ] = 1
    back: Annotated[
        int,
        Parameter(
            help="How many of 100,000 transfers the bank refuses or returns; 250 is a usual rate.",
            validator=SHARE_OF_TRANSFERS,
        ),
    ] = 250
    format: Annotated[StatementFormatName, Parameter(help="Format of the bank's statements.")] = "camt.053"


DEFAULT_BANK = BankOptions()


@app.command
def answers(
    *files: Annotated[Path, Parameter(help="Payment files (pain.001), as issued.")],
    out: Annotated[Path, Parameter(help="Folder for the responses; created if needed.")],
    bank_options: Annotated[BankOptions, Parameter(name="*")] = DEFAULT_BANK,
    options: DataOptions = DEFAULT_DATA,
    json: JsonOption = False,
) -> None:
    """Generate a bank's responses to payment files: pain.002, camt.054 for returns, a statement per day and account.

    Transfers are returned for realistic reasons and at realistic rates, within three TARGET days. Later calls with the
    same folder continue from the balances of earlier ones.
    """
    from core import bank_reasons
    from core.reference.files import SAMPLE_FOLDER
    from settlement.simulated_bank.responses import BankBehaviour, write_responses
    from settlement.simulated_bank.transfer_outcomes import OutcomeRates

    if not files:
        raise UsageError("name at least one payment file")
    check_files(files)
    check_output_folder("--out", out)
    reasons = bank_reasons.load(options.read_settings().reference or SAMPLE_FOLDER)
    reporter = processing_progress.create_reporter()
    try:
        manner = BankBehaviour(
            reasons, OutcomeRates(bank_options.seed, bank_options.back), BankFormat(bank_options.format)
        )
        responses = write_responses(files, out, manner, on_step=reporter.report_activity)
    finally:
        reporter.close()
    if json:
        console.print_json(responses)
        return
    file_count = console.format_count(len(responses.files), "file")
    console.print_line(
        f"{responses.transfers:,} transfers: {responses.rejected:,} refused, {responses.returned:,} returned; "
        f"{file_count}, in {out}"
    )
    console.print_line(f"Import them: crescendo bank import {out}/*.xml")
