"""What is left of the act that a line follows (domain A16, A25, A32, A33, A35; docs/format.md)."""

from collections.abc import Callable, Mapping

from tests.law_model import reassignments
from tests.law_model.assignments import read_assignment
from tests.law_model.codes import RECEIVABLE_MISSING, RECEIVABLE_NOT_DUE, SET_OFF_MISMATCH
from tests.law_model.kinds import (
    IDENTIFICATION_RECEIPT,
    IDENTIFICATIONS,
    IDENTIFIED_AS,
    IDENTIFIED_BY,
    ON_SERVICE,
    ORIGINS,
    REASSIGNMENT_ORIGIN,
    REASSIGNMENT_TARGET,
    RECEIPT_REVERSAL,
    RELEASES,
    REQUESTS,
    TRANSFERS,
)
from tests.law_model.state import Act, Document, State
from tests.law_model.suspense import stands_as


def check_amounts(act: Act, predecessor: Document) -> list[str]:
    """Check the amount against what the predecessor has left."""
    check = _CHECKS.get(act.kind)
    return check(act, predecessor) if check else []


def find_root(document: Document) -> Document:
    """Return the payment request, or the penalty, at the start of a chain of payables and transfers."""
    root = document
    while root.kind not in ORIGINS and root.predecessor:
        root = root.predecessor
    return root


def find_debt(document: Document) -> Document:
    """Return the payable that a transfer settles."""
    debt = document
    while debt.predecessor and debt.kind not in ORIGINS | {"attachment", "assignment"}:
        debt = debt.predecessor
    return debt


def _is_suspended(payable: Document) -> bool:
    """Return whether payment of a payable is suspended: its own, or that of the debt it is a part of (docs/payments.md)."""
    orders = REQUESTS | RELEASES
    while not payable.suspended and payable.kind not in orders and payable.predecessor:
        payable = payable.predecessor
    return payable.suspended


def check_settlement(act: Act, predecessor: Document, state: State) -> list[str]:
    """Check that the payee may be paid and that the accountant has not suspended the payment (A60; GBCP art. 38)."""
    if act.kind not in {"payment", "reissue", "set_off", "advance_withholding"}:
        return []
    payee = state.payees.get(find_debt(predecessor).payee)
    remits = act.kind in {"payment", "reissue"}
    codes = ["PAYEE_BLOCKED"] if remits and payee and payee.blocked else []
    if act.kind != "reissue" and _is_suspended(predecessor):
        codes.append("TERM_SUSPENDED")
    return codes


def check_by_hand(act: Act) -> list[str]:
    """Check that what is taken back is named by a reference, and not one of the bank: the line alone says so (A56)."""
    is_named = act.text("predecessor").startswith("@") or act.text("predecessor_sender") == "bank"
    return ["RECEIPT_NOT_BY_HAND"] if act.kind == RECEIPT_REVERSAL and is_named else []


def check_set_off(act: Act, predecessor: Document, earlier: list[Document], state: State) -> list[str]:
    """Check that a debt and a receivable of one person fall by the same sum, in two lines of one act (A58)."""
    if act.kind == "set_off":
        is_paired = act.next_line and _is_collection(act, act.next_line)
        is_right = is_paired and act.next_line and not _is_misplaced(act.next_line, state)
        return [] if is_right else [RECEIVABLE_MISSING]
    if act.kind in IDENTIFICATIONS or act.kind in IDENTIFIED_AS:
        return _check_identification(act, predecessor, earlier, state)
    if act.kind != "set_off_receipt":
        return []
    before = earlier[-1] if earlier else None
    if before is None or before.kind != "set_off" or (before.amount, before.day) != (act.amount, act.day):
        return [SET_OFF_MISMATCH]
    debt = before.predecessor
    assert debt is not None
    creditor, debtor = find_debt(debt).payee, predecessor.payee
    is_of_both = creditor == debtor and _find_accountant(debt, state) == _find_accountant(predecessor, state)
    is_due = (
        predecessor.due is None or predecessor.due <= act.day
    )  # the term protects the debtor (civil code 1347-1)
    return [SET_OFF_MISMATCH] * (not is_of_both) + [RECEIVABLE_NOT_DUE] * (not is_due)


def _is_misplaced(after: Act, state: State) -> bool:
    """Return whether the next line states an assignment that no act may have: it takes nothing up then (ours)."""
    return bool(after.text("fund_centre")) and bool(read_assignment(after, state)[1])


def _is_collection(act: Act, after: Act, kind: str = "set_off_receipt") -> bool:
    is_alike = (after.amount, after.day) == (act.amount, act.day)
    return after.kind == kind and is_alike


def _check_identification(
    act: Act, predecessor: Document, earlier: list[Document], state: State
) -> list[str]:
    """Check that what is on suspense and what it is of fall by one sum, of one accountant, in two lines of an act (A56)."""
    if act.kind in IDENTIFICATIONS:
        after = act.next_line
        is_paired = after and after.kind in IDENTIFIED_BY[act.kind] and _is_collection(act, after, after.kind)
        return [] if is_paired else ["IDENTIFICATION_UNPAIRED"]
    before = earlier[-1] if earlier else None
    if (
        before is None
        or act.kind not in IDENTIFIED_BY.get(before.kind, ())
        or (before.amount, before.day) != (act.amount, act.day)
    ):
        return ["IDENTIFICATION_MISMATCH"]
    assert before.predecessor is not None
    is_own = _find_accountant(before.predecessor, state) == _find_accountant(predecessor, state)
    is_there = stands_as(before.predecessor, IDENTIFIED_AS[act.kind], act, state)
    books, owed = before.predecessor.key, predecessor.key
    assert books is not None
    assert owed is not None
    is_in_time = act.kind != IDENTIFICATION_RECEIPT or owed.year <= books.year
    return [] if is_own and is_there and is_in_time else ["IDENTIFICATION_MISMATCH"]


def _find_accountant(document: Document, state: State) -> str:
    assert document.key is not None
    return state.reference.years[document.key.year].find_accountant(document.key.centre)


def _check_uncommitted(act: Act, commitment: Document) -> list[str]:
    return ["COMMITMENT_EXCEEDED"] if act.amount > commitment.uncommitted else []


def _check_service(act: Act, commitment: Document) -> list[str]:
    return ["SERVICE_INSUFFICIENT"] if act.amount > commitment.certified - commitment.billed else []


def find_commitment(service: Document) -> Document:
    """Return the commitment of a service: of one that was carried, that of the next year."""
    commitment = service.commitment or service.predecessor
    assert commitment is not None
    return commitment


def _check_cancellation(act: Act, service: Document) -> list[str]:
    commitment = find_commitment(service).now
    codes = ["REVERSAL_EXCEEDS_ORIGINAL"] if act.amount > service.left else []
    if act.amount > commitment.certified - commitment.billed:
        codes.append("SERVICE_ALREADY_BILLED")
    return codes


def _check_left(act: Act, document: Document) -> list[str]:
    return ["REVERSAL_EXCEEDS_ORIGINAL"] if act.amount > document.left else []


def _check_stage(act: Act, document: Document) -> list[str]:
    return _check_left(act, document) if document.left else ["PREDECESSOR_STAGE"]


def _check_rejection(act: Act, debt: Document) -> list[str]:
    """Check that nothing is rejected of what is asked back: its credits would come back twice (A29)."""
    codes = ["ORIGINAL_FOLLOWED"] if debt.expense.repayments else []
    return codes + _check_left(act, debt)


def _check_restored(act: Act, receipt: Document) -> list[str]:
    """Check that no more comes back than was collected and is not restored yet (A29)."""
    if not receipt.left:
        return ["PREDECESSOR_STAGE"]
    return ["RESTORATION_EXCEEDS_RECEIPT"] if act.amount > receipt.left else []


def _check_opened(act: Act, receipt: Document) -> list[str]:
    """Check that no more is opened than was collected and has opened no credits yet (LOLF art. 17)."""
    if not receipt.left:
        return ["PREDECESSOR_STAGE"]
    return ["FUND_RECEIPT_EXCEEDED"] if act.amount > receipt.left else []


def _check_transfer(act: Act, transfer: Document) -> list[str]:
    """Check that a whole transfer moves, once; what of it was recovered as an advance does not come back (A36, ours)."""
    codes = ["PREDECESSOR_STAGE"] if transfer.followed or transfer.recovered == transfer.amount else []
    return (
        [*codes, "TRANSFER_AMOUNT_DIFFERS"] if act.amount != transfer.amount - transfer.recovered else codes
    )


def _check_recovery(act: Act, transfer: Document) -> list[str]:
    """Check that no more is recovered than was paid (A36)."""
    rest = 0 if transfer.followed else transfer.amount - transfer.recovered
    codes = [] if rest else ["PREDECESSOR_STAGE"]
    return [*codes, "ADVANCE_EXCEEDED"] if act.amount > rest else codes


def _check_carry_of_commitment(act: Act, commitment: Document) -> list[str]:
    """Check that all that is neither certified nor requested goes on, at once (A64)."""
    return [] if act.amount == commitment.uncommitted else ["CARRY_AMOUNT_DIFFERS"]


def _check_carry_of_request(act: Act, request: Document) -> list[str]:
    """Check that all that is unpaid goes on, at once (A30)."""
    codes = [] if request.left else ["PREDECESSOR_STAGE"]
    return codes if act.amount == request.left else [*codes, "CARRY_AMOUNT_DIFFERS"]


def _check_carry_of_service(act: Act, service: Document) -> list[str]:
    """Check that no more goes on than is certified and not billed, once the commitment went on (A64, A65)."""
    commitment = find_commitment(service)
    codes = [] if commitment.carried_to else ["CARRY_MISSING"]
    is_too_much = act.amount > min(service.left, commitment.certified - commitment.billed)
    return [*codes, "SERVICE_INSUFFICIENT"] if is_too_much else codes


def _check_suspension(_: Act, request: Document) -> list[str]:
    codes = [] if request.left else ["PREDECESSOR_STAGE"]
    return [*codes, "TERM_ALREADY_SUSPENDED"] if request.was_suspended else codes


def _check_resumption(_: Act, suspension: Document) -> list[str]:
    return ["TERM_NOT_SUSPENDED"] if suspension.followed else []


def _check_reversal(act: Act, original: Document) -> list[str]:
    """Check that a whole act is reversed, which nothing follows and whose amount is not used (A05)."""
    if original.kind in {"prior_withdrawal", "commitment_carry"}:
        return ["REVERSAL_FORBIDDEN"]
    commitment = original.predecessor
    is_carried = original.carried_to or (commitment and commitment.carried_to)
    codes = ["ORIGINAL_FOLLOWED"] if original.followers or original.is_reversed or is_carried else []
    if original.kind == "commitment_increase" and commitment and act.amount > commitment.uncommitted:
        codes.append("ORIGINAL_FOLLOWED")
    return [*codes, "REVERSAL_NOT_WHOLE"] if act.amount != original.amount else codes


def _check_taken_back(act: Act, receipt: Document) -> list[str]:
    """Check that a receipt by hand is taken back, named by its reference, and not what was restored or opened of it (A56)."""
    codes = [] if receipt.kind == "receipt" else ["REVERSAL_FORBIDDEN"]
    return [*codes, "REVERSAL_EXCEEDS_ORIGINAL"] if act.amount > receipt.left else codes


_CHECKS: Mapping[str, Callable[[Act, Document], list[str]]] = {
    "commitment_decrease": _check_uncommitted,
    "prior_withdrawal": _check_uncommitted,
    "commitment_reversal": _check_reversal,
    "commitment_change_reversal": _check_reversal,
    "receivable_reduction": _check_left,
    "receivable_cancellation": _check_reversal,
    "receipt": _check_stage,
    "set_off_receipt": _check_stage,
    RECEIPT_REVERSAL: _check_taken_back,
    IDENTIFICATION_RECEIPT: _check_stage,
    "credit_restoration": _check_restored,
    "fund_opening": _check_opened,
    "service": _check_uncommitted,
    "service_cancellation": _check_cancellation,
    **dict.fromkeys(ON_SERVICE | {"penalty"}, _check_service),
    "payment_request_without_service": _check_uncommitted,
    **dict.fromkeys(
        ("payment_request_rejection", "retention_rejection", "penalty_rejection"), _check_rejection
    ),
    "attachment": _check_stage,
    "assignment": _check_stage,
    "payment": _check_stage,
    "set_off": _check_stage,
    "advance_request": _check_uncommitted,
    "advance_withholding": _check_stage,
    "advance_recovery": _check_recovery,
    "retention": _check_stage,
    "retention_release": _check_stage,
    "retention_carry": _check_carry_of_request,
    **dict.fromkeys(("penalty_confirmation", "penalty_remission"), _check_stage),
    "penalty_carry": _check_carry_of_request,
    "return_identified": _check_stage,
    "reissue": _check_stage,
    "void": _check_stage,
    "commitment_carry": _check_carry_of_commitment,
    "request_carry": _check_carry_of_request,
    "service_carry": _check_carry_of_service,
    "term_suspension": _check_suspension,
    "term_resumption": _check_resumption,
    **dict.fromkeys(TRANSFERS, _check_transfer),
    REASSIGNMENT_ORIGIN: reassignments.check_origin,
    REASSIGNMENT_TARGET: _check_stage,
}
