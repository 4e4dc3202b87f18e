"""``crescendo verify``: the proof of the journal, from the raw rows."""

from typing import TYPE_CHECKING

from core.reference.files import SAMPLE_FOLDER
from reporting.report_tables import CellType, Column, ReportTable
from service.cli.shared_options import DEFAULT_DATA, DataOptions, JsonOption
from service.configuration.settings import Settings
from service.database import session
from service.terminal import console
from service.terminal.processing_progress import ProgressReporter

if TYPE_CHECKING:
    from reporting.verification import Verification

EXIT_FINDINGS = 1
_FIELDS = ("batches", "chain", "evidence", "pending_rows", "rows", "checks", "findings")
_LIMITS = (
    "Not proven: that nobody rewrote the whole ledger and both its hashes. Write chain and evidence down elsewhere, and "
    "compare them later. Spooled files and payment files lie outside the database: their SHA-256 are covered."
)


def verify(*, options: DataOptions = DEFAULT_DATA, json: JsonOption = False) -> int:
    """Compute every balance, commitment and chain hash again, from the stored rows and with independent code.

    Exit codes: 0 proven; 1 findings, each with its place; 3 the verification could not be done.
    """
    verification = verify_database(options.read_settings())
    if json:
        console.print_json({"proven": verification.is_proven, **_to_fields(verification)})
    else:
        print_verification(verification)
    return 0 if verification.is_proven else EXIT_FINDINGS


def verify_database(settings: Settings) -> "Verification":
    """Verify the database of the settings."""
    return session.run_on_database(
        settings, lambda dsn, reporter: verify_open_database(settings, dsn, reporter)
    )


async def verify_open_database(settings: Settings, dsn: str, reporter: ProgressReporter) -> "Verification":
    """Verify an open database."""
    from reporting import verification

    def report(done: int, total: int, label: str) -> None:
        reporter.report_steps(done, total, f"verifying, {label}, step")

    return await verification.verify(dsn, report, folder=settings.reference or SAMPLE_FOLDER)


def print_verification(verification: "Verification") -> None:
    """Print the checks, the findings and the verdict."""
    console.print_table(build_check_table(verification))
    if verification.findings:
        console.print_heading("Findings")
    for finding in verification.findings:
        console.print_line(
            f"  {finding.check}, {finding.place}: found {finding.found}, expected {finding.expected}"
        )
    console.print_line()
    verdict = "Proven" if verification.is_proven else "NOT proven"
    checks = console.format_count(len(verification.checks), "check")
    batches = console.format_count(verification.batches, "batch", "batches")
    console.print_line(f"{verdict}: {checks} over {sum(verification.rows.values()):,} rows in {batches}.")
    console.print_line(f"Chain: {verification.chain or '-'}")
    console.print_line(
        f"Evidence: {verification.evidence or '-'}; {_describe_pending(verification.pending_rows)}."
    )
    console.print_line(_LIMITS)


def _describe_pending(rows: int) -> str:
    """Say how many rows beside the journal wait for the next batch."""
    if not rows:
        return "it covers every row beside the journal"
    return f"{console.format_count(rows, 'later row')} beside the journal will be covered by the next batch"


def build_check_table(verification: "Verification") -> ReportTable:
    """Build the table with one row per check."""
    columns = [Column("check"), Column("holds"), Column("rule", CellType.PROSE)]
    rows = [
        [check.name, "yes" if not check.broken else f"NO, {check.broken:,} times", check.rule]
        for check in verification.checks
    ]
    return ReportTable("Proof", columns, rows, drop_order=("rule",))


def _to_fields(verification: "Verification") -> dict[str, object]:
    return {name: getattr(verification, name) for name in _FIELDS}
