"""``crescendo report``: what the journal adds up to."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import App, Parameter

from core.errors import CrescendoError
from core.nomenclature import CentreLevel
from reporting.report_tables import ReportTable
from service.cli.shared_options import DEFAULT_DATA, DataOptions
from service.configuration.settings import UsageError
from service.terminal import console

if TYPE_CHECKING:
    from reporting.proofs import BatchProof, SubmissionProof

EXIT_FINDINGS = 1

app = App(name="report", help="Trial balance, budget execution, refusals, commitments, delays, proofs.")
LevelName = Literal["programme", "bop", "uo", "operation"]


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Form:
    """How a report is written."""

    json: Annotated[
        bool, Parameter(negative="", show_default=False, help="One JSON document; amounts in cents.")
    ] = False
    csv: Annotated[bool, Parameter(negative="", show_default=False, help="CSV; amounts in euros.")] = False

    def write(self, found: Any, grid: Callable[[Any], ReportTable]) -> None:
        """Write a report as asked."""
        if self.json:
            console.print_json(found)
        elif self.csv:
            print(grid(found).to_csv(), end="")
        else:
            console.print_table(grid(found))


TABLE = Form()


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Part:
    """Which part of the budget."""

    level: Annotated[LevelName, Parameter(help="Level of the fund centres shown.")] = "programme"
    programme: Annotated[str | None, Parameter(help="Only this programme.")] = None
    year: Annotated[int | None, Parameter(help="Only this budget year.")] = None
    batch: Annotated[
        int | None, Parameter(help="As it stood after this batch; after the last if left out.")
    ] = None


ALL = Part()


@app.command
def trial_balance(
    *,
    exercise: Annotated[int | None, Parameter(help="Only this exercise.")] = None,
    batch: Annotated[
        int | None, Parameter(help="As it stood after this batch; after the last if left out.")
    ] = None,
    form: Form = TABLE,
    options: DataOptions = DEFAULT_DATA,
) -> None:
    """Debit, credit and balance of every account; both sides are equal."""
    from reporting import trial_balance as report
    from service.database.report_session import read_report

    found = read_report(
        options.read_settings(),
        lambda connection, names: report.load_trial_balance(
            connection, names, exercise=exercise, batch=batch
        ),
    )
    form.write(found, report.build_table)


@app.command
def budget(*, part: Part = ALL, form: Form = TABLE, options: DataOptions = DEFAULT_DATA) -> None:
    """What was opened, reserved, consumed and is left, in AE and in CP."""
    from reporting import budget as report
    from service.database.report_session import read_report

    scope = report.BudgetScope(CentreLevel[part.level.upper()], part.programme, part.year, part.batch)
    found = read_report(
        options.read_settings(), lambda connection, names: report.load_budget(connection, names, scope)
    )
    form.write(found, report.build_table)


@app.command
def refusals(
    *,
    submission: Annotated[
        int | None, Parameter(help="Only of this submission, and then line by line.")
    ] = None,
    language: Annotated[Literal["en", "fr"], Parameter(help="Language of findings and remedies.")] = "en",
    form: Form = TABLE,
    options: DataOptions = DEFAULT_DATA,
) -> None:
    """Why lines were refused, and what to do: by reason, or line by line for one submission."""
    from reporting import refusals as report
    from service.database.report_session import read_report

    if submission is None:
        found = read_report(
            options.read_settings(), lambda connection, _: report.load_refusals(connection, language=language)
        )
        form.write(found, report.build_table)
        return
    lines = read_report(
        options.read_settings(),
        lambda connection, names: report.load_refused_lines(connection, names, submission, language=language),
    )
    form.write(lines, report.build_lines_table)


@app.command
def commitments(
    *,
    level: Annotated[LevelName, Parameter(help="Level of the fund centres shown.")] = "programme",
    form: Form = TABLE,
    options: DataOptions = DEFAULT_DATA,
) -> None:
    """What commitments still bind: engaged and not drawn, certified and not requested."""
    from reporting import commitments as report
    from service.database.report_session import read_report

    found = read_report(
        options.read_settings(),
        lambda connection, names: report.load_outstanding_commitments(
            connection, names, level=CentreLevel[level.upper()]
        ),
    )
    form.write(found, report.build_table)


@app.command
def delays(
    *,
    by: Annotated[Literal["ministry", "programme"], Parameter(help="One row for each.")] = "ministry",
    year: Annotated[int | None, Parameter(help="Only what was debited in this year.")] = None,
    form: Form = TABLE,
    options: DataOptions = DEFAULT_DATA,
) -> None:
    """How long payments took, from request to debit; what came in time; interest due, proposed and paid."""
    from reporting import delays as report
    from service.database.report_session import read_report

    scope = report.DelayScope(by, year)
    found = read_report(
        options.read_settings(), lambda connection, names: report.load_delays(connection, names, scope)
    )
    form.write(found, report.build_table)


@app.command
def proof(
    *,
    submission: Annotated[int | None, Parameter(help="Prove this submission and its batches.")] = None,
    batch: Annotated[int | None, Parameter(help="Prove this batch.")] = None,
    form: Form = TABLE,
    options: DataOptions = DEFAULT_DATA,
) -> int:
    """Hold what a file or a batch states against its rows: totals, both sides, budget, hash.

    Exit codes: 0 everything holds; 1 something does not.
    """
    from reporting import proofs as report
    from service.database.report_session import read_report

    if (submission is None) == (batch is None):
        raise UsageError("name one: --submission NUMBER or --batch NUMBER")
    found: BatchProof | SubmissionProof | None = read_report(
        options.read_settings(),
        lambda connection, names: (
            report.prove_batch(connection, names, batch)
            if batch is not None
            else report.prove_submission(connection, names, submission or 0)
        ),
    )
    if found is None:
        raise CrescendoError(f"there is no {'batch' if batch is not None else 'submission'} of that number")
    form.write(found, report.build_table)
    if form == TABLE:
        console.print_line(f"\n{_verdict(found)}")
    return 0 if found.holds else EXIT_FINDINGS


def _verdict(found: "BatchProof | SubmissionProof") -> str:
    from reporting.proofs import BatchProof

    if isinstance(found, BatchProof):
        return f"The rows hash to {found.link.computed}; stored is {found.link.stored}."
    broken = [f"{each.batch:,}" for each in found.batches if not each.holds]
    if broken:
        return f"Of its batches these do NOT hold: {', '.join(broken)}; see --batch NUMBER."
    return f"The {console.format_count(len(found.batches), 'batch', 'batches')} with its rows: all hold."
