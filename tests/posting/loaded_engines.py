"""Engines that load their book on given reference data."""

import json
from itertools import count
from pathlib import Path

from posting.book.registry import ReferenceData
from tests.file_strategies import Row
from tests.reporting.journals import process_files

_numbers = count(1)


async def process_rows(
    dsn: str, folder: Path, reference: Path, rows: list[Row], sender: str = "MINISTRY"
) -> None:
    """Process one file to its end by an engine that starts with ``reference``."""
    await process_with(ReferenceData.load(reference), dsn, folder, rows=rows, sender=sender)


async def process_with(
    reference: ReferenceData, dsn: str, folder: Path, *, rows: list[Row], sender: str = "MINISTRY"
) -> None:
    """Process one file to its end by an engine that starts with files that are loaded already."""
    path = folder / f"{next(_numbers)}.jsonl"
    envelope = {"envelope": {"sender": sender, "batch_id": path.stem, "version": "1", "count": len(rows)}}
    path.write_text("".join(json.dumps(line) + "\n" for line in [envelope, *rows]))
    await process_files(dsn, folder, [path], reference)
