"""Random acts about receivables: what authorising officers issue and lower, and what accountants collect."""

from datetime import date, timedelta

from tests.law_model.form import write_euros
from tests.law_model.kinds import DUES, RECEIPT_REVERSAL, RECEIPTS, REQUESTS
from tests.law_model.state import Document, Row
from tests.law_model.year_context import PAYEES, PLACES, SPECIAL_PLACE, YearContext

_NATURES = ("251102", "269906")
_REPAYING = ("48520", "48560", "48564", "48565")
_BY_TITLE = {2: "48564", 3: "48560", 5: "48520", 6: "48565"}


def write_receivable(context: YearContext) -> Row:
    """Issue a receivable; seldom on an item of expenses."""
    named = [place for place in PLACES if place.fund or place is SPECIAL_PLACE]
    place = context.random.choice(named if context.random.random() < 0.35 else PLACES)
    nature = place.item if context.random.random() < 0.05 else context.random.choice(_NATURES)
    columns = {"fund_centre": place.unit, "commitment_item": nature, "fund": place.fund}
    row = context.begin_row("TP", "receivable", amount=write_euros(context.draw_amount()), **columns)
    if context.random.random() < 0.4:
        due = date.fromisoformat(row["date"]) + timedelta(
            days=context.random.choice((-3, 0, 10, 30, 60, 120))
        )
        row["due"] = due.isoformat()
    return row | {"payee": context.random.choice(PAYEES)}


def write_reduction(context: YearContext) -> Row | None:
    """Lower what is left of a receivable."""
    receivable = context.choose(_is_left)
    if receivable is None:
        return None
    amount = context.draw_part(receivable.left)
    return context.begin_row("RT", "receivable_reduction", predecessor=f"@{receivable.number}", amount=amount)


def write_annulment(context: YearContext) -> Row | None:
    """Cancel a receivable, mostly one that nothing follows, mostly the whole of it."""
    receivable = context.choose(lambda act: act.kind in DUES)
    if receivable is None:
        return None
    is_whole = context.random.random() < 0.9
    amount = write_euros(receivable.amount) if is_whole else context.draw_part(receivable.left)
    return context.begin_row(
        "AT", "receivable_cancellation", predecessor=f"@{receivable.number}", amount=amount
    )


def write_receipt(context: YearContext) -> Row | None:
    """Collect a receivable, in whole or in part."""
    is_repayment = context.random.random() < 0.4
    receivable = context.choose(
        lambda act: _is_left(act) and (not is_repayment or act.predecessor is not None)
    )
    if receivable is None:
        return None
    amount = context.draw_part(receivable.left)
    return context.begin_row("EN", "receipt", predecessor=f"@{receivable.number}", amount=amount)


def write_reversal(context: YearContext) -> Row | None:
    """Take back what was posted as collected; seldom more than what is left of it, or what was set off."""
    receipt = context.choose(lambda act: act.kind in RECEIPTS and act.exercise == context.day.year)
    if receipt is None or (receipt.kind != "receipt" and context.random.random() < 0.8):
        return None
    amount = context.draw_part(receipt.left or receipt.amount)
    row = context.begin_row("AE", RECEIPT_REVERSAL, amount=amount)
    return row | context.name_predecessor(receipt)


def write_repayment(context: YearContext) -> Row | None:
    """Ask back what a request paid too much; seldom by another nature, or of what was only requested."""
    is_any = context.random.random() < 0.3
    expense = context.choose_followed(
        lambda act: act.kind in REQUESTS and (is_any or (act.taken_up > 0 and act.kind != "advance_request"))
    )
    if expense is None or expense.key is None:
        return None
    title = context.model.state.reference.years[expense.key.year].items[expense.item].title
    is_right = context.random.random() < 0.9 and title in _BY_TITLE
    nature = _BY_TITLE[title] if is_right else context.random.choice(_REPAYING)
    columns = {"fund_centre": expense.key.centre, "commitment_item": nature}
    amount = context.draw_part(expense.amount)
    row = context.begin_row("TI", "repayment_receivable", predecessor=f"@{expense.number}", amount=amount)
    return row | columns | {"payee": context.random.choice(PAYEES)}


def write_restoration(context: YearContext) -> Row | None:
    """Restore what was collected, mostly of what repays an expense."""
    is_any = context.random.random() < 0.1
    receipt = context.choose(lambda act: _may_restore(act) and (is_any or _repays(act)))
    if receipt is None or receipt.predecessor is None:
        return None
    expense = receipt.predecessor.predecessor or receipt
    assert expense.key is not None
    columns = {"fund_centre": expense.key.centre, "operation": expense.operation, "fund": expense.fund}
    columns |= {"functional_area": expense.area or "0177-12", "commitment_item": expense.item}
    row = context.begin_row("RC", "credit_restoration", predecessor=f"@{receipt.number}", **columns)
    return row | {"amount": context.draw_part(receipt.left)}


def _repays(receipt: Document) -> bool:
    return receipt.predecessor is not None and receipt.predecessor.predecessor is not None


def _may_restore(act: Document) -> bool:
    return act.kind in RECEIPTS and act.left > 0


def _is_left(act: Document) -> bool:
    return act.kind in DUES and act.left > 0


WRITERS = (
    *((4, write_receivable), (1, write_reduction), (1, write_annulment)),
    *((1, write_reversal), (2, write_repayment)),
)
