"""Random acts about receivables: what authorising officers issue and lower, and what accountants collect."""

from tests.law_model.form import write_euros
from tests.law_model.state import Document, Row
from tests.law_model.year_context import PAYEES, PLACES, YearContext

_NATURES = ("251102", "269906")


def write_receivable(context: YearContext) -> Row:
    """Issue a receivable; seldom on an item of expenses."""
    place = context.random.choice(PLACES)
    nature = place.item if context.random.random() < 0.05 else context.random.choice(_NATURES)
    columns = {"fund_centre": place.unit, "commitment_item": nature}
    row = context.begin_row("TP", "receivable", amount=write_euros(context.draw_amount()), **columns)
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
    receivable = context.choose(lambda act: act.kind == "receivable")
    if receivable is None:
        return None
    is_whole = context.random.random() < 0.9
    amount = write_euros(receivable.amount) if is_whole else context.draw_part(receivable.left)
    return context.begin_row(
        "AT", "receivable_cancellation", predecessor=f"@{receivable.number}", amount=amount
    )


def write_receipt(context: YearContext) -> Row | None:
    """Collect a receivable, in whole or in part."""
    receivable = context.choose(_is_left)
    if receivable is None:
        return None
    amount = context.draw_part(receivable.left)
    return context.begin_row("EN", "receipt", predecessor=f"@{receivable.number}", amount=amount)


def _is_left(act: Document) -> bool:
    return act.kind == "receivable" and act.left > 0


WRITERS = ((4, write_receivable), (1, write_reduction), (1, write_annulment))
