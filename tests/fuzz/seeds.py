"""The first inputs of each reader: small valid ones, in as many spellings as their formats have."""

import base64
import io
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, cast

import pyarrow as pa
import pyarrow.parquet as pq

from core.act_fields import FORMATS
from ingest.pain001.archive import TarStream
from tests.fuzz.readers import ORDERS
from tests.ingest.format_writers import build_acts, to_csv, to_json_lines, write_file
from tests.ingest.odd_buffers import ODD_TYPES, build_odd_file
from tests.ingest.payment_files import build_assignments, build_lot, build_message, build_transfer
from tests.markup import documents
from tests.settlement import camt_messages as camt
from tests.settlement.bank_files import test_cfonb120_reader as cfonb
from tests.settlement.bank_files import test_pain002_reader as pain002

LINES = 7
_EVERY_COLUMN = {field.column: "1" for field in FORMATS if field.column not in ("amount_cents", "")}


def build_seeds(reader: str) -> list[bytes]:
    """Return the first inputs of a reader."""
    return list(_BUILDERS[reader]())


def _to_parquet(rows: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(rows, sink, store_schema=False, write_statistics=False, **options)
    return sink.getvalue()


def _to_ipc(rows: pa.Table, *, is_file: bool, compression: str | None = None) -> bytes:
    sink = io.BytesIO()
    open_writer = pa.ipc.new_file if is_file else pa.ipc.new_stream
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with open_writer(sink, rows.schema, options=options) as writer:
        writer.write_table(rows, max_chunksize=3)
    return sink.getvalue()


def _build_typed_acts() -> pa.Table:
    """Build acts with a dictionary, views and large strings."""
    rows = build_acts(LINES)
    for name, column_type in (("payee_name", pa.string_view()), ("predecessor", pa.large_string())):
        rows = rows.set_column(rows.column_names.index(name), name, rows[name].cast(column_type))
    return rows.set_column(2, "kind", rows["kind"].combine_chunks().dictionary_encode())


def _build_foreign_acts() -> pa.Table:
    """Build acts in the types of other writers: decimals, timestamps and unsigned numbers."""
    rows = build_acts(LINES)
    amounts = rows["amount_cents"].cast(pa.decimal128(21, 0)).combine_chunks()
    rows = rows.select(["reference", "line", "date"]).append_column(
        "amount", amounts.cast(pa.decimal256(30, 2))
    )
    for name, column_type in (("date", pa.timestamp("ms", "UTC")), ("line", pa.uint64())):
        rows = rows.set_column(rows.column_names.index(name), name, rows[name].cast(column_type))
    return rows


def _build_parquet() -> Iterator[bytes]:
    rows = build_acts(LINES)
    yield _to_parquet(rows, row_group_size=3)
    yield _to_parquet(rows, use_dictionary=False, compression="zstd", data_page_version="2.0")
    yield _to_parquet(rows.slice(0, 0))
    yield _to_parquet(_build_foreign_acts())
    yield _to_parquet(rows.select(["reference", "amount_cents"]), compression="none", data_page_size=8)


def _build_arrow(*, is_file: bool) -> Iterator[bytes]:
    few = build_acts(LINES).select(["reference", "amount_cents"])
    for rows in (few, _build_typed_acts(), _build_foreign_acts()):
        yield _to_ipc(rows, is_file=is_file)
    for compression in ("lz4", "zstd"):
        yield _to_ipc(_build_typed_acts(), is_file=is_file, compression=compression)
    for texts in ODD_TYPES:
        yield build_odd_file(texts, ".arrow" if is_file else ".arrows")


def _build_csv() -> Iterator[bytes]:
    yield to_csv(build_acts(LINES))
    yield to_csv(build_acts(LINES), ",", "\r\n")
    yield b"\xef\xbb\xbf" + to_csv(build_acts(2))
    yield (";".join(_EVERY_COLUMN) + "\n" + ";".join(_EVERY_COLUMN.values()) + "\n").encode()


def _build_json_lines() -> Iterator[bytes]:
    rows = build_acts(LINES)
    envelope = {"sender": "MEN", "batch_id": "B-1", "version": "1", "count": str(LINES), "atomic": True}
    yield to_json_lines(rows)
    yield json.dumps({"envelope": envelope}).encode() + b"\n" + to_json_lines(rows)
    yield b'{"reference":"A","line":1,"amount":12.34}\n{"reference":"B","line":2,"amount":5e2}\n'
    yield json.dumps(_EVERY_COLUMN).encode() + b"\n{}\n"


def _build_payment_files() -> Iterator[bytes]:
    for version in (documents.V03, documents.V09):
        yield documents.build_payment(Random(version), style=documents.Style(version))
    yield build_message(build_lot([build_transfer("R1", "1.005", currency="USD")], day="<DtTm>2018</DtTm>"))
    yield documents.build_payment(Random(1)).decode().encode("utf-16")


def _build_assignment_files() -> Iterator[bytes]:
    content = build_assignments(ORDERS)
    yield content
    with TemporaryDirectory() as folder:
        rows = pa.table({"reference": [row[0] for row in ORDERS], "amount": [row[1] for row in ORDERS]})
        for suffix in (".parquet", ".arrow", ".arrows", ".jsonl"):
            yield write_file(rows, Path(folder) / f"imputation{suffix}").read_bytes()


def _build_archives() -> Iterator[bytes]:
    orders = build_message(build_lot([build_transfer(*row) for row in ORDERS]), count=len(ORDERS))
    for name in ("orders.xml.imputation.csv", "other"):
        files = [("orders.xml", orders), (name, build_assignments(ORDERS))]
        pairs = [(member, cast(BinaryIO, io.BytesIO(content))) for member, content in files]
        yield TarStream(pairs).readall()


def _build_forms() -> Iterator[bytes]:
    yield json.dumps(_EVERY_COLUMN).encode()
    yield b'[{"reference": "A", "line": 1, "amount": 12.50}, {"reference": null, "kind": ""}]'


def _build_manifests() -> Iterator[bytes]:
    yield b'{"sender": "MEN", "batch_id": "B 1", "version": "1", "count": "12", "control_sum": "-12.5", "sepa_only": true}'
    yield json.dumps({"sha256": "ab" * 32, "atomic": False}).encode()


def _build_signatures() -> Iterator[bytes]:
    yield bytes(range(64))
    yield base64.encodebytes(bytes(range(64)))


def _build_bank_messages() -> Iterator[bytes]:
    details = [camt.detail("E-1", "3.25", "DBIT", "AC04"), camt.detail("E-2", "7.25", "DBIT")]
    for version in ("02", "08"):
        parts = [
            camt.balance("OPBD", "100.00"),
            camt.balance("CLBD", "89.50"),
            camt.entry("10.50", "DBIT", details),
        ]
        yield camt.document(camt.statement(*parts), version=version).encode()
        yield camt.document(camt.statement(*parts[2:]), version=version).replace("053", "054").replace(
            "BkToCstmrStmt", "BkToCstmrDbtCdtNtfctn").replace("Stmt>", "Ntfctn>").encode()  # fmt: skip
    for version in ("03", "12"):
        lots = pain002.lot(
            "LOT-1", "<PmtInfSts>PART</PmtInfSts>", pain002.transaction("E-1", pain002.reason("AC04"))
        )
        yield pain002.report(lots, version=version).encode()
        yield pain002.report(group="<GrpSts>RJCT</GrpSts>", version=version).encode()


def _build_bank_texts() -> Iterator[bytes]:
    for end in ("\n", "\r\n", ""):
        yield end.join(cfonb.SOUND).encode("latin-1")


_BUILDERS: Mapping[str, Callable[[], Iterator[bytes]]] = {
    "parquet": _build_parquet,
    "arrow-file": lambda: _build_arrow(is_file=True),
    "arrow-stream": lambda: _build_arrow(is_file=False),
    "csv": _build_csv,
    "json-lines": _build_json_lines,
    "pain001": _build_payment_files,
    "archive": _build_archives,
    "assignments": _build_assignment_files,
    "form": _build_forms,
    "manifest": _build_manifests,
    "signature": _build_signatures,
    "bank-xml": _build_bank_messages,
    "bank-text": _build_bank_texts,
}
