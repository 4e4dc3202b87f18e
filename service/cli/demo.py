"""``crescendo demo``: a sample year, from files to proof."""

import hashlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import msgspec
from cyclopts import Parameter

from core.errors import CrescendoError
from service.cli import run, verify
from service.configuration.settings import Settings
from service.database import session
from service.database.cluster import lock_data_folder
from service.terminal import console, processing_progress, signals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reporting.report_tables import ReportTable
    from reporting.verification import Verification
    from service.cli.demo_payments import PaymentTurn

ACTS = 130_000
"""Payment requests; with what they need that makes over 200,000 lines."""
FORMATS = ("parquet", "arrow", "csv", "jsonl")
"""Every format that is read, file by file in turn."""


class Conclusion(NamedTuple):
    """What is shown of the committed year."""

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
        Path, Parameter(help="Folder for the files and the database; made if need be.")
    ] = _FOLDER,
    acts: Annotated[int, Parameter(help="Payment requests of the year.")] = ACTS,
    monthly: Annotated[
        bool,
        Parameter(negative="", show_default=False, help="Pay every month, rather than in December alone."),
    ] = False,
) -> int:
    """Process a sample year in a fresh database, and show what comes of it.

    Files of all four formats, from seven senders, are taken in, checked against the budget, posted and
    committed. What is due is paid in two runs (or every month), the bank's answers are taken in, and late interest is
    proposed. Then follow receipts, refusals by reason, how books and bank stand, execution of the budget, trial balance
    and proof.
    """
    from service.cli import demo_payments, processing_report

    files = prepare_files(folder, acts)
    settings = Settings(data=prepare_data_folder(folder / "data"))
    # third parties and budget come before the months
    first = [path for path in files if not path.name.startswith("2018-")] if monthly else files
    result = run.process_files(settings, first, run.DEFAULT_FILES)
    processing_report.print_result(result)
    if result.is_interrupted:
        return signals.EXIT_INTERRUPTED
    turns = demo_payments.plan_months(files) if monthly else demo_payments.plan_december()
    agrees = pay_and_import(settings, folder / "bank", turns)
    return print_conclusion(settings, files) or (0 if agrees else verify.EXIT_FINDINGS)


def pay_and_import(settings: Settings, answers: Path, turns: "Sequence[PaymentTurn]") -> bool:
    """Pay what is due, and take in what the bank answers; whether books and bank agree."""
    from service.cli import demo_payments, processing_report

    shutil.rmtree(answers, ignore_errors=True)
    settled = demo_payments.run_turns(settings, answers, turns)
    for each in settled.results:
        processing_report.print_result(each)
    demo_payments.print_rounds(settled)
    return demo_payments.books_agree(settled)


def print_conclusion(settings: Settings, files: list[Path]) -> int:
    """Show budget, balance and proof of what was committed; the exit code is the proof's."""

    async def question(dsn: str, reporter: processing_progress.ProgressReporter) -> Conclusion:
        from reporting import budget, trial_balance
        from service.database import command_queries
        from service.database.report_session import read_report_from

        spent = await read_report_from(dsn, settings, budget.load_budget)
        books = await read_report_from(dsn, settings, trial_balance.load_trial_balance)
        async with command_queries.connect(dsn) as connection:
            examples = await command_queries.find_examples(connection)
        proof = await verify.verify_open_database(settings, dsn, reporter)
        return Conclusion(budget.build_table(spent), trial_balance.build_table(books), proof, examples)

    found = session.run_on_database(settings, question)
    console.print_table(found.budget)
    console.print_table(found.balance)
    verify.print_verification(found.proof)
    print_suggestions(settings.data, files, found.examples)
    return 0 if found.proof.is_proven else verify.EXIT_FINDINGS


def print_suggestions(data: Path, files: list[Path], examples: list[str]) -> None:
    """Name what to try next."""
    lines = [
        *(
            (f"crescendo explain {reference} --data {data}", "the whole life of an act")
            for reference in examples
        ),
        (f"crescendo report refusals --submission 3 --data {data}", "line by line, with what to do"),
        (f"crescendo run {files[0].parent}/*.parquet --data {data}", "known files: nothing happens twice"),
        (f"crescendo bank status --data {data}", "books and bank, account by account"),
        (f"crescendo report delays --data {data}", "how late a year is that is paid in two runs of December"),
        ("crescendo generate year --out year", "the State's whole year, 15 million lines"),
    ]
    width = max(len(command) for command, _ in lines)
    console.print_heading("To try next")
    for command, what in lines:
        console.print_line(f"  {command:<{width}}  {what}")


def prepare_files(folder: Path, acts: int) -> list[Path]:
    """The files of the year in order of submission; those of an earlier call when they would be the same."""
    from bench.year.year_generator import Year, generate_year

    year = Year(acts=acts, formats=FORMATS)
    home = folder / f"year-{_compute_year_digest(year)}"
    if not (home / "summary.json").exists():
        for old in folder.glob("year-*"):
            shutil.rmtree(old)
        reporter = processing_progress.create_reporter()
        try:
            generate_year(
                home, year, lambda done, total, label: reporter.report_steps(done, total, f"writing {label}")
            )
        finally:
            reporter.close()
    summary = msgspec.json.decode((home / "summary.json").read_bytes())
    console.print_line(
        f"{summary['rows']:,} lines in {console.format_count(len(summary['files']), 'file')}, in {home}"
    )
    return [home / each["name"] for each in summary["files"]]


def _compute_year_digest(year: object) -> str:
    """Names a year by all that its files depend on, so that they are made again when one of these changes."""
    sources = sorted(
        [*_ROOT.glob("bench/*.*"), *_ROOT.glob("core/**/*.py"), *_ROOT.glob("core/reference/**/*.*")]
    )
    seen = b"\0".join(path.read_bytes() for path in sources)
    return hashlib.sha256(seen + repr(year).encode()).hexdigest()[:8]


def prepare_data_folder(data: Path) -> Path:
    """An empty place for the demonstration's data; what an earlier one left there goes.

    Raises
    ------
    CrescendoError
        Something else stands there, or another process uses it.
    """
    if data.exists():
        if not (data / _OWNER).exists():
            raise CrescendoError(
                f"{data} is not of an earlier demonstration: remove it, or name another --folder"
            )
        with lock_data_folder(data):
            shutil.rmtree(data)
    return data
