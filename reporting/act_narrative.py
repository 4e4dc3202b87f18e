"""The history of an act as text: sentences, and tables of the budget nodes."""

from collections.abc import Iterator, Sequence

from core.money import format_euros
from reporting.act_views import (
    AcceptedLine,
    Assignment,
    EntrySummary,
    Explanation,
    NodeChange,
    Origin,
    PaymentTerms,
    RefusedHistory,
)
from reporting.proofs import LinkProof
from reporting.report_tables import CellType, Column, ReportTable

_HASH_CHARACTERS = 16
_DROP_ORDER = (
    *(f"{measure} opened {when}" for when in ("before", "after") for measure in ("AE", "CP")),
    *("AE available before", "CP available before"),
)

NarrativePart = str | ReportTable


def render(explanation: Explanation) -> Iterator[NarrativePart]:
    """Yield the text of each line, then the proofs of the batches; one sentence if there is no such act."""
    if not (explanation.accepted or explanation.refused):
        yield f"No act {explanation.reference} was ever accepted or refused."
    for line in explanation.accepted:
        yield from _render_accepted(line)
    for refused in explanation.refused:
        yield from _render_refused(refused)
    for proof in explanation.proofs:
        yield _format_proof(proof)


def _render_accepted(line: AcceptedLine) -> Iterator[NarrativePart]:
    act = f"{line.reference}: {line.kind} ({line.french}) of {format_euros(line.amount)} euros"
    yield f"{act}, accepted as entry {line.entry:,}"
    yield f"  sent       {_format_origin(line.origin)}"
    yield f"  decided    batch {line.batch:,}, committed {line.committed_at}"
    yield f"  counts     on {line.day}, in {line.month}"
    if line.assignment:
        yield f"  assigned   {_format_assignment(line.assignment)}"
    if line.payee:
        yield f"  payee      {line.payee.code} {line.payee.name}"
        yield f"             IBAN {line.payee.iban} {line.payee.bic}".rstrip()
    if line.terms:
        yield from _render_terms(line.terms)
    if line.debit and line.credit:
        yield f"  posted     debit {line.debit.code} {line.debit.label}"
        yield f"             credit {line.credit.code} {line.credit.label}"
    if line.predecessor:
        yield f"  follows    {_format_entry(line.predecessor)}"
    for follower in line.followers:
        yield f"  followed   by {_format_entry(follower)}"
    for origin in line.duplicates:
        yield f"  repeated   {_format_origin(origin)}: the same act, so nothing changed"
    if line.nodes:
        yield build_nodes_table(line.nodes, line.batch)


def _render_terms(terms: PaymentTerms) -> Iterator[str]:
    """Yield the days and method of payment, then what the payee recognises the payment by."""
    days = {"received": terms.received, "due": terms.due}
    methods = {"by": terms.method, "priority": "" if terms.priority is None else str(terms.priority)}
    phrases = [f"{name} {text}" for name, text in {**days, **methods}.items() if text]
    if phrases:
        yield f"  to be paid {', '.join(phrases)}"
    if terms.invoice_number or terms.invoice_date:
        yield f"  invoice    {terms.invoice_number}{f' of {terms.invoice_date}' if terms.invoice_date else ''}"
    if terms.remittance:
        yield f"  remittance {terms.remittance}"


def _render_refused(refused: RefusedHistory) -> Iterator[NarrativePart]:
    refusal = refused.refusal
    field = f" Field {refusal.field}, found {refusal.found!r}." if refusal.field else ""
    missing = f" At {refusal.node}: {format_euros(refusal.missing)} euros missing." if refusal.node else ""
    yield f"{refusal.reference}: {refusal.kind} of {format_euros(refusal.amount)} euros, refused: {refusal.code}"
    yield f"  sent       {_format_origin(refused.origin)}"
    yield f"  decided    batch {refusal.batch:,}"
    yield f"  because    {refusal.finding}{field}{missing}"
    yield f"  remedy     {refusal.action}"
    if refused.nodes:
        yield build_nodes_table(refused.nodes, refusal.batch)


def _format_origin(origin: Origin) -> str:
    return (
        f"by {origin.sender} in {origin.file}, line {origin.line:,} (submission {origin.submission},"
        f" received {origin.received_at}, SHA-256 {origin.sha256[:_HASH_CHARACTERS]})"
    )


def _format_assignment(assignment: Assignment) -> str:
    centres = " > ".join(f"{centre.code} {centre.label}" for centre in assignment.centres)
    area = f"; area {assignment.area.code} {assignment.area.label}" if assignment.area.code else ""
    item = f"item {assignment.item.code} {assignment.item.label}"
    return f"{centres}{area}; {item}; fund {assignment.fund}; budget {assignment.year}"


def _format_entry(entry: EntrySummary) -> str:
    return f"entry {entry.entry:,}, {entry.kind} {entry.reference} of {format_euros(entry.amount)} euros on {entry.day}"


def _format_proof(proof: LinkProof) -> str:
    stored, computed = proof.stored[:_HASH_CHARACTERS], proof.computed[:_HASH_CHARACTERS]
    if proof.holds:
        return f"Batch {proof.batch:,}: its rows give its hash, {stored}: proven."
    return f"Batch {proof.batch:,}: its rows give {computed}, stored is {stored}: NOT proven."


def build_nodes_table(nodes: Sequence[NodeChange], batch: int) -> ReportTable:
    """Build the table of each node's credits before and after the batch, which contains other acts too."""
    columns = [
        Column("budget node"),
        *(
            Column(f"{measure} {name} {when}", CellType.MONEY)
            for measure in ("AE", "CP")
            for name in ("opened", "available")
            for when in ("before", "after")
        ),
    ]
    rows = [
        [
            node.node,
            *(node.ae_before.opened, node.ae_after.opened, node.ae_before.available, node.ae_after.available),
            *(node.cp_before.opened, node.cp_after.opened, node.cp_before.available, node.cp_after.available),
        ]
        for node in nodes
    ]
    return ReportTable(f"  Budget before and after batch {batch:,}", columns, rows, drop_order=_DROP_ORDER)
