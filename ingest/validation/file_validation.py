"""Validation of a spooled file before any of its lines counts: all of it decodes, and agrees with its envelope.

Text files, payment files and Arrow streams can only be read from the start, so they are rewritten once, during
validation, as an Arrow file beside the original.  A record beside it has its hash; a normalised file that is missing
or has another hash is written again.
"""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pyarrow as pa

from core.act_fields import FIELD_BY_COLUMN
from core.errors import FileUnreadable, LimitExceeded
from core.reader_failures import refuse_on_failure
from ingest.formats.arrow import BATCH_LINES, ArrowSource
from ingest.formats.decoders import STREAM_READERS, validate_batches
from ingest.formats.detection import PAYMENT_FORMATS, WINDOW_LINES, FileFormat, translate_decoder_errors
from ingest.formats.flat_schema import conform_schema, list_unread
from ingest.formats.parquet import ParquetSource
from ingest.pain001 import reader
from ingest.pain001.lots import LOTS_FILE, LotNames, read_lot_names
from ingest.spool.envelope import check_hash, check_totals
from ingest.spool.file_claims import FileIdentity
from ingest.spool.spool import Spool
from ingest.spool.spooled_file import SpooledFile
from ingest.spool.work_folders import create_work_folder
from ingest.validation.decoded_cache import CachedSource, DecodedBatches, LineSource, MemoryAllowance
from ingest.validation.file_totals import FileInspector, FileTotals, split_windows
from ingest.validation.normalised_names import name_normal_form

ATOMIC_LINES_MAX = 50_000
"""Lines of a file whose acts are accepted all or not at all: they are one batch, and forms wait for it."""

_LAYOUT_VERSION = 1
"""To be raised when the same original is to be normalised differently: older files are then written again."""


class _NormalisedRecord(msgspec.Struct, frozen=True):
    """The record beside the normalised file."""

    layout: int
    original: str
    sha256: str
    columns: list[str]
    """Columns with a value in some line."""
    total: FileTotals
    extra_columns: tuple[str, ...] = ()
    """Columns of the original that are not those of the format."""


class ValidatedFile(NamedTuple):
    """A file that may be processed."""

    totals: FileTotals
    source: LineSource
    extra_columns: tuple[str, ...] = ()
    """Its columns that are not those of the format, and not read."""


ObserveLines = Callable[[pa.RecordBatch], None]
"""Called with all lines of a file during validation; refuses the file by an exception."""


def ignore_lines(_lines: pa.RecordBatch) -> None:
    """Observe nothing."""


def validate_without_cache(spooled: SpooledFile, observe: ObserveLines = ignore_lines) -> FileTotals:
    """Validate a file and return its totals; no decoded lines are cached."""
    return validate_file(spooled, MemoryAllowance(0), observe).totals


def validate_file(
    spooled: SpooledFile, allowance: MemoryAllowance, observe: ObserveLines = ignore_lines
) -> ValidatedFile:
    """Read the whole file once, and check it against its envelope.

    Decoded lines are cached for the first reading, within ``allowance``; ``observe`` is called with all of them.

    Raises
    ------
    FileUnreadable
        A part does not decode, its reader fails, or the bytes have changed.
    FormatUnknown, LimitExceeded
        A column outside the flat act format; more than a file, or an atomic file, may contain.
    EnvelopeMismatch
        Hash, count or control sum differ from the envelope.
    """
    check_hash(spooled.envelope, spooled.sha256, spooled.name)
    _check_size(spooled)
    cache = DecodedBatches(allowance)
    try:
        with refuse_on_failure(spooled.name):
            if spooled.format in STREAM_READERS or spooled.format in PAYMENT_FORMATS:
                validated = _validate_rewritten(spooled, observe)
            else:
                validated = _validate_in_place(spooled, cache, observe)
        check_totals(spooled.envelope, validated.totals.lines, validated.totals.cents, name=spooled.name)
        _check_atomic(spooled, validated.totals.lines)
    except BaseException:
        cache.clear()
        raise
    return validated


def _check_atomic(spooled: SpooledFile, lines: int) -> None:
    """Check that an atomic file fits in one batch: others wait for it."""
    if spooled.envelope.atomic and lines > ATOMIC_LINES_MAX:
        fault = f"The file has {lines:,} lines, which are to be accepted all or not at all"
        remedy = f"Split the file into files of up to {ATOMIC_LINES_MAX:,} lines, or let each act be decided by itself"
        raise LimitExceeded(spooled.name, fault, remedy)


def open_source(spooled: SpooledFile) -> LineSource:
    """Open the lines of a file that was validated before.

    A normalised file that is missing or damaged is written again, after the original's bytes have been hashed.

    Raises
    ------
    FileUnreadable
        The bytes have changed, or their reader fails.
    """
    _check_size(spooled)
    with refuse_on_failure(spooled.name):
        return _open_source(spooled)


def _open_source(spooled: SpooledFile) -> LineSource:
    if spooled.format is FileFormat.PARQUET:
        return ParquetSource(spooled.path, spooled.name, spooled.envelope.read_options)
    if spooled.format is FileFormat.ARROW_FILE:
        return ArrowSource(spooled.path, spooled.name, options=spooled.envelope.read_options)
    record = _find_current_record(spooled)
    if record is None:
        _check_bytes(spooled, _hash_file(spooled.path) == spooled.sha256.hex())
        record = _normalise(spooled)
    return _open_normalised_file(spooled, record)


def _open_normalised_file(spooled: SpooledFile, record: _NormalisedRecord) -> ArrowSource:
    path = spooled.folder / name_normal_form(spooled).lines
    return ArrowSource(path, spooled.name, record.columns)


def _check_size(spooled: SpooledFile) -> None:
    with translate_decoder_errors(spooled.name):
        size = spooled.path.stat().st_size
    _check_bytes(spooled, size == spooled.size_bytes)


def _check_bytes(spooled: SpooledFile, are_same: bool) -> None:
    if not are_same:
        raise FileUnreadable(
            spooled.name, "The bytes in the spool are not those that were received", "Send the file again"
        )


def read_lots(spool: Spool, identity: FileIdentity) -> LotNames:
    """Read the payment informations of a validated payment file; if their file is missing, write it again.

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
    """Write the file of lots and nothing else: the lines of a decided file are not stored twice."""
    with create_work_folder(spooled.folder.parents[1]) as scratch:
        for _ in reader.read_batches(spooled.path, spooled.name, scratch):
            pass
        (scratch / LOTS_FILE).replace(spooled.folder / LOTS_FILE)


# ------------------------------------------------------------------------------------ validation


def _validate_rewritten(spooled: SpooledFile, observe: ObserveLines) -> ValidatedFile:
    record = _normalise(spooled, observe)
    return ValidatedFile(record.total, _open_normalised_file(spooled, record), record.extra_columns)


def _validate_in_place(spooled: SpooledFile, cache: DecodedBatches, observe: ObserveLines) -> ValidatedFile:
    if spooled.format is FileFormat.PARQUET:
        source = ParquetSource(spooled.path, spooled.name, spooled.envelope.read_options)
        source.check_pages()
        batches = source.read_raw(0, source.choose_batch_lines())
    else:
        source = ArrowSource(spooled.path, spooled.name, options=spooled.envelope.read_options)
        batches = validate_batches(source.read_raw(), spooled.name)
    inspector = FileInspector(spooled.name, source.schema, spooled.size_bytes)
    for batch in batches:
        for part in split_windows(batch, BATCH_LINES):
            inspector.add(part)
            observe(part)
        cache.add(batch)
    totals = inspector.compute_totals()
    if totals.lines != source.lines:
        fault = f"The file declares {source.lines:,} lines and contains {totals.lines:,}"
        raise FileUnreadable(spooled.name, fault, "Write the file again")
    return ValidatedFile(totals, CachedSource(source, cache), source.extra_columns)


# ------------------------------------------------------------------------------------ normalisation


def _normalise(spooled: SpooledFile, observe: ObserveLines = ignore_lines) -> _NormalisedRecord:
    """Write the file as Arrow beside itself, while validating it."""
    names = name_normal_form(spooled)
    with create_work_folder(spooled.folder.parents[1]) as scratch:
        batches = _decode_batches(spooled, scratch)
        schema = next(batches).schema
        inspector = _write_normalised_file(
            scratch / names.lines, batches, schema, spooled=spooled, observe=observe
        )
        record = _NormalisedRecord(
            layout=_LAYOUT_VERSION,
            original=spooled.sha256.hex(),
            sha256=_hash_file(scratch / names.lines),
            columns=[column for column in FIELD_BY_COLUMN if column in inspector.filled_columns],
            total=inspector.compute_totals(),
            extra_columns=list_unread(schema),
        )
        (scratch / names.record).write_bytes(msgspec.json.encode(record))
        lots = (LOTS_FILE,) if spooled.format in PAYMENT_FORMATS else ()
        for name in (names.lines, *lots, names.record):
            (scratch / name).replace(spooled.folder / name)
    return record


def _decode_batches(spooled: SpooledFile, scratch: Path) -> Iterator[pa.RecordBatch]:
    if spooled.format in PAYMENT_FORMATS:
        return reader.read_batches(spooled.path, spooled.name, scratch)
    return STREAM_READERS[spooled.format](spooled.path, spooled.name, spooled.envelope.read_options)


def _write_normalised_file(
    target: Path,
    batches: Iterator[pa.RecordBatch],
    schema: pa.Schema,
    *,
    spooled: SpooledFile,
    observe: ObserveLines,
) -> FileInspector:
    schema = _remove_dictionaries(conform_schema(schema, spooled.name))
    inspector = FileInspector(spooled.name, schema, spooled.size_bytes)
    with pa.OSFile(str(target), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for batch in batches:
            for window in split_windows(batch, WINDOW_LINES):
                lines = inspector.add(window)
                observe(window)
                writer.write_batch(lines)
    return inspector


def _remove_dictionaries(schema: pa.Schema) -> pa.Schema:
    """Return the schema without dictionaries: an Arrow file may have one for all batches, a stream one for each."""
    types = [pa.string() if pa.types.is_dictionary(field.type) else field.type for field in schema]
    return pa.schema(zip(schema.names, types, strict=True))


def _find_current_record(spooled: SpooledFile) -> _NormalisedRecord | None:
    """Return the record of the normalised file if both exist and belong to this original."""
    names = name_normal_form(spooled)
    try:
        record = msgspec.json.decode((spooled.folder / names.record).read_bytes(), type=_NormalisedRecord)
        is_intact = _hash_file(spooled.folder / names.lines) == record.sha256
    except (OSError, msgspec.DecodeError):
        return None
    is_current = record.layout == _LAYOUT_VERSION and record.original == spooled.sha256.hex()
    return record if is_intact and is_current else None


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
