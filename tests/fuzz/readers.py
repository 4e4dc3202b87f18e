"""Every reader of bytes from outside, as a function of bytes: it returns what it met in them, or it refuses the input."""

import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

import numpy as np
import pyarrow as pa

from ingest.formats.jsonl import parse_act_lines
from ingest.pain001.archive import TarStream
from ingest.resolution.resolver import resolve
from ingest.resolution.text_columns import DictionaryCache
from ingest.spool.envelope import Envelope, read_manifest
from ingest.spool.spool import Spool
from ingest.validation.file_validation import open_source, read_lots, validate_without_cache
from service.client.manifest import merge_manifest
from service.dropfolders.signatures import parse_signature
from settlement.bank_files.bank_file_reader import read_bank_file
from settlement.reconciliation.message_rows import build_message_row, build_statement_rows
from tests.ingest.payment_files import build_lot, build_message, build_transfer
from tests.posting.text_engine import SENDER, TextEngine

FILE_BYTES_MAX = 2**20
FORM_LINES_MAX = 1000
_BATCH_LINES = 100
ORDERS = [(f"R{number}", f"{number}.50") for number in range(1, 4)]
"""The transfers of the payment file that account assignments are read with."""


class Reading(NamedTuple):
    """Where a reader works: a folder of its own, and the engine whose reference data it resolves codes with."""

    folder: Path
    engine: TextEngine


Codes = frozenset[int]
"""The codes by which lines of an input would be refused: an input that shows a new one is worth keeping."""
NO_CODES: Codes = frozenset()


def read_act_file(reading: Reading, content: bytes, name: str) -> Codes:
    """Receive, validate and read a file to the end, and resolve its lines, as the engine does before it decides."""
    spool = Spool(reading.folder / "spool", FILE_BYTES_MAX)
    spooled = spool.receive(io.BytesIO(content), name, Envelope(sender="MEN"))
    try:
        totals = validate_without_cache(spooled)
        lines, codes = 0, set[int]()
        for batch in open_source(spooled).read_batches(0, _BATCH_LINES):
            lines += batch.num_rows
            codes |= _resolve(reading, batch)
        assert lines == totals.lines, f"{totals.lines} lines were validated, {lines} are read"
        if spooled.format.startswith("pain.001"):
            read_lots(spool, spooled.identity)
    finally:
        spool.release(spooled.identity, is_needed=False)
    return frozenset(codes)


def _resolve(reading: Reading, batch: pa.RecordBatch) -> set[int]:
    """Resolve some lines, and return the codes of their faults."""
    context = reading.engine.context
    own = replace(context, cells=context.cells.fork(), dictionary_cache=DictionaryCache())
    return set(np.unique(resolve(batch, SENDER, own).acts["fault"]).tolist())


def _read_assignments(reading: Reading, content: bytes, _: str) -> Codes:
    """Read account assignments together with the payment file they belong to."""
    transfers = [build_transfer(reference, amount) for reference, amount in ORDERS]
    orders = build_message(build_lot(transfers), count=len(ORDERS))
    files = [
        ("orders.xml", cast(BinaryIO, io.BytesIO(orders))),
        ("imputation", cast(BinaryIO, io.BytesIO(content))),
    ]
    return read_act_file(reading, TarStream(files).readall(), "orders.tar")


def _read_manifest(reading: Reading, content: bytes, name: str) -> Codes:
    """Read a manifest as the spool does and as the client does."""
    path = reading.folder / name
    path.with_name(f"{name}.manifest.json").write_bytes(content)
    merge_manifest(path, {})
    read_manifest(path)
    return NO_CODES


def _read_form(_reading: Reading, content: bytes, name: str) -> Codes:
    parse_act_lines(content, name, FORM_LINES_MAX)
    return NO_CODES


def _read_signature(_reading: Reading, content: bytes, _name: str) -> Codes:
    parse_signature(content)
    return NO_CODES


def _read_bank_file(reading: Reading, content: bytes, name: str) -> Codes:
    """Read a bank file, and build the rows that are stored of it."""
    path = reading.folder / name
    path.write_bytes(content)
    message = read_bank_file(path)
    row = build_message_row(message, name, bytes(32), size_bytes=len(content))
    texts = [row.identity, *(text for stored in build_statement_rows(message) for text in stored[1:3])]
    assert "\0" not in "".join(map(str, texts)), "PostgreSQL stores no zero byte"
    return frozenset(map(int, np.unique(message.movements.sort)))


class Reader(NamedTuple):
    """A reader, and the name that its input has."""

    file: str
    read: Callable[[Reading, bytes, str], Codes]


READERS: Mapping[str, Reader] = {
    "parquet": Reader("acts.parquet", read_act_file),
    "arrow-file": Reader("acts.arrow", read_act_file),
    "arrow-stream": Reader("acts.arrows", read_act_file),
    "csv": Reader("acts.csv", read_act_file),
    "json-lines": Reader("acts.jsonl", read_act_file),
    "pain001": Reader("orders.xml", read_act_file),
    "archive": Reader("orders.tar", read_act_file),
    "assignments": Reader("imputation", _read_assignments),
    "form": Reader("form", _read_form),
    "manifest": Reader("acts.csv", _read_manifest),
    "signature": Reader("acts.csv.sig", _read_signature),
    "bank-xml": Reader("bank.xml", _read_bank_file),
    "bank-text": Reader("bank.txt", _read_bank_file),
}
