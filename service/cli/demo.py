"""``crescendo demo``: a sample year, from files to the proof of the journal."""

import asyncio
import hashlib
import importlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
from cyclopts import Parameter

from service.cli import demo_ledger, verify
from service.configuration.input_files import check_output_folder
from service.configuration.settings import Settings
from service.database import cluster_creation
from service.engine import process_tuning
from service.terminal import console, processing_progress, signals

if TYPE_CHECKING:
    from service.cli.demo_year import DemoYear

ACTS = 65_000
"""Payment requests; with the acts they need there are over 100,000 lines."""
FORMATS = ("parquet", "arrow", "csv", "jsonl")
"""All supported formats; the files use them in turn."""


_ROOT = Path(__file__).parents[2]
_FOLDER = Path("crescendo-demo")


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
    full: Annotated[
        bool,
        Parameter(negative="", show_default=False, help="Print all receipts and reports, then the verdict."),
    ] = False,
    anew: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="Delete the ledger of an earlier demonstration whatever it contains, also what you sent there.",
        ),
    ] = False,
) -> int:
    """Process a sample year in a new database, and print a verdict with the commands that show more.

    Files of all four formats, from seven senders, are processed: checked against the budget, posted and committed. Due
    requests are paid in two runs (or every month), the bank's files are imported, late interest is proposed, and the
    journal is verified. With --full, the receipts, refusals, payments, budget, trial balance and checks are printed too.

    The ledger of an earlier demonstration in the same folder is deleted, unless it contains submissions that the
    demonstration did not send: then nothing is done, and --anew or another --folder is needed.

    Exit codes: 0 proven, and books and bank agree; 1 not so; 2 wrong usage, or the ledger contains other submissions;
    130 interrupted.
    """
    process_tuning.tune_process()  # before Arrow is imported
    check_output_folder("--folder", folder)
    words = _list_words(folder, acts, monthly=monthly)
    with demo_ledger.replace_data_folder(folder / "data", is_anew=anew) as data:
        files = prepare_files(folder, acts)
        shutil.rmtree(folder / "bank", ignore_errors=True)
        _create_cluster(data)
        from service.cli import demo_year

        plan = demo_year.plan_year(files, folder / "bank", is_monthly=monthly)
        year = demo_year.process_year(Settings(data=data), plan)
    demo_ledger.write_mark(data, year.conclusion.last_submission)
    return _report_year(year, len(files), data, words=words, is_full=full)


def _create_cluster(data: Path) -> None:
    """Create the files of the database server in a new data folder, and load the code of the year meanwhile."""
    reporter = processing_progress.create_reporter()

    async def work(_: signals.Interruption) -> None:
        loading = asyncio.create_task(asyncio.to_thread(importlib.import_module, "service.cli.demo_year"))
        await cluster_creation.create_cluster(data, reporter.report_activity)
        await loading

    try:
        signals.run_interruptible(work)
    finally:
        reporter.close()


def _report_year(year: "DemoYear", files: int, data: Path, *, words: Sequence[str], is_full: bool) -> int:
    """Print the results and the verdict; return the exit code."""
    from service.cli import demo_verdict, demo_year

    if is_full:
        demo_year.print_year(year)
    demo_verdict.print_verdict(year, files, demo_verdict.find_place(data, words))
    return 0 if year.is_proven else verify.EXIT_FINDINGS


def _list_words(folder: Path, acts: int, *, monthly: bool) -> list[str]:
    """Return the words of the command that processes the same year and prints everything."""
    options = [
        *(["--folder", str(folder)] if folder != _FOLDER else []),
        *(["--acts", str(acts)] if acts != ACTS else []),
        *(["--monthly"] if monthly else []),
    ]
    return ["demo", "--full", *options]


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
    count = console.format_count(len(summary["files"]), "file")
    console.print_note(f"{summary['rows']:,} lines in {count}, in {year_folder}")
    return [year_folder / file["name"] for file in summary["files"]]


def _compute_year_digest(year: object) -> str:
    """Return a digest of everything the files depend on, so that they are generated again when one of these changes."""
    sources = sorted(
        path
        for pattern in ("bench/samples/*.*", "bench/year/*.*", "core/**/*.py", "core/reference/**/*.*")
        for path in _ROOT.glob(pattern)
    )
    content = b"\0".join(path.read_bytes() for path in sources)
    return hashlib.sha256(content + repr(year).encode()).hexdigest()[:8]
