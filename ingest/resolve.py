"""Raw lines to acts: every text becomes a number once, here, and what is wrong is marked, never guessed."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.codes import Outcome
from core.columns import blank, records, seal
from core.fields import FORMATS, Field, Sort
from core.money import AMOUNT_MAX, SEPA_MAX
from core.tables import Acts, Bytes, Flags, Grouping, Lines, Parsed, Spans
from ingest import assignment, content
from ingest.columns import TextColumn
from ingest.reading import (
    EARMARKS,
    FAMILY,
    FOLLOWED_FAMILY,
    FOLLOWS,
    MOVES,
    PAYS,
    REGISTERS,
    SERVES_BUDGET,
    Reading,
    kinds_of,
)
from kernels import grouping, iban, parsing
from posting import keys
from posting.cells import CellNumbers
from posting.registry import Registry

SEPA = "sepa"
_OWN_CODE = frozenset(
    {Field.REFERENCE, Field.KIND, Field.EXERCISE, Field.LINE, Field.AMOUNT, Field.AMOUNT_CENTS}
)
"""Fields whose faults have codes of their own."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: the number its keys are set apart by, and what it demands of every payment."""

    number: int
    sepa_only: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """What resolving needs beside the lines."""

    registry: Registry
    cells: CellNumbers
    secret: tuple[int, int]


class Resolved(NamedTuple):
    """One batch of lines, ready to be decided."""

    acts: np.ndarray
    """Records of ``core.tables.Acts``."""
    cents: NDArray[np.int64]
    """What each line asks for, faulty or not."""
    day: NDArray[np.int32]
    reference: Spans
    text: Bytes
    field: NDArray[np.uint8]
    """Field of each line's fault."""
    new_words: NDArray[np.int64]
    raw: pa.RecordBatch


def resolve(raw: pa.RecordBatch, sender: Sender, context: Context) -> Resolved:
    """Read, check and number every line of ``raw``, whose first line starts an act."""
    reading, acts = Reading(raw), records(Acts, raw.num_rows)
    kind = kinds_of(reading)
    exercise = _mark_naming(reading, kind, context.registry)
    acts["kind"] = kind
    _fill_keys(acts, reading, (kind, exercise), (sender.number, context.secret))
    _group(acts, reading)
    years = _budget_years(reading, exercise)
    amount, amount_faults = _amounts(reading, kind)
    _mark_fields(reading, kind, years, context.registry)
    _mark_amounts(reading, (amount, amount_faults), sender)
    day = _fill_periods(acts, reading, exercise, context.registry)
    placed = assignment.place(reading, kind, years, (context.registry, context.cells))
    _mark_ibans(reading)
    acts["fault"], acts["amount"] = reading.fault, np.where(reading.fault == 0, amount, 0)
    acts["cell"], acts["source"], acts["account"] = placed.cell, placed.source, placed.account
    reference = _column(reading, Field.REFERENCE)
    return Resolved(
        acts, amount, day, reference.row_spans(), reference.text, reading.field, placed.new_words, raw
    )


def _column(reading: Reading, field: Field) -> TextColumn:
    return reading.text(field) or TextColumn.of(pa.nulls(reading.rows, pa.string()))


def _mark_naming(reading: Reading, kind: NDArray[np.uint8], registry: Registry) -> NDArray[np.int64]:
    """Fault what leaves an act without a key; returns the exercises, 0 where there is none."""
    reference = _column(reading, Field.REFERENCE)
    flawed = reference.flawed(FORMATS[Field.REFERENCE].bytes_max) | (reference.lengths() == 0)
    reading.mark(flawed, Outcome.REFERENCE_INVALID, Field.REFERENCE)
    reading.mark(kind == 0, Outcome.KIND_UNKNOWN, Field.KIND)
    exercise, _ = reading.number(Field.EXERCISE)
    known = registry.reference.calendar.knows(exercise)
    reading.mark(~known, Outcome.EXERCISE_UNKNOWN, Field.EXERCISE)
    return np.where(known, exercise, 0)


def _fill_keys(
    acts: np.ndarray,
    reading: Reading,
    naming: tuple[NDArray[np.uint8], NDArray[np.int64]],
    keyed: tuple[int, tuple[int, int]],
) -> None:
    """Fingerprint the act, its predecessor and its payee; digest its bank details."""
    kind, exercise = naming
    sender, secret = keyed
    own = keys.prefixes(sender, FAMILY[kind], exercise)
    reference = _column(reading, Field.REFERENCE)
    acts["key_high"], acts["key_low"] = keys.fingerprints(reference.row_spans(), reference.text, own, secret)
    predecessor = reading.text(Field.PREDECESSOR)
    if predecessor:
        spans, parsed = (
            Spans(*(np.zeros(reading.rows, np.int32) for _ in range(2))),
            blank(Parsed, reading.rows),
        )
        parsing.predecessors(predecessor.row_spans(), predecessor.text, spans, parsed)
        followed = keys.prefixes(sender, FOLLOWED_FAMILY[kind], exercise)
        found = keys.fingerprints(seal(spans), predecessor.text, followed, secret)
        acts["previous_high"], acts["previous_low"] = found
        acts["previous_line"] = np.minimum(parsed.value, np.iinfo(np.int32).max)
    payee = reading.text(Field.PAYEE)
    if payee:
        high, low = keys.payee_fingerprints(payee.spans, payee.text, secret)
        acts["payee_high"], acts["payee_low"] = payee.by_row(high), payee.by_row(low)
    bank = reading.text(Field.IBAN)
    if bank:
        acts["bank"] = bank.digests(keys.BANK_SALT)


def _group(acts: np.ndarray, reading: Reading) -> None:
    """Put lines together to acts; the digest of the whole stands on each act's first line."""
    line, line_faults = reading.number(Field.LINE)
    number = np.where((line == -1) & (line_faults == 0), 1, line)
    columns = (acts["kind"], acts["key_high"], acts["key_low"], content.digests(reading))
    lines = seal(Lines(number, *(np.ascontiguousarray(column) for column in columns)))
    grouped = blank(Grouping, reading.rows)
    grouping.group(lines, grouped)
    reading.mark_faults(grouped.fault, Field.LINE)
    acts["head"], acts["content"] = grouped.head, grouped.content


def _budget_years(reading: Reading, exercise: NDArray[np.int64]) -> NDArray[np.int64]:
    if Field.BUDGET_YEAR not in reading.arrays:
        return exercise
    year, _ = reading.number(Field.BUDGET_YEAR)
    return np.where(year == -1, exercise, year)


def _amounts(reading: Reading, kind: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Cents and the fault of each amount; a third party has none."""
    field = Field.AMOUNT_CENTS if Field.AMOUNT_CENTS in reading.arrays else Field.AMOUNT
    cents, faults = reading.number(field)
    if field is Field.AMOUNT_CENTS:
        over = np.where(cents > AMOUNT_MAX, Outcome.AMOUNT_OVER_LIMIT, 0)
        faults = np.where(cents <= 0, Outcome.AMOUNT_NOT_POSITIVE, over).astype(np.uint8)
    registers = REGISTERS[kind]
    return np.where(registers, 0, cents), np.where(registers, 0, faults).astype(np.uint8)


def _mark_fields(
    reading: Reading, kind: NDArray[np.uint8], years: NDArray[np.int64], registry: Registry
) -> None:
    """Fault missing fields, then unreadable ones."""
    _mark_missing(reading, kind)
    for field in reading.arrays:
        sort, bytes_max = FORMATS[field].sort, FORMATS[field].bytes_max
        if field in _OWN_CODE:
            continue
        if sort is Sort.TEXT:
            column = reading.text(field)
            if column:
                reading.mark(column.flawed(bytes_max), Outcome.FIELD_INVALID, field)
        else:
            reading.mark_faults(reading.number(field)[1], field)
    if Field.BUDGET_YEAR in reading.arrays:
        known = registry.reference.calendar.knows(years)
        reading.mark(reading.has(Field.BUDGET_YEAR) & ~known, Outcome.FIELD_INVALID, Field.BUDGET_YEAR)
    predecessor = reading.text(Field.PREDECESSOR)
    if predecessor:
        spans, parsed = (
            Spans(*(np.zeros(reading.rows, np.int32) for _ in range(2))),
            blank(Parsed, reading.rows),
        )
        parsing.predecessors(predecessor.row_spans(), predecessor.text, spans, parsed)
        reading.mark(FOLLOWS[kind] & (parsed.fault != 0), Outcome.FIELD_INVALID, Field.PREDECESSOR)


def _mark_missing(reading: Reading, kind: NDArray[np.uint8]) -> None:
    """Fault each line that leaves out what its kind cannot do without."""
    registers, named = REGISTERS[kind], assignment.names_cell(reading, kind)
    amount = Field.AMOUNT_CENTS if Field.AMOUNT_CENTS in reading.arrays else Field.AMOUNT
    needed = {
        Field.DATE: kind > 0,
        amount: ~registers,
        Field.PREDECESSOR: FOLLOWS[kind],
        Field.PAYEE: PAYS[kind] | registers,
        Field.PAYEE_NAME: registers,
        Field.IBAN: registers,
        Field.COUNTERPART: MOVES[kind],
        Field.OPERATION: EARMARKS[kind],
        Field.FUND_CENTRE: named,
        Field.COMMITMENT_ITEM: named,
        Field.FUNCTIONAL_AREA: named & ~SERVES_BUDGET[kind],
    }
    for field, lines in needed.items():
        if lines.any():
            reading.mark(lines & ~reading.has(field), Outcome.FIELD_MISSING, field)


def _mark_amounts(
    reading: Reading, amounts: tuple[NDArray[np.int64], NDArray[np.uint8]], sender: Sender
) -> None:
    cents, faults = amounts
    field = Field.AMOUNT_CENTS if Field.AMOUNT_CENTS in reading.arrays else Field.AMOUNT
    reading.mark_faults(faults, field)
    over = cents > SEPA_MAX
    if over.any():
        method = reading.text(Field.METHOD)
        asked = method.numbers({SEPA: 1}, 0) == 1 if method else np.zeros(reading.rows, bool)
        reading.mark(over & (asked | sender.sepa_only), Outcome.SEPA_LIMIT_EXCEEDED, field)


def _fill_periods(
    acts: np.ndarray, reading: Reading, exercise: NDArray[np.int64], registry: Registry
) -> NDArray[np.int32]:
    """The period of each posting date; returns the dates."""
    day, _ = reading.number(Field.DATE)
    if Field.POSTING_DATE in reading.arrays:
        posted, _ = reading.number(Field.POSTING_DATE)
        day = np.where(reading.has(Field.POSTING_DATE), posted, day)
    days = np.clip(day, np.iinfo(np.int32).min, np.iinfo(np.int32).max).astype(np.int32)
    found = registry.reference.calendar.place(days, exercise)
    reading.mark((exercise > 0) & ~found.inside, Outcome.DATE_OUTSIDE_EXERCISE, Field.DATE)
    acts["period"] = np.where(found.inside, found.period, 0)
    return np.where(found.inside, days, 0)


def _mark_ibans(reading: Reading) -> None:
    column = reading.text(Field.IBAN)
    if column:
        flags = np.zeros(len(column.spans.start), np.uint8)
        iban.check(column.spans, column.text, Flags(flags))
        good = column.by_row(flags).view(bool)
        reading.mark((column.lengths() > 0) & ~good, Outcome.IBAN_INVALID, Field.IBAN)
