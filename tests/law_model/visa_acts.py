"""Random acts about visas: what officers plan, what the budget controller decides, and commitments by their visas."""

from collections.abc import Callable
from datetime import timedelta

from tests.law_model.commitments import assign
from tests.law_model.form import write_euros
from tests.law_model.state import Document, Row
from tests.law_model.year_context import ABOVE_THRESHOLDS, PLACES, STAFF_PLACE, YearContext

_GIVES = frozenset({"visa", "tacit_visa", "visa_override"})


def write_request(context: YearContext) -> Row:
    """Ask for the visa of a planned commitment, large or small; seldom on title 2."""
    place = STAFF_PLACE if context.random.random() < 0.03 else context.random.choice(PLACES)
    amount = context.draw_amount() + (ABOVE_THRESHOLDS if context.random.random() < 0.1 else 0)
    return context.begin_row("DV", "visa_request", amount=write_euros(amount), **assign(place))


def write_decision(context: YearContext) -> Row | None:
    """Give or refuse a visa, mostly of the whole."""
    kind = context.random.choice(("visa", "visa_refusal"))
    return _decide(context, kind, lambda act: act.kind == "visa_request")


def write_silence(context: YearContext) -> Row | None:
    """Count the silence of the controller as a visa, mostly when his days are over."""
    is_early = context.random.random() < 0.2
    last = context.day - timedelta(days=18)
    return _decide(
        context, "tacit_visa", lambda act: act.kind == "visa_request" and (is_early or act.day < last)
    )


def write_override(context: YearContext) -> Row | None:
    """Override a refusal, seldom without the document."""
    row = _decide(context, "visa_override", lambda act: act.kind == "visa_refusal")
    return row and row | ({"document_hash": "5e" * 32} if context.random.random() < 0.95 else {})


def write_commitment(context: YearContext) -> Row | None:
    """Commit what a visa allows, or a part of it."""
    visa = context.choose(lambda act: act.kind in _GIVES and act.left > 0)
    if visa is None:
        return None
    columns = {"predecessor": f"@{visa.number}", "amount": context.draw_part(visa.left)}
    return context.begin_row("EV", "commitment_with_visa", **columns)


def _decide(context: YearContext, kind: str, fits: Callable[[Document], bool]) -> Row | None:
    is_any = context.random.random() < 0.05
    planned = context.choose(lambda act: fits(act) and (is_any or act.left > 0))
    if planned is None:
        return None
    amount = planned.left if context.random.random() < 0.95 else planned.left + 1
    columns = {"predecessor": f"@{planned.number}", "amount": write_euros(max(amount, 1))}
    return context.begin_row("VI", kind, **columns)


OFFICER_WRITERS = ((4, write_request), (3, write_silence), (5, write_commitment))
CONTROLLER_WRITERS = ((1, write_decision),)
