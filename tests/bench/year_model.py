"""A generated year, put before the plain-Python engine and the door."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
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

Row = dict[str, Any]


@dataclass
class YearOutcome:
    """What the plain engine made of a year."""

    outcomes: Counter[str] = field(default_factory=Counter)
    by_kind: Counter[tuple[str, str]] = field(default_factory=Counter)
    short_of_credit: Counter[str] = field(default_factory=Counter)
    """Refusals for want of credit, by month."""
    held: int = 0
    remaining: dict[str, tuple[int, int]] = field(default_factory=dict)
    """AE and CP that each programme has left on HT2, in cents."""


def decide_year(folder: Path, summary: dict[str, Any]) -> YearOutcome:
    """Present every file in order."""
    reference = Reference.load(SAMPLE_FOLDER)
    engine, judged = Engine(reference), YearOutcome()
    for file in summary["files"]:
        rows = list(convert_to_texts(pq.read_table(folder / file["name"])))
        told = engine.submit(rows, file["sender"])
        judged.held += len(engine.list_held())
        for (outcome, _, _), row in zip(told, rows, strict=True):
            judged.outcomes[outcome] += 1
            judged.by_kind[row["kind"], outcome] += 1
            if outcome in ("AE_EXCEEDED", "CP_EXCEEDED"):
                judged.short_of_credit[row["date"][:7]] += 1
    for code, centre in reference.years[2018].nomenclature.centres.items():
        if centre.level is CentreLevel.PROGRAMME:
            place = {"fund_centre": code, "commitment_item": "HT2", "exercise": "2018"}
            judged.remaining[code] = engine.read_available(place)
    return judged


def convert_to_texts(table: pa.Table) -> Iterator[Row]:
    """Each row in texts, without what is empty."""
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
    """Generate ``year``, receive and prove its files, and give the rows of each as read."""
    received = Spool(spool)
    files = []
    for file in generate_year(folder, year)["files"]:
        spooled = received.receive(folder / file["name"], file["name"])
        found = validate_without_cache(spooled)
        assert found.lines == spooled.envelope.count == file["rows"]
        assert spooled.envelope.sender == file["sender"]
        files.append(
            [
                row
                for batch in open_source(spooled).read_batches()
                for row in convert_to_texts(pa.Table.from_batches([batch]))
            ]
        )
    return files
