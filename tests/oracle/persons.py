"""The persons whom lines name, and the agreements under which they name nobody (rules A41, A42)."""

from collections.abc import Iterable
from datetime import date

from core.act_fields import Field
from core.directory import Agreement, Delegation, Directory, Hand, RoleGrant
from core.directory_entries import (
    EVERYWHERE,
    AgreementEntry,
    DelegationEntry,
    DirectoryEntry,
    PersonEntry,
    RoleEntry,
    parse_ceiling,
)
from core.outcome_codes import Outcome
from core.senders import RESERVED_SENDERS
from tests.oracle import whole_numbers
from tests.oracle.model import Grant, Signature
from tests.oracle.reference import Reference
from tests.oracle.row_reading import ReadLine, find_posting_day

_EPOCH = date(1970, 1, 1)
_NOWHERE = -1


def read_signature(line: ReadLine, directory: Directory) -> Signature | None:
    """Return whom a line without a fault names; None for nobody."""
    if not line.read_text(Field.ENTERED_BY):
        return None
    return Signature(
        directory.persons[line.read_text(Field.ENTERED_BY)],
        directory.persons[line.read_text(Field.VALIDATED_BY)],
        _number_delegations(directory).get(line.read_text(Field.DELEGATION), 0),
    )


def find_fault(line: ReadLine, directory: Directory) -> Outcome:
    """Return what is wrong with the names of a line by themselves."""
    persons = line.read_text(Field.ENTERED_BY), line.read_text(Field.VALIDATED_BY)
    delegation = line.read_text(Field.DELEGATION)
    if not any((*persons, delegation)):
        return Outcome.ACCEPTED
    if not all(persons):
        return Outcome.PERSON_MISSING
    if not set(persons) <= set(directory.persons):
        return Outcome.PERSON_UNKNOWN
    if len(set(persons)) == 1:
        return Outcome.SAME_PERSON
    is_known = not delegation or delegation in _number_delegations(directory)
    return Outcome.ACCEPTED if is_known else Outcome.DELEGATION_UNKNOWN


def find_agreement_fault(
    line: ReadLine, act_cents: int, sender: str, *, directory: Directory, reference: Reference
) -> Outcome:
    """Return why a line that names nobody needs an agreement that its sender does not have."""
    exercise = reference.exercises[whole_numbers.parse(line.read_text(Field.EXERCISE)) or 0]
    day, first = find_posting_day(line), exercise.agreement_required_from
    if sender in RESERVED_SENDERS or day is None or first is None or day < _count_days(first):
        return Outcome.ACCEPTED
    in_time = [item for item in directory.agreements if item.sender == sender and _holds_on(item, day)]
    if any(_covers(item, line.kind.name, act_cents) for item in in_time):
        return Outcome.ACCEPTED
    return Outcome.AGREEMENT_EXCEEDED if in_time else Outcome.AGREEMENT_MISSING


def add_entries(directory: Directory, entries: Iterable[DirectoryEntry]) -> Directory:
    """Return the directory with new persons, roles, delegations or agreements."""
    codes, grants = dict(directory.persons), list(directory.grants)
    delegations, agreements = list(directory.delegations), list(directory.agreements)
    for entry in entries:
        match entry:
            case PersonEntry():
                codes[entry.code] = len(codes) + 1
            case RoleEntry():
                term = (entry.first_day, entry.last_day, parse_ceiling(entry.ceiling))
                place = (entry.centre, entry.accountant)
                grants.append(
                    RoleGrant(codes[entry.person], entry.role, Hand[entry.hand.upper()], *place, *term)
                )
            case DelegationEntry():
                term = (entry.first_day, entry.last_day, parse_ceiling(entry.ceiling))
                centres = () if entry.centres == [EVERYWHERE] else tuple(entry.centres)
                parties = (codes[entry.owner], codes[entry.delegate], entry.role, centres)
                delegations.append(Delegation(len(delegations) + 1, entry.number, *parties, *term))
            case AgreementEntry():
                term = (entry.first_day, entry.last_day, parse_ceiling(entry.ceiling))
                scope = (entry.number, entry.sender, frozenset(entry.kinds))
                agreements.append(Agreement(len(agreements) + 1, *scope, *term))
            case _:
                raise AssertionError(f"{entry}: ends are days of the entry itself")
    return Directory(codes, tuple(grants), tuple(delegations), tuple(agreements), directory.last_change + 1)


def build_grants(directory: Directory, reference: Reference) -> tuple[Grant, ...]:
    """Return what each person may do, of his own and by delegations, in numbers."""
    own = [_build_own(grant, reference) for grant in directory.grants]
    delegated = [
        _build_delegated(item, centre, reference)
        for item in directory.delegations
        for centre in item.centres or ("",)
    ]
    return (*own, *delegated)


def _build_own(grant: RoleGrant, reference: Reference) -> Grant:
    return Grant(
        grant.person,
        grant.role,
        grant.hand,
        _count_days(grant.first_day),
        _count_days(grant.last_day or date.max),
        reference.centres.get(grant.centre, _NOWHERE) if grant.centre else 0,
        reference.accountants.get(grant.accountant, _NOWHERE) if grant.accountant else 0,
        grant.ceiling,
    )


def _build_delegated(item: Delegation, centre: str, reference: Reference) -> Grant:
    own = RoleGrant(
        *(item.delegate, item.role, Hand.VALIDATION, centre, ""),
        *(item.first_day, item.last_day, item.ceiling),
    )
    return _build_own(own, reference)._replace(delegation=item.delegation, owner=item.owner)


def _number_delegations(directory: Directory) -> dict[str, int]:
    return {item.number: item.delegation for item in directory.delegations}


def _holds_on(agreement: Agreement, day: int) -> bool:
    return _count_days(agreement.first_day) <= day <= _count_days(agreement.last_day or date.max)


def _covers(agreement: Agreement, kind: str, act_cents: int) -> bool:
    return kind in agreement.kinds and (agreement.ceiling is None or act_cents <= agreement.ceiling)


def _count_days(day: date) -> int:
    return (day - _EPOCH).days
