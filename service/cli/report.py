"""``crescendo report``: what the journal adds up to."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import App, Parameter

from core.errors import CrescendoError
from core.nomenclature import Level
from reporting.report_tables import Grid
from service.cli.options import HERE, Place
from service.settings import Misuse
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

    def write(self, found: Any, grid: Callable[[Any], Grid]) -> None:
        """Write a report as asked."""
        if self.json:
            console.as_json(found)
        elif self.csv:
            print(grid(found).csv(), end="")
        else:
            console.show(grid(found))


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
    place: Place = HERE,
) -> None:
    """Debit, credit and balance of every account; both sides are equal."""
    from reporting import trial_balance as report
    from service.database.report_session import read

    found = read(
        place.settings(),
        lambda connection, names: report.trial_balance(connection, names, exercise=exercise, batch=batch),
    )
    form.write(found, report.grid)


@app.command
def budget(*, part: Part = ALL, form: Form = TABLE, place: Place = HERE) -> None:
    """What was opened, reserved, consumed and is left, in AE and in CP."""
    from reporting import budget as report
    from service.database.report_session import read

    scope = report.Scope(Level[part.level.upper()], part.programme, part.year, part.batch)
    found = read(place.settings(), lambda connection, names: report.budget(connection, names, scope))
    form.write(found, report.grid)


@app.command
def refusals(
    *,
    submission: Annotated[
        int | None, Parameter(help="Only of this submission, and then line by line.")
    ] = None,
    language: Annotated[Literal["en", "fr"], Parameter(help="Language of findings and remedies.")] = "en",
    form: Form = TABLE,
    place: Place = HERE,
) -> None:
    """Why lines were refused, and what to do: by reason, or line by line for one submission."""
    from reporting import refusals as report
    from service.database.report_session import read

    if submission is None:
        found = read(place.settings(), lambda connection, _: report.refusals(connection, language=language))
        form.write(found, report.grid)
        return
    lines = read(
        place.settings(),
        lambda connection, names: report.refused_lines(connection, names, submission, language=language),
    )
    form.write(lines, report.lines_grid)


@app.command
def commitments(
    *,
    level: Annotated[LevelName, Parameter(help="Level of the fund centres shown.")] = "programme",
    form: Form = TABLE,
    place: Place = HERE,
) -> None:
    """What commitments still bind: engaged and not drawn, certified and not requested."""
    from reporting import commitments as report
    from service.database.report_session import read

    found = read(
        place.settings(),
        lambda connection, names: report.outstanding_commitments(
            connection, names, level=Level[level.upper()]
        ),
    )
    form.write(found, report.grid)


@app.command
def delays(
    *,
    by: Annotated[Literal["ministry", "programme"], Parameter(help="One row for each.")] = "ministry",
    year: Annotated[int | None, Parameter(help="Only what was debited in this year.")] = None,
    form: Form = TABLE,
    place: Place = HERE,
) -> None:
    """How long payments took, from request to debit; what came in time; interest due, proposed and paid."""
    from reporting import delays as report
    from service.database.report_session import read

    scope = report.Scope(by, year)
    found = read(place.settings(), lambda connection, names: report.delays(connection, names, scope))
    form.write(found, report.grid)


@app.command
def proof(
    *,
    submission: Annotated[int | None, Parameter(help="Prove this submission and its batches.")] = None,
    batch: Annotated[int | None, Parameter(help="Prove this batch.")] = None,
    form: Form = TABLE,
    place: Place = HERE,
) -> int:
    """Hold what a file or a batch states against its rows: totals, both sides, budget, hash.

    Exit codes: 0 everything holds; 1 something does not.
    """
    from reporting import proofs as report
    from service.database.report_session import read

    if (submission is None) == (batch is None):
        raise Misuse("name one: --submission NUMBER or --batch NUMBER")
    found: BatchProof | SubmissionProof | None = read(
        place.settings(),
        lambda connection, names: (
            report.prove_batch(connection, names, batch)
            if batch is not None
            else report.prove_submission(connection, names, submission or 0)
        ),
    )
    if found is None:
        raise CrescendoError(f"there is no {'batch' if batch is not None else 'submission'} of that number")
    form.write(found, report.grid)
    if form == TABLE:
        console.say(f"\n{_verdict(found)}")
    return 0 if found.holds else EXIT_FINDINGS


def _verdict(found: "BatchProof | SubmissionProof") -> str:
    from reporting.proofs import BatchProof

    if isinstance(found, BatchProof):
        return f"The rows hash to {found.link.computed}; stored is {found.link.stored}."
    broken = [f"{each.batch:,}" for each in found.batches if not each.holds]
    if broken:
        return f"Of its batches these do NOT hold: {', '.join(broken)}; see --batch NUMBER."
    return f"The {console.count(len(found.batches), 'batch', 'batches')} with its rows: all hold."
