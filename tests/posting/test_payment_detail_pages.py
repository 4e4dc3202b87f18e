"""Pages of payment details: compared with the oracle, and read back."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.act_fields import Field
from core.catalog import KIND_NUMBERS
from core.errors import SchemaMismatch
from core.outcome_codes import Outcome as Code
from core.tables.columns import allocate_records
from core.tables.journal import Acts, Decisions, Spans
from posting import payment_detail_encoder, payment_detail_pages
from posting.batch import Piece, Progress, Submission
from posting.payment_detail_pages import COLUMNS
from reporting.verification.request_pages import read_entries
from tests.file_strategies import Row
from tests.ingest.row_strategies import WRITERS
from tests.kernels.execution_modes import to_spans
from tests.oracle import days
from tests.oracle import payment_detail_pages as plain
from tests.oracle.request_terms import CONTRACTS

TEXTS_BY_FIELD = {
    Field.NATURE: ("location", "mobilier"),
    Field.RECEIVED: ("2018-03-01", "2000-01-01", "2126-12-31"),
    Field.DUE: ("2018-03-31", "2019-01-02"),
    Field.INVOICE_DATE: ("2018-02-26", "2017-12-31"),
    Field.PRIORITY: ("0", "1", "9"),
    Field.INVOICE_PART: ("1", "99"),
    Field.RIGHT_YEAR: ("1900", "2126"),
    Field.SUSPENSION_NOTIFIED: ("2018-03-01", "2018-03-09"),
    Field.SUSPENSION_ENDED: ("2018-03-12",),
    Field.CONTRACT: ("none", "works", "concession"),
    Field.REASON: ("jugement n° 7",),
    Field.PRESCRIPTION_STOP: ("relief 2018-114", "interruption n° 7"),
    Field.METHOD: ("sepa", "rtgs"),
    Field.INVOICE_NUMBER: ("F-1", "é" * 35),
    Field.REMITTANCE: ("FACT 2018-1", "n° 7", "x" * 280),
}
KINDS = ("direct_payment_request", "payment_request", "commitment", "receivable")
CODES = (Code.ACCEPTED, Code.ACCEPTED, Code.DUPLICATE, Code.PAYEE_UNKNOWN)
Line = tuple[Row, str, Code]
many = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def lines(draw: st.DrawFn) -> list[Line]:
    """Draw rows with some payment details, of payable kinds, receivables and others, with their outcomes."""
    fields = draw(st.lists(st.sampled_from(COLUMNS), unique=True))
    return [
        (
            {"reference": f"R{at}"}
            | {field.column: draw(st.sampled_from(("", *TEXTS_BY_FIELD[field]))) for field in fields},
            draw(st.sampled_from(KINDS)),
            draw(st.sampled_from(CODES)),
        )
        for at in range(draw(st.integers(1, 12)))
    ]


def decide_lines(lines: list[Line], raw: pa.RecordBatch) -> tuple[Piece, np.ndarray, np.ndarray]:
    """Return the lines as a piece, their decisions, and the accepted ones; entries are numbered from 100."""
    acts, decisions = allocate_records(Acts, len(lines)), allocate_records(Decisions, len(lines))
    acts["kind"] = [KIND_NUMBERS[kind] for _, kind, _ in lines]
    decisions["outcome"] = [code for *_, code in lines]
    accepted = np.flatnonzero(decisions["outcome"] == Code.ACCEPTED).astype(np.int32)
    decisions["entry"][accepted] = 100 + 3 * np.arange(len(accepted))
    nothing = np.zeros(0, np.int64)
    spans = Spans(nothing.astype(np.int32), nothing.astype(np.int32))
    fields = (nothing.astype(np.int32), nothing.astype(np.int32), nothing, spans, to_spans([])[1])
    rest = (nothing.astype(np.uint8), nothing, raw, Progress(1, 0))
    return Piece(Submission(1, "ministry", None), acts, *fields, *rest), decisions, accepted


def compute_expected(lines: list[Line], decisions: np.ndarray) -> list[plain.LineFields]:
    """Return what is stored of each line; of a receivable that is the day on which it is due alone."""
    payable = [
        (
            int(entry),
            {
                field: row.get(field.column, "") if kind != "receivable" or field is Field.DUE else ""
                for field in COLUMNS
            },
        )
        for (row, kind, code), entry in zip(lines, decisions["entry"], strict=True)
        if code is Code.ACCEPTED and kind != "commitment"
    ]
    return [(entry, details) for entry, details in payable if any(details.values())]


def store_pages(
    lines: list[Line], writer: str
) -> tuple[list[tuple[int, int, int, bytes]], list[plain.LineFields]]:
    piece, decisions, accepted = decide_lines(
        lines, WRITERS[writer]([{**row, "amount": "1.00"} for row, *_ in lines])
    )
    pages, details = (
        payment_detail_encoder.build_pages(piece, decisions, accepted),
        compute_expected(lines, decisions),
    )
    if pages is None:
        return [], details
    rows, (spans, text) = pages
    contents = [text.data[a:b].tobytes() for a, b in zip(spans.start, spans.end, strict=True)]
    return list(zip(*(column.tolist() for column in rows), contents, strict=True)), details


@pytest.mark.parametrize("writer", WRITERS)
@many
@given(drawn_lines=lines())
def test_pages_equal_the_oracle_for_all_column_types(writer: str, drawn_lines: list[Line]) -> None:
    pages, details = store_pages(drawn_lines, writer)
    assert pages == plain.build_pages(details)
    for first, *_, page in pages:
        assert (read_entries(page) + first).tolist() == [entry for entry, _ in details]


@many
@given(files=st.lists(lines(), min_size=1, max_size=3))
def test_pages_are_read_as_they_were_written(files: list[list[Line]]) -> None:
    both = [store_pages(file_lines, "text") for file_lines in files]
    pages, details = [page for part, _ in both for page in part], [line for _, part in both for line in part]
    if pages:
        rows, texts = payment_detail_pages.read_pages(
            [first for first, *_ in pages], [page for *_, page in pages]
        )
        assert [_describe_row(rows, texts, at) for at in range(len(details))] == [
            _describe_line(line_fields) for line_fields in details
        ]


def _describe_row(rows: Any, texts: payment_detail_pages.PaymentDetailTexts, at: int) -> dict[str, Any]:
    return {name: getattr(rows, name)[at].item() for name in rows._fields} | {
        name: getattr(texts, name).decode_row(at) for name in texts._fields
    }


def _describe_line(line: plain.LineFields) -> dict[str, Any]:
    entry, details = line
    dates = {field.column: days.parse(details[field]) or 0 for field in (*plain.DAYS, *plain.SUSPENSION)}
    texts = {field.column: details[field] for field in plain.TEXTS}
    numbers = {field.column: int(details[field] or 0) for field in (Field.INVOICE_PART, Field.RIGHT_YEAR)}
    contract = details[Field.CONTRACT]
    numbers["contract"] = CONTRACTS.index(contract) + 1 if contract else 0
    return {"entry_id": entry, **dates, **texts, **numbers, "priority": int(details[Field.PRIORITY] or -1)}


def test_a_page_is_full_after_so_many_lines() -> None:
    page_lines: list[Line] = [
        ({"reference": "R", "remittance": f"n° {at}"}, KINDS[0], Code.ACCEPTED)
        for at in range(2 * payment_detail_pages.PAGE_LINES + 5)
    ]
    pages, details = store_pages(page_lines, "text")
    assert [lines for _, _, lines, _ in pages] == [
        payment_detail_pages.PAGE_LINES,
        payment_detail_pages.PAGE_LINES,
        5,
    ]
    assert pages == plain.build_pages(details)


def test_a_file_without_the_columns_has_no_pages() -> None:
    piece: list[Line] = [({"reference": "R1"}, "direct_payment_request", Code.ACCEPTED)]
    assert store_pages(piece, "text") == ([], [])


PAGE = plain.encode_page(
    [(7, {Field.DUE: "2018-03-31", Field.REMITTANCE: "n° 7"}), (9, {Field.METHOD: "sepa"})]
)


@pytest.mark.parametrize(
    "page",
    [
        b"",
        PAGE[:5],
        PAGE[:-1],
        PAGE + b"x",
        b"\1" + PAGE[1:],
        PAGE[:3] + b"\0\0\0\0",
        PAGE[:3] + b"\xff" * 40,
    ],
    ids=["empty", "no head", "short", "long", "other version", "no lines", "too many lines"],
)
def test_malformed_pages_are_refused(page: bytes) -> None:
    with pytest.raises(SchemaMismatch, match="a page of payment details"):
        payment_detail_pages.read_pages([7], [page])
    assert len(read_entries(page)) == 0
