"""Raw lines to acts: every text becomes a number once, here, and what is wrong is marked, never guessed."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.act_fields import FORMATS, Field
from core.calendar import Calendar, DatePlacement
from core.money import AMOUNT_MAX, SEPA_MAX
from core.outcome_codes import Outcome
from core.tables.columns import (
    allocate_unfilled,
    allocate_zeros,
    read_column_kinds,
    seal,
    seal_array,
    to_record_dtype,
)
from core.tables.journal import ActGrouping, Acts, Bytes, Flags, LineKeys, Spans
from core.tables.raw_lines import LineContent
from ingest.resolution import account_assignment
from ingest.resolution import content_digest as content
from ingest.resolution.bank_accounts import mark_bics, mark_ibans
from ingest.resolution.line_batch import FAMILY, FOLLOWED_FAMILY, PAYS, WITHOUT_AMOUNT, LineBatch, read_kinds
from ingest.resolution.predecessors import PredecessorColumn, read_predecessors
from ingest.resolution.required_fields import REQUIRED_FIELDS
from ingest.resolution.text_columns import DictionaryCache, TextColumn
from kernels import content_digest as saying
from kernels import grouping, record_packing
from posting.book import fingerprints
from posting.book.cells import CellNumbers
from posting.book.registry import Registry

SEPA = "sepa"
_DAYS_MAX = 4000
"""Dates placed ahead of the lines."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: the number its keys are set apart by, and what it demands of every payment."""

    number: int | NDArray[np.int64]  # one for all lines, or each line's own
    sepa_only: bool = False


@dataclass(frozen=True, slots=True)
class ResolutionContext:
    """What resolving needs beside the lines."""

    registry: Registry
    cells: CellNumbers
    dictionary_cache: DictionaryCache
    """Of the reading thread; another thread brings its own."""
    secret: tuple[int, int]


class ResolvedLines(NamedTuple):
    """One batch of lines, ready to be decided."""

    acts: np.ndarray
    """Records of ``core.tables.journal.Acts``."""
    cents: NDArray[np.int64]
    """What each line asks for, faulty or not."""
    day: NDArray[np.int32]
    reference: Spans
    text: Bytes
    field: NDArray[np.uint8]
    """Field of each line's fault."""
    new_words: NDArray[np.int64]
    cells_before: int
    raw: pa.RecordBatch


def resolve(raw: pa.RecordBatch, sender: Sender, context: ResolutionContext) -> ResolvedLines:
    """Read, check and number every line of ``raw``, whose first line starts an act."""
    reading = LineBatch(raw, context.dictionary_cache)
    kind = read_kinds(reading)
    exercise = _mark_key_fields(reading, kind, context.registry)
    followed = read_predecessors(reading)
    named = _compute_fingerprints(reading, (kind, exercise), followed, (sender.number, context.secret))
    said = content.collect_content(reading)
    grouped = _group_acts(reading, named, said)
    years = _read_budget_years(reading, exercise)
    amount, amount_faults = _read_amounts(reading, kind)
    names_cell = _mark_required_fields(reading, kind, said)
    _mark_references(reading, (kind, years), followed, context.registry)
    mark_bics(reading, kind)
    _mark_amounts(reading, (amount, amount_faults), PAYS[kind] & sender.sepa_only)
    period, day = _assign_periods(reading, exercise, context.registry)
    lines = account_assignment.AssignmentLines(kind, years, names_cell)
    placed = account_assignment.resolve_assignments(reading, lines, (context.registry, context.cells))
    mark_ibans(reading)
    fault, field = reading.marks
    columns = {
        **named,
        "head": grouped.head,
        "content": grouped.content,
        "kind": kind,
        "period": period,
        "cell": placed.cell,
        "source": placed.source,
        "account": placed.account,
        "fault": fault,
        "amount": np.where(fault == 0, amount, 0) if fault.any() else amount,
    }
    reference = _read_column(reading, Field.REFERENCE)
    spans, text = reference.expand_spans(), reference.values.text
    cells = placed.new_words, placed.cells_before
    return ResolvedLines(_pack_acts(columns, reading.rows), amount, day, spans, text, field, *cells, raw)


def _pack_acts(columns: dict[str, np.ndarray], rows: int) -> np.ndarray:
    """The columns as records; a column that says nothing is all zeros."""
    acts = np.empty(rows, to_record_dtype(Acts))
    found = {
        name: np.ascontiguousarray(columns[name], kind.dtype)
        if name in columns
        else np.zeros(rows, kind.dtype)
        for name, kind in read_column_kinds(Acts).items()
    }
    record_packing.pack_records(seal(Acts(**found)), acts)
    return acts


def _read_column(reading: LineBatch, field: Field) -> TextColumn:
    return reading.read_text(field) or TextColumn.from_arrow(pa.nulls(reading.rows, pa.string()))


def _mark_key_fields(reading: LineBatch, kind: NDArray[np.uint8], registry: Registry) -> NDArray[np.int64]:
    """Fault what leaves an act without a key; returns the exercises, 0 where there is none."""
    reference = _read_column(reading, Field.REFERENCE)
    for unnamed in (
        reference.find_flawed(FORMATS[Field.REFERENCE].bytes_max),
        reference.measure_lengths() == 0,
    ):
        reading.mark_fault(unnamed, Outcome.REFERENCE_INVALID, Field.REFERENCE)
    if not kind.all():
        reading.mark_fault(kind == 0, Outcome.KIND_UNKNOWN, Field.KIND)
    exercise, _ = reading.read_number(Field.EXERCISE)
    known = registry.reference.calendar.contains(_collapse_uniform(exercise))
    if known.all():
        return exercise
    reading.mark_fault(np.broadcast_to(~known, exercise.shape), Outcome.EXERCISE_UNKNOWN, Field.EXERCISE)
    return np.where(known, exercise, 0)


def _collapse_uniform(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """A column's one number, where all lines say the same."""
    return numbers[:1] if numbers.size and numbers.min() == numbers.max() else numbers


def _compute_fingerprints(
    reading: LineBatch,
    naming: tuple[NDArray[np.uint8], NDArray[np.int64]],
    followed: PredecessorColumn | None,
    keyed: tuple[int | NDArray[np.int64], fingerprints.Secret],
) -> dict[str, np.ndarray]:
    """Fingerprints of act, predecessor and payee, and the digest of the bank details."""
    kind, exercise = naming
    sender, secret = keyed
    reference = _read_column(reading, Field.REFERENCE)
    own = fingerprints.build_kind_prefixes(sender, FAMILY, kind) | exercise.view(np.uint64)
    found: dict[str, np.ndarray] = {}
    found["key_high"], found["key_low"] = fingerprints.fingerprint_texts(
        reference.expand_spans(), reference.values.text, own, secret
    )
    if followed:
        prefix = fingerprints.build_kind_prefixes(sender, FOLLOWED_FAMILY, kind) | exercise.view(np.uint64)
        found["previous_high"], found["previous_low"] = fingerprints.fingerprint_texts(
            followed.spans, followed.text, prefix, secret
        )
        found["previous_line"] = followed.clip_lines()
        found["previous_high"] = followed.select_entry_keys(found["previous_high"])
    payee, bank = reading.read_text(Field.PAYEE), reading.read_text(Field.IBAN)
    if payee:
        high, low = payee.values.compute_once(
            "payee", lambda values: fingerprints.fingerprint_payees(values.spans, values.text, secret)
        )
        found["payee_high"], found["payee_low"] = payee.expand(high), payee.expand(low)
    if bank:
        found["bank"] = bank.compute_digests(fingerprints.BANK_SALT)
    return found


def _group_acts(reading: LineBatch, named: dict[str, np.ndarray], said: LineContent) -> ActGrouping:
    """Put lines together to acts; the digest of the whole stands on each act's first line."""
    line, line_faults = reading.read_number(Field.LINE)
    if line.min(initial=0) < 0:
        line = np.where((line == -1) & (line_faults == 0), 1, line)
    lines = LineKeys(np.ascontiguousarray(line), named["key_high"], named["key_low"], said.content)
    grouped = allocate_zeros(ActGrouping, reading.rows)
    grouping.group_lines(seal(lines), grouped)
    reading.mark_faults(grouped.fault, Field.LINE)
    return grouped


def _read_budget_years(reading: LineBatch, exercise: NDArray[np.int64]) -> NDArray[np.int64]:
    if Field.BUDGET_YEAR not in reading.arrays:
        return exercise
    year, _ = reading.read_number(Field.BUDGET_YEAR)
    return np.where(year == -1, exercise, year)


def _choose_amount_field(reading: LineBatch) -> Field:
    return Field.AMOUNT_CENTS if Field.AMOUNT_CENTS in reading.arrays else Field.AMOUNT


def _read_amounts(reading: LineBatch, kind: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Cents said and the fault of each amount; acts on third parties need none, so there 0 says nothing."""
    field = _choose_amount_field(reading)
    cents, faults = reading.read_number(field)
    if field is Field.AMOUNT_CENTS and (cents.min(initial=1) <= 0 or cents.max(initial=1) > AMOUNT_MAX):
        over = np.where(cents > AMOUNT_MAX, Outcome.AMOUNT_OVER_LIMIT, 0)
        faults = np.where(cents <= 0, Outcome.AMOUNT_NOT_POSITIVE, over).astype(np.uint8)
    if not faults.any():
        return cents, faults
    nothing = WITHOUT_AMOUNT[kind] & (cents == 0) & (faults == Outcome.AMOUNT_NOT_POSITIVE)
    return cents, np.where(nothing, 0, faults).astype(np.uint8)


def _mark_required_fields(
    reading: LineBatch, kind: NDArray[np.uint8], said: LineContent
) -> NDArray[np.uint8]:
    """Fault missing fields, then unreadable ones; returns which lines name an account assignment."""
    named = allocate_unfilled(Flags, reading.rows)
    saying.check_required_fields(
        seal(said),
        Flags(seal_array(kind)),
        REQUIRED_FIELDS[_choose_amount_field(reading)],
        reading.marks,
        named,
    )
    return named.flag


def _mark_references(
    reading: LineBatch,
    lines: tuple[NDArray[np.uint8], NDArray[np.int64]],
    followed: PredecessorColumn | None,
    registry: Registry,
) -> None:
    """Fault budget years that do not exist, and predecessors that nothing can be."""
    kind, years = lines
    if Field.BUDGET_YEAR in reading.arrays:
        known = registry.reference.calendar.contains(years)
        reading.mark_fault(
            reading.find_filled(Field.BUDGET_YEAR) & ~known, Outcome.FIELD_INVALID, Field.BUDGET_YEAR
        )
    if followed and (wrong := followed.find_invalid(kind)).any():
        reading.mark_fault(wrong, Outcome.FIELD_INVALID, Field.PREDECESSOR)


def _mark_amounts(
    reading: LineBatch, amounts: tuple[NDArray[np.int64], NDArray[np.uint8]], sepa_only: NDArray[np.bool_]
) -> None:
    """Fault amounts, and those that SEPA cannot carry where it must."""
    cents, faults = amounts
    field = _choose_amount_field(reading)
    reading.mark_faults(faults, field)
    if cents.max(initial=0) > SEPA_MAX:
        method = reading.read_text(Field.METHOD)
        asked = method.map_to_numbers({SEPA: 1}, 0) == 1 if method else np.zeros(reading.rows, bool)
        reading.mark_fault((cents > SEPA_MAX) & (asked | sepa_only), Outcome.SEPA_LIMIT_EXCEEDED, field)


def _assign_periods(
    reading: LineBatch, exercise: NDArray[np.int64], registry: Registry
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The period of each posting date, and the dates."""
    day, _ = reading.read_number(Field.DATE)
    if Field.POSTING_DATE in reading.arrays:
        posted, _ = reading.read_number(Field.POSTING_DATE)
        day = np.where(reading.find_filled(Field.POSTING_DATE), posted, day)
    days = np.clip(day, np.iinfo(np.int32).min, np.iinfo(np.int32).max).astype(np.int32)
    period, inside = _find_periods(days, exercise, registry.reference.calendar)
    if inside.all():
        return period, days
    reading.mark_fault((exercise > 0) & ~inside, Outcome.DATE_OUTSIDE_EXERCISE, Field.DATE)
    return np.where(inside, period, 0), np.where(inside, days, 0)


def _find_periods(days: NDArray[np.int32], exercise: NDArray[np.int64], calendar: Calendar) -> DatePlacement:
    """The period of each date; where all are of one exercise, each date between the ends is placed but once."""
    one = _collapse_uniform(exercise)
    if len(one) != 1 or int(days.max()) - (first := int(days.min())) > _DAYS_MAX:
        return calendar.place_dates(days, exercise)
    found = calendar.place_dates(np.arange(first, int(days.max()) + 1, dtype=np.int32), one)
    at = days - np.int32(first)
    return DatePlacement(found.period.take(at), found.is_inside.take(at))
