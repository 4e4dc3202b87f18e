"""Prove a spooled file before its first line is taken: all of it decodes, and adds up to its envelope.

Text files, payment files and Arrow streams cannot be entered at any line, so they are written down once, while they are
proved, as an Arrow file beside the original.  Its hash stands in a record next to it; one that is gone or no
longer agrees is made again.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec
import pyarrow as pa

from core.act_fields import FIELD_BY_COLUMN
from core.errors import FileUnreadable, LimitExceeded
from ingest.formats.arrow import BATCH_LINES, ArrowSource
from ingest.formats.decoders import STREAM_READERS, validate_batches
from ingest.formats.detection import PAYMENT_FORMATS, WINDOW_LINES, FileFormat, translate_decoder_errors
from ingest.formats.flat_schema import conform_batch, conform_schema
from ingest.formats.parquet import ParquetSource
from ingest.pain001 import reader
from ingest.pain001.lots import LOTS_FILE, LotNames, read_lot_names
from ingest.spool.envelope import check_hash, check_totals
from ingest.spool.file_claims import FileIdentity
from ingest.spool.spool import Spool, SpooledFile
from ingest.spool.work_folders import create_work_folder
from ingest.validation.decoded_cache import CachedSource, DecodedBatches, LineSource, MemoryAllowance
from ingest.validation.file_totals import FileInspector, FileTotals, split_windows

ATOMIC_LINES_MAX = 50_000
"""Lines of a file whose acts are accepted all or not at all: they are one batch, and forms wait behind it."""

_NORMALISED_FILE = "normalised.arrow"
_RECORD_FILE = "normalised.json"
_LAYOUT_VERSION = 1
"""Raise it when the same original is to be written down otherwise: older ones are then made again."""


class _NormalisedRecord(msgspec.Struct, frozen=True):
    """What is kept beside the normalised file."""

    layout: int
    original: str
    sha256: str
    columns: list[str]
    """Those that say anything in any line."""
    total: FileTotals


class ValidatedFile(NamedTuple):
    """A file that may be taken."""

    totals: FileTotals
    source: LineSource


ObserveLines = Callable[[pa.RecordBatch], None]
"""Sees the lines of a file go by while it is proved; refuses the file by what it raises."""


def ignore_lines(_lines: pa.RecordBatch) -> None:
    """Nobody looks on."""


def validate_without_cache(spooled: SpooledFile, observe: ObserveLines = ignore_lines) -> FileTotals:
    """What the whole file adds up to; proves it, and keeps nothing."""
    return validate_file(spooled, MemoryAllowance(0), observe).totals


def validate_file(
    spooled: SpooledFile, allowance: MemoryAllowance, observe: ObserveLines = ignore_lines
) -> ValidatedFile:
    """Read the whole file once, and hold it against its envelope.

    Decoded lines are kept for the first reading, within ``allowance``; ``watch`` sees them all.

    Raises
    ------
    FileUnreadable
        Something does not decode, or the bytes are no longer those that came.
    FormatUnknown, LimitExceeded
        A column that is not of the flat act format; more than a file may hold, or one that is to be accepted whole.
    EnvelopeMismatch
        Hash, count or control sum differ from what was stated.
    """
    check_hash(spooled.envelope, spooled.sha256, spooled.name)
    _check_size(spooled)
    kept = DecodedBatches(allowance)
    try:
        is_rewritten = spooled.format in STREAM_READERS or spooled.format in PAYMENT_FORMATS
        found = (
            _validate_rewritten(spooled, observe)
            if is_rewritten
            else _validate_in_place(spooled, kept, observe)
        )
        check_totals(spooled.envelope, found.totals.lines, found.totals.cents, spooled.name)
        _check_atomic(spooled, found.totals.lines)
    except BaseException:
        kept.clear()
        raise
    return found


def _check_atomic(spooled: SpooledFile, lines: int) -> None:
    """Whether a file that is accepted whole or not at all fits in one batch that others can wait for."""
    if spooled.envelope.atomic and lines > ATOMIC_LINES_MAX:
        found = f"{lines:,} lines to be accepted all or not at all"
        remedy = f"Split it into files of up to {ATOMIC_LINES_MAX:,}, or let each act be decided for itself"
        raise LimitExceeded(spooled.name, found, remedy)


def open_source(spooled: SpooledFile) -> LineSource:
    """The lines of a file that was proved before.

    A normalised file that is gone or damaged is made again, after the original's bytes have been hashed.

    Raises
    ------
    FileUnreadable
        The bytes are no longer those that came.
    """
    _check_size(spooled)
    if spooled.format is FileFormat.PARQUET:
        return ParquetSource(spooled.path, spooled.name)
    if spooled.format is FileFormat.ARROW_FILE:
        return ArrowSource(spooled.path, spooled.name)
    record = _find_current_record(spooled)
    if record is None:
        _check_bytes(spooled, _hash_file(spooled.path) == spooled.sha256.hex())
        record = _normalise(spooled)
    return _open_normalised(spooled, record)


def remove_normalised(spooled: SpooledFile) -> None:
    """Remove what was written down of a file that is decided: it is made again if somebody asks."""
    for name in (_NORMALISED_FILE, _RECORD_FILE):
        with suppress(OSError):
            (spooled.folder / name).unlink(missing_ok=True)


def _open_normalised(spooled: SpooledFile, record: _NormalisedRecord) -> ArrowSource:
    return ArrowSource(spooled.folder / _NORMALISED_FILE, spooled.name, record.columns)


def _check_size(spooled: SpooledFile) -> None:
    with translate_decoder_errors(spooled.name):
        size = spooled.path.stat().st_size
    _check_bytes(spooled, size == spooled.size_bytes)


def _check_bytes(spooled: SpooledFile, are_same: bool) -> None:
    if not are_same:
        raise FileUnreadable(spooled.name, "The bytes in the spool are not those that came", "Send it again")


def read_lots(spool: Spool, identity: FileIdentity) -> LotNames:
    """The payment informations of a payment file that was proved before; written down anew where that is gone.

    Raises
    ------
    FileUnreadable
        The file is no longer in the spool.
    """
    sender, sha256 = identity
    folder = spool.find_folder(sha256)
    if not (folder / LOTS_FILE).exists():
        _write_lots(spool.open(sha256, sender))
    with translate_decoder_errors(f"spool, {sha256.hex()}"):
        return read_lot_names(folder)


def _write_lots(spooled: SpooledFile) -> None:
    """Write the lots down and nothing else: the lines of a file that is decided are not kept twice."""
    with create_work_folder(spooled.folder.parents[1]) as made:
        for _ in reader.read_batches(spooled.path, spooled.name, made):
            pass
        (made / LOTS_FILE).replace(spooled.folder / LOTS_FILE)


# ------------------------------------------------------------------------------------ proving


def _validate_rewritten(spooled: SpooledFile, observe: ObserveLines) -> ValidatedFile:
    record = _normalise(spooled, observe)
    return ValidatedFile(record.total, _open_normalised(spooled, record))


def _validate_in_place(spooled: SpooledFile, cache: DecodedBatches, observe: ObserveLines) -> ValidatedFile:
    if spooled.format is FileFormat.PARQUET:
        found = ParquetSource(spooled.path, spooled.name)
        batches = found.read_raw(0, found.choose_batch_lines())
    else:
        found = ArrowSource(spooled.path, spooled.name)
        batches = validate_batches(found.read_raw(), spooled.name)
    tally = FileInspector(spooled.name, found.schema)
    for batch in batches:
        for part in split_windows(batch, BATCH_LINES):
            tally.add(part)
            observe(part)
        cache.add(batch)
    total = tally.compute_totals()
    if total.lines != found.lines:
        told = f"The file declares {found.lines:,} lines and holds {total.lines:,}"
        raise FileUnreadable(spooled.name, told, "Write the file again")
    return ValidatedFile(total, CachedSource(found, cache))


# ------------------------------------------------------------------------------------ normalising


def _normalise(spooled: SpooledFile, observe: ObserveLines = ignore_lines) -> _NormalisedRecord:
    """Write the file down as Arrow beside itself, while proving it."""
    with create_work_folder(spooled.folder.parents[1]) as made:
        tally = _write_normalised(
            made / _NORMALISED_FILE, _decode_batches(spooled, made), spooled.name, observe
        )
        record = _NormalisedRecord(
            layout=_LAYOUT_VERSION,
            original=spooled.sha256.hex(),
            sha256=_hash_file(made / _NORMALISED_FILE),
            columns=[column for column in FIELD_BY_COLUMN if column in tally.filled_columns],
            total=tally.compute_totals(),
        )
        (made / _RECORD_FILE).write_bytes(msgspec.json.encode(record))
        lots = (LOTS_FILE,) if spooled.format in PAYMENT_FORMATS else ()
        for name in (_NORMALISED_FILE, *lots, _RECORD_FILE):
            (made / name).replace(spooled.folder / name)
    return record


def _decode_batches(spooled: SpooledFile, scratch: Path) -> Iterator[pa.RecordBatch]:
    if spooled.format in PAYMENT_FORMATS:
        return reader.read_batches(spooled.path, spooled.name, scratch)
    return STREAM_READERS[spooled.format](spooled.path, spooled.name)


def _write_normalised(
    target: Path, batches: Iterator[pa.RecordBatch], name: str, observe: ObserveLines
) -> FileInspector:
    schema = _remove_dictionaries(conform_schema(next(batches).schema, name))
    tally = FileInspector(name, schema)
    with pa.OSFile(str(target), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for batch in batches:
            for window in split_windows(batch, WINDOW_LINES):
                tally.add(window)
                observe(window)
                writer.write_batch(conform_batch(window, schema))
    return tally


def _remove_dictionaries(schema: pa.Schema) -> pa.Schema:
    """Without dictionaries: an Arrow file allows one for all its batches, a stream a new one for each."""
    types = [pa.string() if pa.types.is_dictionary(field.type) else field.type for field in schema]
    return pa.schema(zip(schema.names, types, strict=True))


def _find_current_record(spooled: SpooledFile) -> _NormalisedRecord | None:
    """The record of the normalised file, when that is there and is what was written."""
    try:
        record = msgspec.json.decode((spooled.folder / _RECORD_FILE).read_bytes(), type=_NormalisedRecord)
        is_whole = _hash_file(spooled.folder / _NORMALISED_FILE) == record.sha256
    except (OSError, msgspec.DecodeError):
        return None
    is_ours = record.layout == _LAYOUT_VERSION and record.original == spooled.sha256.hex()
    return record if is_whole and is_ours else None


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
