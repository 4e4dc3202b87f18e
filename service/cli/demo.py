"""``crescendo demo``: a sample year, from files to proof."""

import hashlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import msgspec
from cyclopts import Parameter

from core.errors import CrescendoError
from service.cli import run, verify
from service.database import session
from service.database.cluster import owned
from service.settings import Settings
from service.terminal import console, processing_progress, signals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reporting.report_tables import Grid
    from reporting.verification import Verification
    from service.cli.demo_payments import Turn

ACTS = 130_000
"""Payment requests; with what they need that makes over 200,000 lines."""
FORMATS = ("parquet", "arrow", "csv", "jsonl")
"""Every format that is read, file by file in turn."""


class Conclusion(NamedTuple):
    """What is shown of the committed year."""

    budget: "Grid"
    balance: "Grid"
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

    files = sample(folder, acts)
    settings = Settings(data=fresh(folder / "data"))
    # third parties and budget come before the months
    first = [path for path in files if not path.name.startswith("2018-")] if monthly else files
    result = run.process(settings, first, run.AS_THEY_ARE)
    processing_report.tell(result)
    if result.is_interrupted:
        return signals.EXIT_INTERRUPTED
    turns = demo_payments.monthly(files) if monthly else demo_payments.twice()
    agrees = pay(settings, folder / "bank", turns)
    return conclude(settings, files) or (0 if agrees else verify.EXIT_FINDINGS)


def pay(settings: Settings, answers: Path, turns: "Sequence[Turn]") -> bool:
    """Pay what is due, and take in what the bank answers; whether books and bank agree."""
    from service.cli import demo_payments, processing_report

    shutil.rmtree(answers, ignore_errors=True)
    settled = demo_payments.settle(settings, answers, turns)
    for each in settled.results:
        processing_report.tell(each)
    demo_payments.tell(settled)
    return demo_payments.agrees(settled)


def conclude(settings: Settings, files: list[Path]) -> int:
    """Show budget, balance and proof of what was committed; the exit code is the proof's."""

    async def question(dsn: str, teller: processing_progress.Narrator) -> Conclusion:
        from reporting import budget, trial_balance
        from service.database import command_queries
        from service.database.report_session import read_from

        spent = await read_from(dsn, settings, budget.budget)
        books = await read_from(dsn, settings, trial_balance.trial_balance)
        async with command_queries.connected(dsn) as connection:
            examples = await command_queries.examples(connection)
        proof = await verify.question(settings, dsn, teller)
        return Conclusion(budget.grid(spent), trial_balance.grid(books), proof, examples)

    found = session.ask(settings, question)
    console.show(found.budget)
    console.show(found.balance)
    verify.tell(found.proof)
    suggest(settings.data, files, found.examples)
    return 0 if found.proof.proven else verify.EXIT_FINDINGS


def suggest(data: Path, files: list[Path], examples: list[str]) -> None:
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
    console.heading("To try next")
    for command, what in lines:
        console.say(f"  {command:<{width}}  {what}")


def sample(folder: Path, acts: int) -> list[Path]:
    """The files of the year in order of submission; those of an earlier call when they would be the same."""
    from bench.year.year_generator import Year, generate

    year = Year(acts=acts, formats=FORMATS)
    home = folder / f"year-{_digest(year)}"
    if not (home / "summary.json").exists():
        for old in folder.glob("year-*"):
            shutil.rmtree(old)
        teller = processing_progress.narrator()
        try:
            generate(home, year, lambda done, total, label: teller.stepping(done, total, f"writing {label}"))
        finally:
            teller.close()
    summary = msgspec.json.decode((home / "summary.json").read_bytes())
    console.say(f"{summary['rows']:,} lines in {console.count(len(summary['files']), 'file')}, in {home}")
    return [home / each["name"] for each in summary["files"]]


def _digest(year: object) -> str:
    """Names a year by all that its files depend on, so that they are made again when one of these changes."""
    sources = sorted(
        [*_ROOT.glob("bench/*.*"), *_ROOT.glob("core/**/*.py"), *_ROOT.glob("core/reference/**/*.*")]
    )
    seen = b"\0".join(path.read_bytes() for path in sources)
    return hashlib.sha256(seen + repr(year).encode()).hexdigest()[:8]


def fresh(data: Path) -> Path:
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
        with owned(data):
            shutil.rmtree(data)
    return data
