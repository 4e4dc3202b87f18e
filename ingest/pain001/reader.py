"""pain.001: a ministry's payment order, transfer by transfer, as lines of the flat act format.

``docs/pain001.md`` says which element becomes which column.  The file is read once, a piece at a time; what it says that it
adds up to is judged on the way, and the last word on it is at its end: until then nothing of it may be used.
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
from ingest.pain001.declared_totals import TotalsCheck, parse_cents
from ingest.pain001.lots import LotWriter, OpenLots, group_by_lot, open_lot_writer
from ingest.pain001.message import FILE, LOT, MESSAGES, NAMESPACE, TRANSFER
from ingest.resolution.resolver import SEPA
from markup.errors import describe_fault
from markup.reader import read_document
from markup.rows import OUTER_ROW_COLUMN, DocumentFaulty, RecordRows
from markup.scanner import BufferSizes

NOT_PROVIDED = "NOTPROVIDED"
"""What ISO 20022 writes for an end-to-end id that there is not."""
DIRECT_KIND, FOLLOWING_KIND = "direct_payment_request", "payment_request"
"""The kind of a transfer that does not say its own: after a predecessor, the latter."""
_BY_NAMESPACE: Mapping[str, XmlMessage] = {message.namespace: message for message in MESSAGES.values()}
_TRANSFER_METHODS = frozenset({"TRF", "TRA"})
_METHODS_BY_LEVEL: Mapping[str, str] = {"SEPA": SEPA, "URGP": "urgent"}
"""By code of the service level; others ask for nothing in particular."""
_DAY_LETTERS, _YEAR_LETTERS = 10, 4
_HEADER_SIZES = BufferSizes(2**18, 1024, 2**21)
"""Enough for what stands in front of a file."""
_PAYMENT_FIELDS = (
    *(Field.REFERENCE, Field.PAYEE_NAME, Field.IBAN, Field.BIC, Field.AMOUNT),
    *(Field.REMITTANCE, Field.DUE, Field.METHOD),
)
SCHEMA = pa.schema(
    [(name, pa.string()) for name in (*(field.column for field in _PAYMENT_FIELDS), *ASSIGNMENT_COLUMNS)]
)


class PaymentFile(NamedTuple):
    """A payment file, open."""

    file: BinaryIO
    name: str
    assignments: ArchiveMember | None
    """Its imputation file, in the same archive."""


@contextmanager
def open_payment_file(path: Path, name: str) -> Iterator[PaymentFile]:
    """The payment file at ``path``, by itself or in an archive; what is wrong with it is told in words.

    Raises
    ------
    FileUnreadable, FormatUnknown, LimitExceeded
        It does not read, is another message or version, or is too large.
    """
    with translate_decoder_errors(name):
        raw = path.open("rb", buffering=0)
    with raw:
        document = _locate_payment_file(raw, name)
        try:
            yield document
        except DocumentFaulty as error:
            raise describe_fault(error, document.file, document.name) from error


def _locate_payment_file(raw: BinaryIO, name: str) -> PaymentFile:
    start = raw.read(TAR_MAGIC_AT + len(TAR_MAGIC))
    size = raw.seek(0, 2)
    raw.seek(0)
    if size > PAYMENT_FILE_BYTES_MAX:
        where = f"{name}, byte {PAYMENT_FILE_BYTES_MAX:,}"
        raise LimitExceeded(where, f"{size:,} bytes", f"Send at most {PAYMENT_FILE_BYTES_MAX:,} in one file")
    if not start.startswith(TAR_MAGIC, TAR_MAGIC_AT):
        return PaymentFile(raw, name, None)
    found = read_members(raw, name)
    payments = [each for each in found if each.name.lower().endswith(".xml")]
    if len(payments) != 1:
        raise FileUnreadable(name, "Not one .xml and one imputation file", "Name both for what they are")
    beside = found[1 - found.index(payments[0])]
    window = FileSection(raw, payments[0].start, payments[0].size)
    return PaymentFile(window, payments[0].name, beside)  # type: ignore[arg-type]


def read_message_id(path: Path, name: str) -> str:
    """The MsgId of the payment file at ``path``; nothing further in it is looked at."""
    with open_payment_file(path, name) as document:
        for rows in read_document(document.file, _BY_NAMESPACE, _HEADER_SIZES).rows:
            if rows.record == FILE:
                return rows.batch.column("message")[0].as_py()
    return ""


def read_batches(
    path: Path, name: str, scratch: Path, sizes: BufferSizes | None = None
) -> Iterator[pa.RecordBatch]:
    """The transfers of the payment file at ``path`` as lines, every column text; an empty batch first.

    ``scratch`` is a folder for what is written on the way: the file of lots stays there.

    Raises
    ------
    FileUnreadable, FormatUnknown, LimitExceeded
        As ``opened``, or as the readers of imputations.
    EnvelopeMismatch
        It does not add up to what it says, or to its imputations.
    """
    yield pa.RecordBatch.from_pylist([], schema=SCHEMA)
    with open_payment_file(path, name) as document:
        found = read_document(document.file, _BY_NAMESPACE, sizes)
        with open_lot_writer(scratch, found.message.namespace.removeprefix(NAMESPACE)) as lots:
            walk = _LineBuilder(document.name, lots, _open_assignments(path, document.assignments, scratch))
            for rows in found.rows:
                yield from walk.add_rows(rows)
            walk.check_end()


def _open_assignments(path: Path, member: ArchiveMember | None, scratch: Path) -> AssignmentFile | None:
    if member is None:
        return None
    place = scratch / "imputations"
    with path.open("rb", buffering=0) as raw, place.open("wb") as copy:
        shutil.copyfileobj(FileSection(raw, member.start, member.size), copy, 2**20)
    return AssignmentFile(place, member.name)


class _LineBuilder:
    """A payment file on its way: header, lots, and the transfers as they become lines."""

    def __init__(self, name: str, lot_writer: LotWriter, assignments: AssignmentFile | None) -> None:
        self._lot_writer, self._assignments = lot_writer, assignments
        self._lots, self._totals, self._header = OpenLots(), TotalsCheck(name), dict[str, str]()

    def add_rows(self, rows: RecordRows) -> Iterator[pa.RecordBatch]:
        """Take in rows of the file; those of transfers come out as lines."""
        if rows.record == FILE:
            (self._header,) = rows.batch.to_pylist()
        elif rows.record == LOT:
            self._lots.add(rows.batch)
        elif rows.record == TRANSFER:
            yield self._check_transfers(rows.batch)

    def check_end(self) -> None:
        """Judge the file as a whole."""
        self._totals.check_file(self._header["count"], self._header["sum"])
        if self._assignments:
            self._assignments.check_end()

    def _check_transfers(self, transfers: pa.RecordBatch) -> pa.RecordBatch:
        within, texts = transfers.column(OUTER_ROW_COLUMN).to_numpy(), transfers.column("amount")
        found, amounts = group_by_lot(within), (texts, parse_cents(texts))
        lots = self._lots.select(found.lot)
        self._totals.add(found, lots, amounts)
        self._lot_writer.add(found, lots, len(texts))
        if self._assignments:
            said = self._assignments.read_matching_rows(transfers.column("reference"), amounts)
        else:
            said = parse_remittance(transfers.column("imputation"))
        return self._build_lines(transfers, lots.take(pa.array(within - within[0])), said)

    def _build_lines(
        self, transfers: pa.RecordBatch, lots: pa.RecordBatch, said: AssignmentTexts
    ) -> pa.RecordBatch:
        """Transfers, the lot of each, and what is said of it, as lines of the flat act format."""
        created = self._header["created"]
        rows = transfers.num_rows
        columns = {
            **{name: transfers.column(name) for name in ("payee_name", "iban", "bic", "remittance")},
            **said,
            "reference": _replace(transfers.column("reference"), NOT_PROVIDED, ""),
            "amount": _format_amounts(transfers.column("amount"), transfers.column("currency")),
            "due": _extract_days(lots.column("day")),
            "method": _derive_methods(transfers.column("level"), lots),
            "payee": _fill_empty(said.get("payee"), transfers.column("payee")),
            "kind": _fill_empty(said.get("kind"), _derive_kinds(said.get("predecessor"), rows)),
            "exercise": _fill_empty(said.get("exercise"), pa.repeat(created[:_YEAR_LETTERS], rows)),
            "date": _fill_empty(said.get("date"), pa.repeat(created[:_DAY_LETTERS], rows)),
        }
        nothing = pa.nulls(rows, pa.string())
        return pa.RecordBatch.from_arrays(
            [columns.get(name, nothing) for name in SCHEMA.names], schema=SCHEMA
        )


def _compute(name: str, *arguments: pa.Array | str) -> pa.Array:
    return pc.call_function(name, list(arguments))


def _fill_empty(texts: pa.Array | None, fallback: pa.Array) -> pa.Array:
    """``otherwise`` where the first says nothing."""
    return fallback if texts is None else _compute("if_else", _compute("equal", texts, ""), fallback, texts)


def _replace(texts: pa.Array, old: str, new: str) -> pa.Array:
    return _compute("if_else", _compute("equal", texts, old), new, texts)


def _derive_kinds(predecessors: pa.Array | None, rows: int) -> pa.Array:
    if predecessors is None:
        return pa.repeat(DIRECT_KIND, rows)
    return _compute("if_else", _compute("equal", predecessors, ""), DIRECT_KIND, FOLLOWING_KIND)


def _format_amounts(amounts: pa.Array, currencies: pa.Array) -> pa.Array:
    """Amounts in euros as they stand; others with their currency in front, which no amount has."""
    is_euro = _compute("equal", currencies, CURRENCY)
    if is_euro.false_count == 0:
        return amounts
    return _compute(
        "if_else", is_euro, amounts, _compute("binary_join_element_wise", currencies, amounts, " ")
    )


def _extract_days(moments: pa.Array) -> pa.Array:
    """The day of a date, or of a date and time."""
    coded = moments.dictionary_encode()
    days = pa.array([text[:_DAY_LETTERS] for text in coded.dictionary.to_pylist()], pa.string())
    return days.take(coded.indices)


def _derive_methods(levels: pa.Array, lots: pa.RecordBatch) -> pa.Array:
    """How each is to be paid: by its own service level or that of its lot; by other means than a transfer, those."""
    coded = _fill_empty(levels, lots.column("level")).dictionary_encode()
    found = [
        next((_METHODS_BY_LEVEL[code] for code in text.split() if code in _METHODS_BY_LEVEL), "")
        for text in coded.dictionary.to_pylist()
    ]
    methods = pa.array(found, pa.string()).take(coded.indices)
    means = lots.column("means").dictionary_encode()
    others = ["" if text in _TRANSFER_METHODS else text.lower() for text in means.dictionary.to_pylist()]
    return _fill_empty(pa.array(others, pa.string()).take(means.indices), methods)
