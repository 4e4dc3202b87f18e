"""Entries in the accounts, event by event (the postings that the State's chart of December 2017 states)."""

from collections import Counter
from collections.abc import Callable, Mapping

from tests.law_model import assets, inventory, penalties
from tests.law_model.chain import find_debt, find_root
from tests.law_model.kinds import (
    ASSET_CHANGES,
    BALANCED_BY_CLOSING,
    DEBIT_LINES,
    IDENTIFICATIONS,
    INTEREST,
    INVENTORY,
    INVENTORY_CHANGES,
    JOURNALS,
    ON_SERVICE,
    OPENINGS,
    RECEIPT_REVERSAL,
    RESULTS,
)
from tests.law_model.nomenclature import Role
from tests.law_model.periods import RESULT_MONTH
from tests.law_model.retentions import find_role
from tests.law_model.state import AccountKey, Document, State

Legs = list[tuple[str, str]]


def post(document: Document, state: State) -> None:
    """Post the entry of an accepted act; acts on credits and commitments have none."""
    list_legs = _EVENTS.get(document.kind)
    if list_legs:
        assert document.key is not None
        accountant = state.reference.years[document.key.year].find_accountant(document.key.centre)
        for legs in list_legs(document, state):
            state.post(document.exercise, accountant, legs, document.amount)
        if document.kind in OPENINGS:
            key = AccountKey(document.exercise, accountant, document.account)
            state.opened[key] += _sign(document) * document.amount


def is_balanced(documents: list[Document], state: State) -> bool:
    """Return whether the entries of an act are equal on both sides for each accountant in each month."""
    sums: Counter[tuple[str, int, int]] = Counter()
    for document in documents:
        assert document.key is not None
        accountant = state.reference.years[document.key.year].find_accountant(document.key.centre)
        month = RESULT_MONTH if document.kind in RESULTS else document.day.month
        sums[accountant, document.exercise, month] += _sign(document) * document.amount
    return not any(sums.values())


def _sign(document: Document) -> int:
    return 1 if document.kind in DEBIT_LINES else -1


def is_paired(documents: list[Document], state: State) -> bool:
    """Return whether the entries of an act leave each account between accountants at zero, for two accountants."""
    liaison = state.reference.years[documents[0].exercise].liaison
    for account in {document.account for document in documents} & set(liaison):
        of_account = [document for document in documents if document.account == account]
        total = sum(_sign(document) * document.amount for document in of_account)
        accountants = {
            state.reference.years[document.key.year].find_accountant(document.key.centre)
            for document in of_account
            if document.key
        }
        if total or len(accountants) != 2:
            return False
    return True


def credits_product(documents: list[Document], state: State) -> bool:
    """Return whether an act takes money off suspense as a product: a receipt that no budget would count (LOLF 28; A70)."""
    suspense = state.reference.years[documents[0].exercise].suspense
    takes_off = any(_sign(document) == 1 and document.account.startswith(suspense) for document in documents)
    return takes_off and any(
        _sign(document) == -1 and document.account.startswith("7") for document in documents
    )


def _role(document: Document, state: State) -> Role:
    assert document.key is not None
    return state.reference.years[document.key.year].roles[document.item]


def _settlement(document: Document, state: State, role: str) -> str:
    return state.reference.years[document.exercise].settlement[role]


def find_creditor(debt: Document, state: State) -> str:
    """Return the account on which a payable stands."""
    if debt.kind in {"attachment", "assignment"}:
        return _settlement(debt, state, "other_creditor")
    assert debt.key is not None
    if debt.kind == "payroll":
        exceptions = state.reference.years[debt.key.year].payroll_creditors
        return find_own_creditor(debt.account, exceptions) or _role(debt, state).payroll
    if debt.kind in ON_SERVICE | {"advance_request", "penalty", INTEREST}:
        return _role(debt, state).creditor  # a service charged what it bills
    exceptions = state.reference.years[debt.key.year].creditors
    return find_own_creditor(debt.account, exceptions) or _role(debt, state).creditor


def find_own_creditor(account: str, exceptions: dict[str, str]) -> str | None:
    """Return the creditor that an expense account has of its own."""
    prefixes = [prefix for prefix in exceptions if account.startswith(prefix)]
    return exceptions[max(prefixes, key=len)] if prefixes else None


def _list_service(document: Document, state: State) -> Legs:
    return [(document.account, _role(document, state).accrued)]


def _list_request(document: Document, state: State) -> Legs:
    return [(_role(document, state).accrued, find_creditor(document, state))]


def _list_direct(document: Document, state: State) -> Legs:
    """Return the entry of a request whose service nobody certified before: flux 3 and 4, and payroll."""
    return [(document.account, find_creditor(document, state))]


def _list_part(document: Document, state: State) -> Legs:
    assert document.predecessor is not None
    return [(find_creditor(find_debt(document.predecessor), state), find_creditor(document, state))]


def _list_rejection(document: Document, state: State) -> Legs:
    rejected = document.predecessor
    assert rejected is not None
    if rejected.kind in {"request_carry", "retention_carry", "penalty_carry"}:
        return []  # what is carried stays on its account
    return [(credit, debit) for debit, credit in reversed(_EVENTS[rejected.kind](rejected, state))]


def _list_cancellation(document: Document, state: State) -> Legs:
    return [(credit, debit) for debit, credit in _list_service(document, state)]


def _list_payment(document: Document, state: State) -> Legs:
    return [(find_creditor(find_debt(document), state), _settlement(document, state, "transit"))]


def _list_receivable(document: Document, state: State) -> Legs:
    """Return the entry of a receivable (chart 4111100000)."""
    assert document.key is not None
    product, _ = state.reference.years[document.key.year].receipts[document.item]
    return [(_settlement(document, state, "receivable"), product)]


def _list_annulment(document: Document, state: State) -> Legs:
    """Return the entry of a reduction or cancellation: what is of an earlier year has an account of its own (7291000000)."""
    receivable = document.predecessor
    assert receivable is not None
    assert receivable.key is not None
    product, annulment = state.reference.years[receivable.key.year].receipts[receivable.item]
    is_of_year = document.exercise == receivable.exercise
    return [(product if is_of_year else annulment, _settlement(receivable, state, "receivable"))]


def _list_receipt(document: Document, state: State) -> Legs:
    assert document.predecessor is not None
    return [
        (_settlement(document, state, "treasury"), _settlement(document.predecessor, state, "receivable"))
    ]


def _list_restoration(document: Document, state: State) -> Legs:
    """Return the entry of a restoration: from the account of repayments to the charge of the expense (chart 6099910000)."""
    assert document.predecessor is not None
    receivable = document.predecessor.predecessor
    assert receivable is not None
    ((_, repaid),) = _list_receivable(receivable, state)
    request = find_root(receivable)
    charged = document.account if request.kind in ON_SERVICE else request.account
    charged = _settlement(request, state, INTEREST) if request.kind == INTEREST else charged
    return [(repaid, charged)]


def _list_set_off(document: Document, state: State) -> Legs:
    """Return the entry of the debt of a set-off, gross in both budgets (chart 4678840000)."""
    assert document.predecessor is not None
    debt = find_debt(document.predecessor)
    return [(find_creditor(debt, state), _settlement(document, state, "other_creditor"))]


def _list_receipt_reversal(document: Document, state: State) -> Legs:
    """Return the entry of a receipt that is taken back: what was received is owed again (chart 4111100000)."""
    assert document.predecessor is not None
    return [(credit, debit) for debit, credit in _list_receipt(document.predecessor, state)]


def _list_collection(document: Document, state: State) -> Legs:
    assert document.predecessor is not None
    receivable = _settlement(document.predecessor, state, "receivable")
    return [(_settlement(document, state, "other_creditor"), receivable)]


def _list_identification(document: Document, state: State) -> Legs:
    """Return the entry of what is identified: from suspense to the receivable (chart 4721000000)."""
    assert document.predecessor is not None
    receivable = _settlement(document.predecessor, state, "receivable")
    return [(_settlement(document, state, "suspense_receipt"), receivable)]


def _list_advance(document: Document, state: State) -> Legs:
    """Return the entry of an advance, which passes by the supplier's account (docs/accounts.md; the chart leaves it out)."""
    return [(_settlement(document, state, "advance"), find_creditor(document, state))]


def _list_withholding(document: Document, state: State) -> Legs:
    """Return the entry of a recovery (chart 4091000000: by the debit of 4011100000)."""
    assert document.predecessor is not None
    return [(find_creditor(find_debt(document.predecessor), state), _settlement(document, state, "advance"))]


def _list_interest(document: Document, state: State) -> Legs:
    """Return the entry of late interest (chart 60, 6221000000)."""
    return [(_settlement(document, state, INTEREST), find_creditor(document, state))]


def _list_retention(document: Document, state: State) -> Legs:
    """Return the entry of a retention (chart 4017000000: by the debit of 4011100000)."""
    assert document.predecessor is not None
    role = find_role(document.predecessor, state)
    return [(find_creditor(find_debt(document.predecessor), state), _settlement(document, state, role))]


def _list_release(document: Document, state: State) -> Legs:
    """Return the entry of a release: to the supplier's account, from which it is paid (ours; the chart leaves that out)."""
    role = find_role(document, state)
    return [(_settlement(document, state, role), find_creditor(find_root(document), state))]


def _list_penalty(document: Document, state: State) -> Legs:
    """Return the entry of what is withheld (chart 4016000000: by the debit of 4081000000)."""
    return [
        (_role(document, state).accrued, _settlement(document, state, penalties.find_role(document, state)))
    ]


def _list_confirmation(document: Document, state: State) -> Legs:
    role = penalties.find_role(document, state)
    return [(_settlement(document, state, role), _settlement(document, state, "penalty_product"))]


def _list_remission(document: Document, state: State) -> Legs:
    role = penalties.find_role(document, state)
    return [(_settlement(document, state, role), find_creditor(find_root(document), state))]


def _build_transfer(debit: str, credit: str) -> Callable[[Document, State], Legs]:
    def list_transfer(document: Document, state: State) -> Legs:
        return [(_settlement(document, state, debit), _settlement(document, state, credit))]

    return list_transfer


_EVENTS: Mapping[str, Callable[[Document, State], Legs]] = {
    **dict.fromkeys(DEBIT_LINES, lambda document, _: [(document.account, "")]),
    **dict.fromkeys(
        (JOURNALS | BALANCED_BY_CLOSING) - DEBIT_LINES, lambda document, _: [("", document.account)]
    ),
    "asset_service": assets.list_legs,
    **dict.fromkeys(ASSET_CHANGES, assets.list_legs),
    **dict.fromkeys(INVENTORY | INVENTORY_CHANGES, inventory.list_legs),
    "service": _list_service,
    "service_cancellation": _list_cancellation,
    **dict.fromkeys(ON_SERVICE, _list_request),
    "payment_request_without_service": _list_direct,
    "direct_payment_request": _list_direct,
    "payroll": _list_direct,
    **dict.fromkeys(
        ("payment_request_rejection", "retention_rejection", "penalty_rejection"), _list_rejection
    ),
    "receivable": _list_receivable,
    "repayment_receivable": _list_receivable,
    "credit_restoration": _list_restoration,
    "receivable_reduction": _list_annulment,
    "receivable_cancellation": _list_annulment,
    "receipt": _list_receipt,
    RECEIPT_REVERSAL: _list_receipt_reversal,
    "set_off": _list_set_off,
    "advance_request": _list_advance,
    INTEREST: _list_interest,
    "advance_withholding": _list_withholding,
    "retention": _list_retention,
    "retention_release": _list_release,
    "penalty": _list_penalty,
    "penalty_confirmation": _list_confirmation,
    "penalty_remission": _list_remission,
    "set_off_receipt": _list_collection,
    "suspense_receipt": _build_transfer("treasury", "suspense_receipt"),
    "suspense_debit": _build_transfer("suspense_debit", "treasury"),
    "suspense_return": _build_transfer("treasury", "suspense_return"),
    "identification_debit": _build_transfer("transit", "suspense_debit"),
    "identification_return": _build_transfer("suspense_return", "returned"),
    **dict.fromkeys(IDENTIFICATIONS, lambda _, __: []),
    "identification_receipt": _list_identification,
    "attachment": _list_part,
    "assignment": _list_part,
    "payment": _list_payment,
    "bank_debit": _build_transfer("transit", "treasury"),
    "bank_reject": _build_transfer("transit", "returned"),
    "bank_return": _build_transfer("treasury", "returned"),
    "reissue": _build_transfer("returned", "transit"),
    "reassignment_origin": lambda document, _: [("", find_root(document).account)],
    "reassignment_target": lambda document, _: [(document.account, "")],
}
