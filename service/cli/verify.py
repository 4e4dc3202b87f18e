"""``crescendo verify``: the proof, from the raw rows."""

from typing import TYPE_CHECKING

from core.reference.files import SHIPPED
from reporting.report_tables import Column, Grid
from service.cli.options import HERE, Json, Place
from service.database import session
from service.settings import Settings
from service.terminal import console
from service.terminal.processing_progress import Narrator

if TYPE_CHECKING:
    from reporting.verification import Verification

EXIT_FINDINGS = 1


def verify(*, place: Place = HERE, json: Json = False) -> int:
    """Compute every balance, commitment and link of the chain again, from the raw rows and by another path.

    Exit codes: 0 proven; 1 findings, each with its place; 3 it cannot be told.
    """
    found = proof(place.settings())
    if json:
        console.as_json({"proven": found.proven, **_fields(found)})
    else:
        tell(found)
    return 0 if found.proven else EXIT_FINDINGS


def proof(settings: Settings) -> "Verification":
    """Verify the database of the settings."""
    return session.ask(settings, lambda dsn, teller: question(settings, dsn, teller))


async def question(settings: Settings, dsn: str, teller: Narrator) -> "Verification":
    """Verify a database that is open."""
    from reporting.verification import verify as verified

    def tell(done: int, total: int, label: str) -> None:
        teller.stepping(done, total, f"verifying, {label}")

    return await verified(dsn, tell, folder=settings.reference or SHIPPED)


def tell(found: "Verification") -> None:
    """Write the checks, the findings and the verdict."""
    columns = (Column("check"), Column("holds"), Column("rule"))
    rows = [
        [each.name, "yes" if not each.broken else f"NO, {each.broken:,} times", each.rule]
        for each in found.checks
    ]
    console.show(Grid("Proof", columns, rows))
    if found.findings:
        console.heading("Findings")
    for each in found.findings:
        console.say(f"  {each.check}, {each.place}: found {each.found}, expected {each.expected}")
    console.say()
    rows_read = f"{sum(found.rows.values()):,} rows in {console.count(found.batches, 'batch', 'batches')}"
    verdict = "Proven" if found.proven else "NOT proven"
    console.say(f"{verdict}: {console.count(len(found.checks), 'check')} over {rows_read}.")
    console.say(f"Chain: {found.chain or '-'}")


def _fields(found: "Verification") -> dict[str, object]:
    return {name: getattr(found, name) for name in ("batches", "chain", "rows", "checks", "findings")}
