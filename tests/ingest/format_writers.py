"""The same acts written down in every format, by the writers that senders use."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.act_fields import BY_COLUMN, FORMATS, Sort
from ingest.spool.envelope import Envelope
from ingest.spool.spool import Spool, Spooled
from ingest.validation.decoded_cache import Source
from ingest.validation.file_validation import source

SENDER = Envelope(sender="MEN", batch_id="2018-12-31/7")
SUFFIXES = (".parquet", ".arrow", ".arrows", ".csv", ".jsonl")

_TYPES: Mapping[Sort, pa.DataType] = {
    Sort.TEXT: pa.string(),
    Sort.WHOLE: pa.int32(),
    Sort.DAY: pa.date32(),
    Sort.DECIMAL: pa.string(),
    Sort.CENTS: pa.int64(),
}


def acts(lines: int) -> pa.Table:
    """Varied acts, with accents, delimiters, quotes and nothing where nothing is said."""
    numbers = range(lines)
    return table(
        {
            "reference": [f"DP18{n:09d}" for n in numbers],
            "line": [1 + n % 3 for n in numbers],
            "kind": [("payment_request", "commitment", "service")[n % 3] for n in numbers],
            "exercise": [2018] * lines,
            "date": [17_897 - n % 300 for n in numbers],
            "fund_centre": [f"0177-D{n % 7:03d}-UO01" for n in numbers],
            "payee_name": [
                ("Société Générale", 'Ets "Dupont; fils"', "", None, "O'Neill, SA")[n % 5] for n in numbers
            ],
            "predecessor": [f"EJ18{n // 2:09d}#1" if n % 4 else None for n in numbers],
            "amount_cents": [n * 7919 % 10_000_019 - 500 for n in numbers],
        }
    )


def table(columns: Mapping[str, Sequence[Any]]) -> pa.Table:
    """Columns in the types that typed writers use."""
    return pa.table(
        {name: pa.array(values, _TYPES[FORMATS[BY_COLUMN[name]].sort]) for name, values in columns.items()}
    )


def write(rows: pa.Table, path: Path) -> Path:
    """Write ``rows`` in the format that the name of ``path`` says."""
    writers = {
        ".parquet": lambda: pq.write_table(rows, path, row_group_size=max(1, len(rows) // 3)),
        ".arrow": lambda: _write_ipc(rows, path, pa.ipc.new_file),
        ".arrows": lambda: _write_ipc(rows, path, pa.ipc.new_stream),
        ".csv": lambda: path.write_bytes(as_csv(rows)),
        ".jsonl": lambda: path.write_bytes(as_json_lines(rows)),
    }
    writers[path.suffix]()
    return path


def _write_ipc(rows: pa.Table, path: Path, open_writer: Any) -> None:
    with pa.OSFile(str(path), "wb") as sink, open_writer(sink, rows.schema) as writer:
        writer.write_table(rows, max_chunksize=max(1, len(rows) // 4))


def as_csv(rows: pa.Table, delimiter: str = ";", line_end: str = "\n") -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=line_end)
    columns = said(rows)
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue().encode()


def as_json_lines(rows: pa.Table) -> bytes:
    columns = said(rows)
    objects = (dict(zip(columns, line, strict=True)) for line in zip(*columns.values(), strict=True))
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in objects)


def said(rows: pa.Table) -> dict[str, list[str]]:
    """What every line says in every column, as text: how acts of different formats compare."""
    columns = {name: [_text(value) for value in rows.column(name).to_pylist()] for name in rows.column_names}
    cents = columns.pop("amount_cents", None)
    if cents is not None:
        columns["amount"] = [f"{Decimal(value).scaleb(-2):.2f}" if value else "" for value in cents]
    return columns


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def spooled(folder: Path, path: Path, envelope: Envelope = SENDER) -> Spooled:
    return Spool(folder / "spool").receive(path, path.name, envelope)


def read(found: Source, start: int = 0, size: int = 131_072) -> pa.Table:
    return pa.Table.from_batches(found.batches(start, size), found.schema)


def lines_of(spooled_file: Spooled) -> dict[str, list[str]]:
    return said(read(source(spooled_file)))
