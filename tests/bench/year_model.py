"""A generated year, decided by the plain-Python engine and read through the spool."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bench.year.year_generator import Year, generate_year
from core.nomenclature import CentreLevel
from core.reference.files import SAMPLE_FOLDER
from ingest.spool.spool import Spool
from ingest.validation.file_validation import open_source, validate_without_cache
from tests.oracle.engine import Engine
from tests.oracle.reference import Reference

REQUESTS = ("payment_request", "payment_request_without_service", "direct_payment_request")
Row = dict[str, Any]
Cell = tuple[str, str]
"""A programme and a commitment item."""


@dataclass
class YearOutcome:
    """The decisions of the plain-Python engine on a year."""

    outcomes: Counter[str] = field(default_factory=Counter)
    by_kind: Counter[tuple[str, str]] = field(default_factory=Counter)
    short_of_credit: Counter[str] = field(default_factory=Counter)
    """Refusals for lack of credits, by month."""
    held: int = 0
    remaining: dict[str, tuple[int, int]] = field(default_factory=dict)
    """AE and CP that each programme has left on HT2, in cents."""
    requested: Counter[Cell] = field(default_factory=Counter)
    """Cents of the accepted requests that were not rejected, by programme and item."""


class _ActCells:
    """The accepted acts that have a cell of their own, and the requests that wait to be added up by cell."""

    def __init__(self) -> None:
        self._cells: dict[tuple[str, int], Cell] = {}
        self._requests: list[Row] = []

    def add(self, row: Row) -> None:
        """Add an accepted act."""
        if row.get("fund_centre"):
            self._cells[row["reference"], int(row["line"])] = (row["fund_centre"][:4], row["commitment_item"])
        if row["kind"].removesuffix("_rejection") in REQUESTS:
            self._requests.append(row)

    def sum_requests(self) -> Counter[Cell]:
        """Sum the requests added since the last call; those inherit the cell of what they follow."""
        sums: Counter[Cell] = Counter()
        for row in self._requests:
            reference, _, line = row.get("predecessor", "").partition("#")
            own = row["reference"], int(row["line"])
            cell = self._cells.get(own) or self._cells[reference, int(line or 1)]
            self._cells[own] = cell
            sign = -1 if row["kind"].endswith("_rejection") else 1
            sums[cell] += sign * round(Decimal(row["amount"]) * 100)
        self._requests = []
        return sums


def decide_year(folder: Path, summary: dict[str, Any]) -> YearOutcome:
    """Decide every file in order."""
    reference = Reference.load(SAMPLE_FOLDER)
    engine, year_outcome, cells = Engine(reference), YearOutcome(), _ActCells()
    for file in summary["files"]:
        rows = list(convert_to_texts(pq.read_table(folder / file["name"])))
        decisions = engine.submit(rows, file["sender"])
        year_outcome.held += len(engine.list_held())
        for (outcome, _, _), row in zip(decisions, rows, strict=True):
            year_outcome.outcomes[outcome] += 1
            year_outcome.by_kind[row["kind"], outcome] += 1
            if outcome == "ACCEPTED":
                cells.add(row)
            if outcome in ("AE_EXCEEDED", "CP_EXCEEDED"):
                year_outcome.short_of_credit[row["date"][:7]] += 1
        year_outcome.requested.update(cells.sum_requests())
    for code, centre in reference.years[2018].nomenclature.centres.items():
        if centre.level is CentreLevel.PROGRAMME:
            assignment = {"fund_centre": code, "commitment_item": "HT2", "exercise": "2018"}
            year_outcome.remaining[code] = engine.read_available(assignment)
    return year_outcome


def convert_to_texts(table: pa.Table) -> Iterator[Row]:
    """Yield each row as texts, without empty values."""
    columns = {
        "amount" if name == "amount_cents" else name: [
            _convert_to_text(name, value) for value in column.to_pylist()
        ]
        for name, column in zip(table.column_names, table.columns, strict=True)
    }
    for values in zip(*columns.values(), strict=True):
        yield {name: text for name, text in zip(columns, values, strict=True) if text}


def _convert_to_text(name: str, value: Any) -> str:
    if name == "amount_cents":
        return f"{'-' if value < 0 else ''}{abs(value) // 100}.{abs(value) % 100:02}"
    return "" if value is None else str(value)


def read_through_spool(folder: Path, spool: Path, year: Year) -> list[list[Row]]:
    """Generate ``year``, receive and validate its files, and return the rows of each file as read."""
    receiver = Spool(spool)
    files = []
    for file in generate_year(folder, year)["files"]:
        spooled = receiver.receive(folder / file["name"], file["name"])
        validated = validate_without_cache(spooled)
        assert validated.lines == spooled.envelope.count == file["rows"]
        assert spooled.envelope.sender == file["sender"]
        files.append(
            [
                row
                for batch in open_source(spooled).read_batches()
                for row in convert_to_texts(pa.Table.from_batches([batch]))
            ]
        )
    return files
