"""Reading of rows of the flat act format into acts, each line with its first fault that does not depend on the ledger.

Every rule is a small check of its own; a line has the fault that comes first in ``core.outcome_codes.Outcome``.
"""

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping

from core.act_fields import ACT_LINES_MAX, FIELD_BY_COLUMN, FORMATS, Field, FieldType
from core.catalog import CATALOG, KIND_NUMBERS, ActKind, BudgetAction, Family, PayeeChange, Stage
from core.origins import ORIGIN_NUMBERS
from core.outcome_codes import Outcome
from core.payment_rules import SEPA_MAX
from core.senders import SENDER_PATTERN
from tests.oracle import (
    amounts,
    bic,
    days,
    hashing,
    iban,
    periods,
    prescription,
    request_terms,
    whole_numbers,
)
from tests.oracle.assignment import CELL_FIELDS, find_assignment_faults, has_cell
from tests.oracle.lines import LineTerms
from tests.oracle.reference import Reference

Row = Mapping[str, str]
Fields = dict[Field, str]

SEPA = "sepa"
_PERSONS = (Field.ENTERED_BY, Field.VALIDATED_BY, Field.DELEGATION)
_PRECEDENCE = {code: place for place, code in enumerate(Outcome)}
_OF_BANK = ("suspense_receipt", "suspense_debit", "suspense_return")
_WITHOUT_AREA = (
    *(Family.BUDGET, Family.RECEIVABLE, Family.RECEIVABLE_CHANGE),
    *(Family.RECEIPT, Family.RECEIPT_CHANGE),
)
_STATES_ACCOUNT = (
    *(Family.JOURNAL, Family.OPENING, Family.RESULT, Family.ALLOCATION, Family.JUSTIFICATION),
    Family.INVENTORY,
)
_STATES_OWN = ("asset_service", "provision_release")
_MOVES = (BudgetAction.MOVE, BudgetAction.VIREMENT, BudgetAction.DECREE_TRANSFER)
_OF_DECREES = (BudgetAction.VIREMENT, BudgetAction.DECREE_TRANSFER, BudgetAction.DECREE_CANCEL)
_FIELDS_WITH_OWN_CODE = {Field.REFERENCE, Field.KIND, Field.EXERCISE, Field.LINE, Field.AMOUNT}
"""Fields whose faults have their own codes."""


class ReadLine:
    """One line as read."""

    def __init__(self, fields: Fields, sender: str) -> None:
        self.fields, self.sender = fields, sender
        self.kind: ActKind = CATALOG[KIND_NUMBERS.get(fields.get(Field.KIND, ""), 0)]
        self.line = whole_numbers.parse(fields.get(Field.LINE, "1"))
        self.fault = Outcome.ACCEPTED

    def read_text(self, field: Field) -> str:
        return self.fields.get(field, "")

    def find_owner(self) -> str:
        """Return the sender whose reference it has: its own, or the one that a carry names; all invalid names count as one."""
        name = self.read_text(Field.REFERENCE_SENDER) if self.kind.carries else ""
        if not name:
            return self.sender
        return name if re.fullmatch(SENDER_PATTERN, name) else "?"


def read_acts(rows: Iterable[Row], reference: Reference, sender: str) -> list[list[ReadLine]]:
    """Return the acts of a file, in order, every line with its fault."""
    fields = ({FIELD_BY_COLUMN[name]: text for name, text in row.items() if text} for row in rows)
    lines = (ReadLine(texts, sender) for texts in fields)
    acts = _group_lines(lines, reference)
    for act in acts:
        for line in act:
            faults = [line.fault, *_find_faults(line, reference)]
            if len(act) > ACT_LINES_MAX:
                faults.append(Outcome.ACT_TOO_LONG)
            in_order = sorted(filter(None, faults), key=_PRECEDENCE.__getitem__)
            line.fault = in_order[0] if in_order else Outcome.ACCEPTED
    return acts


def _group_lines(lines: Iterable[ReadLine], reference: Reference) -> list[list[ReadLine]]:
    """Add each line to the act above if it continues that act."""
    acts: list[list[ReadLine]] = []
    for line in lines:
        if line.line == 1:
            acts.append([line])
        elif acts and _is_continuation(line, acts[-1][-1], reference):
            acts[-1].append(line)
        else:
            line.fault = Outcome.LINE_INVALID
            acts.append([line])
    return acts


def _is_continuation(line: ReadLine, above: ReadLine, reference: Reference) -> bool:
    same = _build_act_name(line, reference) == _build_act_name(above, reference)
    return same and None not in (line.line, above.line) and line.line == (above.line or 0) + 1


def _build_act_name(line: ReadLine, reference: Reference) -> tuple[Family, int, str, str]:
    """Return the name of an act; unknown kinds and exercises all count as none, and without a reference there is no name."""
    if not line.read_text(Field.REFERENCE):
        return Family.NONE, 0, "", ""
    exercise = whole_numbers.parse(line.read_text(Field.EXERCISE)) or 0
    return (
        line.kind.family,
        exercise if exercise in reference.exercises else 0,
        line.read_text(Field.REFERENCE),
        line.find_owner(),
    )


def _find_faults(line: ReadLine, reference: Reference) -> Iterator[Outcome]:
    yield from _find_naming_faults(line, reference)
    yield from _find_field_faults(line, reference)
    yield from _find_amount_faults(line)
    yield from _find_date_faults(line, reference)
    yield from find_assignment_faults(line.kind, line.fields, reference)
    yield from _find_receipt_faults(line)
    if line.read_text(Field.IBAN) and not iban.is_iban(line.read_text(Field.IBAN)):
        yield Outcome.IBAN_INVALID
    if line.kind.change is PayeeChange.DETAILS:
        yield from _find_change_faults(line)
    if line.kind.family is Family.JUSTIFICATION and not line.read_text(Field.REASON).strip(" "):
        yield Outcome.JUSTIFICATION_MISSING
    names_persons = line.kind.change is PayeeChange.DETAILS or line.kind.family is Family.JOURNAL
    names_persons |= line.kind.family is Family.ASSET and line.kind.name != "asset_depreciation"
    names_persons |= line.kind.family is Family.INVENTORY
    names_persons |= line.kind.name in ("provision_release", "inventory_correction", "provision_correction")
    if names_persons and not any(map(line.read_text, _PERSONS)):
        yield Outcome.TWO_PERSONS_MISSING


def _find_change_faults(line: ReadLine) -> Iterator[Outcome]:
    """Yield what a change of bank details lacks: its evidence and the call back."""
    evidence = line.read_text(Field.EVIDENCE_HASH)
    if not evidence:
        yield Outcome.EVIDENCE_MISSING
    elif len(evidence) != 64 or not set(evidence) <= set("0123456789abcdefABCDEF"):
        yield Outcome.EVIDENCE_INVALID
    if not line.read_text(Field.CALL_BACK).strip(" "):
        yield Outcome.CALL_BACK_MISSING


def _find_naming_faults(line: ReadLine, reference: Reference) -> Iterator[Outcome]:
    if not line.read_text(Field.REFERENCE) or _is_flawed(Field.REFERENCE, line.read_text(Field.REFERENCE)):
        yield Outcome.REFERENCE_INVALID
    if line.kind.family is Family.NONE:
        yield Outcome.KIND_UNKNOWN
    if whole_numbers.parse(line.read_text(Field.EXERCISE)) not in reference.exercises:
        yield Outcome.EXERCISE_UNKNOWN


def _find_field_faults(line: ReadLine, reference: Reference) -> Iterator[Outcome]:
    if any(not line.read_text(field) for field in list_required_fields(line)):
        yield Outcome.FIELD_MISSING
    if any(
        not _is_readable(field, text)
        for field, text in line.fields.items()
        if field not in _FIELDS_WITH_OWN_CODE
    ):
        yield Outcome.FIELD_INVALID
    year = line.read_text(Field.BUDGET_YEAR)
    if year and whole_numbers.parse(year) not in reference.exercises:
        yield Outcome.FIELD_INVALID
    states_origin = line.kind.budget in (BudgetAction.OPEN, BudgetAction.CANCEL)
    if states_origin and line.read_text(Field.ORIGIN) not in ("", *ORIGIN_NUMBERS):
        yield Outcome.FIELD_INVALID
    if line.read_text(Field.REFERENCE_SENDER) and not line.kind.carries:
        yield Outcome.FIELD_INVALID
    if line.kind.budget is BudgetAction.WITHDRAW and not _has_known_case(line, reference):
        yield Outcome.FIELD_INVALID
    if line.kind.follows and not _has_predecessor(line):
        yield Outcome.FIELD_INVALID
    if line.kind.bills and not prescription.is_readable(line.fields):
        yield Outcome.FIELD_INVALID
    if line.kind.bills and not request_terms.is_possible(line.fields):
        yield Outcome.FIELD_INVALID
    if line.kind.name == "advance_request" and line.read_text(Field.CONTRACT) == "works_balance":
        yield Outcome.FIELD_INVALID
    if line.kind.name in ("retention_release", "penalty_remission") and not request_terms.has_contract(
        line.fields
    ):
        yield Outcome.FIELD_INVALID
    if line.kind.pays and line.read_text(Field.BIC) and not bic.is_bic(line.read_text(Field.BIC).encode()):
        yield Outcome.FIELD_INVALID


def _find_receipt_faults(line: ReadLine) -> Iterator[Outcome]:
    """Yield the fault of what takes back a receipt of the bank, or of which the line does not say whose it is."""
    if line.kind.name == "receipt_reversal":
        predecessor = hashing.split_predecessor(line.read_text(Field.PREDECESSOR))
        is_entry = predecessor is not None and predecessor[1] < 0
        if is_entry or line.read_text(Field.PREDECESSOR_SENDER) == "bank":
            yield Outcome.RECEIPT_NOT_BY_HAND


def _has_known_case(line: ReadLine, reference: Reference) -> bool:
    """Return whether the exercise lists the recycling case that the line names, if it names one."""
    case = line.read_text(Field.RECYCLING_CASE)
    year = reference.years.get(whole_numbers.parse(line.read_text(Field.EXERCISE)) or 0)
    return not case or (year is not None and case in year.nomenclature.recycling_cases)


def _has_predecessor(line: ReadLine) -> bool:
    """Return whether the line names a predecessor; only acts that follow a stage may name a line of the same act."""
    predecessor = hashing.split_predecessor(line.read_text(Field.PREDECESSOR))
    if predecessor is None or (line.read_text(Field.PREDECESSOR_SENDER) and not predecessor[0]):
        return False
    return bool(predecessor[0]) or predecessor[1] < 0 or line.kind.after is not Stage.NONE


def list_required_fields(line: ReadLine) -> set[Field]:
    """Return the required fields of a line."""
    kind = line.kind
    if kind.family is Family.THIRD_PARTY or kind.change is PayeeChange.DETAILS:
        return {Field.DATE, Field.PAYEE, Field.PAYEE_NAME, Field.IBAN}
    if kind.is_payee_act:
        return {Field.DATE, Field.PAYEE}
    needed = {Field.DATE, Field.AMOUNT} if kind.has_amount else {Field.DATE}
    needed |= {Field.PREDECESSOR} if kind.follows else set()
    needed |= {Field.REFERENCE_SENDER} if kind.carries else set()
    needed |= {Field.PAYEE} if kind.pays else set()
    needed |= {Field.ACCOUNT} if kind.family in _STATES_ACCOUNT or kind.name in _STATES_OWN else set()
    needed |= {Field.COUNTERPART} if kind.budget in _MOVES else set()
    needed |= {Field.DOCUMENT_HASH} if kind.budget in _OF_DECREES or kind.name == "visa_override" else set()
    needed |= {Field.OPERATION} if kind.budget in (BudgetAction.EARMARK, BudgetAction.UNEARMARK) else set()
    needed |= {Field.RECEIVED} if kind.name == "advance_request" else set()
    if kind.family in (Family.OPENING, Family.RESULT, Family.ALLOCATION) or kind.name in _OF_BANK:
        needed |= {Field.FUND_CENTRE}
    elif has_cell(kind, line.fields):
        needed |= CELL_FIELDS - ({Field.FUNCTIONAL_AREA} if kind.family in _WITHOUT_AREA else set())
    return needed


def _is_readable(field: Field, text: str) -> bool:
    parse = {FieldType.WHOLE: whole_numbers.parse, FieldType.DAY: days.parse}.get(FORMATS[field].type, str)
    value, bounds = parse(text), FORMATS[field].bounds
    if value is None or (bounds and not bounds[0] <= int(value) <= bounds[1]):
        return False
    return not _is_flawed(field, text)


def _is_flawed(field: Field, text: str) -> bool:
    return hashing.is_flawed(text.encode(), FORMATS[field].bytes_max)


def _find_amount_faults(line: ReadLine) -> Iterator[Outcome]:
    text = line.read_text(Field.AMOUNT)
    cents, fault = amounts.parse(text) if text else (0, Outcome.ACCEPTED)
    may_be_zero = not line.kind.has_amount or line.kind.name == "commitment_carry"
    if fault and not (may_be_zero and amounts.is_zero(text)):
        yield fault
    if line.read_text(Field.METHOD) == SEPA and cents > SEPA_MAX:
        yield Outcome.SEPA_LIMIT_EXCEEDED


def _find_date_faults(line: ReadLine, reference: Reference) -> Iterator[Outcome]:
    exercise = whole_numbers.parse(line.read_text(Field.EXERCISE))
    if (
        exercise in reference.exercises
        and find_posting_month(line, reference) is None
        and find_posting_day(line) is not None
    ) or periods.is_misplaced(line.kind, line.fields):
        yield Outcome.DATE_OUTSIDE_EXERCISE
    day = find_posting_day(line)
    if line.kind.bills and day is not None and prescription.has_lapsed(line.fields, day):
        yield Outcome.PRESCRIBED


def read_terms(line: ReadLine) -> LineTerms:
    """Return what a line without faults states of its payment term and contract."""
    fields = (Field.RECEIVED, Field.INVOICE_DATE, Field.SUSPENSION_NOTIFIED, Field.SUSPENSION_ENDED)
    received, invoiced, notified, ended = (days.parse(line.read_text(field)) or 0 for field in fields)
    due = days.parse(line.read_text(Field.DUE)) or 0
    contract = line.read_text(Field.CONTRACT)
    return LineTerms(
        received, invoiced, (notified, ended), contract if contract in request_terms.CONTRACTS else "", due
    )


def find_posting_day(line: ReadLine) -> int | None:
    """Return the posting date, or else the date, in days since 1970."""
    return days.parse(line.read_text(Field.POSTING_DATE) or line.read_text(Field.DATE))


def find_posting_month(line: ReadLine, reference: Reference) -> int | None:
    """Return the month of the exercise of the posting date; the following January may count as December."""
    exercise = reference.exercises.get(whole_numbers.parse(line.read_text(Field.EXERCISE)) or 0)
    day = find_posting_day(line)
    if exercise is None or day is None:
        return None
    year, month, day_of_month = days.split_day(day)
    if (year, month) == (exercise.year + 1, 1) and day_of_month <= exercise.complementary_days:
        return 12
    return month if year == exercise.year else None


def build_content(line: ReadLine) -> tuple[tuple[Field, Hashable], ...]:
    """Return the content of the line, independent of its notation."""
    values = sorted((field, text) for field, text in line.fields.items() if field is not Field.LINE)
    return tuple((field, _parse_meaning(field, text)) for field, text in values)


def _parse_meaning(field: Field, text: str) -> Hashable:
    match FORMATS[field].type:
        case FieldType.DECIMAL:
            return amounts.parse(text)
        case FieldType.DAY:
            return days.parse(text)
        case FieldType.WHOLE:
            return whole_numbers.parse(text)
    return text
