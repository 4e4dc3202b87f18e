"""pain.001: a ministry's payment order, transfer by transfer, as lines of the flat act format.

``docs/pain001.md`` lists which element fills which column.  The file is read once, in pieces; its declared totals are
checked on the way and can only be confirmed at its end: until then none of its lines may be used.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from core.act_fields import Field
from core.errors import FileUnreadable, LimitExceeded
from core.iso20022 import CURRENCY
from core.tables.xml import XmlMessage
from ingest.formats.detection import PAYMENT_FILE_BYTES_MAX, TAR_MAGIC, TAR_MAGIC_AT, translate_decoder_errors
from ingest.pain001.archive import ArchiveMember, FileSection, read_members
from ingest.pain001.assignment_file import (
    ASSIGNMENT_COLUMNS,
    AssignmentFile,
    AssignmentTexts,
    parse_remittance,
)
from ingest.pain001.declared_totals import TotalsCheck, cut_zeros, parse_amounts
from ingest.pain001.lots import LotWriter, OpenLots, group_by_lot, open_lot_writer
from ingest.pain001.message import FILE, LOT, MESSAGES, NAMESPACE, TRANSFER
from ingest.resolution.amounts import SEPA
from markup.errors import describe_fault
from markup.reader import read_document
from markup.rows import OUTER_ROW_COLUMN, DocumentFaulty, RecordRows
from markup.scanner import BufferSizes

NOT_PROVIDED = "NOTPROVIDED"
"""What ISO 20022 writes for an end-to-end id that does not exist."""
DIRECT_KIND, FOLLOWING_KIND = "direct_payment_request", "payment_request"
"""The kind of a transfer that does not name one: without and with a predecessor."""
_BY_NAMESPACE: Mapping[str, XmlMessage] = {message.namespace: message for message in MESSAGES.values()}
_TRANSFER_METHODS = frozenset({"TRF", "TRA"})
_METHODS_BY_LEVEL: Mapping[str, str] = {"SEPA": SEPA, "URGP": "urgent"}
"""By service level code; other codes ask for no method."""
_DAY_LETTERS, _YEAR_LETTERS = 10, 4
_HEADER_SIZES = BufferSizes(2**18, 1024, 2**21)
"""Enough for the group header."""
_PAYMENT_FIELDS = (
    *(Field.REFERENCE, Field.PAYEE_NAME, Field.IBAN, Field.BIC, Field.AMOUNT),
    *(Field.REMITTANCE, Field.DUE, Field.METHOD),
)
SCHEMA = pa.schema(
    [(name, pa.string()) for name in (*(field.column for field in _PAYMENT_FIELDS), *ASSIGNMENT_COLUMNS)]
)


class PaymentFile(NamedTuple):
    """An open payment file."""

    file: BinaryIO
    name: str
    assignments: ArchiveMember | None
    """Its account assignment file in the same archive, or None."""


@contextmanager
def open_payment_file(path: Path, name: str) -> Iterator[PaymentFile]:
    """Open the payment file at ``path``, alone or in an archive; faults of the document become errors for its sender.

    Raises
    ------
    FileUnreadable, FormatUnknown, LimitExceeded
        The file cannot be parsed, is another message or version, or is too large.
    """
    with translate_decoder_errors(name):
        raw = path.open("rb", buffering=0)
    with raw:
        payment_file = _locate_payment_file(raw, name)
        try:
            yield payment_file
        except DocumentFaulty as error:
            raise describe_fault(
                error, payment_file.file, payment_file.name, messages=_BY_NAMESPACE
            ) from error


def _locate_payment_file(raw: BinaryIO, name: str) -> PaymentFile:
    start = raw.read(TAR_MAGIC_AT + len(TAR_MAGIC))
    size = raw.seek(0, 2)
    raw.seek(0)
    if size > PAYMENT_FILE_BYTES_MAX:
        position = f"{name}, byte {PAYMENT_FILE_BYTES_MAX:,}"
        raise LimitExceeded(
            position,
            f"The file has {size:,} bytes",
            f"Send at most {PAYMENT_FILE_BYTES_MAX:,} bytes in one file",
        )
    if not start.startswith(TAR_MAGIC, TAR_MAGIC_AT):
        return PaymentFile(raw, name, None)
    members = read_members(raw, name)
    payment_files = [member for member in members if member.name.lower().endswith(".xml")]
    if len(payment_files) != 1:
        raise FileUnreadable(
            name,
            "The archive must contain exactly one .xml file and one account assignment file",
            "Give both files the extensions of their formats",
        )
    assignments = members[1 - members.index(payment_files[0])]
    section = FileSection(raw, payment_files[0].start, payment_files[0].size)
    return PaymentFile(section, payment_files[0].name, assignments)  # type: ignore[arg-type]


def read_message_id(path: Path, name: str) -> str:
    """Return the MsgId of the payment file at ``path``; nothing after it is read."""
    with open_payment_file(path, name) as payment_file:
        for rows in read_document(payment_file.file, _BY_NAMESPACE, _HEADER_SIZES).rows:
            if rows.record == FILE:
                return rows.batch.column("message")[0].as_py()
    return ""


def read_batches(
    path: Path, name: str, scratch: Path, *, sizes: BufferSizes | None = None
) -> Iterator[pa.RecordBatch]:
    """Yield the transfers of the payment file at ``path`` as lines, every column as text; the first batch is empty.

    ``scratch`` is a folder for intermediate files: the file of lots stays there.

    Raises
    ------
    FileUnreadable, FormatUnknown, LimitExceeded
        As ``open_payment_file``, or as the reader of account assignments.
    EnvelopeMismatch
        The file disagrees with its declared totals, or with its account assignments.
    """
    yield pa.RecordBatch.from_pylist([], schema=SCHEMA)
    with open_payment_file(path, name) as payment_file:
        document = read_document(payment_file.file, _BY_NAMESPACE, sizes)
        with open_lot_writer(scratch, document.message.namespace.removeprefix(NAMESPACE)) as lot_writer:
            builder = _LineBuilder(
                payment_file.name, lot_writer, _open_assignments(path, payment_file.assignments, scratch)
            )
            for rows in document.rows:
                yield from builder.add_rows(rows)
            builder.check_end()


def _open_assignments(path: Path, member: ArchiveMember | None, scratch: Path) -> AssignmentFile | None:
    if member is None:
        return None
    copy_path = scratch / "imputations"
    with path.open("rb", buffering=0) as raw, copy_path.open("wb") as copy:
        shutil.copyfileobj(FileSection(raw, member.start, member.size), copy, 2**20)
    return AssignmentFile(copy_path, member.name)


class _LineBuilder:
    """Turns a payment file into lines while it is read: keeps its header and open lots, checks its totals."""

    def __init__(self, name: str, lot_writer: LotWriter, assignments: AssignmentFile | None) -> None:
        self._lot_writer, self._assignments = lot_writer, assignments
        self._lots, self._totals, self._header = OpenLots(), TotalsCheck(name), dict[str, str]()

    def add_rows(self, rows: RecordRows) -> Iterator[pa.RecordBatch]:
        """Add rows of any record; rows of transfers are yielded as lines."""
        if rows.record == FILE:
            (self._header,) = rows.batch.to_pylist()
        elif rows.record == LOT:
            self._lots.add(rows.batch)
        elif rows.record == TRANSFER:
            yield self._convert_transfers(rows.batch)

    def check_end(self) -> None:
        """Check the totals of the whole file, and that no account assignment is left."""
        self._totals.check_file(self._header["count"], self._header["sum"])
        if self._assignments:
            self._assignments.check_end()

    def _convert_transfers(self, transfers: pa.RecordBatch) -> pa.RecordBatch:
        lot_numbers = transfers.column(OUTER_ROW_COLUMN).to_numpy()
        transfers = _cut_zeros(transfers)
        groups, amounts = group_by_lot(lot_numbers), parse_amounts(transfers.column("amount"))
        lots = self._lots.select(groups.lot)
        self._totals.add(groups, lots, amounts)
        self._lot_writer.add(groups, lots, transfers.num_rows)
        if self._assignments:
            assignments = self._assignments.read_matching_rows(transfers.column("reference"), amounts)
        else:
            assignments = parse_remittance(transfers.column("imputation"))
        return self._build_lines(transfers, lots.take(pa.array(lot_numbers - lot_numbers[0])), assignments)

    def _build_lines(
        self, transfers: pa.RecordBatch, lots: pa.RecordBatch, assignments: AssignmentTexts
    ) -> pa.RecordBatch:
        """Build lines of the flat act format from transfers, the lot of each, and its account assignment."""
        created = self._header["created"]
        rows = transfers.num_rows
        columns = {
            **{name: transfers.column(name) for name in ("payee_name", "iban", "bic", "remittance")},
            **assignments,
            "reference": _replace(transfers.column("reference"), NOT_PROVIDED, ""),
            "amount": _format_amounts(transfers.column("amount"), transfers.column("currency")),
            "due": _extract_days(lots.column("day")),
            "method": _derive_methods(transfers.column("level"), lots),
            "payee": _fill_empty(assignments.get("payee"), transfers.column("payee")),
            "kind": _fill_empty(assignments.get("kind"), _derive_kinds(assignments.get("predecessor"), rows)),
            "exercise": _fill_empty(assignments.get("exercise"), pa.repeat(created[:_YEAR_LETTERS], rows)),
            "date": _fill_empty(assignments.get("date"), pa.repeat(created[:_DAY_LETTERS], rows)),
        }
        empty = pa.nulls(rows, pa.string())
        return pa.RecordBatch.from_arrays([columns.get(name, empty) for name in SCHEMA.names], schema=SCHEMA)


def _cut_zeros(transfers: pa.RecordBatch) -> pa.RecordBatch:
    """Return the transfers without zeros behind the cents of their amounts."""
    index = transfers.schema.get_field_index("amount")
    return transfers.set_column(index, "amount", cut_zeros(transfers.column(index)))


def _compute(name: str, *arguments: pa.Array | str) -> pa.Array:
    return pc.call_function(name, list(arguments))


def _fill_empty(texts: pa.Array | None, fallback: pa.Array) -> pa.Array:
    """Return ``texts`` with ``fallback`` where they are empty."""
    return fallback if texts is None else _compute("if_else", _compute("equal", texts, ""), fallback, texts)


def _replace(texts: pa.Array, old: str, new: str) -> pa.Array:
    return _compute("if_else", _compute("equal", texts, old), new, texts)


def _derive_kinds(predecessors: pa.Array | None, rows: int) -> pa.Array:
    if predecessors is None:
        return pa.repeat(DIRECT_KIND, rows)
    return _compute("if_else", _compute("equal", predecessors, ""), DIRECT_KIND, FOLLOWING_KIND)


def _format_amounts(amounts: pa.Array, currencies: pa.Array) -> pa.Array:
    """Return amounts in euros unchanged; others with their currency in front, which makes them invalid amounts."""
    is_euro = _compute("equal", currencies, CURRENCY)
    if is_euro.false_count == 0:
        return amounts
    return _compute(
        "if_else", is_euro, amounts, _compute("binary_join_element_wise", currencies, amounts, " ")
    )


def _extract_days(moments: pa.Array) -> pa.Array:
    """Return the day of each date, or date and time."""
    coded = moments.dictionary_encode()
    days = pa.array([text[:_DAY_LETTERS] for text in coded.dictionary.to_pylist()], pa.string())
    return days.take(coded.indices)


def _derive_methods(levels: pa.Array, lots: pa.RecordBatch) -> pa.Array:
    """Return how each transfer is to be paid.

    By its own service level, else that of its lot; if the lot is not to be paid by transfer, the payment method of the lot.
    """
    coded = _fill_empty(levels, lots.column("level")).dictionary_encode()
    known_methods = [
        next((_METHODS_BY_LEVEL[code] for code in text.split() if code in _METHODS_BY_LEVEL), "")
        for text in coded.dictionary.to_pylist()
    ]
    methods = pa.array(known_methods, pa.string()).take(coded.indices)
    payment_means = lots.column("means").dictionary_encode()
    other_means = [
        "" if text in _TRANSFER_METHODS else text.lower() for text in payment_means.dictionary.to_pylist()
    ]
    return _fill_empty(pa.array(other_means, pa.string()).take(payment_means.indices), methods)
