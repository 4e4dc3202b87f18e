"""The history of a refused line as text: what it asked for, what was there when it was decided, and what to do."""

from collections.abc import Iterator, Mapping

from core.catalog import CATALOG, KIND_NUMBERS, Measure
from core.money import format_euros
from core.outcome_codes import Outcome
from reporting.act_views import RefusedHistory
from reporting.narrative_parts import NarrativePart, build_nodes_table, format_origin
from reporting.refusals import RefusedLine

_BASIS: Mapping[str, str] = {
    Outcome.AE_EXCEEDED.name: "available when it was decided",
    Outcome.CP_EXCEEDED.name: "available when it was decided",
    Outcome.ALLOTMENT_EXCEEDED.name: "left to pass on when it was decided, as the rest is passed on, frozen or used",
}
"""What a refusal compares the amount with: the credits of a budget node; of any other what was left of an act or a limit."""


def render_refused_line(refused: RefusedHistory) -> Iterator[NarrativePart]:
    """Yield the sentences on a refused line, then the credits of the nodes around its batch."""
    refusal = refused.refusal
    value = f", found {refusal.found!r}" if refusal.found else ""
    field = f" Field {refusal.field}{value}." if refusal.field else ""
    node = f" At {refusal.node}." if refusal.node else ""
    yield f"{refusal.reference}: {refusal.kind} of {format_euros(refusal.amount)} euros, refused: {refusal.code}"
    yield f"  sent       {format_origin(refused.origin)}"
    yield f"  decided    batch {refusal.batch:,}"
    yield f"  because    {refusal.finding}{field}{node}"
    if refusal.missing:
        yield f"  amounts    {_describe_shortage(refusal, _format_opened_credits(refused))}"
    yield f"  remedy     {refusal.action}"
    if refused.nodes:
        yield build_nodes_table(refused.nodes, _format_title(refused))


def _describe_shortage(refusal: RefusedLine, credits_opened: str) -> str:
    """Return what a line asked for, what was left then, and the difference, which is what is stored of a refusal."""
    remainder = f"{format_euros(refusal.amount - refusal.missing)}{credits_opened}"
    basis = _BASIS.get(refusal.code, "left when it was decided")
    return (
        f"{format_euros(refusal.amount)} euros asked; {remainder} {basis};"
        f" {format_euros(refusal.missing)} missing"
    )


def _format_opened_credits(refused: RefusedHistory) -> str:
    """Return of what the rest is left to pass on; nothing where other lines of the batch changed what was opened."""
    if refused.refusal.code != Outcome.ALLOTMENT_EXCEEDED.name or not refused.nodes:
        return ""
    node, measure = refused.nodes[0], CATALOG[KIND_NUMBERS[refused.refusal.kind]].measure
    before, after = (
        (node.ae_before, node.ae_after) if measure is Measure.AE else (node.cp_before, node.cp_after)
    )
    if before.opened_cents != after.opened_cents:
        return ""
    return f" of {format_euros(after.opened_cents)}"


def _format_title(refused: RefusedHistory) -> str:
    batch = f"  Budget around batch {refused.refusal.batch:,}"
    match refused.acts:
        case 0:
            return f"{batch}, which accepted nothing"
        case 1:
            acts = "the one other line that it accepted"
        case acts_count:
            acts = f"the {acts_count:,} lines that it accepted"
    return f"{batch}, by {acts}; the refused act changed nothing of it"
