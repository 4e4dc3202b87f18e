"""The closing file (dossier de clôture) of a year: every execution of each step, what it found, and how it is proven.

An auditor files it as one document.  A row is an execution, one of its findings, or what a person prepared; a step that nobody
executed has a row that says so.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from core.amount_fields import Cents
from reporting.report_queries import Connection, Row, fetch, fetch_one, find_batch_or_last
from reporting.report_tables import Cell, CellType, Column, ReportTable
from reporting.visibility import WHOLE_JOURNAL, Visibility

STEPS: Mapping[str, str] = {
    "C01": "dates limites par nature d'acte",
    "C02": "contrôles préalables",
    "C03": "arrêté des consommations d'AE",
    "C05": "engagements à clôturer",
    "C06": "bascule des engagements juridiques et des services faits",
    "C04": "bascule des demandes de paiement non payées",
    "C07": "report des affectations non engagées",
    "C14": "balances d'entrée",
    "C08": "inventaire : dotations aux amortissements, contre-passation des charges à payer",
    "C09": "apurement et justification des comptes d'attente",
    "C10": "comptes de liaison soldés",
    "C11": "centralisation de la trésorerie",
    "C12": "détermination du résultat",
    "C13": "verrouillage de l'exercice",
    "C15": "reports de crédits",
    "C16": "affectation du résultat",
}
"""The steps in the order of their execution, with their French names (``closing.steps``)."""
EXECUTION, FINDING, PREPARATION, NONE = "execution", "finding", "preparation", "none"
NOT_BEGUN = "not begun"


class ClosingRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the file."""

    year: int
    step: str
    label: str
    row: str
    """``execution``, ``finding`` of the execution above it, ``preparation``, or ``none`` of a step that nobody executed."""
    attempt: int | None = None
    state: str = ""
    """``proven``, ``refused``, ``interrupted``, ``withdrawn``, ``not ended``; of a finding whether it ``blocks``."""
    by: str = ""
    proof: str = ""
    """How the person was proved; of a preparation who confirmed it."""
    started: str | None = None
    ended: str | None = None
    seconds: int | None = None
    """How long it took, in whole seconds."""
    lines: int | None = None
    """Acts that it gave to the engine, or what it counted."""
    amount_cents: Cents | None = None
    accepted: int | None = None
    refused: int | None = None
    """Lines of its file."""
    found: int | None = None
    """Of a finding or a preparation: how many."""
    found_cents: Cents | None = None
    subject: str = ""
    """Of a finding what it counts; of an execution why its proof was withdrawn."""
    detail: str = ""
    batch: int | None = None
    """The last batch of the journal when it ended, and its hash."""
    chain: str = ""
    file_sha256: str = ""
    """Of the file of its acts; of a preparation of the acts that were shown."""
    seal: str = ""
    """Of a locked year, the SHA-256 of its sums by account."""


class ClosingFile(msgspec.Struct, frozen=True, kw_only=True):
    """All rows of a year, in the order of the steps."""

    batch: int
    year: int | None
    """Null if no step of any year was executed."""
    executions: int
    proven: int
    """Steps whose last execution is proven."""
    rows: list[ClosingRow]


class _Finding(msgspec.Struct, frozen=True):
    subject: str
    lines: int
    cents: int = 0
    blocks: bool = False
    detail: str = ""


async def load_closing_file(
    connection: Connection,
    *,
    year: int | None = None,
    batch: int | None = None,
    visibility: Visibility = WHOLE_JOURNAL,
) -> ClosingFile:
    """Load the closing file of a year, by default the last one with a step; a caller who sees a part sees no execution."""
    number = await find_batch_or_last(connection, batch)
    of_year = year or (await fetch_one(connection, "years_of_closing"))["year"]
    if of_year is None or not visibility.is_whole:
        return ClosingFile(batch=number, year=of_year, executions=0, proven=0, rows=[])
    executions = await fetch(connection, "closing_executions", of_year, batch)
    preparations = await fetch(connection, "closing_preparations", of_year, batch)
    states = {row["step"]: row["state"] for row in executions}
    return ClosingFile(
        batch=number,
        year=of_year,
        executions=len(executions),
        proven=sum(state == "proven" for state in states.values()),
        rows=[
            row for step in STEPS for row in _list_rows(of_year, step, executions, preparations=preparations)
        ],
    )


def _list_rows(
    year: int, step: str, executions: Sequence[Row], *, preparations: Sequence[Row]
) -> Iterator[ClosingRow]:
    """Yield the preparations of a step, then its executions, each with what it found."""
    head: Mapping[str, Any] = {"year": year, "step": step, "label": STEPS[step]}
    for row in preparations:
        if row["step"] == step:
            yield ClosingRow(
                **head,
                row=PREPARATION,
                by=row["by"],
                proof=row["confirmed_by"],
                started=_format_time(row["at"]),
                found=row["lines"],
                found_cents=row["cents"],
                file_sha256=row["digest"],
            )
    of_step = [row for row in executions if row["step"] == step]
    for row in of_step:
        yield _build_execution(head, row)
        for finding in msgspec.json.decode(row["findings"], type=list[_Finding]):
            yield _build_finding(head, row["attempt"], finding)
    if not of_step:
        yield ClosingRow(**head, row=NONE, state=NOT_BEGUN)


def _build_execution(head: Mapping[str, Any], row: Row) -> ClosingRow:
    ended = row["ended"]
    return ClosingRow(
        **head,
        row=EXECUTION,
        **{name: row[name] for name in ("attempt", "state", "by", "proof", "lines", "accepted", "refused")},
        **{name: row[name] for name in ("batch", "chain", "seal")},
        started=_format_time(row["started"]),
        ended=_format_time(ended) if ended else None,
        seconds=int((ended - row["started"]).total_seconds()) if ended else None,
        amount_cents=row["cents"],
        subject=row["reason"],
        file_sha256=row["file_hash"],
    )


def _build_finding(head: Mapping[str, Any], attempt: int, finding: _Finding) -> ClosingRow:
    return ClosingRow(
        **head,
        row=FINDING,
        attempt=attempt,
        state="blocks" if finding.blocks else "",
        found=finding.lines,
        found_cents=finding.cents,
        subject=finding.subject,
        detail=finding.detail,
    )


def _format_time(moment: datetime) -> str:
    """Return a moment as it is stored in UTC, to the second."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def build_table(closing_file: ClosingFile) -> ReportTable:
    """Build the table: findings have columns of their own, so that no sum counts an execution twice."""
    columns = [
        *(Column("year"), Column("step"), Column("label", CellType.PROSE), Column("row")),
        *(Column("no.", CellType.COUNT), Column("state"), Column("by"), Column("proved by")),
        *(Column("began, UTC"), Column("ended, UTC"), Column("seconds", CellType.COUNT)),
        *(Column("lines", CellType.COUNT), Column("euros", CellType.MONEY)),
        *(Column("accepted", CellType.COUNT), Column("refused", CellType.COUNT)),
        *(Column("found, number", CellType.COUNT), Column("found, euros", CellType.MONEY)),
        *(Column("finding", CellType.PROSE), Column("what to do", CellType.PROSE)),
        *(Column("batch", CellType.COUNT), Column("chain"), Column("file"), Column("seal")),
    ]
    rows: list[list[Cell]] = [[str(row.year), *msgspec.structs.astuple(row)[1:]] for row in closing_file.rows]
    drop_order = (
        *(
            "seal",
            "file",
            "chain",
            "proved by",
            "ended, UTC",
            "what to do",
            "year",
            "accepted",
            "refused",
            "batch",
        ),
        *("label", "seconds", "began, UTC", "found, euros", "found, number", "by", "finding"),
    )
    title = f"Closing file of {closing_file.year}" if closing_file.year else "Closing file"
    return ReportTable(f"{title}, after batch {closing_file.batch:,}", columns, rows, (), drop_order)
