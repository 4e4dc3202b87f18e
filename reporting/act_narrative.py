"""The life of an act, told to people: sentences, and a table of the budget nodes."""

from collections.abc import Iterator, Sequence

from core.money import euros
from reporting.act_views import (
    AcceptedLine,
    Assignment,
    Brief,
    Explanation,
    NodeChange,
    Origin,
    PaymentTerms,
    RefusedStory,
)
from reporting.proofs import LinkProof
from reporting.report_tables import Column, Grid, Kind

_HASH_SHOWN = 16

Part = str | Grid


def tell(found: Explanation) -> Iterator[Part]:
    """Line after line, then the proof of the batches; one sentence if nothing is known."""
    if not (found.accepted or found.refused):
        yield f"No act {found.reference} was ever accepted or refused."
    for line in found.accepted:
        yield from _accepted(line)
    for story in found.refused:
        yield from _refused(story)
    for proof in found.proofs:
        yield _proof(proof)


def _accepted(line: AcceptedLine) -> Iterator[Part]:
    act = f"{line.reference}: {line.kind} ({line.french}) of {euros(line.amount)} euros"
    yield f"{act}, accepted as entry {line.entry:,}"
    yield f"  sent       {_origin(line.origin)}"
    yield f"  decided    batch {line.batch:,}, committed {line.committed_at}"
    yield f"  counts     on {line.day}, in {line.month}"
    if line.assignment:
        yield f"  assigned   {_assignment(line.assignment)}"
    if line.payee:
        yield f"  payee      {line.payee.code} {line.payee.name}"
        yield f"             IBAN {line.payee.iban} {line.payee.bic}".rstrip()
    if line.terms:
        yield from _terms(line.terms)
    if line.debit and line.credit:
        yield f"  posted     debit {line.debit.code} {line.debit.label}"
        yield f"             credit {line.credit.code} {line.credit.label}"
    if line.predecessor:
        yield f"  follows    {_brief(line.predecessor)}"
    for follower in line.followers:
        yield f"  followed   by {_brief(follower)}"
    for origin in line.duplicates:
        yield f"  repeated   {_origin(origin)}: the same act, so nothing changed"
    if line.nodes:
        yield nodes_grid(line.nodes, line.batch)


def _terms(terms: PaymentTerms) -> Iterator[str]:
    """The days of a request, then what its payee knows it by."""
    days = {"received": terms.received, "due": terms.due}
    ways = {"by": terms.method, "priority": "" if terms.priority is None else str(terms.priority)}
    said = [f"{name} {text}" for name, text in {**days, **ways}.items() if text]
    if said:
        yield f"  to be paid {', '.join(said)}"
    if terms.invoice_number or terms.invoice_date:
        yield f"  invoice    {terms.invoice_number}{f' of {terms.invoice_date}' if terms.invoice_date else ''}"
    if terms.remittance:
        yield f"  remittance {terms.remittance}"


def _refused(story: RefusedStory) -> Iterator[Part]:
    refusal = story.refusal
    field = f" Field {refusal.field}, found {refusal.found!r}." if refusal.field else ""
    missing = f" At {refusal.node}: {euros(refusal.missing)} euros missing." if refusal.node else ""
    yield f"{refusal.reference}: {refusal.kind} of {euros(refusal.amount)} euros, refused: {refusal.code}"
    yield f"  sent       {_origin(story.origin)}"
    yield f"  decided    batch {refusal.batch:,}"
    yield f"  because    {refusal.finding}{field}{missing}"
    yield f"  remedy     {refusal.action}"
    if story.nodes:
        yield nodes_grid(story.nodes, refusal.batch)


def _origin(origin: Origin) -> str:
    return (
        f"by {origin.sender} in {origin.file}, line {origin.line:,} (submission {origin.submission},"
        f" received {origin.received_at}, SHA-256 {origin.sha256[:_HASH_SHOWN]})"
    )


def _assignment(found: Assignment) -> str:
    centres = " > ".join(f"{each.code} {each.label}" for each in found.centres)
    area = f"; area {found.area.code} {found.area.label}" if found.area.code else ""
    return (
        f"{centres}{area}; item {found.item.code} {found.item.label}; fund {found.fund}; budget {found.year}"
    )


def _brief(found: Brief) -> str:
    return (
        f"entry {found.entry:,}, {found.kind} {found.reference} of {euros(found.amount)} euros on {found.day}"
    )


def _proof(proof: LinkProof) -> str:
    stored, computed = proof.stored[:_HASH_SHOWN], proof.computed[:_HASH_SHOWN]
    if proof.holds:
        return f"Batch {proof.batch:,}: its rows give its hash, {stored}: proven."
    return f"Batch {proof.batch:,}: its rows give {computed}, stored is {stored}: NOT proven."


def nodes_grid(nodes: Sequence[NodeChange], batch: int) -> Grid:
    """What each node had available before and after the batch, which holds other acts too."""
    columns = [
        Column("budget node"),
        *(
            Column(f"{measure} {name} {when}", Kind.MONEY)
            for measure in ("AE", "CP")
            for name in ("opened", "available")
            for when in ("before", "after")
        ),
    ]
    rows = [
        [
            each.node,
            *(each.ae_before.opened, each.ae_after.opened, each.ae_before.available, each.ae_after.available),
            *(each.cp_before.opened, each.cp_after.opened, each.cp_before.available, each.cp_after.available),
        ]
        for each in nodes
    ]
    return Grid(f"  Budget before and after batch {batch:,}", columns, rows)
