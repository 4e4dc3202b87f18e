"""The rows a decided piece leaves: entries, refusals, duplicates, payees."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.catalog import KIND_NUMBER
from core.codes import Outcome
from core.columns import seal, sealed
from core.fields import Field
from core.tables import Bytes, Duplicates, NewPayees, Posted, Refusals, Spans
from kernels import journal as kernel
from posting.batch import Piece
from posting.rows import TextCells

_FOUND_BYTES_MAX = 80
REGISTRATION = KIND_NUMBER["third_party"]


class Place(NamedTuple):
    """Where the piece stands: its batch, the position of its first line there, and the book's first node."""

    batch: int
    position: int
    first_node: int


def journal(piece: Piece, decisions: np.ndarray, accepted: int, place: Place) -> NDArray[np.uint8]:
    """COPY bytes of the journal rows of the ``accepted`` lines."""
    lengths = np.where(
        decisions["outcome"] == Outcome.ACCEPTED, piece.reference.end - piece.reference.start, 0
    )
    out = np.empty(accepted * (kernel.ROW_BYTES + 4) + int(lengths.sum(dtype=np.int64)), np.uint8)
    posted = seal(Posted(piece.lines, piece.day, *piece.reference))
    common = sealed(np.array([piece.submission.number, place.first_node]))
    kernel.rows(sealed(piece.acts), sealed(decisions), posted, common, piece.text, out)
    return out


def refusals(
    piece: Piece, decisions: np.ndarray, rows: NDArray[np.intp], place: Place
) -> tuple[Refusals, tuple[TextCells, TextCells]]:
    """One row for each refused line of ``rows``: what was found, and where the credits were short."""
    acts, found = piece.acts[rows], decisions[rows]
    fields = np.where(found["outcome"] == acts["fault"], piece.field[rows], 0)
    table = Refusals(
        batch=np.full(len(rows), place.batch),
        position=(place.position + rows).astype(np.int32),
        submission=np.full(len(rows), piece.submission.number, np.int32),
        line=piece.lines[rows],
        code=found["outcome"],
        field=fields,
        kind=acts["kind"],
        node=np.where(found["node"] >= 0, found["node"] + place.first_node, 0),
        missing=found["missing"],
        amount=piece.cents[rows],
    )
    shown = _texts_of(_found(piece, rows, fields))
    return table, (_texts_of(_shown(piece, rows, Field.REFERENCE)), shown)


def duplicates(piece: Piece, decisions: np.ndarray, rows: NDArray[np.intp], place: Place) -> Duplicates:
    """One row for each line of ``rows`` that repeats an accepted one."""
    return Duplicates(
        batch=np.full(len(rows), place.batch),
        position=(place.position + rows).astype(np.int32),
        submission=np.full(len(rows), piece.submission.number, np.int32),
        line=piece.lines[rows],
        entry_id=decisions["entry"][rows],
    )


def payees(
    piece: Piece, decisions: np.ndarray, rows: NDArray[np.intp]
) -> tuple[NewPayees, tuple[TextCells, ...]]:
    """One row for each payee that the lines ``rows`` registered."""
    table = NewPayees(payee=decisions["payee"][rows], entry_id=decisions["entry"][rows])
    fields = (Field.PAYEE, Field.PAYEE_NAME, Field.IBAN, Field.BIC)
    return table, tuple(_texts_of(_raw(piece, rows, field)) for field in fields)


def rows_where(decisions: np.ndarray, outcome: Outcome) -> NDArray[np.intp]:
    """Positions of the lines with this outcome."""
    return np.flatnonzero(decisions["outcome"] == outcome)


def _raw(piece: Piece, rows: NDArray[np.intp], field: Field) -> pa.Array:
    """The chosen rows of a raw column as text, empty where there is none."""
    name = field.column
    if name not in piece.raw.schema.names or not len(rows):
        return (
            pa.array([""] * 0, pa.string())
            if not len(rows)
            else pc.fill_null(pa.nulls(len(rows), pa.string()), "")
        )
    chosen = piece.raw.column(name).take(pa.array(rows))
    if pa.types.is_dictionary(chosen.type):
        chosen = chosen.dictionary_decode()
    return pc.fill_null(chosen.cast(pa.string()), "")


def _shown(piece: Piece, rows: NDArray[np.intp], field: Field) -> pa.Array:
    """Raw text fit to be stored and shown: no control characters, not over long."""
    texts = _raw(piece, rows, field)
    if not len(texts):
        return texts
    plain = pc.ReplaceSubstringOptions(pattern=r"[\x00-\x1f\x7f]", replacement="?")
    texts = pc.call_function("replace_substring_regex", [texts], plain)
    return pc.call_function("utf8_slice_codeunits", [texts], pc.SliceOptions(0, _FOUND_BYTES_MAX))


def _found(piece: Piece, rows: NDArray[np.intp], fields: NDArray[np.integer]) -> pa.Array:
    """What stood in the field each line was refused for."""
    texts, order = [_shown(piece, rows[:0], Field.REFERENCE)], []
    for number in np.unique(fields):
        chosen = np.flatnonzero(fields == number)
        order.append(chosen)
        if number == Field.NONE:
            texts.append(pc.fill_null(pa.nulls(len(chosen), pa.string()), ""))
        else:
            texts.append(_shown(piece, rows[chosen], Field(int(number))))
    if not order:
        return texts[0]
    back = np.argsort(np.concatenate(order), kind="stable")
    return pa.concat_arrays(texts).take(pa.array(back))


def _texts_of(texts: pa.Array) -> TextCells:
    """An Arrow text column as spans over its bytes."""
    _, offsets, data = texts.buffers()
    at = np.frombuffer(offsets or bytes(4), np.int32)[texts.offset : texts.offset + len(texts) + 1]
    spans = Spans(np.ascontiguousarray(at[:-1]), np.ascontiguousarray(at[1:]))
    return TextCells(seal(spans), seal(Bytes(np.frombuffer(data or b"", np.uint8))))
