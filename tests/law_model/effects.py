"""What an accepted act changes in the chain and in the credits."""

from collections.abc import Callable, Mapping

from tests.law_model import assets, inventory, penalties, reassignments, retentions, special_accounts
from tests.law_model.assignments import Assignment
from tests.law_model.budget import NodeKey
from tests.law_model.chain import find_commitment, find_root
from tests.law_model.credits import find_source
from tests.law_model.decrees import OPENED_BY
from tests.law_model.effects_of_requests import bill, go_on
from tests.law_model.form import FINANCE_LAWS
from tests.law_model.kinds import (
    ASSET_CHANGES,
    IDENTIFICATION_RECEIPT,
    IDENTIFICATIONS,
    INTEREST,
    INVENTORY,
    INVENTORY_CHANGES,
    MOVEMENTS,
    NEW_COMMITMENTS,
    ON_COMMITMENT,
    ON_SERVICE,
    OPENING_REDUCTIONS,
    OPENINGS,
    PARTS,
    RECEIPT_REVERSAL,
    RELEASES,
    UNUSED_CREDITS,
)
from tests.law_model.nomenclature import FAMILIES
from tests.law_model.state import Act, Document, Payee, State
from tests.law_model.unused_credits import apply_unused

Effect = Callable[[Act, Document, State], None]


def apply(act: Act, document: Document, state: State) -> None:
    """Change the chain and the credits by an accepted act."""
    effect = _EFFECTS.get(act.kind)
    if document.predecessor and document.amount:
        document.predecessor.followers += 1
    if effect:
        effect(act, document, state)
    special_accounts.carry(document, state)
    if act.kind == "penalty_confirmation":
        special_accounts.confirm(document, state)


def _key(document: Document) -> NodeKey:
    assert document.key is not None
    return document.key


def _predecessor(document: Document) -> Document:
    assert document.predecessor is not None
    return document.predecessor


def _engage(_: Act, document: Document, state: State) -> None:
    commitment = document.predecessor or document
    commitment.engaged += document.amount
    document.left = document.amount
    if document.predecessor:
        commitment.sources.append(document)
    _spend_ae(document, state, document.amount)


def _engage_by_visa(_: Act, document: Document, state: State) -> None:
    """Engage what a visa allows: its amount is used, whatever becomes of the commitment (A44)."""
    _predecessor(document).left -= document.amount
    document.engaged = document.left = document.amount
    _spend_ae(document, state, document.amount)


def _withdraw(_: Act, document: Document, state: State) -> None:
    commitment = _predecessor(document)
    commitment.engaged -= document.amount
    _spend_ae(document, state, -document.amount)


def _reverse(_: Act, document: Document, state: State) -> None:
    """Undo a commitment, or the increase or decrease of one; nothing follows the original any more."""
    original = _predecessor(document)
    original.is_reversed = True
    commitment = original if original.kind in NEW_COMMITMENTS else _predecessor(original)
    sign = 1 if original.kind == "commitment_decrease" else -1
    commitment.engaged += sign * document.amount
    original.left = 0
    if original.predecessor:
        original.predecessor.followers -= 1
    _spend_ae(document, state, sign * document.amount)


def _withdraw_later(act: Act, document: Document, state: State) -> None:
    """Lower what is reported as consumed in the year of the act; in a recycling case the AE are available there (GBCP 160)."""
    _predecessor(document).engaged -= document.amount
    key = _key(document)._replace(year=act.day.year)
    if act.text("recycling_case"):
        state.budget.recycle(key, document.operation, document.amount)
    else:
        state.budget.withdraw(key, document.operation, document.amount)


def _spend_ae(document: Document, state: State, amount: int) -> None:
    """Consume AE, in advance too: they are not available in their year once it begins (docs/rules.md, A22)."""
    key = _key(document)
    state.budget.consume(key, document.operation, "ae", amount)
    if document.anticipates:
        state.budget.anticipated[state.budget.find_title(key, document.item)] += amount


def _certify(_: Act, document: Document, state: State) -> None:
    commitment = _predecessor(document)
    commitment.certified += document.amount
    commitment.service_day = commitment.service_day or document.day
    document.left = document.amount
    commitment.sources.append(document)


def _cancel_service(_: Act, document: Document, state: State) -> None:
    service = _predecessor(document)
    service.left -= document.amount
    find_commitment(service).now.certified -= document.amount


def _request(act: Act, document: Document, state: State) -> None:
    document.left = document.amount
    if act.kind in ON_COMMITMENT:
        bill(document, document.amount)
    else:
        state.budget.reserve(_key(document), document.operation, "ae", document.amount)
    state.budget.reserve(_key(document), document.operation, "cp", document.amount)


def _reject(_: Act, document: Document, state: State) -> None:
    request = _predecessor(document)
    request.left -= document.amount
    request.rejected += document.amount
    if request.kind == "request_carry":
        _move_reservation(_predecessor(request), request, -document.amount, state)
    if request.kind in PARTS:
        _predecessor(request).left += document.amount
        return
    if request.kind in RELEASES:
        _predecessor(request).left += document.amount
    elif request.kind in ON_COMMITMENT:
        bill(request, -document.amount)
        certified = document.amount if request.kind in ON_SERVICE else 0
        go_on(_predecessor(request), _predecessor(request).now, document.amount, certified)
    elif request.kind != "advance_request":
        state.budget.reserve(_key(request), request.operation, "ae", -document.amount)
    state.budget.reserve(_key(request), request.operation, "cp", -document.amount)


def _divert(_: Act, document: Document, state: State) -> None:
    _predecessor(document).left -= document.amount
    document.left = document.amount


def _pay(_: Act, document: Document, state: State) -> None:
    debt = _predecessor(document)
    debt.left -= document.amount
    for budget in list_reserved(debt):
        state.budget.reserve(_key(debt), debt.operation, budget, -document.amount)
        state.budget.consume(_key(debt), debt.operation, budget, document.amount)


def _advance(_: Act, document: Document, state: State) -> None:
    """Reserve CP for an advance; it takes nothing of what is to be certified (A36)."""
    document.left = document.amount
    state.budget.reserve(_key(document), document.operation, "cp", document.amount)


def _withhold(_: Act, document: Document, state: State) -> None:
    """Release the CP of what is withheld: the advance consumed them when it was paid (A36)."""
    debt = _predecessor(document)
    debt.left -= document.amount
    state.budget.reserve(_key(debt), debt.operation, "cp", -document.amount)


def _recover(_: Act, document: Document, __: State) -> None:
    _predecessor(document).recovered += document.amount


def list_reserved(debt: Document) -> tuple[str, ...]:
    """Return the budgets that the request of a debt has reserved: without a commitment AE too (GBCP 159)."""
    return ("cp",) if find_root(debt).kind in ON_COMMITMENT | {"advance_request", "penalty"} else ("ae", "cp")


def _carry_commitment(_: Act, document: Document, __: State) -> None:
    """Engage in the next year, without AE, what the year before engaged and did not use (A64; GBCP 159, 161)."""
    _predecessor(document).engaged -= document.amount
    _predecessor(document).carried_to = document
    document.engaged = document.amount


def _carry_service(_: Act, document: Document, __: State) -> None:
    """Let certified service that is not billed go on under the commitment of the next year; the debt stays on its account."""
    service = _predecessor(document)
    service.left -= document.amount
    document.left, document.account = document.amount, service.account
    before = find_commitment(service)
    document.commitment = before.carried_to
    assert before.carried_to is not None
    go_on(before, before.carried_to, document.amount, document.amount)


def _carry_request(_: Act, document: Document, state: State) -> None:
    """Release in the year of the request, reserve in the next, as CP belong to the year of payment (A30; LOLF 28)."""
    before = _predecessor(document)
    before.left -= document.amount
    document.left = document.amount
    _move_reservation(before, document, document.amount, state)


def _move_reservation(before: Document, after: Document, amount: int, state: State) -> None:
    for budget in list_reserved(before):
        state.budget.reserve(_key(before), before.operation, budget, -amount)
        state.budget.reserve(_key(after), after.operation, budget, amount)


def _issue(_: Act, document: Document, __: State) -> None:
    document.left = document.amount
    if document.predecessor:
        document.predecessor.expense.repayments += 1
    _ask_back(document, document.amount)


def _ask_back(receivable: Document, amount: int) -> None:
    """Note what a receivable asks back of a debt, and so of what that is a part of (A29)."""
    for debt in receivable.predecessor.debts if receivable.predecessor else []:
        debt.asked_back += amount


def _collect(_: Act, document: Document, state: State) -> None:
    """Take what is collected, or reduced, from what is left of a receivable; no credits change (LOLF 28)."""
    _predecessor(document).left -= document.amount
    if document.kind == "receivable_reduction":
        _ask_back(_predecessor(document), -document.amount)
    else:
        document.left = document.amount
        if document.kind == IDENTIFICATION_RECEIPT:
            movement = state.documents[document.number - 2].predecessor
            document.money_day = movement.day if movement else None
        special_accounts.collect(document, _predecessor(document), state)


def _take_back(_: Act, document: Document, state: State) -> None:
    """Open the receivable again by what was not collected; a special account has no receipt of it any more (A56, A23)."""
    receipt = _predecessor(document)
    receivable = _predecessor(receipt)
    receipt.left -= document.amount
    receivable.left += document.amount
    special_accounts.take_back(document, receivable, state)


def _restore(_: Act, document: Document, state: State) -> None:
    """Make AE and CP of the running year available again, as much as came back (order of 2013 on restorations)."""
    _predecessor(document).left -= document.amount
    for budget in ("ae", "cp"):
        state.budget.consume(_key(document), document.operation, budget, -document.amount)


def _cancel_receivable(_: Act, document: Document, __: State) -> None:
    receivable = _predecessor(document)
    receivable.left, receivable.is_reversed = 0, True
    if receivable.predecessor:
        receivable.predecessor.expense.repayments -= 1
    _ask_back(receivable, -receivable.amount)


def _stand(_: Act, document: Document, __: State) -> None:
    """Leave an amount for what clears or identifies it; on a suspense account alone is it ever cleared (A56, A70)."""
    document.left = document.amount


def _clear(_: Act, document: Document, __: State) -> None:
    _predecessor(document).left -= document.amount


def _reduce(_: Act, document: Document, __: State) -> None:
    _predecessor(document).left -= document.amount
    _predecessor(document).reduced += document.amount


def _follow(_: Act, document: Document, state: State) -> None:
    _predecessor(document).followed = True
    document.left = document.amount


def _take_left(_: Act, document: Document, state: State) -> None:
    _predecessor(document).left -= document.amount
    document.left = document.amount


def _suspend(_: Act, document: Document, state: State) -> None:
    request = _predecessor(document)
    request.suspended = request.was_suspended = True


def _resume(_: Act, document: Document, state: State) -> None:
    suspension = _predecessor(document)
    suspension.followed = True
    _predecessor(suspension).suspended = False


def _open(act: Act, document: Document, state: State) -> None:
    key = _key(document)
    state.budget.open(key, act.kind[-2:], document.amount)
    is_ordinary = key.family == FAMILIES[0]
    if is_ordinary and act.text("origin") in OPENED_BY:
        state.budget.note_decree(key, act.kind[-2:], OPENED_BY[act.text("origin")], document.amount)
    if act.kind == "budget_opening_ae" and is_ordinary and act.text("origin") in {"", *FINANCE_LAWS}:
        state.budget.title_openings[state.budget.find_title(key, document.item)] += document.amount


def _open_fund(_: Act, document: Document, state: State) -> None:
    """Open AE and CP, the same sum of both, by what was collected (LOLF art. 17)."""
    _predecessor(document).left -= document.amount
    for budget in ("ae", "cp"):
        state.budget.open(_key(document), budget, document.amount)


def _allot(act: Act, document: Document, state: State) -> None:
    state.budget.allot(_key(document), act.kind[-2:], document.amount)


def _return(act: Act, document: Document, state: State) -> None:
    state.budget.allot(_key(document), act.kind[-2:], -document.amount)


def _cancel(act: Act, document: Document, state: State) -> None:
    """Take opened credits away; those of finance laws no longer count for what is engaged in advance (docs/rules.md, A22)."""
    key = _key(document)
    state.budget.open(key, act.kind[-2:], -document.amount)
    is_ordinary = key.family == FAMILIES[0]
    if act.kind == "cancellation_ae" and is_ordinary and act.text("origin") in {"", *FINANCE_LAWS}:
        state.budget.title_openings[state.budget.find_title(key, document.item)] -= document.amount


def _freeze(act: Act, document: Document, state: State) -> None:
    sign = -1 if act.kind.startswith("un") else 1
    state.budget.freeze(_key(document), act.kind[-2:], sign * document.amount)


def _find_giver(act: Act, document: Document, state: State) -> NodeKey:
    place = Assignment(_key(document), "", "", document.item, document.fund, "")
    source, _ = find_source(act, place, state)
    assert source is not None
    return source


def _move(act: Act, document: Document, state: State) -> None:
    source = _find_giver(act, document, state)
    state.budget.move(source, _key(document), act.kind[-2:], document.amount)


def _move_by_decree(act: Act, document: Document, state: State) -> None:
    """Move credits between programmes; what moves within a ministry counts at both."""
    source = _find_giver(act, document, state)
    _move(act, document, state)
    if act.kind.startswith("virement"):
        for end in (source, _key(document)):
            state.budget.note_decree(end, act.kind[-2:], "moved", document.amount)


def _cancel_by_decree(act: Act, document: Document, state: State) -> None:
    """Take opened credits away; what finance laws opened stays what it was."""
    state.budget.open(_key(document), act.kind[-2:], -document.amount)
    state.budget.note_decree(_key(document), act.kind[-2:], "cancelled", document.amount)


def _earmark(_: Act, document: Document, state: State) -> None:
    state.budget.earmark(_key(document), document.operation, document.amount)


def _withdraw_earmark(_: Act, document: Document, state: State) -> None:
    state.budget.earmark(_key(document), document.operation, -document.amount)


def _register(act: Act, _: Document, state: State) -> None:
    state.payees[act.text("payee")] = Payee(act.text("iban"))


def _change_iban(act: Act, _: Document, state: State) -> None:
    state.payees[act.text("payee")].iban = act.text("iban")


def _block(act: Act, _: Document, state: State) -> None:
    state.payees[act.text("payee")].blocked = act.kind == "payee_block"


_EFFECTS: Mapping[str, Effect] = {
    "journal_debit": _stand,
    "journal_credit": _stand,
    **dict.fromkeys(OPENINGS - OPENING_REDUCTIONS, _stand),
    **dict.fromkeys(OPENING_REDUCTIONS, _reduce),
    "clearing_debit": _clear,
    "clearing_credit": _clear,
    "commitment": _engage,
    "commitment_with_visa": _engage_by_visa,
    "visa_request": _stand,
    **dict.fromkeys(("visa", "visa_refusal", "tacit_visa", "visa_override"), _take_left),
    "commitment_increase": _engage,
    "commitment_decrease": _withdraw,
    "prior_withdrawal": _withdraw_later,
    "commitment_reversal": _reverse,
    "commitment_change_reversal": _reverse,
    "service": _certify,
    "service_cancellation": _cancel_service,
    **dict.fromkeys(ON_SERVICE, _request),
    "payment_request_without_service": _request,
    "direct_payment_request": _request,
    "payroll": _request,
    INTEREST: _request,
    "payment_request_rejection": _reject,
    "attachment": _divert,
    "assignment": _divert,
    "payment": _pay,
    "bank_debit": _follow,
    "bank_reject": _follow,
    "bank_return": _follow,
    "identification_debit": _follow,
    "identification_return": _follow,
    "return_identified": _take_left,
    "reissue": _take_left,
    "receivable": _issue,
    "repayment_receivable": _issue,
    "credit_restoration": _restore,
    "receivable_reduction": _collect,
    "receivable_cancellation": _cancel_receivable,
    "receipt": _collect,
    "set_off_receipt": _collect,
    "identification_receipt": _collect,
    RECEIPT_REVERSAL: _take_back,
    **dict.fromkeys(MOVEMENTS, _stand),
    **dict.fromkeys(IDENTIFICATIONS, _clear),
    "set_off": _pay,
    "advance_request": _advance,
    "advance_withholding": _withhold,
    "advance_recovery": _recover,
    "asset_service": assets.serve,
    **dict.fromkeys(ASSET_CHANGES, assets.change),
    "retention": retentions.retain,
    "retention_release": retentions.release,
    "retention_carry": retentions.carry,
    "retention_rejection": retentions.reject,
    "penalty": penalties.withhold,
    "penalty_confirmation": penalties.confirm,
    "penalty_remission": penalties.remit,
    "penalty_carry": retentions.carry,
    "penalty_rejection": penalties.reject,
    "reassignment_origin": reassignments.take_away,
    "reassignment_target": reassignments.bring,
    "commitment_carry": _carry_commitment,
    "request_carry": _carry_request,
    "service_carry": _carry_service,
    "term_suspension": _suspend,
    "term_resumption": _resume,
    "budget_opening_ae": _open,
    "budget_opening_cp": _open,
    "fund_opening": _open_fund,
    "allotment_ae": _allot,
    "allotment_cp": _allot,
    "budget_move_ae": _move,
    "budget_move_cp": _move,
    "credit_return_ae": _return,
    "credit_return_cp": _return,
    "cancellation_ae": _cancel,
    "cancellation_cp": _cancel,
    **dict.fromkeys(("freeze_ae", "freeze_cp", "unfreeze_ae", "unfreeze_cp"), _freeze),
    **dict.fromkeys(
        ("virement_ae", "virement_cp", "decree_transfer_ae", "decree_transfer_cp"), _move_by_decree
    ),
    **dict.fromkeys(("decree_cancellation_ae", "decree_cancellation_cp"), _cancel_by_decree),
    **dict.fromkeys(INVENTORY, inventory.enter),
    **dict.fromkeys(INVENTORY_CHANGES, inventory.change),
    **dict.fromkeys(UNUSED_CREDITS, apply_unused),
    "earmark": _earmark,
    "earmark_decrease": _withdraw_earmark,
    "third_party": _register,
    "bank_details": _change_iban,
    "payee_block": _block,
    "payee_release": _block,
}
