"""Rows of the flat act format with faults of all kinds, and the column types in which a writer may send them."""

from collections.abc import Callable, Sequence

import pyarrow as pa
from hypothesis import strategies as st

from core.act_fields import FIELD_BY_COLUMN, FORMATS, FieldType
from core.catalog import KIND_NUMBERS
from ingest.formats.text_buffers import DICTIONARY_TEXT
from tests.file_strategies import PLACES, File, Row, files
from tests.oracle import amounts, days, whole_numbers
from tests.oracle.iban import add_check_digits

_DAYS = (
    *(
        "2018-05-02",
        "2018-12-31",
        "2018-01-15",
        "2019-01-20",
        "2019-01-21",
        "2019-03-31",
        "2017-12-31",
        "2018-02-30",
    ),
    *("0001-01-01", "9999-12-31", "1999-12-31", "2127-12-31", "02/05/2018", "2018-5-2", "soon"),
)
_WHOLES = ("0", "1", "7", "007", "2018", "9999999999", "10000000000", "-1", "1.0", "x")
_CENTRES = (
    *(place.unit for place in PLACES),
    *("0177", "0177-D013", "0177-D013-XXXX", "9999-D013-DD13", "OP-0217-000001", "0217-SGAC-IMMO-LONG"),
)
_OTHERS: dict[str, Sequence[str]] = {
    "reference": ("R", "R1", "R" * 35, "R" * 36, "é" * 17, "é" * 18, "R\x1f1", "R\x7f", "R#1", " "),
    "line": ("1", "2", "2", "3", "01", *_WHOLES),
    "bic": ("BDFEFRPP", "BDFEFRPPCCT", "bdfefrpp", "BDFEFRP", "BDFEFRPPCC", "BDFE1RPP", "BDFEFR0P", "é", " "),
    "kind": ("engagement", "Commitment", "none", *KIND_NUMBERS),
    "exercise": ("2018", "2019", "2017", "02018", "2127", "x", "12018"),
    "date": _DAYS,
    "posting_date": _DAYS,
    "due": _DAYS,
    "received": _DAYS,
    "invoice_date": _DAYS,
    "fund_centre": _CENTRES,
    "functional_area": ("0177-12", "0177-12-08", "0217-07", "0117-01", "0217-99", "0" * 13),
    "commitment_item": ("T2", "HT2", "21", "31", "51", "63", "99", "0" * 11),
    "fund": ("N/A", "1-1-00733", "2-1-00041", "9-9-99999"),
    "operation": ("OP-0217-000001", "OP-0217-000002", "OP-0217-999999", "0217-SGAC-IMMO"),
    "budget_year": ("2018", "2019", "2017", "0", "02018", "x"),
    "counterpart": (*_CENTRES, "0177/T2", "0177/HT2", "0177-D013/99", "0177/", "/T2", "0177-D013-DD13/31"),
    "activity": ("0177-OS-01", "0217ABC", "9999", "017"),
    "account": ("6188000000", "6113110000", "6531230000", "2318000000", "4011100000", "9999999999", "62"),
    "payee": ("1001488375", "P" * 35, "P" * 36, "\t"),
    "payee_name": ("Société", "n" * 141),
    "iban": (add_check_digits("FR", "0" * 22 + "7"), "FR00", "fr7630006000011234567890189", "X" * 35),
    "predecessor": ("R1", "R1#1", "R1#0", "R1#x", "#1", "R1#9999999999", "R1#10000000000", "R##2", "R" * 47),
    "origin": ("finance_law", "transfer", "loi"),
    "service_start": ("2019-01-01", "2018-12-31", "soon", "1999-12-31"),
    "recycling_case": ("affectation", "arrete", "retour", "x" * 71),
    "predecessor_sender": ("x", "CSP-A", "CSP-B", "S" * 71, "\x07"),
    "amount": (
        "0",
        "-5",
        "-0",
        "0.00",
        "1.234",
        "1e3",
        "999999999.99",
        "1000000000.00",
        "1000000000000.00",
        "007",
    ),
    "method": ("sepa", "rtgs", "SEPA", "m" * 36),
    "priority": (*_WHOLES, "9", "10"),
    "invoice_number": ("F2018-1", "f-2018/1", "--", "é", "n" * 70, "n" * 71),
    "invoice_part": ("1", "99", "100", *_WHOLES),
    "right_year": ("2018", "2014", "2013", "1900", "1899", "2019", "x"),
    "prescription_stop": (
        "relief 1",
        "interruption n° 7",
        "suspension  x",
        "relief",
        "Relief 1",
        " ",
        "relief " + "x" * 70,
    ),
    "reason": ("jugement n° 7", "x" * 141),
    "evidence_hash": ("a" * 64, "A" * 63, "g" * 64, "é" * 32, "a" * 71),
    "call_back": ("Mme Durand", " ", "x" * 141),
    "remittance": ("n° 7", "x" * 281, "a\nb"),
    "contract": ("works", "none", "Works", "lease", "x" * 36),
    "suspension_notified": _DAYS,
    "suspension_ended": _DAYS,
}
_LIMITS = {"amount": ("1000000000000.01", "9999999999999999", "10000000000000000", "0" * 20 + "1", "9" * 40)}
_TYPES = {FieldType.WHOLE: pa.int64(), FieldType.DAY: pa.date32()}


@st.composite
def faulty_rows(draw: st.DrawFn, acts_max: int = 12) -> File:
    """Draw a file of acts in which some rows have fields changed, emptied or added."""
    rows = [row for file in draw(files(acts_max))[1:] for row in file]
    return [row | draw(_changes()) if draw(st.booleans()) else row for row in rows]


@st.composite
def _changes(draw: st.DrawFn) -> Row:
    columns = draw(st.lists(st.sampled_from(sorted(_OTHERS)), max_size=3, unique=True))
    return {name: draw(st.sampled_from(("", *_OTHERS[name], *_LIMITS.get(name, ())))) for name in columns}


def to_text(rows: File) -> pa.RecordBatch:
    """Write every column as text; an absent value is null in even columns, empty in others."""
    columns = {
        name: pa.array(
            [row.get(name) or ("" if at % 2 else None) for at, row in enumerate(rows)], pa.string()
        )
        for name in _list_columns(rows)
    }
    return pa.RecordBatch.from_pydict(columns)


def to_dictionaries(rows: File) -> pa.RecordBatch:
    """Write every text column as a dictionary that also has unused values, and an empty one."""
    return _change_columns(
        to_text(rows),
        lambda name, column: _encode_dictionary(column) if _find_type(name) is FieldType.TEXT else column,
    )


def to_types(rows: File) -> pa.RecordBatch:
    """Write numbers, days and cents in types of their own where all rows allow it, as a Parquet writer would."""
    columns = {name: _convert(name, column) for name, column in to_dictionaries(rows).to_pydict().items()}
    if pa.types.is_integer(columns["amount"].type):
        columns["amount_cents"] = columns.pop("amount")
    return pa.RecordBatch.from_pydict(columns)


WRITERS: dict[str, Callable[[File], pa.RecordBatch]] = {
    "text": to_text,
    "dictionaries": to_dictionaries,
    "types": to_types,
}


def _list_columns(rows: File) -> list[str]:
    """List the columns in the order of the format, always with ``amount``, because typed writers send one."""
    filled = {name for row in rows for name, text in row.items() if text} | {"amount", "reference"}
    return [name for name in FIELD_BY_COLUMN if name in filled]


def _find_type(column: str) -> FieldType:
    return FORMATS[FIELD_BY_COLUMN[column]].type


def _change_columns(batch: pa.RecordBatch, change: Callable[[str, pa.Array], pa.Array]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({name: change(name, batch.column(name)) for name in batch.schema.names})


def _encode_dictionary(column: pa.Array) -> pa.Array:
    texts = column.to_pylist()
    values = ["nobody says this", "", *sorted({text for text in texts if text})]
    indices = [None if text is None else values.index(text) for text in texts]
    return pa.DictionaryArray.from_arrays(pa.array(indices, pa.int32()), pa.array(values)).cast(
        DICTIONARY_TEXT
    )


def _convert(name: str, texts: list[str | None]) -> pa.Array:
    parse = {
        FieldType.WHOLE: whole_numbers.parse,
        FieldType.DAY: days.parse,
        FieldType.DECIMAL: _parse_cents,
    }.get(_find_type(name))
    values = [parse(text) if text and parse else None for text in texts]
    if parse and all(value is not None or not text for value, text in zip(values, texts, strict=True)):
        kind = _TYPES.get(_find_type(name), pa.int64())
        return pa.array(values, pa.int32()).cast(kind) if kind == pa.date32() else pa.array(values, kind)
    return pa.array(texts, pa.string()) if parse else _encode_dictionary(pa.array(texts, pa.string()))


def _parse_cents(text: str) -> int | None:
    """Return what whole cents can represent: no invalid amount, and none too large."""
    return amounts.read_any_amount(text) or (0 if amounts.is_zero(text) else None)
