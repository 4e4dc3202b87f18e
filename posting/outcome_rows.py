"""The rows to store for a decided piece: entries, refusals, duplicates, payees and payment details of requests."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.act_fields import Field
from core.merges import Merges, find_survivor
from core.outcome_codes import CODES_WITH_ENTRY, Outcome
from core.tables.columns import concat_tables, seal, seal_array, select_rows
from core.tables.journal import Duplicates, LineDetails, NewPayees, Refusals
from kernels import journal as kernel
from kernels.outcome_counts import ACCEPTED, BYTES, DUPLICATE, LINES, REGISTERED
from posting import payment_detail_encoder
from posting.batch import Piece
from posting.missing_amounts import read_missing_cents
from posting.outcome_groups import ENTRY_GROUPS, OutcomeGroups
from posting.pgcopy import TextCells
from posting.raw_texts import take_texts, to_text_cells
from posting.refusal_stretches import StoredRefusals, StretchRest

_FOUND_CHARACTERS_MAX = 80
_NAMED_FIELDS: Mapping[Outcome, Field] = {
    Outcome.REFERENCE_CONFLICT: Field.REFERENCE,
    Outcome.PAYEE_UNKNOWN: Field.PAYEE,
    Outcome.THIRD_PARTY_MERGED: Field.PAYEE,
    Outcome.BANK_DETAILS_DIFFER: Field.IBAN,
    Outcome.INVOICE_ALREADY_REQUESTED: Field.INVOICE_NUMBER,
    Outcome.PREDECESSOR_MISSING: Field.PREDECESSOR,
    Outcome.ASSIGNMENT_DIFFERS: Field.PREDECESSOR,
    Outcome.NOT_ON_SUSPENSE: Field.PREDECESSOR,
}
"""The field that a refusal names although its text has the right form."""
_FIELD_OF_CODE = seal_array(
    np.array(
        [
            _NAMED_FIELDS.get(Outcome(code), Field.NONE) if code in set(Outcome) else 0
            for code in range(max(Outcome) + 1)
        ]
    )
)


class BatchPosition(NamedTuple):
    """The position of a piece: its batch, the position of its first line in the batch, and the book's first node."""

    batch: int
    position: int
    first_node: int


class DecidedPiece(NamedTuple):
    """A piece, the decisions on its lines, the lines grouped by outcome, and the refusals to store."""

    piece: Piece
    decisions: np.ndarray
    groups: OutcomeGroups
    refusals: StoredRefusals


class SideTableRows(NamedTuple):
    """Rows of one table beside the journal, and the texts of its text columns."""

    rows: NamedTuple
    texts: tuple[TextCells, ...] = ()


def encode_entries(decided: DecidedPiece, position: BatchPosition) -> NDArray[np.uint8]:
    """Return the COPY bytes of the journal rows of all accepted lines."""
    piece, decisions, groups, _ = decided
    rows, texts = groups.total(LINES, *ENTRY_GROUPS), groups.total(BYTES, *ENTRY_GROUPS)
    out = np.empty(rows * (kernel.ROW_BYTES + 4) + texts, np.uint8)
    details = seal(LineDetails(piece.lines, piece.day, *piece.reference))
    common = seal_array(np.array([piece.submission.number, position.first_node]))
    kernel.write_journal_rows(seal_array(piece.acts), seal_array(decisions), details, common, piece.text, out)
    return out


def build_side_table_rows(decided: DecidedPiece, position: BatchPosition) -> dict[str, SideTableRows]:
    """Return the rows of every other table that the piece adds to, by table."""
    piece, decisions, groups, refusals = decided
    rows_by_table: dict[str, SideTableRows] = {}
    if len(registered := groups.select_rows(REGISTERED)):
        rows_by_table["payee"] = build_payees(piece, decisions, registered)
    if len(refusals.rows) or refusals.rests:
        rows_by_table["refusal"] = build_refusals(
            piece, decisions, refusals.rows, position=position, rests=refusals.rests
        )
    if len(repeated := groups.select_rows(DUPLICATE)):
        rows_by_table["duplicate"] = SideTableRows(
            build_duplicates(piece, decisions, repeated, position=position)
        )
    if pages := payment_detail_encoder.build_pages(piece, decisions, groups.select_rows(ACCEPTED)):
        rows_by_table["request_detail"] = SideTableRows(pages.rows, (pages.content,))
    return rows_by_table


def build_refusals(
    piece: Piece,
    decisions: np.ndarray,
    rows: NDArray[np.int32],
    *,
    position: BatchPosition,
    rests: Sequence[StretchRest] = (),
) -> SideTableRows:
    """Return one row for each refused line of ``rows``: the named field and its text, or the node that lacks credits.

    What is left of another sender's act is not stated (``posting.missing_amounts``).  A line that contradicts an accepted act
    names that act by its entry, as ``@14710``; the IBAN of another account than the registered one is left out.

    Each of ``rests`` is one row more, without texts, before that of the line that ended its stretch.
    """
    acts, row_decisions = piece.acts[rows], decisions[rows]
    outcomes = row_decisions["outcome"]
    fields = find_fields(outcomes, acts["fault"], piece.field[rows])
    table = Refusals(
        batch=np.full(len(rows), position.batch),
        position=(position.position + rows).astype(np.int32),
        submission=np.full(len(rows), piece.submission.number, np.int32),
        line=piece.lines[rows],
        code=row_decisions["outcome"],
        field=fields,
        kind=acts["kind"],
        node=np.where(row_decisions["node"] >= 0, row_decisions["node"] + position.first_node, 0),
        missing=read_missing_cents(piece, decisions, rows),
        amount=piece.cents[rows],
        lines=np.ones(len(rows), np.int32),
    )
    values = _read_faulty_fields(piece, rows, _hide_secrets(outcomes, fields))
    values = _name_survivors(_name_entries(values, row_decisions), outcomes, piece.merges)
    texts = [take_texts(piece, rows, Field.REFERENCE), values]
    if rests:
        table = concat_tables([table, _build_rests(piece, rests, position)])
        order = np.lexsort((table.line, table.position))
        table = select_rows(table, order)
        texts = [_add_empty(column, len(rests)).take(pa.array(order)) for column in texts]
    count = len(texts[0])
    printable = _make_printable(pa.concat_arrays(texts))
    return SideTableRows(table, (to_text_cells(printable[:count]), to_text_cells(printable[count:])))


def find_fields(
    outcomes: NDArray[np.integer], faults: NDArray[np.integer], fault_fields: NDArray[np.integer]
) -> NDArray[Any]:
    """Return the field that the outcome of each line names: that of its fault of form, or that of the rule; else 0."""
    return np.where(outcomes == faults, fault_fields, _FIELD_OF_CODE[outcomes])


def _hide_secrets(outcomes: NDArray[np.integer], fields: NDArray[np.integer]) -> NDArray[np.integer]:
    """Return the fields whose texts are stored: not that of a valid IBAN, which may be an account of somebody else."""
    return np.where(outcomes == Outcome.BANK_DETAILS_DIFFER, Field.NONE, fields)


def _build_rests(piece: Piece, rests: Sequence[StretchRest], position: BatchPosition) -> Refusals:
    """Return the rows of the rests of stretches, which are of no one kind."""
    stretches = [rest.stretch for rest in rests]
    return Refusals(
        batch=np.full(len(rests), position.batch),
        position=np.array([position.position + rest.row for rest in rests], np.int32),
        submission=np.full(len(rests), piece.submission.number, np.int32),
        line=np.array([rest.line for rest in rests], np.int32),
        code=np.array([stretch.code for stretch in stretches], np.int16),
        field=np.array([stretch.rest_field for stretch in stretches], np.int16),
        kind=np.zeros(len(rests), np.int16),
        node=np.zeros(len(rests), np.int32),
        missing=np.zeros(len(rests), np.int64),
        amount=np.array([stretch.rest_cents for stretch in stretches], np.int64),
        lines=np.array([stretch.rest_lines for stretch in stretches], np.int32),
    )


def _add_empty(texts: pa.Array, count: int) -> pa.Array:
    return pa.concat_arrays([texts, pa.repeat(pa.scalar("", pa.string()), count)])


def build_duplicates(
    piece: Piece, decisions: np.ndarray, rows: NDArray[np.int32], *, position: BatchPosition
) -> Duplicates:
    """Return one row for each line of ``rows``, which repeats an accepted line."""
    return Duplicates(
        batch=np.full(len(rows), position.batch),
        position=(position.position + rows).astype(np.int32),
        submission=np.full(len(rows), piece.submission.number, np.int32),
        line=piece.lines[rows],
        entry_id=decisions["entry"][rows],
    )


def build_payees(piece: Piece, decisions: np.ndarray, rows: NDArray[np.int32]) -> SideTableRows:
    """Return one row for each payee that the lines ``rows`` registered."""
    table = NewPayees(payee=decisions["payee"][rows], entry_id=decisions["entry"][rows])
    fields = (Field.PAYEE, Field.PAYEE_NAME, Field.IBAN, Field.BIC)
    return SideTableRows(table, tuple(to_text_cells(take_texts(piece, rows, field)) for field in fields))


def _make_printable(texts: pa.Array) -> pa.Array:
    """Return raw texts made fit to store and show: control characters replaced, the length limited."""
    plain = pc.ReplaceSubstringOptions(pattern=r"[\x00-\x1f\x7f]", replacement="?")
    texts = pc.call_function("replace_substring_regex", [texts], plain)
    return pc.call_function("utf8_slice_codeunits", [texts], pc.SliceOptions(0, _FOUND_CHARACTERS_MAX))


def _name_entries(texts: pa.Array, row_decisions: np.ndarray) -> pa.Array:
    """Replace the text of each line against which another act stands by the entry of that act, and of an invoice its day."""
    outcomes, entries = row_decisions["outcome"], row_decisions["entry"]
    names_entry = np.isin(outcomes, list(CODES_WITH_ENTRY)) & (entries > 0)
    if not names_entry.any():
        return texts
    numbers = _join_texts(pa.scalar("@"), pa.array(entries.astype(np.int64)).cast(pa.string()))
    days = pa.array(row_decisions["day"].astype(np.int32)).view(pa.date32()).cast(pa.string())
    dated = _join_texts(numbers, pa.scalar(" of "), days)
    names_invoice = pa.array(outcomes == Outcome.INVOICE_ALREADY_REQUESTED)
    named = pc.call_function("if_else", [names_invoice, dated, numbers])
    return pc.call_function("if_else", [pa.array(names_entry), named, texts])


def _name_survivors(texts: pa.Array, outcomes: NDArray[np.integer], merges: Merges) -> pa.Array:
    """Add to each merged code the one that stays in use."""
    is_merged = outcomes == Outcome.THIRD_PARTY_MERGED
    if not merges or not is_merged.any():
        return texts
    encoded = texts.dictionary_encode()
    codes = encoded.dictionary.to_pylist()
    names = [f"{code}, now {find_survivor(merges, code)}" if code in merges else code for code in codes]
    named = pa.array(names, pa.string()).take(encoded.indices)
    return pc.call_function("if_else", [pa.array(is_merged), named, texts])


def _join_texts(*texts: pa.Array | pa.Scalar) -> pa.Array:
    return pc.call_function("binary_join_element_wise", [*texts, pa.scalar("")])


def _read_faulty_fields(piece: Piece, rows: NDArray[np.int32], fields: NDArray[np.integer]) -> pa.Array:
    """Return, for each line, the text of the field for which it was refused."""
    if not len(rows):
        return pa.array([], pa.string())
    order = np.argsort(fields, kind="stable")
    numbers, firsts = np.unique(fields[order], return_index=True)
    rows_of_fields = np.split(order, firsts[1:])
    texts = [
        take_texts(piece, rows[field_rows], Field(int(number)))
        for number, field_rows in zip(numbers, rows_of_fields, strict=True)
    ]
    original_order = np.empty(len(order), np.int64)
    original_order[order] = np.arange(len(order))
    return pa.concat_arrays(texts).take(pa.array(original_order))
