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

from core.act_fields import BY_COLUMN
from core.errors import FileUnreadable, LimitExceeded
from ingest.formats.arrow import BATCH_LINES, ArrowSource
from ingest.formats.decoders import STREAMED, validated
from ingest.formats.detection import PAYMENT_FILES, WINDOW_LINES, FileFormat, reading
from ingest.formats.flat_schema import conform, conformed
from ingest.formats.parquet import ParquetSource
from ingest.pain001 import reader
from ingest.pain001.lots import LOTS, LotNames, lot_names
from ingest.spool.envelope import agree_hash, agree_totals
from ingest.spool.file_claims import Identity
from ingest.spool.spool import Spool, Spooled
from ingest.spool.work_folders import workplace
from ingest.validation.decoded_cache import Allowance, Kept, ProvedSource, Source
from ingest.validation.file_totals import Inspection, Tally, windows

ATOMIC_LINES_MAX = 50_000
"""Lines of a file whose acts are accepted all or not at all: they are one batch, and forms wait behind it."""

_NORMALISED = "normalised.arrow"
_RECORD = "normalised.json"
_LAYOUT = 1
"""Raise it when the same original is to be written down otherwise: older ones are then made again."""


class _Normalised(msgspec.Struct, frozen=True):
    """What is kept beside the normalised file."""

    layout: int
    original: str
    sha256: str
    columns: list[str]
    """Those that say anything in any line."""
    total: Inspection


class Proved(NamedTuple):
    """A file that may be taken."""

    total: Inspection
    source: Source


Watch = Callable[[pa.RecordBatch], None]
"""Sees the lines of a file go by while it is proved; refuses the file by what it raises."""


def see_nothing(_lines: pa.RecordBatch) -> None:
    """Nobody looks on."""


def inspect(spooled: Spooled, watch: Watch = see_nothing) -> Inspection:
    """What the whole file adds up to; proves it, and keeps nothing."""
    return prove(spooled, Allowance(0), watch).total


def prove(spooled: Spooled, allowance: Allowance, watch: Watch = see_nothing) -> Proved:
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
    agree_hash(spooled.envelope, spooled.sha256, spooled.name)
    _check_size(spooled)
    kept = Kept(allowance)
    try:
        is_rewritten = spooled.format in STREAMED or spooled.format in PAYMENT_FILES
        found = _prove_rewritten(spooled, watch) if is_rewritten else _prove_in_place(spooled, kept, watch)
        agree_totals(spooled.envelope, found.total.lines, found.total.cents, spooled.name)
        _check_atomic(spooled, found.total.lines)
    except BaseException:
        kept.forget()
        raise
    return found


def _check_atomic(spooled: Spooled, lines: int) -> None:
    """Whether a file that is accepted whole or not at all fits in one batch that others can wait for."""
    if spooled.envelope.atomic and lines > ATOMIC_LINES_MAX:
        found = f"{lines:,} lines to be accepted all or not at all"
        remedy = f"Split it into files of up to {ATOMIC_LINES_MAX:,}, or let each act be decided for itself"
        raise LimitExceeded(spooled.name, found, remedy)


def source(spooled: Spooled) -> Source:
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
    record = _current(spooled)
    if record is None:
        _check_bytes(spooled, _digest(spooled.path) == spooled.sha256.hex())
        record = _normalise(spooled)
    return _normalised(spooled, record)


def forget(spooled: Spooled) -> None:
    """Remove what was written down of a file that is decided: it is made again if somebody asks."""
    for name in (_NORMALISED, _RECORD):
        with suppress(OSError):
            (spooled.folder / name).unlink(missing_ok=True)


def _normalised(spooled: Spooled, record: _Normalised) -> ArrowSource:
    return ArrowSource(spooled.folder / _NORMALISED, spooled.name, record.columns)


def _check_size(spooled: Spooled) -> None:
    with reading(spooled.name):
        size = spooled.path.stat().st_size
    _check_bytes(spooled, size == spooled.size_bytes)


def _check_bytes(spooled: Spooled, are_same: bool) -> None:
    if not are_same:
        raise FileUnreadable(spooled.name, "The bytes in the spool are not those that came", "Send it again")


def lots(spool: Spool, identity: Identity) -> LotNames:
    """The payment informations of a payment file that was proved before; written down anew where that is gone.

    Raises
    ------
    FileUnreadable
        The file is no longer in the spool.
    """
    sender, sha256 = identity
    folder = spool.home(sha256)
    if not (folder / LOTS).exists():
        _note_lots(spool.open(sha256, sender))
    with reading(f"spool, {sha256.hex()}"):
        return lot_names(folder)


def _note_lots(spooled: Spooled) -> None:
    """Write the lots down and nothing else: the lines of a file that is decided are not kept twice."""
    with workplace(spooled.folder.parents[1]) as made:
        for _ in reader.batches(spooled.path, spooled.name, made):
            pass
        (made / LOTS).replace(spooled.folder / LOTS)


# ------------------------------------------------------------------------------------ proving


def _prove_rewritten(spooled: Spooled, watch: Watch) -> Proved:
    record = _normalise(spooled, watch)
    return Proved(record.total, _normalised(spooled, record))


def _prove_in_place(spooled: Spooled, kept: Kept, watch: Watch) -> Proved:
    if spooled.format is FileFormat.PARQUET:
        found = ParquetSource(spooled.path, spooled.name)
        batches = found.raw(0, found.lines_together())
    else:
        found = ArrowSource(spooled.path, spooled.name)
        batches = validated(found.raw(), spooled.name)
    tally = Tally(spooled.name, found.schema)
    for batch in batches:
        for part in windows(batch, BATCH_LINES):
            tally.add(part)
            watch(part)
        kept.keep(batch)
    total = tally.total()
    if total.lines != found.lines:
        told = f"The file declares {found.lines:,} lines and holds {total.lines:,}"
        raise FileUnreadable(spooled.name, told, "Write the file again")
    return Proved(total, ProvedSource(found, kept))


# ------------------------------------------------------------------------------------ normalising


def _normalise(spooled: Spooled, watch: Watch = see_nothing) -> _Normalised:
    """Write the file down as Arrow beside itself, while proving it."""
    with workplace(spooled.folder.parents[1]) as made:
        tally = _write(made / _NORMALISED, _batches(spooled, made), spooled.name, watch)
        record = _Normalised(
            layout=_LAYOUT,
            original=spooled.sha256.hex(),
            sha256=_digest(made / _NORMALISED),
            columns=[column for column in BY_COLUMN if column in tally.filled],
            total=tally.total(),
        )
        (made / _RECORD).write_bytes(msgspec.json.encode(record))
        lots = (LOTS,) if spooled.format in PAYMENT_FILES else ()
        for name in (_NORMALISED, *lots, _RECORD):
            (made / name).replace(spooled.folder / name)
    return record


def _batches(spooled: Spooled, made: Path) -> Iterator[pa.RecordBatch]:
    if spooled.format in PAYMENT_FILES:
        return reader.batches(spooled.path, spooled.name, made)
    return STREAMED[spooled.format](spooled.path, spooled.name)


def _write(target: Path, batches: Iterator[pa.RecordBatch], name: str, watch: Watch) -> Tally:
    schema = _plain(conformed(next(batches).schema, name))
    tally = Tally(name, schema)
    with pa.OSFile(str(target), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for batch in batches:
            for window in windows(batch, WINDOW_LINES):
                tally.add(window)
                watch(window)
                writer.write_batch(conform(window, schema))
    return tally


def _plain(schema: pa.Schema) -> pa.Schema:
    """Without dictionaries: an Arrow file allows one for all its batches, a stream a new one for each."""
    types = [pa.string() if pa.types.is_dictionary(field.type) else field.type for field in schema]
    return pa.schema(zip(schema.names, types, strict=True))


def _current(spooled: Spooled) -> _Normalised | None:
    """The record of the normalised file, when that is there and is what was written."""
    try:
        record = msgspec.json.decode((spooled.folder / _RECORD).read_bytes(), type=_Normalised)
        is_whole = _digest(spooled.folder / _NORMALISED) == record.sha256
    except (OSError, msgspec.DecodeError):
        return None
    is_ours = record.layout == _LAYOUT and record.original == spooled.sha256.hex()
    return record if is_whole and is_ours else None


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
