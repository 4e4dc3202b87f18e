"""Resolution of raw lines into acts: every text becomes a number once, and faults are marked, never corrected."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.act_fields import FORMATS, Field
from core.merges import Merges
from core.outcome_codes import Outcome
from core.tables.columns import (
    allocate_undefined_columns,
    allocate_zeros,
    read_column_kinds,
    seal,
    seal_array,
    to_record_dtype,
)
from core.tables.journal import ActGrouping, Acts, Bytes, Flags, LineKeys, Spans
from core.tables.raw_lines import LineContent
from ingest.resolution.account_assignment import AssignmentLines, resolve_assignments
from ingest.resolution.amounts import choose_amount_field, mark_amounts, read_amounts
from ingest.resolution.content_digest import collect_content
from ingest.resolution.credit_sources import SourcePlaces, add_credit_sources, mark_origins
from ingest.resolution.details_changes import mark_bank_details
from ingest.resolution.interest_claims import find_limited_claims
from ingest.resolution.invoices import fingerprint_invoices
from ingest.resolution.line_batch import (
    FAMILY,
    FOLLOWED_FAMILY,
    FOLLOWS,
    LineBatch,
    read_kinds,
)
from ingest.resolution.merged_payees import mark_merged_payees
from ingest.resolution.natures import find_natures
from ingest.resolution.periods import assign_periods, collapse_uniform
from ingest.resolution.predecessors import PredecessorColumn, number_senders, read_predecessors
from ingest.resolution.prescription import mark_lapsed_debts
from ingest.resolution.receipt_reversals import mark_receipts_of_bank
from ingest.resolution.recycling_cases import mark_recycling_cases
from ingest.resolution.reference_owners import mark_reference_senders, number_owners
from ingest.resolution.request_terms import mark_invalid_requests
from ingest.resolution.required_fields import REQUIRED_FIELDS
from ingest.resolution.signatures import read_signatures
from ingest.resolution.special_accounts import find_state_payees
from ingest.resolution.text_columns import DictionaryCache, TextColumn
from kernels import content_digest, grouping, record_packing
from posting.batch import SignatureTexts
from posting.book import fingerprints
from posting.book.cells import CellNumbers
from posting.book.code_numbers import CodeKind
from posting.book.registry import Registry


@dataclass(frozen=True, slots=True)
class Sender:
    """The sender of lines: the number that separates its keys from those of others, and its demands on payments."""

    number: int | NDArray[np.int64]
    """One number for all lines, or one for each line."""
    sepa_only: bool = False


@dataclass(frozen=True, slots=True)
class ResolutionContext:
    """What resolution needs beside the lines."""

    registry: Registry
    cells: CellNumbers
    dictionary_cache: DictionaryCache
    """For the reader thread; other threads need their own."""
    secret: tuple[int, int]


class ResolvedLines(NamedTuple):
    """One batch of lines, ready to be decided."""

    acts: np.ndarray
    """Records of ``core.tables.journal.Acts``."""
    cents: NDArray[np.int64]
    """The amount of each line, faulty or not."""
    day: NDArray[np.int32]
    reference: Spans
    text: Bytes
    field: NDArray[np.uint8]
    """The field of each line's fault."""
    new_words: NDArray[np.int64]
    cells_before: int
    raw: pa.RecordBatch
    limited_claims: NDArray[np.int64]
    signatures: tuple[SignatureTexts, ...]
    """The distinct signatures, to which the acts refer from 1."""
    merges: Merges
    """Third parties that exist twice."""


def resolve(raw: pa.RecordBatch, sender: Sender, context: ResolutionContext) -> ResolvedLines:
    """Read, check and number every line of ``raw``, whose first line begins an act."""
    line_batch, registry = LineBatch(raw, context.dictionary_cache), context.registry
    kind = read_kinds(line_batch)
    exercise = _mark_key_fields(line_batch, kind, registry)
    predecessors, content = read_predecessors(line_batch), collect_content(line_batch)
    keys = _compute_fingerprints(
        line_batch, kind, exercise, predecessors=predecessors, sender=sender.number, context=context
    )
    grouped = _group_acts(line_batch, keys, content)
    years, amounts = _read_budget_years(line_batch, exercise), read_amounts(line_batch, kind)
    lines = AssignmentLines(kind, years, _mark_required_fields(line_batch, kind, content))
    _mark_references(line_batch, kind, years, predecessors=predecessors, registry=registry)
    mark_recycling_cases(line_batch, kind, exercise, registry=registry)
    mark_invalid_requests(line_batch, kind, exercise)
    mark_amounts(line_batch, kind, amounts, sepa_only=sender.sepa_only)
    periods = assign_periods(line_batch, kind, exercise, registry=registry)
    mark_lapsed_debts(line_batch, kind, periods.day, lapse_years=registry.reference.lapse_years)
    assigned = resolve_assignments(line_batch, lines, registry, cells=context.cells)
    mark_receipts_of_bank(line_batch, kind, predecessors)
    mark_bank_details(line_batch, kind, (signed := read_signatures(line_batch)).row)
    mark_merged_payees(line_batch, kind, periods.day, merges=registry.reference.merges)
    places = SourcePlaces(assigned.source, exercise, periods.day)
    fault, field = line_batch.marks
    columns = {
        **keys,
        "head": grouped.head,
        "content": grouped.content,
        "kind": kind,
        **periods._asdict(),
        "cell": assigned.cell,
        "source": add_credit_sources(line_batch, kind, places, sender=sender.number, registry=registry),
        "account": assigned.account,
        "signature": signed.row,
        "nature": find_natures(line_batch, kind, exercise, account=assigned.account, registry=registry),
        "fault": fault,
        "amount": np.where(fault == 0, amounts.value, 0) if fault.any() else amounts.value,
    }
    rest = (assigned.new_words, assigned.cells_before, raw, find_limited_claims(line_batch, kind))
    texts = (signed.texts, registry.reference.merges)
    lines_of_acts = (_pack_acts(columns, line_batch.rows), amounts.value, periods.day)
    return ResolvedLines(*lines_of_acts, *_read_references(line_batch), field, *rest, *texts)


def _read_references(line_batch: LineBatch) -> tuple[Spans, Bytes]:
    reference = _read_column(line_batch, Field.REFERENCE)
    return reference.expand_spans(), reference.values.text


def _pack_acts(columns: dict[str, np.ndarray], rows: int) -> np.ndarray:
    """Pack the columns into records; an absent column is all zeros."""
    acts = np.empty(rows, to_record_dtype(Acts))
    arrays = {
        name: np.ascontiguousarray(columns[name], column_kind.dtype)
        if name in columns
        else np.zeros(rows, column_kind.dtype)
        for name, column_kind in read_column_kinds(Acts).items()
    }
    record_packing.pack_records(seal(Acts(**arrays)), acts)
    return acts


def _read_column(line_batch: LineBatch, field: Field) -> TextColumn:
    return line_batch.read_text(field) or TextColumn.from_arrow(pa.nulls(line_batch.rows, pa.string()))


def _mark_key_fields(line_batch: LineBatch, kind: NDArray[np.uint8], registry: Registry) -> NDArray[np.int64]:
    """Mark faults that leave an act without a key; return the exercises, 0 where there is none."""
    reference = _read_column(line_batch, Field.REFERENCE)
    for is_invalid in (
        reference.find_flaws(FORMATS[Field.REFERENCE].bytes_max),
        reference.measure_lengths() == 0,
    ):
        line_batch.mark_fault(is_invalid, Outcome.REFERENCE_INVALID, Field.REFERENCE)
    if not kind.all():
        line_batch.mark_fault(kind == 0, Outcome.KIND_UNKNOWN, Field.KIND)
    exercise, _ = line_batch.read_number(Field.EXERCISE)
    is_known = registry.reference.calendar.contains(collapse_uniform(exercise))
    if is_known.all():
        return exercise
    line_batch.mark_fault(
        np.broadcast_to(~is_known, exercise.shape), Outcome.EXERCISE_UNKNOWN, Field.EXERCISE
    )
    return np.where(is_known, exercise, 0)


def _compute_fingerprints(
    line_batch: LineBatch,
    kind: NDArray[np.uint8],
    exercise: NDArray[np.int64],
    *,
    predecessors: PredecessorColumn | None,
    sender: int | NDArray[np.int64],
    context: ResolutionContext,
) -> dict[str, np.ndarray]:
    """Return the fingerprints of act, predecessor, payee and invoice, the digest of the bank details, and State payees."""
    reference, secret = _read_column(line_batch, Field.REFERENCE), context.secret
    owner = number_owners(line_batch, kind, sender, registry=context.registry)
    prefix = fingerprints.build_kind_prefixes(owner, FAMILY, kind) | exercise.view(np.uint64)
    keys: dict[str, np.ndarray] = {}
    keys["key_high"], keys["key_low"] = fingerprints.fingerprint_texts(
        reference.expand_spans(), reference.values.text, prefix, secret=secret
    )
    if predecessors:
        senders = number_senders(line_batch, sender, context.registry.numbers[CodeKind.SENDER])
        prefix = fingerprints.build_kind_prefixes(senders, FOLLOWED_FAMILY, kind) | exercise.view(np.uint64)
        keys["previous_high"], keys["previous_low"] = fingerprints.fingerprint_texts(
            predecessors.spans, predecessors.text, prefix, secret=secret
        )
        keys["previous_line"] = predecessors.clip_lines()
        keys["previous_high"] = predecessors.select_entry_keys(keys["previous_high"])
    payee, iban = line_batch.read_text(Field.PAYEE), line_batch.read_text(Field.IBAN)
    if payee:
        high, low = payee.values.compute_once(
            "payee", lambda values: fingerprints.fingerprint_payees(values.spans, values.text, secret)
        )
        keys["payee_high"], keys["payee_low"] = payee.expand(high), payee.expand(low)
        keys["state_payee"] = find_state_payees(line_batch, kind, context.registry)
    if iban:
        keys["bank"] = iban.compute_digests(fingerprints.BANK_SALT)
    merges = context.registry.merges_in_use
    return keys | fingerprint_invoices(line_batch, kind, keys, merges=merges, secret=secret)


def _group_acts(line_batch: LineBatch, keys: dict[str, np.ndarray], content: LineContent) -> ActGrouping:
    """Group lines into acts; the digest of a whole act is on its first line."""
    line, line_faults = line_batch.read_number(Field.LINE)
    if line.min(initial=0) < 0:
        line = np.where((line == -1) & (line_faults == 0), 1, line)
    lines = LineKeys(np.ascontiguousarray(line), keys["key_high"], keys["key_low"], content.content)
    grouped = allocate_zeros(ActGrouping, line_batch.rows)
    grouping.group_lines(seal(lines), grouped)
    line_batch.mark_faults(grouped.fault, Field.LINE)
    return grouped


def _read_budget_years(line_batch: LineBatch, exercise: NDArray[np.int64]) -> NDArray[np.int64]:
    if Field.BUDGET_YEAR not in line_batch.arrays:
        return exercise
    year, _ = line_batch.read_number(Field.BUDGET_YEAR)
    return np.where(year == -1, exercise, year)


def _mark_required_fields(
    line_batch: LineBatch, kind: NDArray[np.uint8], content: LineContent
) -> NDArray[np.uint8]:
    """Mark missing fields, then unreadable ones; return which lines name an account assignment."""
    names_assignment = allocate_undefined_columns(Flags, line_batch.rows)
    content_digest.check_required_fields(
        seal(content),
        Flags(seal_array(kind)),
        REQUIRED_FIELDS[choose_amount_field(line_batch)],
        line_batch.marks,
        names_assignment,
    )
    return names_assignment.flag


def _mark_references(
    line_batch: LineBatch,
    kind: NDArray[np.uint8],
    years: NDArray[np.int64],
    *,
    predecessors: PredecessorColumn | None,
    registry: Registry,
) -> None:
    """Mark budget years that do not exist, and predecessors that cannot exist."""
    mark_origins(line_batch, kind)
    mark_reference_senders(line_batch, kind, registry.numbers[CodeKind.SENDER])
    if Field.BUDGET_YEAR in line_batch.arrays:
        is_known = registry.reference.calendar.contains(years)
        line_batch.mark_fault(
            line_batch.mark_values(Field.BUDGET_YEAR) & ~is_known, Outcome.FIELD_INVALID, Field.BUDGET_YEAR
        )
    if predecessors and (is_invalid := predecessors.find_invalid(kind)).any():
        line_batch.mark_fault(is_invalid, Outcome.FIELD_INVALID, Field.PREDECESSOR)
    if predecessors and Field.PREDECESSOR_SENDER in line_batch.arrays:
        is_needless = line_batch.mark_values(Field.PREDECESSOR_SENDER) & predecessors.lack_reference()
        line_batch.mark_fault(is_needless & FOLLOWS[kind], Outcome.FIELD_INVALID, Field.PREDECESSOR_SENDER)
