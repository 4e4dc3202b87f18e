"""The same acts in every format, written by the libraries that senders use."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.act_fields import FIELD_BY_COLUMN, FORMATS, FieldType
from ingest.spool.envelope import Envelope
from ingest.spool.spool import Spool
from ingest.spool.spooled_file import SpooledFile
from ingest.validation.decoded_cache import LineSource
from ingest.validation.file_validation import open_source

SENDER = Envelope(sender="MEN", batch_id="2018-12-31/7")
SUFFIXES = (".parquet", ".arrow", ".arrows", ".csv", ".jsonl")

_TYPES: Mapping[FieldType, pa.DataType] = {
    FieldType.TEXT: pa.string(),
    FieldType.WHOLE: pa.int32(),
    FieldType.DAY: pa.date32(),
    FieldType.DECIMAL: pa.string(),
    FieldType.CENTS: pa.int64(),
}


def build_acts(lines: int) -> pa.Table:
    """Build varied acts, with accents, delimiters, quotes, and empty values."""
    numbers = range(lines)
    return build_table(
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


def build_table(columns: Mapping[str, Sequence[Any]]) -> pa.Table:
    """Build columns in the types that typed writers use."""
    return pa.table(
        {
            name: pa.array(values, _TYPES[FORMATS[FIELD_BY_COLUMN[name]].type])
            for name, values in columns.items()
        }
    )


def write_file(rows: pa.Table, path: Path) -> Path:
    """Write ``rows`` in the format of the suffix of ``path``."""
    writers = {
        ".parquet": lambda: pq.write_table(rows, path, row_group_size=max(1, len(rows) // 3)),
        ".arrow": lambda: _write_ipc(rows, path, pa.ipc.new_file),
        ".arrows": lambda: _write_ipc(rows, path, pa.ipc.new_stream),
        ".csv": lambda: path.write_bytes(to_csv(rows)),
        ".jsonl": lambda: path.write_bytes(to_json_lines(rows)),
    }
    writers[path.suffix]()
    return path


def _write_ipc(rows: pa.Table, path: Path, open_writer: Any) -> None:
    with pa.OSFile(str(path), "wb") as sink, open_writer(sink, rows.schema) as writer:
        writer.write_table(rows, max_chunksize=max(1, len(rows) // 4))


def to_csv(rows: pa.Table, delimiter: str = ";", line_end: str = "\n") -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=line_end)
    columns = list_texts(rows)
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue().encode()


def to_json_lines(rows: pa.Table) -> bytes:
    columns = list_texts(rows)
    objects = (dict(zip(columns, line, strict=True)) for line in zip(*columns.values(), strict=True))
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in objects)


def list_texts(rows: pa.Table) -> dict[str, list[str]]:
    """Return every value of every column as text, to compare acts of different formats."""
    columns = {
        name: [_to_text(value) for value in rows.column(name).to_pylist()] for name in rows.column_names
    }
    cents = columns.pop("amount_cents", None)
    if cents is not None:
        columns["amount"] = [f"{Decimal(value).scaleb(-2):.2f}" if value else "" for value in cents]
    return columns


def _to_text(value: Any) -> str:
    return "" if value is None else str(value)


def spool_file(folder: Path, path: Path, envelope: Envelope = SENDER) -> SpooledFile:
    return Spool(folder / "spool").receive(path, path.name, envelope)


def read_source(source: LineSource, start: int = 0, size: int = 131_072) -> pa.Table:
    return pa.Table.from_batches(source.read_batches(start, size), source.schema)


def read_lines(spooled_file: SpooledFile) -> dict[str, list[str]]:
    return list_texts(read_source(open_source(spooled_file)))
