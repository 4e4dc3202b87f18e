"""Random acts of accountants, of the treasury and of the bank."""

from collections.abc import Callable

from tests.law_model.chain import find_root
from tests.law_model.codes import RECEIVABLE_MISSING
from tests.law_model.commitments import assign
from tests.law_model.form import is_amount, read_cents, write_euros
from tests.law_model.kinds import (
    COMMITMENTS,
    DUES,
    INVOICED,
    ON_COMMITMENT,
    PENALTIES,
    REASSIGNMENT_ORIGIN,
    REASSIGNMENT_TARGET,
    RELEASES,
    REQUESTS,
    RETENTIONS,
    UNKNOWN_DEBIT,
)
from tests.law_model.receivables import write_receipt
from tests.law_model.state import Document, Row
from tests.law_model.year_context import PAYEES, PLACES, STAFF_PLACE, YearContext

PARTS = RELEASES | {"attachment", "assignment", "request_carry"}


def _follow(
    context: YearContext, prefix: str, kind: str, fits: Callable[[Document], bool], whole: bool = False
) -> Row | None:
    document = context.choose(fits)
    if document is None:
        return None
    amount = write_euros(document.amount) if whole else context.draw_part(document.left)
    return context.begin_row(prefix, kind, predecessor=f"@{document.number}", amount=amount)


def write_payment(context: YearContext) -> Row | None:
    """Pay a payable, mostly the whole of it."""
    kinds = {"advance_request"} if context.random.random() < 0.2 else REQUESTS | PARTS
    row = _follow(context, "PA", "payment", lambda act: act.kind in kinds and act.left > 0)
    if row and context.day.year > 2018 and context.day.month == 1 and context.random.random() < 0.5:
        row["exercise"] = "2018"  # in the window after the year, if it has days
    return row


def write_reissue(context: YearContext) -> Row | None:
    """Pay again what came back."""
    return _follow(context, "RE", "reissue", lambda act: act.kind == "return_identified" and act.left > 0)


def _is_transfer(act: Document) -> bool:
    return act.kind in {"payment", "reissue"} and not act.followed


def write_debit(context: YearContext) -> Row | None:
    """Debit a transfer, seldom one of an amount that is on suspense."""
    is_advance = context.random.random() < 0.3
    on_suspense = {
        act.amount for act in context.model.state.documents if act.kind == UNKNOWN_DEBIT and act.left
    }
    if context.random.random() < 0.1:
        on_suspense.clear()
    return _follow(
        context,
        "BD",
        "bank_debit",
        lambda act: (
            _is_transfer(act)
            and act.amount not in on_suspense
            and (not is_advance or find_root(act).kind == "advance_request")
        ),
        whole=True,
    )


def write_bank_reject(context: YearContext) -> Row | None:
    """Refuse a transfer."""
    return _follow(context, "BX", "bank_reject", _is_transfer, whole=True)


def write_return(context: YearContext) -> Row | None:
    """Return a debited transfer."""
    return _follow(
        context, "BR", "bank_return", lambda act: act.kind == "bank_debit" and not act.followed, whole=True
    )


def write_identification(context: YearContext) -> Row | None:
    """Identify what came back."""
    return _follow(
        context,
        "RI",
        "return_identified",
        lambda act: act.kind in {"bank_return", "bank_reject"} and act.left > 0,
        whole=True,
    )


def write_rejection(context: YearContext) -> Row | None:
    """Reject a payable, in whole or in part."""
    return _follow(
        context, "RJ", "payment_request_rejection", lambda act: act.kind in INVOICED | PARTS and act.left > 0
    )


def write_part(context: YearContext) -> Row | None:
    """Make a part of a request payable to somebody else."""
    kind = context.random.choice(("attachment", "assignment"))
    row = _follow(context, "OP", kind, lambda act: act.kind in REQUESTS and act.left > 0)
    return row | {"payee": context.random.choice(PAYEES)} if row else None


def write_suspension(context: YearContext) -> Row | None:
    """Suspend the term of a request."""
    request = context.choose(lambda act: act.kind in INVOICED and act.left > 0)
    return context.begin_row("TS", "term_suspension", predecessor=f"@{request.number}") if request else None


def write_resumption(context: YearContext) -> Row | None:
    """Let the term run again."""
    suspension = context.choose(lambda act: act.kind == "term_suspension" and act.sender == context.sender)
    if suspension is None or suspension.exercise != context.day.year:
        return None
    return context.begin_row("TR", "term_resumption", predecessor=suspension.reference)


def write_block(context: YearContext) -> Row:
    """Block or release a third party."""
    blocked = [code for code, payee in context.model.state.payees.items() if payee.blocked]
    if blocked and context.random.random() < 0.8:
        return context.begin_row("BL", "payee_release", payee=context.random.choice(blocked))
    code = context.random.choice(PAYEES)
    kind = context.random.choice(("payee_block", "payee_block", "payee_release"))
    return context.begin_row("BL", kind, payee=code)


def write_payroll(context: YearContext) -> Row | None:
    """Take the pay of a month."""
    if "payroll" not in context.model.kinds:
        return None
    place = assign(STAFF_PLACE)
    row = context.begin_row("PS", "payroll", amount=write_euros(context.draw_amount() * 2), **place)
    return row | {"payee": context.random.choice(PAYEES)}


def write_void(context: YearContext) -> Row | None:
    """Give up a debt whose transfer came back."""
    if "RECEIVABLE_MISSING" not in context.model.state.built or not context.model.rules.has_column(
        "predecessor_sender"
    ):
        return None
    return _follow(context, "AN", "void", lambda act: act.kind == "return_identified" and act.left > 0)


def write_set_off(context: YearContext) -> Row | None:
    """Set a debt off against a receivable."""
    if not context.model.rules.has(RECEIVABLE_MISSING):
        return None
    debtors = {act.payee for act in context.model.state.documents if act.kind in DUES and act.left > 0}
    is_any = context.random.random() < 0.2
    return _follow(
        context,
        "SO",
        "set_off",
        lambda act: act.kind in REQUESTS | PARTS and act.left > 0 and (is_any or act.payee in debtors),
    )


def _find_entry(context: YearContext, row: Row) -> Document | None:
    """Return the document that a row names by its entry, if it names one that is there."""
    number = row.get("predecessor", "").removeprefix("@")
    documents = context.model.state.documents
    is_there = number.isdigit() and 0 < int(number) <= len(documents)
    return documents[int(number) - 1] if is_there else None


def add_collection(context: YearContext, row: Row) -> list[Row]:
    """Return a set-off with the line that takes up a receivable, mostly one of the creditor; seldom the set-off alone."""
    debt = _find_entry(context, row)
    payee = debt.payee if debt else ""
    is_other = context.random.random() < 0.1
    receivable = context.choose(
        lambda act: act.kind in DUES and act.left > 0 and (is_other or act.payee == payee)
    )
    if receivable is None or context.random.random() < 0.05:
        return [row]
    if is_amount(row.get("amount", "")) and context.random.random() < 0.9:
        row |= {"amount": write_euros(min(read_cents(row["amount"]), receivable.left))}
    collection = {"kind": "set_off_receipt", "predecessor": f"@{receivable.number}", "line": "2"}
    return [row | {"line": "1"}, row | collection]


def write_withholding(context: YearContext) -> Row | None:
    """Withhold a part of a request of a commitment on which an advance was debited; seldom of any other debt."""
    paid = [act for act in context.model.state.documents if _is_debited_advance(act)]
    advances = [find_root(act) for act in paid]
    is_other = context.random.random() < 0.05
    return _follow(
        context,
        "PR",
        "advance_withholding",
        lambda act: (
            act.kind in ON_COMMITMENT
            and act.left > 0
            and (is_other or (act.key is not None and act.key.year == context.day.year))
            and (is_other or any(_is_of_contract(act, advance) for advance in advances))
        ),
    )


def _is_of_contract(request: Document, advance: Document) -> bool:
    """Return whether a request is of the contract and the supplier of an advance."""
    first, second = request.predecessor, advance.predecessor
    is_one = first is not None and second is not None and first.now is second.now
    return is_one and request.payee == advance.payee


def _is_debited_advance(act: Document) -> bool:
    return (
        act.kind == "bank_debit" and act.recovered < act.amount and find_root(act).kind == "advance_request"
    )


def add_recovery(context: YearContext, row: Row) -> list[Row]:
    """Return a withholding with the line that recovers an advance; seldom the withholding alone."""
    debt, is_other = _find_entry(context, row), context.random.random() < 0.1
    transfer = context.choose(
        lambda act: (
            _is_debited_advance(act)
            and (is_other or (debt is not None and _is_of_contract(find_root(debt), find_root(act))))
        )
    )
    if transfer is None or context.random.random() < 0.05:
        return [row]
    if is_amount(row.get("amount", "")) and context.random.random() < 0.9:
        row |= {"amount": write_euros(min(read_cents(row["amount"]), transfer.amount - transfer.recovered))}
    recovery = {"kind": "advance_recovery", "predecessor": f"@{transfer.number}", "line": "2"}
    return [row | {"line": "1"}, row | recovery]


def write_retention(context: YearContext) -> Row | None:
    """Retain a guarantee from a request on a commitment, mostly before anything is paid and within the share of 5 %."""
    is_any = context.random.random() < 0.2
    request = context.choose(
        lambda act: (
            act.kind in ON_COMMITMENT and act.left > 0 and (is_any or not (act.taken_up or act.retained))
        )
    )
    if request is None:
        return None
    cents = max(request.left // 20 + (context.random.random() < 0.1), 1)
    return context.begin_row("RG", "retention", predecessor=f"@{request.number}", amount=write_euros(cents))


def write_release(context: YearContext) -> Row | None:
    """Release a guarantee, or a part of it."""
    return _follow(context, "LG", "retention_release", lambda act: act.kind in RETENTIONS and act.left > 0)


def write_retention_rejection(context: YearContext) -> Row | None:
    """Give a guarantee, or a part of it, back to its request."""
    return _follow(context, "RR", "retention_rejection", lambda act: act.kind in RETENTIONS and act.left > 0)


def write_penalty(context: YearContext) -> Row | None:
    """Withhold a penalty from certified service, mostly a small part of what is not requested."""
    commitment = context.choose(lambda act: act.kind in COMMITMENTS and act.certified > act.billed)
    if commitment is None:
        return None
    rest = commitment.certified - commitment.billed
    amount = write_euros(max(rest // 10, 1)) if context.random.random() < 0.7 else context.draw_part(rest)
    names = {"predecessor": f"@{commitment.number}", "payee": context.random.choice(PAYEES)}
    return context.begin_row("PE", "penalty", amount=amount, **names)


def write_penalty_decision(context: YearContext) -> Row | None:
    """Confirm, remit or reject a penalty, or a part of it."""
    kind = context.random.choice(("penalty_confirmation", "penalty_remission", "penalty_rejection"))
    return _follow(context, "PD", kind, lambda act: act.kind in PENALTIES and act.left > 0)


def _may_move(debit: Document, *, is_again: bool) -> bool:
    """Return whether a debit paid a request without commitment and did not come back; ``is_again`` for one moved before."""
    is_direct = find_root(debit).predecessor is None
    return is_direct and not debit.followed and debit.is_reassigned == is_again


def write_reassignment(context: YearContext) -> Row | None:
    """Take a paid expense from its imputation, now and then one that left it; ``add_targets`` brings it to others."""
    chance = context.random.random()
    debit = context.choose(
        lambda act: act.kind == "bank_debit" and (chance < 0.1 or _may_move(act, is_again=chance < 0.25))
    )
    if debit is None:
        return None
    amount = context.draw_part(debit.amount)
    return context.begin_row("RI", REASSIGNMENT_ORIGIN, predecessor=f"@{debit.number}", amount=amount)


def add_targets(context: YearContext, row: Row) -> list[Row]:
    """Return the act with one or two new imputations, mostly of one accountant; seldom without any."""
    if context.random.random() < 0.05:
        return [row]
    target = row | {"kind": REASSIGNMENT_TARGET, "predecessor": "#1"}
    target.pop("payee", None)
    debit = _find_entry(context, row)
    is_any = debit is None or context.random.random() < 0.2
    places = [place for place in PLACES if is_any or context.has_accountant_of(place.unit, debit)]
    places = places or list(PLACES)
    lines = [row | {"line": "1"}, target | {"line": "2"} | assign(context.random.choice(places))]
    if context.random.random() < 0.2:
        lines[1]["amount"] = write_euros(1)
        lines.append(target | {"line": "3"} | assign(context.random.choice(places)))
    return lines


TREASURY_WRITERS = ((9, write_payment), (1, write_reissue))
BANK_WRITERS = ((10, write_debit), (2, write_bank_reject), (3, write_return))
ACCOUNTANT_WRITERS = (
    (6, write_identification),
    (5, write_rejection),
    (4, write_part),
    (5, write_suspension),
    (6, write_resumption),
    (3, write_block),
    (9, write_set_off),
    (6, write_withholding),
    (1, write_void),
    (3, write_payroll),
    (5, write_receipt),
    (12, write_reassignment),
    (4, write_retention),
    (3, write_release),
    (4, write_retention_rejection),
    (4, write_penalty),
    (5, write_penalty_decision),
)
