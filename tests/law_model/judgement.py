"""Decide one line: collect all that speaks against it; the code that comes first is its code."""

from dataclasses import dataclass, field

from tests.law_model import inventory
from tests.law_model.advances import check_advance
from tests.law_model.assets import check_asset
from tests.law_model.assignments import Assignment, inherit, read_assignment
from tests.law_model.chain import (
    check_amounts,
    check_by_hand,
    check_set_off,
    check_settlement,
    find_commitment,
)
from tests.law_model.credits import (
    check_allotment,
    check_credits,
    check_earmark_decrease,
    check_freeze,
    check_lowering,
    check_move,
    check_payroll_payment,
    check_reservation,
)
from tests.law_model.decrees import check_decree, check_ministries
from tests.law_model.effects import list_reserved
from tests.law_model.form import check_change, check_persons, is_iban
from tests.law_model.funds import check_origin, check_receipt
from tests.law_model.interest import check_interest
from tests.law_model.interface import KindColumns
from tests.law_model.invoice_services import check_requester
from tests.law_model.invoices import check_invoice, check_prescription
from tests.law_model.kinds import (
    ACCRUAL_REVERSAL,
    ASSET_CHANGES,
    ASSET_CHARGE,
    BALANCED_BY_CLOSING,
    CARRIES,
    CLEARINGS,
    CREDIT_KINDS,
    GIVES_BACK_CHARGE,
    INTEREST,
    INVENTORY,
    INVENTORY_CHANGES,
    JOURNALS,
    MOVEMENTS,
    NEW_COMMITMENTS,
    PAYEE_KINDS,
    PREDECESSORS,
    REASSIGNMENT_TARGET,
    RECEIVABLES,
    RELEASE,
    SPENDS_AE,
    STATES_PLACE,
    UNUSED_CREDITS,
)
from tests.law_model.natures import check_title
from tests.law_model.nomenclature import follows_by_order
from tests.law_model.penalties import check_penalty
from tests.law_model.predecessors import find_predecessor
from tests.law_model.reassignments import check_targets
from tests.law_model.restorations import check_restoration
from tests.law_model.retentions import check_retention
from tests.law_model.settlement_ways import check_way
from tests.law_model.special_accounts import check_pay, check_receipts
from tests.law_model.state import Act, Document, State
from tests.law_model.suspense import check_item, check_justification, read_books
from tests.law_model.unused_credits import check_unused
from tests.law_model.visas import check_decision, check_threshold
from tests.law_model.years import (
    check_dates,
    check_order,
    check_period,
    check_year,
    is_anticipation,
    is_carried_in_order,
)

_WITH_ANY_PLACE = CLEARINGS | ASSET_CHANGES | {REASSIGNMENT_TARGET, INTEREST}
"""The kinds whose own assignment another check compares with that of the act before."""


_BY_TWO_PERSONS = (
    JOURNALS
    | {"asset_service"}
    | (ASSET_CHANGES - {ASSET_CHARGE})
    | INVENTORY
    | (INVENTORY_CHANGES - {ACCRUAL_REVERSAL})
)


@dataclass
class Judgement:
    """The codes against a line, and what it was found to follow and to book."""

    codes: list[str] = field(default_factory=list)
    predecessor: Document | None = None
    place: Assignment | None = None
    anticipates: bool = False


def judge(act: Act, columns: KindColumns, state: State, earlier: list[Document]) -> Judgement:
    """Judge a line whose form is right."""
    judgement = Judgement(check_dates(act, state))
    names_persons = act.kind in _BY_TWO_PERSONS
    judgement.codes += check_persons(act) if names_persons else []
    judgement.codes += [*check_change(act), *check_persons(act)] if act.kind == "bank_details" else []
    judgement.codes += [*_check_payee(act, state), *check_invoice(act, state, earlier)]
    judgement.predecessor, codes = find_predecessor(act, state, earlier)
    judgement.codes += codes
    judgement.codes += check_period(act, judgement.predecessor, state)
    judgement.codes += check_order(act, judgement.predecessor)
    judgement.codes += check_prescription(act, judgement.predecessor)
    judgement.codes += check_justification(act, state)
    judgement.codes += [*inventory.check_entry(act, state), *check_by_hand(act)]
    if {"PREDECESSOR_STAGE", "REVERSAL_FORBIDDEN", "NOT_ON_SUSPENSE"} & set(codes):
        judgement.predecessor = None
    _find_place(act, columns, state, judgement)
    if judgement.predecessor:
        judgement.codes += check_amounts(act, judgement.predecessor)
        judgement.codes += check_set_off(act, judgement.predecessor, earlier, state)
        judgement.codes += check_advance(act, judgement.predecessor, earlier, state)
        judgement.codes += check_targets(act, judgement.predecessor, state)
        judgement.codes += check_retention(act, judgement.predecessor, state)
        judgement.codes += check_penalty(act, judgement.predecessor, state)
        judgement.codes += check_settlement(act, judgement.predecessor, state)
        judgement.codes += check_way(act, judgement.predecessor, state)
        judgement.codes += check_decision(act, judgement.predecessor, state)
        judgement.codes += check_asset(act, judgement.place, judgement.predecessor, state)
        judgement.codes += inventory.check_change(act, judgement.predecessor, state)
        judgement.codes += check_interest(act, judgement.place, judgement.predecessor, state)
        judgement.codes += check_item(act, judgement.place, judgement.predecessor, state)
    if judgement.place:
        _check_place(act, judgement, earlier, state)
    return judgement


def _check_payee(act: Act, state: State) -> list[str]:
    code, iban = act.text("payee"), act.text("iban")
    codes = ["IBAN_INVALID"] if iban and not is_iban(iban) else []
    payee = state.payees.get(code)
    if act.kind == "third_party":
        return [*codes, "PAYEE_ALREADY_REGISTERED"] if payee else codes
    if not code or act.kind in NEW_COMMITMENTS:
        return codes  # no text says that the holder of a commitment is registered
    if payee is None:
        return [*codes, "PAYEE_UNKNOWN"]
    if act.kind in PAYEE_KINDS:
        return [*codes, *_check_block(act, payee.blocked)]
    return [*codes, "BANK_DETAILS_DIFFER"] if iban and iban != payee.iban else codes


def _check_block(act: Act, blocked: bool) -> list[str]:
    if act.kind == "payee_block" and blocked:
        return ["PAYEE_BLOCKED"]
    return ["PAYEE_NOT_BLOCKED"] if act.kind == "payee_release" and not blocked else []


def _find_place(act: Act, columns: KindColumns, state: State, judgement: Judgement) -> None:
    """Take the stated assignment, or that of the act before (A34)."""
    inherited = inherit(judgement.predecessor) if judgement.predecessor else None
    if columns.assignment == "none":
        return
    if act.kind in BALANCED_BY_CLOSING | MOVEMENTS:
        judgement.place, codes = read_books(act, state)
        judgement.codes += codes
    elif not act.text("fund_centre"):
        judgement.place = inherited
    else:
        assignment, codes = read_assignment(act, state)
        judgement.codes += codes
        if act.kind in STATES_PLACE:
            judgement.place = assignment
            _check_own_place(act, judgement, state)
        elif act.kind in PREDECESSORS:
            if assignment and inherited and not _is_same(act, assignment, inherited):
                judgement.codes.append("ASSIGNMENT_DIFFERS")
            judgement.place = inherited
        else:
            judgement.place = assignment
    if judgement.place:
        judgement.anticipates = act.kind in SPENDS_AE and is_anticipation(act, judgement.place)


def _check_own_place(act: Act, judgement: Judgement, state: State) -> None:
    if act.kind in CARRIES:
        _check_carry(act, judgement, state)
    elif judgement.place and judgement.predecessor and act.kind == "fund_opening":
        judgement.codes += check_receipt(judgement.place, judgement.predecessor, state)
    elif judgement.place and judgement.predecessor and act.kind not in _WITH_ANY_PLACE:
        judgement.codes += check_restoration(act, judgement.place, judgement.predecessor, state)


def _check_carry(act: Act, judgement: Judgement, state: State) -> None:
    """Check that what goes on stays on its title and sort of credits, with its accountant, and on its programme.

    Where an order names another programme, it goes there instead (GBCP 161).
    """
    place, predecessor = judgement.place, judgement.predecessor
    if not place or not predecessor or not predecessor.key:
        return
    if not is_carried_in_order(act, place, predecessor, state):
        judgement.codes.append("CARRY_YEAR")
    years, before = state.reference.years, predecessor.key
    if act.kind == "service_carry":
        after = find_commitment(predecessor).carried_to
        assignment = inherit(after) if after else None
        if assignment and not _is_same(act, place, assignment):
            judgement.codes.append("ASSIGNMENT_DIFFERS")
        return
    programmes = {years[key.year].centres[key.centre].programme for key in (place.key, before)}
    ends = [(key.year, key.centre) for key in (place.key, before)]
    accountants = {years[key.year].find_accountant(key.centre) for key in (place.key, before)}
    if (
        (len(programmes) > 1 and not follows_by_order(years, *ends))
        or len(accountants) > 1
        or (place.key.staff, place.key.family) != (before.staff, before.family)
    ):
        judgement.codes.append("ASSIGNMENT_DIFFERS")


def _is_same(act: Act, assignment: Assignment, inherited: Assignment) -> bool:
    columns = (
        ("operation",) if act.kind == RELEASE else ("operation", "account")
    )  # its product, not the charge
    names = [name for name in columns if act.text(name)]
    return (assignment.key, assignment.area, assignment.item, assignment.fund) == (
        inherited.key,
        inherited.area,
        inherited.item,
        inherited.fund,
    ) and all(getattr(assignment, name) == getattr(inherited, name) for name in names)


def _check_place(act: Act, judgement: Judgement, earlier: list[Document], state: State) -> None:
    place = judgement.place
    assert place is not None
    judgement.codes += check_year(act, place, judgement.predecessor, state)
    judgement.codes += check_threshold(act, place, state)
    judgement.codes += check_requester(act, place, state)
    judgement.codes += check_prescription(act, judgement.predecessor)
    judgement.codes += check_origin(act, place, state)
    if any(code in judgement.codes for code in ("FUND_CENTRE_LEVEL", "NOMENCLATURE_MISMATCH")):
        judgement.codes += check_ministries(act, place, state)
        return
    if act.kind in UNUSED_CREDITS:
        judgement.codes += check_unused(act, place, earlier, state)
        return
    judgement.codes += check_title(act, place)
    judgement.codes += check_pay(act, place, state)
    judgement.codes += _check_credits(act, judgement, state)
    judgement.codes += check_receipts(act, place, judgement.predecessor, state)


def _check_credits(act: Act, judgement: Judgement, state: State) -> list[str]:
    place = judgement.place
    assert place is not None
    if act.kind.startswith("allotment"):
        return check_allotment(act, place, state)
    if act.kind.startswith(("virement", "decree_", "budget_opening")):
        return check_decree(act, place, state)
    if act.kind.startswith("budget_move"):
        return check_move(act, place, state)
    if act.kind == "earmark_decrease":
        return check_earmark_decrease(act, place, state)
    if act.kind.startswith(("freeze", "unfreeze")):
        return check_freeze(act, place, state)
    if act.kind.startswith(("credit_return", "cancellation")):
        return check_lowering(act, place, state)
    if act.kind in CREDIT_KINDS | RECEIVABLES | GIVES_BACK_CHARGE | BALANCED_BY_CLOSING:
        return []
    if act.kind == "commitment_change_reversal":
        is_decrease = (
            judgement.predecessor is not None and judgement.predecessor.kind == "commitment_decrease"
        )
        codes = state.budget.name_shortage(place.key, place.operation, "ae", act.amount)
        return codes if is_decrease else []
    if act.kind == "payment" and judgement.predecessor:
        return check_payroll_payment(act, place, judgement.predecessor, state)
    if act.kind == REASSIGNMENT_TARGET:
        return check_reservation(act, place, ("ae", "cp"), state)
    if act.kind == "request_carry" and judgement.predecessor:
        reserved = list_reserved(judgement.predecessor)
        return check_reservation(act, place, reserved, state)
    if act.kind == "retention_rejection" and judgement.predecessor:
        is_of_request = judgement.predecessor.kind == "retention"
        return check_reservation(act, place, ("cp",) if is_of_request else (), state)
    return check_credits(act, place, state, judgement.anticipates)
