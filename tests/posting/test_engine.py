"""One batch in, everything to store out: the rows of each table, and the chain over them."""

import hashlib
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings

from core.act_fields import Field
from core.catalog import CATALOG, KIND_NUMBERS, Family
from core.outcome_codes import Outcome as Code
from core.tables.journal import Acts, Decisions, Duplicates, Entries, NewPayees, Refusals
from posting.batch import Batch, BatchResult, Piece
from posting.engine import HASHED_TABLES
from posting.pgcopy import HEADER, TRAILER, decode
from tests.file_strategies import File, Row, files
from tests.oracle import copy_rows, journal, payment_detail_pages
from tests.posting.text_engine import TextEngine, build_registry

few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])

Decided = tuple[Piece, int, dict[str, int], dict[str, int]]
"""Piece, row there, act, decision."""


def _decoded(outcome: BatchResult, name: str, table: Any, texts: int = 0) -> list[dict[str, Any]]:
    columns, cells = decode(table, HEADER + outcome.streams[name].tobytes() + TRAILER, texts)
    spans = zip(cells.spans.start.tolist(), cells.spans.end.tolist(), strict=True)
    own = [cells.text.data[start:end].tobytes().decode() for start, end in spans]
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [
        dict(zip(table._fields, row, strict=True)) | {"texts": own[at * texts : (at + 1) * texts]}
        for at, row in enumerate(rows)
    ]


def _rows(records: np.ndarray, table: Any) -> list[dict[str, int]]:
    return [dict(zip(table._fields, row, strict=True)) for row in records.tolist()]


def _decided(pieces: list[Piece], desk: TextEngine) -> list[Decided]:
    """Every line of the batch."""
    return [
        (piece, at, act, told)
        for piece, decisions in zip(pieces, desk.engine.decisions, strict=True)
        for at, (act, told) in enumerate(
            zip(_rows(piece.acts, Acts), _rows(decisions, Decisions), strict=True)
        )
    ]


def _said(piece: Piece, at: int, field: Field) -> str:
    column = field.column
    return (piece.raw.column(column)[at].as_py() or "") if column in piece.raw.schema.names else ""


@few
@given(presented=files(acts_max=25))
def test_every_line_leaves_its_row(presented: list[File]) -> None:
    """Accepted in the journal, duplicate or refused in a table of its own; two files in one batch."""
    desk = TextEngine()
    desk.decide_files(presented[0])
    pieces = [desk.build_piece(rows) for rows in (*presented[1:], presented[0])]
    outcome = desk.engine.evaluate(Batch(pieces))
    lines, first = _decided(pieces, desk), build_registry().first_node
    stored = b"".join(
        _journal(piece, [each for each in lines if each[0] is piece], first) for piece in pieces
    )
    assert outcome.streams["entry"].tobytes() == stored
    assert _decoded(outcome, "refusal", Refusals, 2) == [
        _refusal(each, position, first)
        for position, each in enumerate(lines)
        if each[3]["outcome"] > Code.HELD
    ]
    assert _decoded(outcome, "duplicate", Duplicates) == [
        _place(piece, at, position) | {"entry_id": told["entry"], "texts": []}
        for position, (piece, at, _, told) in enumerate(lines)
        if told["outcome"] == Code.DUPLICATE
    ]
    assert _decoded(outcome, "payee", NewPayees, 4) == [
        {
            "payee": told["payee"],
            "entry_id": told["entry"],
            "texts": [_said(piece, at, field) for field in _PAYEE],
        }
        for piece, at, act, told in lines
        if told["outcome"] == Code.ACCEPTED and act["kind"] in _OF_DETAILS
    ]
    assert outcome.streams["request_detail"].tobytes() == b"".join(_pages(piece, lines) for piece in pieces)
    accepted = [act["amount"] for _, _, act, told in lines if told["outcome"] == Code.ACCEPTED]
    assert (outcome.counts["entry"], outcome.cents) == (len(accepted), sum(accepted))


def _pages(piece: Piece, lines: list[Decided]) -> bytes:
    """COPY rows of what the accepted lines of a piece say of their payment."""
    said = [
        (told["entry"], {field: _said(piece, at, field) for field in payment_detail_pages.COLUMNS})
        for own, at, act, told in lines
        if own is piece and told["outcome"] == Code.ACCEPTED
        if CATALOG[act["kind"]].family is Family.PAYMENT_REQUEST
    ]
    types = ("int8", "int8", "int4", "bytea")
    return b"".join(copy_rows.encode_row(types, row) for row in payment_detail_pages.build_pages(said))


_PAYEE = (Field.PAYEE, Field.PAYEE_NAME, Field.IBAN, Field.BIC)
_OF_DETAILS = (KIND_NUMBERS["third_party"], KIND_NUMBERS["bank_details"])


def _journal(piece: Piece, lines: list[Decided], first: int) -> bytes:
    named = [
        (act, told, (int(piece.lines[at]), int(piece.day[at]), _said(piece, at, Field.REFERENCE)))
        for _, at, act, told in lines
    ]
    return journal.encode_rows(journal.build_rows(named, piece.submission.number, first))


def _place(piece: Piece, at: int, position: int) -> dict[str, Any]:
    return {
        "batch": 2,
        "position": position,
        "submission": piece.submission.number,
        "line": int(piece.lines[at]),
    }


def _refusal(line: Decided, position: int, first: int) -> dict[str, Any]:
    """The field is that of the line's own fault; what the ledger found has none."""
    piece, at, act, told = line
    field = Field(int(piece.field[at])) if told["outcome"] == act["fault"] else Field.NONE
    found = _said(piece, at, field) if field else ""
    shown = [_printable(text)[:80] for text in (_said(piece, at, Field.REFERENCE), found)]
    node = told["node"] + first if told["node"] >= 0 else 0
    own = {
        "code": told["outcome"],
        "field": field,
        "kind": act["kind"],
        "node": node,
        "missing": told["missing"],
    }
    return _place(piece, at, position) | own | {"amount": int(piece.cents[at]), "texts": shown}


def _printable(text: str) -> str:
    return "".join("?" if character < " " or character == "\x7f" else character for character in text)


@few
@given(presented=files(acts_max=15))
def test_the_same_batches_give_the_same_bytes(presented: list[File]) -> None:
    """And the chain is what anyone computes who has the rows."""
    desk, other, chain = TextEngine(), TextEngine(), bytes(32)
    for number, rows in enumerate(presented, 1):
        one, two = desk.decide_files(rows), other.decide_files(rows)
        assert one.number == two.number == number
        assert {name: each.tobytes() for name, each in one.streams.items()} == {
            name: each.tobytes() for name, each in two.streams.items()
        }
        chain = hashlib.sha256(
            b"".join(one.streams[name].tobytes() for name in HASHED_TABLES) + chain
        ).digest()
        assert one.chain == two.chain == chain == desk.engine.head.chain_hash


def test_a_batch_of_nothing_is_a_link_of_the_chain() -> None:
    desk = TextEngine()
    outcome = desk.engine.evaluate(Batch([desk.build_piece([])]))
    assert not any(len(stream) for stream in outcome.streams.values())
    assert outcome.chain == hashlib.sha256(bytes(32)).digest()
    assert outcome.progress[0].progress.is_done


def test_an_entry_tells_exercise_and_month_of_its_posting() -> None:
    """December of the exercise for a day of the next January, while that still counts there."""
    row: Row = {"reference": "B1", "kind": "budget_opening_ae", "exercise": "2018", "date": "2019-01-15"}
    row |= {"fund_centre": "0177", "commitment_item": "HT2", "amount": "5.00"}
    outcome = TextEngine().decide_files([row])
    (entry,) = _decoded(outcome, "entry", Entries, 1)
    assert (entry["exercise"], entry["month"], entry["day"]) == (2018, 12, 17911)
