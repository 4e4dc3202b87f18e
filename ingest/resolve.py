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
from ingest.columns import Memory, TextColumn, Values
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
from kernels import grouping, iban, layout, parsing
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
    memory: Memory
    """Of the reading thread; another thread brings its own."""
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
    reading = Reading(raw, context.memory)
    kind = kinds_of(reading)
    exercise = _mark_naming(reading, kind, context.registry)
    named = _keys(reading, (kind, exercise), (sender.number, context.secret))
    grouped = _group(reading, kind, named)
    years = _budget_years(reading, exercise)
    amount, amount_faults = _amounts(reading, kind)
    _mark_fields(reading, kind, years, context.registry)
    _mark_amounts(reading, (amount, amount_faults), PAYS[kind] & sender.sepa_only)
    period, day = _periods(reading, exercise, context.registry)
    placed = assignment.place(reading, kind, years, (context.registry, context.cells))
    _mark_ibans(reading)
    columns = {
        **named,
        "head": grouped.head,
        "content": grouped.content,
        "kind": kind,
        "period": period,
        "cell": placed.cell,
        "source": placed.source,
        "account": placed.account,
        "fault": reading.fault,
        "amount": np.where(reading.fault == 0, amount, 0),
    }
    reference = _column(reading, Field.REFERENCE)
    acts = _packed(columns, reading.rows)
    return Resolved(
        acts, amount, day, reference.row_spans(), reference.values.text, reading.field, placed.new_words, raw
    )


def _packed(columns: dict[str, np.ndarray], rows: int) -> np.ndarray:
    """The columns as records; a column that says nothing is all zeros."""
    found, acts = blank(Acts, rows)._asdict(), records(Acts, rows)
    for name, column in columns.items():
        found[name] = np.ascontiguousarray(column, found[name].dtype)
    layout.pack(seal(Acts(**found)), acts)
    return acts


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


def _keys(
    reading: Reading,
    naming: tuple[NDArray[np.uint8], NDArray[np.int64]],
    keyed: tuple[int, keys.Secret],
) -> dict[str, np.ndarray]:
    """Fingerprints of act, predecessor and payee, and the digest of the bank details."""
    kind, exercise = naming
    sender, secret = keyed
    reference = _column(reading, Field.REFERENCE)
    own = keys.prefixes(sender, FAMILY[kind], exercise)
    found: dict[str, np.ndarray] = {}
    found["key_high"], found["key_low"] = keys.fingerprints(
        reference.row_spans(), reference.values.text, own, secret
    )
    if Field.PREDECESSOR in reading.arrays:
        spans, text, line, _ = _predecessors(reading)
        followed = keys.prefixes(sender, FOLLOWED_FAMILY[kind], exercise)
        found["previous_high"], found["previous_low"] = keys.fingerprints(spans, text, followed, secret)
        found["previous_line"] = np.minimum(line, np.iinfo(np.int32).max)
    payee, bank = reading.text(Field.PAYEE), reading.text(Field.IBAN)
    if payee:
        high, low = payee.values.once(
            "payee", lambda values: keys.payee_fingerprints(values.spans, values.text, secret)
        )
        found["payee_high"], found["payee_low"] = payee.by_row(high), payee.by_row(low)
    if bank:
        found["bank"] = bank.digests(keys.BANK_SALT)
    return found


class _Followed(NamedTuple):
    """The predecessors named: where their references stand, their lines, and what is wrong."""

    spans: Spans
    text: Bytes
    line: NDArray[np.int64]
    fault: NDArray[np.uint8]


def _predecessors(reading: Reading) -> _Followed:
    column = _column(reading, Field.PREDECESSOR)
    spans, parsed = blank(Spans, reading.rows), blank(Parsed, reading.rows)
    parsing.predecessors(column.row_spans(), column.values.text, spans, parsed)
    return _Followed(seal(spans), column.values.text, parsed.value, parsed.fault)


def _group(reading: Reading, kind: NDArray[np.uint8], named: dict[str, np.ndarray]) -> Grouping:
    """Put lines together to acts; the digest of the whole stands on each act's first line."""
    line, line_faults = reading.number(Field.LINE)
    number = np.where((line == -1) & (line_faults == 0), 1, line)
    lines = Lines(number, kind, named["key_high"], named["key_low"], content.digests(reading))
    grouped = blank(Grouping, reading.rows)
    grouping.group(seal(lines), grouped)
    reading.mark_faults(grouped.fault, Field.LINE)
    return grouped


def _budget_years(reading: Reading, exercise: NDArray[np.int64]) -> NDArray[np.int64]:
    if Field.BUDGET_YEAR not in reading.arrays:
        return exercise
    year, _ = reading.number(Field.BUDGET_YEAR)
    return np.where(year == -1, exercise, year)


def _amounts(reading: Reading, kind: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Cents said and the fault of each amount; a third party needs none, so there 0 says nothing."""
    field = Field.AMOUNT_CENTS if Field.AMOUNT_CENTS in reading.arrays else Field.AMOUNT
    cents, faults = reading.number(field)
    if field is Field.AMOUNT_CENTS:
        over = np.where(cents > AMOUNT_MAX, Outcome.AMOUNT_OVER_LIMIT, 0)
        faults = np.where(cents <= 0, Outcome.AMOUNT_NOT_POSITIVE, over).astype(np.uint8)
    nothing = REGISTERS[kind] & (cents == 0) & (faults == Outcome.AMOUNT_NOT_POSITIVE)
    return cents, np.where(nothing, 0, faults).astype(np.uint8)


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
    if Field.PREDECESSOR in reading.arrays:
        fault = _predecessors(reading).fault
        reading.mark(FOLLOWS[kind] & (fault != 0), Outcome.FIELD_INVALID, Field.PREDECESSOR)


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
    reading: Reading, amounts: tuple[NDArray[np.int64], NDArray[np.uint8]], sepa_only: NDArray[np.bool_]
) -> None:
    """Fault amounts, and those that SEPA cannot carry where it must."""
    cents, faults = amounts
    field = Field.AMOUNT_CENTS if Field.AMOUNT_CENTS in reading.arrays else Field.AMOUNT
    reading.mark_faults(faults, field)
    over = cents > SEPA_MAX
    if over.any():
        method = reading.text(Field.METHOD)
        asked = method.numbers({SEPA: 1}, 0) == 1 if method else np.zeros(reading.rows, bool)
        reading.mark(over & (asked | sepa_only), Outcome.SEPA_LIMIT_EXCEEDED, field)


def _periods(
    reading: Reading, exercise: NDArray[np.int64], registry: Registry
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The period of each posting date, and the dates."""
    day, _ = reading.number(Field.DATE)
    if Field.POSTING_DATE in reading.arrays:
        posted, _ = reading.number(Field.POSTING_DATE)
        day = np.where(reading.has(Field.POSTING_DATE), posted, day)
    days = np.clip(day, np.iinfo(np.int32).min, np.iinfo(np.int32).max).astype(np.int32)
    found = registry.reference.calendar.place(days, exercise)
    reading.mark((exercise > 0) & ~found.inside, Outcome.DATE_OUTSIDE_EXERCISE, Field.DATE)
    return np.where(found.inside, found.period, 0), np.where(found.inside, days, 0)


def _mark_ibans(reading: Reading) -> None:
    column = reading.text(Field.IBAN)
    if column:
        good = column.by_row(column.values.once("iban", _checked)).view(bool)
        reading.mark((column.lengths() > 0) & ~good, Outcome.IBAN_INVALID, Field.IBAN)


def _checked(values: Values) -> NDArray[np.uint8]:
    flags = np.zeros(len(values.spans.start), np.uint8)
    iban.check(values.spans, values.text, Flags(flags))
    return flags
