"""The result of one batch: the rows of each table, and the hash chain over them."""

import hashlib
from datetime import date
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.act_fields import Field
from core.catalog import CATALOG, KIND_NUMBERS, Family
from core.outcome_codes import LACKS_OF_PREDECESSOR
from core.outcome_codes import Outcome as Code
from core.tables.journal import Acts, Decisions, Duplicates, Entries, NewPayees, Refusals
from posting.batch import Batch, BatchResult, Piece
from posting.hash_chain import HASHED_TABLES
from posting.pgcopy import HEADER, TRAILER, decode
from tests.file_strategies import File, Row, files
from tests.oracle import copy_rows, journal, payment_detail_pages
from tests.posting.text_engine import TextEngine, build_registry

few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])

Decided = tuple[Piece, int, dict[str, int], dict[str, int]]
"""Piece, row there, act, decision."""


def _decode_rows(outcome: BatchResult, name: str, table: Any, texts: int = 0) -> list[dict[str, Any]]:
    columns, cells = decode(table, HEADER + outcome.streams[name].tobytes() + TRAILER, texts)
    spans = zip(cells.spans.start.tolist(), cells.spans.end.tolist(), strict=True)
    row_texts = [cells.text.data[start:end].tobytes().decode() for start, end in spans]
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [
        dict(zip(table._fields, row, strict=True)) | {"texts": row_texts[at * texts : (at + 1) * texts]}
        for at, row in enumerate(rows)
    ]


def _rows(records: np.ndarray, table: Any) -> list[dict[str, int]]:
    return [dict(zip(table._fields, row, strict=True)) for row in records.tolist()]


def _list_decided_lines(pieces: list[Piece], harness: TextEngine) -> list[Decided]:
    """Return every line of the batch."""
    return [
        (piece, at, act, fields)
        for piece, decisions in zip(pieces, harness.engine.decisions, strict=True)
        for at, (act, fields) in enumerate(
            zip(_rows(piece.acts, Acts), _rows(decisions, Decisions), strict=True)
        )
    ]


def _read_cell(piece: Piece, at: int, field: Field) -> str:
    column = field.column
    return (piece.raw.column(column)[at].as_py() or "") if column in piece.raw.schema.names else ""


@few
@given(presented=files(acts_max=25), is_holding=st.booleans())
def test_every_line_is_stored_in_one_row(presented: list[File], is_holding: bool) -> None:
    """Accepted lines in the journal, duplicate and refused lines in tables of their own; several files in one batch.

    A batch that is holding ends behind the first file with held acts.
    """
    harness = TextEngine()
    harness.decide_files(presented[0])
    pieces = [harness.build_piece(rows) for rows in (*presented[1:], presented[0])]
    outcome = harness.engine.evaluate(Batch(pieces, is_holding))
    pieces = pieces[: len(harness.engine.decisions)]
    lines, first = _list_decided_lines(pieces, harness), build_registry().first_node
    result = b"".join(
        _journal(piece, [line for line in lines if line[0] is piece], first) for piece in pieces
    )
    assert outcome.streams["entry"].tobytes() == result
    assert _decode_rows(outcome, "refusal", Refusals, 2) == [
        _refusal(line, position, first)
        for position, line in enumerate(lines)
        if line[3]["outcome"] > Code.HELD
    ]
    assert _decode_rows(outcome, "duplicate", Duplicates) == [
        _place(piece, at, position) | {"entry_id": decision_fields["entry"], "texts": []}
        for position, (piece, at, _, decision_fields) in enumerate(lines)
        if decision_fields["outcome"] == Code.DUPLICATE
    ]
    assert _decode_rows(outcome, "payee", NewPayees, 4) == [
        {
            "payee": decision_fields["payee"],
            "entry_id": decision_fields["entry"],
            "texts": [_read_cell(piece, at, field) for field in _PAYEE],
        }
        for piece, at, act, decision_fields in lines
        if decision_fields["outcome"] == Code.ACCEPTED and act["kind"] in _OF_DETAILS
    ]
    assert outcome.streams["request_detail"].tobytes() == b"".join(_pages(piece, lines) for piece in pieces)
    accepted = [
        act["amount"] for _, _, act, decision_fields in lines if decision_fields["outcome"] == Code.ACCEPTED
    ]
    assert (outcome.counts["entry"], outcome.cents) == (len(accepted), sum(accepted))


def _pages(piece: Piece, lines: list[Decided]) -> bytes:
    """Return the COPY rows of the payment details of a piece's accepted lines."""
    details = [
        (decision["entry"], {field: _read_cell(piece, at, field) for field in payment_detail_pages.COLUMNS})
        for texts, at, act, decision in lines
        if texts is piece and decision["outcome"] == Code.ACCEPTED
        if CATALOG[act["kind"]].family is Family.PAYMENT_REQUEST
    ]
    types = ("int8", "int8", "int4", "bytea")
    return b"".join(copy_rows.encode_row(types, row) for row in payment_detail_pages.build_pages(details))


_PAYEE = (Field.PAYEE, Field.PAYEE_NAME, Field.IBAN, Field.BIC)
_OF_DETAILS = (KIND_NUMBERS["third_party"], KIND_NUMBERS["bank_details"])


def _journal(piece: Piece, lines: list[Decided], first: int) -> bytes:
    fields = [
        (act, decision, (int(piece.lines[at]), int(piece.day[at]), _read_cell(piece, at, Field.REFERENCE)))
        for _, at, act, decision in lines
    ]
    return journal.encode_rows(journal.build_rows(fields, piece.submission.number, first))


def _place(piece: Piece, at: int, position: int) -> dict[str, Any]:
    return {
        "batch": 2,
        "position": position,
        "submission": piece.submission.number,
        "line": int(piece.lines[at]),
    }


_FIELDS: dict[int, Field] = {
    Code.REFERENCE_CONFLICT: Field.REFERENCE,
    Code.PAYEE_UNKNOWN: Field.PAYEE,
    Code.BANK_DETAILS_DIFFER: Field.IBAN,
    Code.INVOICE_ALREADY_REQUESTED: Field.INVOICE_NUMBER,
    Code.PREDECESSOR_MISSING: Field.PREDECESSOR,
    Code.ASSIGNMENT_DIFFERS: Field.PREDECESSOR,
    Code.NOT_ON_SUSPENSE: Field.PREDECESSOR,
}


def _hides_missing(piece: Piece, at: int, outcome: int) -> bool:
    """Return whether the missing cents may tell what is left of another sender's act."""
    names_entry = _read_cell(piece, at, Field.PREDECESSOR).startswith("@")
    names_other = _read_cell(piece, at, Field.PREDECESSOR_SENDER) not in ("", piece.submission.sender)
    is_of_commitment = outcome in (Code.SERVICE_ALREADY_BILLED, Code.ORIGINAL_FOLLOWED)
    is_hidden = names_entry or names_other or is_of_commitment
    return is_hidden and outcome in LACKS_OF_PREDECESSOR


def _refusal(line: Decided, position: int, first: int) -> dict[str, Any]:
    """The field is that of an invalid line, or the one whose value the ledger does not accept; most refusals have none."""
    piece, at, act, decision = line
    outcome = decision["outcome"]
    field = Field(int(piece.field[at])) if outcome == act["fault"] else _FIELDS.get(outcome, Field.NONE)
    faulty_text = _read_cell(piece, at, field) if field else ""
    if outcome == Code.REFERENCE_CONFLICT and decision["entry"]:
        faulty_text = f"@{decision['entry']}"
    if outcome == Code.INVOICE_ALREADY_REQUESTED:
        first_day = date.fromordinal(date(1970, 1, 1).toordinal() + decision["day"])
        faulty_text = f"@{decision['entry']} of {first_day.isoformat()}"
    if outcome == Code.BANK_DETAILS_DIFFER:
        faulty_text = ""  # it may be an account of somebody else
    printable_texts = [
        _printable(text)[:80] for text in (_read_cell(piece, at, Field.REFERENCE), faulty_text)
    ]
    node = decision["node"] + first if decision["node"] >= 0 else 0
    own = {
        "code": decision["outcome"],
        "field": field,
        "kind": act["kind"],
        "node": node,
        "missing": 0 if _hides_missing(piece, at, outcome) else decision["missing"],
    }
    return (
        _place(piece, at, position)
        | own
        | {
            "amount": int(piece.cents[at]),
            "lines": 1,
            "texts": printable_texts,
        }
    )


def _printable(text: str) -> str:
    return "".join("?" if character < " " or character == "\x7f" else character for character in text)


@few
@given(presented=files(acts_max=15))
def test_the_same_batches_give_the_same_bytes(presented: list[File]) -> None:
    """And the chain hash can be computed from the rows alone."""
    harness, second_engine, chain = TextEngine(), TextEngine(), bytes(32)
    for number, rows in enumerate(presented, 1):
        first_result, two = harness.decide_files(rows), second_engine.decide_files(rows)
        assert first_result.number == two.number == number
        assert {name: piece.tobytes() for name, piece in first_result.streams.items()} == {
            name: piece.tobytes() for name, piece in two.streams.items()
        }
        chain = hashlib.sha256(
            b"".join(first_result.streams[name].tobytes() for name in HASHED_TABLES) + chain
        ).digest()
        assert first_result.chain == two.chain == chain == harness.engine.head.chain_hash


def test_an_empty_batch_extends_the_chain() -> None:
    harness = TextEngine()
    outcome = harness.engine.evaluate(Batch([harness.build_piece([])]))
    assert not any(len(stream) for stream in outcome.streams.values())
    assert outcome.chain == hashlib.sha256(bytes(32)).digest()
    assert outcome.progress[0].progress.is_done


def test_an_entry_has_the_exercise_and_month_of_its_posting() -> None:
    """The last day of the exercise is in its December."""
    row: Row = {"reference": "B1", "kind": "budget_opening_ae", "exercise": "2018", "date": "2018-12-31"}
    row |= {"fund_centre": "0177", "commitment_item": "HT2", "amount": "5.00"}
    outcome = TextEngine().decide_files([row])
    (entry,) = _decode_rows(outcome, "entry", Entries, 1)
    assert (entry["exercise"], entry["month"], entry["day"]) == (2018, 12, 17896)
