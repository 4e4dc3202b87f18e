"""Lines in numbers to the columns of the flat act format.

A column that is empty in all lines is left out; where some lines say nothing they hold an empty text, never a
null: columns without nulls read almost twice as fast.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bench.year import payees as year_payees
from bench.year.faults import (
    EXERCISE,
    NEXT_EXERCISE,
    SEPA,
    UNKNOWN_EXERCISE,
    UNKNOWN_KIND,
    UNKNOWN_PAYEE,
    Texts,
)
from bench.year.line_arrays import ANOTHERS, UNSTATED, WRONG, Lines
from bench.year.spending_mixture import CLASSES, FIRST_DAY
from bench.year.text_columns import coded, digits, letters, text
from core.catalog import CATALOG, KIND_NUMBER, Family
from core.outcome_codes import Outcome

_SERVICED = KIND_NUMBER["payment_request"]
_WIDTH = 10

_REFERENCES: Mapping[Family, str] = {
    Family.NONE: "--",
    Family.THIRD_PARTY: "TI",
    Family.BUDGET: "BU",
    Family.COMMITMENT: "EJ",
    Family.COMMITMENT_CHANGE: "EC",
    Family.SERVICE: "SF",
    Family.SERVICE_CANCELLATION: "AS",
    Family.PAYMENT_REQUEST: "DP",
    Family.REJECTION: "RJ",
    Family.SETTLEMENT: "PA",
    Family.THIRD_PARTY_CHANGE: "TC",
    Family.TERM: "DE",
}
"""What references of each family begin with."""

_PREFIXES = letters(*(_REFERENCES[family] for family in Family))
_LABELS = letters("----", *(each.label for each in CLASSES))

_NEXT_MAY = 500
"""A day in May 2019, which is not open."""
_YEAR_BEFORE = -3


def table(lines: Lines, texts: Texts, payees: int) -> pa.Table:
    """The columns of ``lines`` in their order."""
    fault = lines.fault
    kind = np.where(fault == Outcome.KIND_UNKNOWN, len(CATALOG), lines.kind)
    columns: dict[str, pa.Array | None] = {
        "reference": _reference(lines),
        "line": pa.array(lines.line),
        "kind": coded(kind, [*(each.name for each in CATALOG), UNKNOWN_KIND]),
        "exercise": pa.array(_exercise(fault)),
        "date": pa.array(_date(lines)).view(pa.date32()),
        "fund_centre": _coded(lines.centre, texts.centres),
        "functional_area": _coded(lines.area, texts.areas),
        "commitment_item": _coded(lines.item, texts.items),
        "fund": _coded(lines.fund, texts.funds),
        "operation": _coded(lines.operation, texts.centres),
        "account": _coded(lines.account, texts.accounts),
        "counterpart": _counterpart(lines, texts),
        "method": _coded((fault == Outcome.SEPA_LIMIT_EXCEEDED).astype(np.uint8), ["", SEPA]),
        "payee": _payee(lines),
        "iban": _iban(lines, payees),
        "predecessor": _predecessor(lines),
        "amount_cents": pa.array(lines.amount),
        "remittance": _remittance(lines),
        "invoice_number": _invoice(lines),
    }
    return assemble(columns)


def assemble(columns: dict[str, pa.Array | None]) -> pa.Table:
    """A table of the columns that say something; none holds a null."""
    present = {name: column for name, column in columns.items() if column is not None}
    fields = [pa.field(name, column.type, nullable=False) for name, column in present.items()]
    return pa.table(list(present.values()), schema=pa.schema(fields))


def references(family: NDArray[np.integer], number: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Two letters for the family, eight digits."""
    return np.hstack([_PREFIXES[family], digits(number, _WIDTH - 2)])


def _families() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """By kind, its own family and that of what it follows."""
    return (
        np.array([each.family for each in CATALOG], np.uint8),
        np.array([each.follows for each in CATALOG], np.uint8),
    )


def _reference(lines: Lines) -> pa.Array:
    written = references(_families()[0][lines.kind], lines.number)
    nameless = lines.fault == Outcome.REFERENCE_INVALID
    return text(written, np.where(nameless, 0, _WIDTH) if nameless.any() else None)


def _exercise(fault: NDArray[np.uint8]) -> NDArray[np.int32]:
    exercise = np.full(len(fault), EXERCISE, np.int32)
    exercise[fault == Outcome.EXERCISE_UNKNOWN] = UNKNOWN_EXERCISE
    exercise[fault == Outcome.PERIOD_CLOSED] = NEXT_EXERCISE
    return exercise


def _date(lines: Lines) -> NDArray[np.int32]:
    date = lines.day.astype(np.int32)
    date[lines.fault == Outcome.DATE_OUTSIDE_EXERCISE] = _YEAR_BEFORE
    date[lines.fault == Outcome.PERIOD_CLOSED] = _NEXT_MAY
    return date + FIRST_DAY


def _coded(positions: NDArray[np.integer], codes: list[str]) -> pa.Array | None:
    return coded(positions, codes) if positions.any() else None


def _counterpart(lines: Lines, texts: Texts) -> pa.Array | None:
    """Fund centre a move takes from, and the item where it is another one."""
    if not lines.source.any():
        return None
    pairs, at = np.unique(lines.source * len(texts.items) + lines.source_item, return_inverse=True)
    centres, items = np.divmod(pairs, len(texts.items))
    named = [
        texts.centres[c] + (f"/{texts.items[i]}" if i else "") for c, i in zip(centres, items, strict=True)
    ]
    return coded(at, named)


def _payee(lines: Lines) -> pa.Array | None:
    if not lines.payee.any():
        return None
    written, width = year_payees.codes(np.maximum(lines.payee - 1, 0))
    unknown = lines.fault == Outcome.PAYEE_UNKNOWN
    written[unknown, :10] = letters(UNKNOWN_PAYEE)
    return text(written, np.where(lines.payee > 0, np.where(unknown, 10, width), 0))


def _iban(lines: Lines, payees: int) -> pa.Array | None:
    rows = np.flatnonzero(lines.bank != UNSTATED)
    if not len(rows):
        return None
    bank = lines.bank[rows]
    owner = (lines.payee[rows] - 1 + (bank == ANOTHERS)) % payees
    listed = year_payees.ibans(owner, bank == WRONG).dictionary_encode()
    at = np.zeros(len(lines.bank), np.int32)
    at[rows] = listed.indices.to_numpy() + 1
    return coded(at, ["", *listed.dictionary.to_pylist()])


def _predecessor(lines: Lines) -> pa.Array | None:
    """``REFERENCE``, with ``#LINE`` unless it is the first."""
    named = lines.previous > 0
    if not named.any():
        return None
    written = np.empty((len(named), _WIDTH + 3), np.uint8)
    written[:, :_WIDTH] = references(_families()[1][lines.kind], lines.previous)
    written[:, _WIDTH] = ord("#")
    written[:, _WIDTH + 1 :] = digits(lines.previous_line, 2)
    width = np.where(lines.previous_line > 1, _WIDTH + 3, _WIDTH)
    return text(written, np.where(named, width, 0))


def _remittance(lines: Lines) -> pa.Array | None:
    """What the payee will read, as in FACT 2018-123456."""
    if not lines.label.any():
        return None
    year = np.broadcast_to(letters(f" {EXERCISE}-"), (len(lines.label), 6))
    written = np.hstack([_LABELS[lines.label], year, digits(lines.number, 6)])
    return text(written, np.where(lines.label > 0, written.shape[1], 0))


def _invoice(lines: Lines) -> pa.Array | None:
    billed = lines.kind == _SERVICED
    if not billed.any():
        return None
    head = np.broadcast_to(letters("F2018-"), (len(billed), 6))
    written = np.hstack([head, digits(lines.number, 7)])
    return text(written, np.where(billed, written.shape[1], 0))
