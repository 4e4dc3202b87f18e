"""Convert lines in numbers to the columns of the flat act format.

A column that is empty in all lines is left out.  Lines without a value contain an empty text, never a null: columns without
nulls read almost twice as fast.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bench.year import payees as year_payees
from bench.year.faults import (
    EXERCISE,
    LAPSED_RIGHT_YEAR,
    NATURES,
    NEXT_EXERCISE,
    SEPA,
    UNKNOWN_EXERCISE,
    UNKNOWN_KIND,
    UNKNOWN_PAYEE,
    CodeTexts,
)
from bench.year.line_arrays import INVALID_IBAN, INVOICE_DAY_MIN, NO_IBAN, ORDINARY, OTHER_IBAN, LineArrays
from bench.year.spending_mixture import CLASSES, FIRST_DAY, LAST_DAY
from bench.year.text_columns import build_code_column, build_text_column, encode_digits, encode_texts
from core.catalog import CATALOG, KIND_NUMBERS, BudgetAction, Family, list_kinds
from core.origins import Origin
from core.outcome_codes import Outcome

_PAYROLL = KIND_NUMBERS["payroll"]
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
    Family.REVERSAL: "EX",
    Family.RECEIVABLE: "TP",
    Family.RECEIVABLE_CHANGE: "RT",
    Family.RECEIPT: "EN",
    Family.JOURNAL: "OD",
    Family.OPENING: "BE",
    Family.RESULT: "RE",
    Family.ALLOCATION: "AR",
    Family.INVENTORY: "FA",
    Family.INVENTORY_CHANGE: "FX",
    Family.RECEIPT_CHANGE: "AE",
    Family.RESTORATION: "RC",
    Family.REASSIGNMENT: "RI",
    Family.JUSTIFICATION: "JU",
    Family.ASSET: "IM",
    Family.RETENTION: "RG",
    Family.VISA: "DV",
}
"""The prefix of the references of each family."""

_PREFIXES = encode_texts(*(_REFERENCES[family] for family in Family))
_LABELS = encode_texts("----", *(line_class.label for line_class in CLASSES))

_OPENINGS = list_kinds(lambda kind: kind.budget is BudgetAction.OPEN)
_CLOSED_DAY = 500
"""A day in May 2019, whose period is not open."""
_PREVIOUS_YEAR_DAY = -3


def build_table(lines: LineArrays, texts: CodeTexts, payees: int) -> pa.Table:
    """Build the table of ``lines``, in their order."""
    fault = lines.fault
    kind = np.where(fault == Outcome.KIND_UNKNOWN, len(CATALOG), lines.kind)
    columns: dict[str, pa.Array | None] = {
        "reference": _build_references(lines),
        "line": pa.array(lines.line),
        "kind": build_code_column(kind, [*(act_kind.name for act_kind in CATALOG), UNKNOWN_KIND]),
        "exercise": pa.array(_build_exercises(fault)),
        "date": pa.array(_build_dates(lines)).view(pa.date32()),
        "fund_centre": _build_codes(lines.centre, texts.centres),
        "functional_area": _build_codes(lines.area, texts.areas),
        "commitment_item": _build_codes(lines.item, texts.items),
        "fund": _build_codes(lines.fund, texts.funds),
        "operation": _build_codes(lines.operation, texts.centres),
        "account": _build_codes(lines.account, texts.accounts),
        "counterpart": _build_counterparts(lines, texts),
        "origin": _build_origins(lines),
        "method": _build_codes((fault == Outcome.SEPA_LIMIT_EXCEEDED).astype(np.uint8), ["", SEPA]),
        "payee": _build_payees(lines),
        "iban": _build_ibans(lines, payees),
        "predecessor": _build_predecessors(lines),
        "amount_cents": pa.array(lines.amount),
        "nature": _build_codes(lines.nature, list(NATURES)),
        "due": _build_due_dates(lines),
        "remittance": _build_remittances(lines),
        "invoice_number": _build_invoice_numbers(lines),
        "invoice_date": _build_invoice_dates(lines),
        "right_year": _build_years(fault == Outcome.PRESCRIBED, LAPSED_RIGHT_YEAR),
        "budget_year": _build_years(
            (fault == Outcome.BUDGET_YEAR_CLOSED) | (lines.in_advance > 0), NEXT_EXERCISE
        ),
        "service_start": _build_codes(lines.in_advance, ["", f"{NEXT_EXERCISE}-01-01"]),
    }
    return assemble_table(columns)


def assemble_table(columns: dict[str, pa.Array | None]) -> pa.Table:
    """Build a table of the columns that are present; none contains a null."""
    present = {name: column for name, column in columns.items() if column is not None}
    fields = [pa.field(name, column.type, nullable=False) for name, column in present.items()]
    return pa.table(list(present.values()), schema=pa.schema(fields))


def format_references(family: NDArray[np.integer], number: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Format references: two letters for the family, then eight digits."""
    return np.hstack([_PREFIXES[family], encode_digits(number, _WIDTH - 2)])


def _list_families() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return by kind its own family, and the family of the act it follows."""
    return (
        np.array([kind.family for kind in CATALOG], np.uint8),
        np.array([kind.follows for kind in CATALOG], np.uint8),
    )


def _build_references(lines: LineArrays) -> pa.Array:
    references = format_references(_list_families()[0][lines.kind], lines.number)
    is_empty = lines.fault == Outcome.REFERENCE_INVALID
    return build_text_column(references, np.where(is_empty, 0, _WIDTH) if is_empty.any() else None)


def _build_exercises(fault: NDArray[np.uint8]) -> NDArray[np.int32]:
    exercise = np.full(len(fault), EXERCISE, np.int32)
    exercise[fault == Outcome.EXERCISE_UNKNOWN] = UNKNOWN_EXERCISE
    exercise[fault == Outcome.PERIOD_CLOSED] = NEXT_EXERCISE
    return exercise


def _build_dates(lines: LineArrays) -> NDArray[np.int32]:
    date = lines.day.astype(np.int32)
    date[lines.fault == Outcome.DATE_OUTSIDE_EXERCISE] = _PREVIOUS_YEAR_DAY
    date[lines.fault == Outcome.PERIOD_CLOSED] = _CLOSED_DAY
    return date + FIRST_DAY


def _build_codes(positions: NDArray[np.integer], codes: list[str]) -> pa.Array | None:
    return build_code_column(positions, codes) if positions.any() else None


def _build_counterparts(lines: LineArrays, texts: CodeTexts) -> pa.Array | None:
    """Build the fund centres that moves take from, with the item where it differs."""
    if not lines.source.any():
        return None
    pairs, positions = np.unique(lines.source * len(texts.items) + lines.source_item, return_inverse=True)
    centres, items = np.divmod(pairs, len(texts.items))
    texts_of_pairs = [
        texts.centres[centre] + (f"/{texts.items[item]}" if item else "")
        for centre, item in zip(centres, items, strict=True)
    ]
    return build_code_column(positions, texts_of_pairs)


def _build_payees(lines: LineArrays) -> pa.Array | None:
    if not lines.payee.any():
        return None
    codes, width = year_payees.build_codes(np.maximum(lines.payee - 1, 0))
    is_unknown = lines.fault == Outcome.PAYEE_UNKNOWN
    codes[is_unknown, :10] = encode_texts(UNKNOWN_PAYEE)
    return build_text_column(codes, np.where(lines.payee > 0, np.where(is_unknown, 10, width), 0))


def _build_ibans(lines: LineArrays, payees: int) -> pa.Array | None:
    rows = np.flatnonzero(lines.bank != NO_IBAN)
    if not len(rows):
        return None
    bank = lines.bank[rows]
    owner = (lines.payee[rows] - 1 + (bank == OTHER_IBAN)) % payees
    distinct = year_payees.build_ibans(owner, bank == INVALID_IBAN).dictionary_encode()
    positions = np.zeros(len(lines.bank), np.int32)
    positions[rows] = distinct.indices.to_numpy() + 1
    return build_code_column(positions, ["", *distinct.dictionary.to_pylist()])


def _build_predecessors(lines: LineArrays) -> pa.Array | None:
    """Build ``REFERENCE``, with ``#LINE`` unless it is the first line."""
    has_predecessor = lines.previous > 0
    if not has_predecessor.any():
        return None
    texts = np.empty((len(has_predecessor), _WIDTH + 3), np.uint8)
    texts[:, :_WIDTH] = format_references(_list_families()[1][lines.kind], lines.previous)
    texts[:, _WIDTH] = ord("#")
    texts[:, _WIDTH + 1 :] = encode_digits(lines.previous_line, 2)
    width = np.where(lines.previous_line > 1, _WIDTH + 3, _WIDTH)
    return build_text_column(texts, np.where(has_predecessor, width, 0))


def _build_remittances(lines: LineArrays) -> pa.Array | None:
    """Build the remittance texts, such as FACT 2018-123456."""
    if not lines.label.any():
        return None
    year = np.broadcast_to(encode_texts(f" {EXERCISE}-"), (len(lines.label), 6))
    texts = np.hstack([_LABELS[lines.label], year, encode_digits(lines.number, 6)])
    return build_text_column(texts, np.where(lines.label > 0, texts.shape[1], 0))


def _build_invoice_numbers(lines: LineArrays) -> pa.Array | None:
    has_invoice = lines.invoice > 0
    if not has_invoice.any():
        return None
    prefix = np.broadcast_to(encode_texts("F2018-"), (len(has_invoice), 6))
    texts = np.hstack([prefix, encode_digits(lines.invoice, 7)])
    return build_text_column(texts, np.where(has_invoice, texts.shape[1], 0))


def _build_due_dates(lines: LineArrays) -> pa.Array | None:
    """Build the days on which pay is due: those of its acts, as payroll waits for no payment term."""
    return _build_days(np.where(lines.kind == _PAYROLL, lines.day + 1, 0), 0)


def _build_invoice_dates(lines: LineArrays) -> pa.Array | None:
    positions = np.where(lines.invoice > 0, lines.invoice_day - INVOICE_DAY_MIN + 1, 0)
    return _build_days(positions, INVOICE_DAY_MIN)


def _build_days(positions: NDArray[np.integer], first: int) -> pa.Array | None:
    """Build days counted from the day before ``first``; 0 is no day."""
    days = np.arange(first, LAST_DAY + 1) + FIRST_DAY
    return _build_codes(positions, ["", *days.astype("M8[D]").astype(str).tolist()])


def _build_origins(lines: LineArrays) -> pa.Array | None:
    """Build the origin of openings on funds: they name no receipt, as the year begins with what the last one left."""
    is_of_fund = np.isin(lines.kind, _OPENINGS) & (lines.fund > ORDINARY)
    return _build_codes(is_of_fund.astype(np.uint8), ["", Origin.CARRY_OVER.name.lower()])


def _build_years(is_stated: NDArray[np.bool_], year: int) -> pa.Array | None:
    """Build a year that only some lines state."""
    return _build_codes(is_stated.astype(np.uint8), ["", str(year)])
