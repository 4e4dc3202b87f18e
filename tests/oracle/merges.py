"""Third parties that were merged: both codes are one person (rules A37, A58, A60)."""

from collections.abc import Mapping

from core.act_fields import Field
from core.debt_stages import PayeeChange
from core.outcome_codes import Outcome
from tests.oracle.model import LineRefused, Payee, State
from tests.oracle.row_reading import ReadLine


def find_code(merges: Mapping[str, tuple[str, int]], code: str) -> str:
    """Return the code that stays in use."""
    while code in merges:
        code, _ = merges[code]
    return code


def find_fault(merges: Mapping[str, tuple[str, int]], line: ReadLine, day: int) -> bool:
    """Return whether a line names a merged third party on the first day of its merge or later."""
    _, first_day = merges.get(line.read_text(Field.PAYEE), ("", 0))
    names = line.kind.pays and line.kind.change is PayeeChange.NONE
    return names and first_day > 0 and day >= first_day


def find_person(state: State, number: int) -> int:
    """Return the number of the payee that stays in use."""
    into = {payee.number: payee.merged_into for payee in state.payees.values()}
    while into.get(number):
        number = into[number]
    return number


def require_same_account(state: State, payee: Payee) -> None:
    """Refuse a transfer to a payee that is blocked or has another account than its person."""
    person = find_person(state, payee.number)
    both = [other for other in state.payees.values() if other.number in (payee.number, person)]
    if any(other.is_blocked for other in both):
        raise LineRefused(Outcome.PAYEE_BLOCKED)
    if len({other.bank for other in both}) > 1:
        raise LineRefused(Outcome.THIRD_PARTY_MERGED)
