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
from core.tables.xml import Message
from ingest.formats.detection import PAYMENT_FILE_BYTES_MAX, TAR_MAGIC, TAR_MAGIC_AT, reading
from ingest.pain001.archive import Member, Window, members
from ingest.pain001.assignment_file import COLUMNS, ImputationFile, Said, structured
from ingest.pain001.declared_totals import Totals, cents
from ingest.pain001.lots import LotFile, Lots, groups, writing
from ingest.pain001.message import FILE, LOT, MESSAGES, NAMESPACE, TRANSFER
from ingest.resolution.resolver import SEPA
from markup.errors import refusal
from markup.reader import read
from markup.rows import WITHIN, Faulty, Rows
from markup.scanner import Sizes

NOT_PROVIDED = "NOTPROVIDED"
"""What ISO 20022 writes for an end-to-end id that there is not."""
DIRECT, FOLLOWING = "direct_payment_request", "payment_request"
"""The kind of a transfer that does not say its own: after a predecessor, the latter."""
_BY_NAMESPACE: Mapping[str, Message] = {message.namespace: message for message in MESSAGES.values()}
_TRANSFER_MEANS = frozenset({"TRF", "TRA"})
_METHODS: Mapping[str, str] = {"SEPA": SEPA, "URGP": "urgent"}
"""By code of the service level; others ask for nothing in particular."""
_DAY_LETTERS, _YEAR_LETTERS = 10, 4
_SMALL = Sizes(2**18, 1024, 2**21)
"""Enough for what stands in front of a file."""
_OF_PAYMENTS = (
    *(Field.REFERENCE, Field.PAYEE_NAME, Field.IBAN, Field.BIC, Field.AMOUNT),
    *(Field.REMITTANCE, Field.DUE, Field.METHOD),
)
SCHEMA = pa.schema([(name, pa.string()) for name in (*(field.column for field in _OF_PAYMENTS), *COLUMNS)])


class Document(NamedTuple):
    """A payment file, open."""

    file: BinaryIO
    name: str
    beside: Member | None
    """Its imputation file, in the same archive."""


@contextmanager
def opened(path: Path, name: str) -> Iterator[Document]:
    """The payment file at ``path``, by itself or in an archive; what is wrong with it is told in words.

    Raises
    ------
    FileUnreadable, FormatUnknown, LimitExceeded
        It does not read, is another message or version, or is too large.
    """
    with reading(name):
        raw = path.open("rb", buffering=0)
    with raw:
        document = _document(raw, name)
        try:
            yield document
        except Faulty as error:
            raise refusal(error, document.file, document.name) from error


def _document(raw: BinaryIO, name: str) -> Document:
    start = raw.read(TAR_MAGIC_AT + len(TAR_MAGIC))
    size = raw.seek(0, 2)
    raw.seek(0)
    if size > PAYMENT_FILE_BYTES_MAX:
        where = f"{name}, byte {PAYMENT_FILE_BYTES_MAX:,}"
        raise LimitExceeded(where, f"{size:,} bytes", f"Send at most {PAYMENT_FILE_BYTES_MAX:,} in one file")
    if not start.startswith(TAR_MAGIC, TAR_MAGIC_AT):
        return Document(raw, name, None)
    found = members(raw, name)
    payments = [each for each in found if each.name.lower().endswith(".xml")]
    if len(payments) != 1:
        raise FileUnreadable(name, "Not one .xml and one imputation file", "Name both for what they are")
    beside = found[1 - found.index(payments[0])]
    window = Window(raw, payments[0].start, payments[0].size)
    return Document(window, payments[0].name, beside)  # type: ignore[arg-type]


def message_id(path: Path, name: str) -> str:
    """The MsgId of the payment file at ``path``; nothing further in it is looked at."""
    with opened(path, name) as document:
        for rows in read(document.file, _BY_NAMESPACE, _SMALL).rows:
            if rows.record == FILE:
                return rows.batch.column("message")[0].as_py()
    return ""


def batches(path: Path, name: str, scratch: Path, sizes: Sizes | None = None) -> Iterator[pa.RecordBatch]:
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
    with opened(path, name) as document:
        found = read(document.file, _BY_NAMESPACE, sizes)
        with writing(scratch, found.message.namespace.removeprefix(NAMESPACE)) as lots:
            walk = _Walk(document.name, lots, _imputations(path, document.beside, scratch))
            for rows in found.rows:
                yield from walk.taken(rows)
            walk.close()


def _imputations(path: Path, beside: Member | None, scratch: Path) -> ImputationFile | None:
    if beside is None:
        return None
    place = scratch / "imputations"
    with path.open("rb", buffering=0) as raw, place.open("wb") as copy:
        shutil.copyfileobj(Window(raw, beside.start, beside.size), copy, 2**20)
    return ImputationFile(place, beside.name)


class _Walk:
    """A payment file on its way: header, lots, and the transfers as they become lines."""

    def __init__(self, name: str, file: LotFile, beside: ImputationFile | None) -> None:
        self._file, self._beside = file, beside
        self._lots, self._totals, self._header = Lots(), Totals(name), dict[str, str]()

    def taken(self, rows: Rows) -> Iterator[pa.RecordBatch]:
        """Take in rows of the file; those of transfers come out as lines."""
        if rows.record == FILE:
            (self._header,) = rows.batch.to_pylist()
        elif rows.record == LOT:
            self._lots.add(rows.batch)
        elif rows.record == TRANSFER:
            yield self._lines(rows.batch)

    def close(self) -> None:
        """Judge the file as a whole."""
        self._totals.close(self._header["count"], self._header["sum"])
        if self._beside:
            self._beside.end()

    def _lines(self, transfers: pa.RecordBatch) -> pa.RecordBatch:
        within, texts = transfers.column(WITHIN).to_numpy(), transfers.column("amount")
        found, amounts = groups(within), (texts, cents(texts))
        lots = self._lots.of(found.lot)
        self._totals.add(found, lots, amounts)
        self._file.add(found, lots, len(texts))
        if self._beside:
            said = self._beside.take(transfers.column("reference"), amounts)
        else:
            said = structured(transfers.column("imputation"))
        return self._line(transfers, lots.take(pa.array(within - within[0])), said)

    def _line(self, transfers: pa.RecordBatch, lots: pa.RecordBatch, said: Said) -> pa.RecordBatch:
        """Transfers, the lot of each, and what is said of it, as lines of the flat act format."""
        created = self._header["created"]
        rows = transfers.num_rows
        columns = {
            **{name: transfers.column(name) for name in ("payee_name", "iban", "bic", "remittance")},
            **said,
            "reference": _otherwise(transfers.column("reference"), NOT_PROVIDED, ""),
            "amount": _amounts(transfers.column("amount"), transfers.column("currency")),
            "due": _day(lots.column("day")),
            "method": _methods(transfers.column("level"), lots),
            "payee": _or(said.get("payee"), transfers.column("payee")),
            "kind": _or(said.get("kind"), _kinds(said.get("predecessor"), rows)),
            "exercise": _or(said.get("exercise"), pa.repeat(created[:_YEAR_LETTERS], rows)),
            "date": _or(said.get("date"), pa.repeat(created[:_DAY_LETTERS], rows)),
        }
        nothing = pa.nulls(rows, pa.string())
        return pa.RecordBatch.from_arrays(
            [columns.get(name, nothing) for name in SCHEMA.names], schema=SCHEMA
        )


def _call(name: str, *arguments: pa.Array | str) -> pa.Array:
    return pc.call_function(name, list(arguments))


def _or(first: pa.Array | None, otherwise: pa.Array) -> pa.Array:
    """``otherwise`` where the first says nothing."""
    return otherwise if first is None else _call("if_else", _call("equal", first, ""), otherwise, first)


def _otherwise(texts: pa.Array, what: str, becomes: str) -> pa.Array:
    return _call("if_else", _call("equal", texts, what), becomes, texts)


def _kinds(predecessors: pa.Array | None, rows: int) -> pa.Array:
    if predecessors is None:
        return pa.repeat(DIRECT, rows)
    return _call("if_else", _call("equal", predecessors, ""), DIRECT, FOLLOWING)


def _amounts(amounts: pa.Array, currencies: pa.Array) -> pa.Array:
    """Amounts in euros as they stand; others with their currency in front, which no amount has."""
    is_euro = _call("equal", currencies, CURRENCY)
    if is_euro.false_count == 0:
        return amounts
    return _call("if_else", is_euro, amounts, _call("binary_join_element_wise", currencies, amounts, " "))


def _day(moments: pa.Array) -> pa.Array:
    """The day of a date, or of a date and time."""
    coded = moments.dictionary_encode()
    days = pa.array([text[:_DAY_LETTERS] for text in coded.dictionary.to_pylist()], pa.string())
    return days.take(coded.indices)


def _methods(levels: pa.Array, lots: pa.RecordBatch) -> pa.Array:
    """How each is to be paid: by its own service level or that of its lot; by other means than a transfer, those."""
    coded = _or(levels, lots.column("level")).dictionary_encode()
    found = [
        next((_METHODS[code] for code in text.split() if code in _METHODS), "")
        for text in coded.dictionary.to_pylist()
    ]
    methods = pa.array(found, pa.string()).take(coded.indices)
    means = lots.column("means").dictionary_encode()
    others = ["" if text in _TRANSFER_MEANS else text.lower() for text in means.dictionary.to_pylist()]
    return _or(pa.array(others, pa.string()).take(means.indices), methods)
