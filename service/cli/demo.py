"""``crescendo demo``: a sample year, from files to the proof of the journal."""

import hashlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import msgspec
from cyclopts import Parameter

from core.errors import CrescendoError
from service.cli import run, verify
from service.configuration.input_files import check_output_folder
from service.configuration.settings import Settings
from service.database import session
from service.database.cluster import lock_data_folder
from service.database.ledger_selection import LedgerCreation
from service.terminal import console, processing_progress, signals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reporting.report_tables import ReportTable
    from reporting.verification import Verification
    from service.cli.demo_payments import PaymentTurn

ACTS = 130_000
"""Payment requests; with the acts they need there are over 200,000 lines."""
FORMATS = ("parquet", "arrow", "csv", "jsonl")
"""All supported formats; the files use them in turn."""


class Conclusion(NamedTuple):
    """The reports shown on the committed year."""

    budget: "ReportTable"
    balance: "ReportTable"
    proof: "Verification"
    examples: list[str]


_ROOT = Path(__file__).parents[2]
_FOLDER = Path("crescendo-demo")
_OWNER = "postgres.owner"


def demo(
    *,
    folder: Annotated[
        Path, Parameter(help="Folder for the files and the database; created if needed.")
    ] = _FOLDER,
    acts: Annotated[int, Parameter(help="Payment requests of the year.")] = ACTS,
    monthly: Annotated[
        bool,
        Parameter(negative="", show_default=False, help="Pay every month, not only in December."),
    ] = False,
) -> int:
    """Process a sample year in a new database, and show the results.

    Files of all four formats, from seven senders, are processed: checked against the budget, posted and committed. Due
    requests are paid in two runs (or every month), the bank's files are imported, and late interest is proposed. The
    command shows receipts, refusals by reason, a comparison of bank and books, budget execution, trial balance and proof.
    """
    from service.cli import demo_payments, processing_report

    check_output_folder("--folder", folder)
    files = prepare_files(folder, acts)
    settings = Settings(data=prepare_data_folder(folder / "data"))
    # third parties and budget come before the months
    first = [path for path in files if not path.name.startswith("2018-")] if monthly else files
    result = run.process_files(
        settings, first, run.DEFAULT_FILES, creation=LedgerCreation(console.print_note)
    )
    processing_report.print_result(result)
    if result.is_interrupted:
        return signals.EXIT_INTERRUPTED
    turns = demo_payments.plan_months(files) if monthly else demo_payments.plan_december()
    agrees = pay_and_import(settings, folder / "bank", turns)
    return print_conclusion(settings, files) or (0 if agrees else verify.EXIT_FINDINGS)


def pay_and_import(settings: Settings, answers: Path, turns: "Sequence[PaymentTurn]") -> bool:
    """Pay due requests and import the bank's files; return whether books and bank agree."""
    from service.cli import demo_payments, processing_report

    shutil.rmtree(answers, ignore_errors=True)
    payments = demo_payments.run_turns(settings, answers, turns)
    for result in payments.results:
        processing_report.print_result(result)
    demo_payments.print_rounds(payments)
    return demo_payments.books_agree(payments)


def print_conclusion(settings: Settings, files: list[Path]) -> int:
    """Print budget, trial balance and proof of the committed year; return the exit code of the proof."""

    async def task(dsn: str, reporter: processing_progress.ProgressReporter) -> Conclusion:
        from reporting import budget, trial_balance
        from service.database import command_queries
        from service.database.report_session import read_report_from

        budget_report = await read_report_from(dsn, settings, budget.load_budget)
        balance_report = await read_report_from(dsn, settings, trial_balance.load_trial_balance)
        async with command_queries.connect(dsn) as connection:
            examples = await command_queries.find_examples(connection)
        proof = await verify.verify_open_database(settings, dsn, reporter)
        return Conclusion(
            budget.build_table(budget_report), trial_balance.build_table(balance_report), proof, examples
        )

    conclusion = session.run_on_database(settings, task)
    console.print_table(conclusion.budget)
    console.print_table(conclusion.balance)
    verify.print_verification(conclusion.proof)
    print_suggestions(settings.data, files, conclusion.examples)
    return 0 if conclusion.proof.is_proven else verify.EXIT_FINDINGS


def print_suggestions(data: Path, files: list[Path], examples: list[str]) -> None:
    """Print commands to try next."""
    lines = [
        *(
            (f"crescendo explain {reference} --data {data}", "the history of an act")
            for reference in examples
        ),
        (f"crescendo report refusals --submission 3 --data {data}", "refused lines, with what to do"),
        (
            f"crescendo run {files[0].parent}/*.parquet --data {data}",
            "the same files again: nothing happens twice",
        ),
        (f"crescendo bank status --data {data}", "books and bank compared, by account"),
        (f"crescendo report delays --data {data}", "payment delays of a year that is paid in December"),
        ("crescendo generate year --out year", "the whole year of the State, 15 million lines"),
    ]
    width = max(len(command) for command, _ in lines)
    console.print_heading("To try next")
    for command, description in lines:
        console.print_line(f"  {command:<{width}}  {description}")


def prepare_files(folder: Path, acts: int) -> list[Path]:
    """Return the files of the year in order of submission; use those of an earlier call if they are the same."""
    from bench.year.year_generator import Year, generate_year

    year = Year(acts=acts, formats=FORMATS)
    year_folder = folder / f"year-{_compute_year_digest(year)}"
    if not (year_folder / "summary.json").exists():
        for outdated in folder.glob("year-*"):
            shutil.rmtree(outdated)
        reporter = processing_progress.create_reporter()
        try:
            generate_year(
                year_folder,
                year,
                lambda done, total, label: reporter.report_steps(done, total, f"writing {label}"),
            )
        finally:
            reporter.close()
    summary = msgspec.json.decode((year_folder / "summary.json").read_bytes())
    console.print_line(
        f"{summary['rows']:,} lines in {console.format_count(len(summary['files']), 'file')}, in {year_folder}"
    )
    return [year_folder / file["name"] for file in summary["files"]]


def _compute_year_digest(year: object) -> str:
    """Return a digest of everything the files depend on, so that they are generated again when one of these changes."""
    sources = sorted(
        [*_ROOT.glob("bench/*.*"), *_ROOT.glob("core/**/*.py"), *_ROOT.glob("core/reference/**/*.*")]
    )
    content = b"\0".join(path.read_bytes() for path in sources)
    return hashlib.sha256(content + repr(year).encode()).hexdigest()[:8]


def prepare_data_folder(data: Path) -> Path:
    """Return an empty folder for the demonstration; data of an earlier one are removed.

    Raises
    ------
    CrescendoError
        The folder contains something else, or another process uses it.
    """
    if data.exists():
        if not (data / _OWNER).exists():
            raise CrescendoError(
                f"{data} does not come from an earlier demonstration: remove it, or name another --folder"
            )
        with lock_data_folder(data):
            shutil.rmtree(data)
    return data
