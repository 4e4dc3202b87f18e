"""The history of an act as text: sentences, and tables of the budget nodes."""

from collections.abc import Iterator

from core.catalog import CATALOG, Stage
from core.money import format_euros
from reporting.act_views import (
    AcceptedLine,
    Assignment,
    BankCredit,
    Collection,
    EntrySummary,
    Explanation,
    PaymentTerms,
    Signatory,
    Signature,
    Transfer,
    Withdrawal,
)
from reporting.line_documents import describe_document
from reporting.narrative_parts import HASH_CHARACTERS, NarrativePart, build_nodes_table, format_origin
from reporting.payment_narrative import describe_payment
from reporting.proofs import LinkProof
from reporting.refusal_narrative import render_refused_line

_TRANSFER_STAGES = frozenset({Stage.IN_TRANSIT, Stage.DEBITED, Stage.RETURNED, Stage.REOPENED})
_TRANSFER_KINDS = frozenset(kind.name for kind in CATALOG if kind.reaches in _TRANSFER_STAGES)
"""Transfers, and what the bank does with them."""


def render(explanation: Explanation) -> Iterator[NarrativePart]:
    """Yield the text of each line, then the proofs of the batches; one sentence if there is no such act."""
    if not (explanation.accepted or explanation.refused):
        yield f"No act {explanation.reference} was ever accepted or refused."
    documents = {document.entry: document for document in explanation.documents}
    for line in explanation.accepted:
        yield from _render_accepted_line(line, describe_document(documents.get(line.entry)))
    for refused in explanation.refused:
        yield from render_refused_line(refused)
    for proof in explanation.proofs:
        yield _format_proof(proof)


def _render_accepted_line(line: AcceptedLine, document: str) -> Iterator[NarrativePart]:
    amount = f"{format_euros(line.amount)} euros, accepted as entry {line.entry:,}"
    yield f"{line.reference}: {line.kind} ({line.french}) of {amount}"
    yield f"  sent       {format_origin(line.origin)}"
    yield f"  decided    batch {line.batch:,}, committed {line.committed_at}"
    yield f"  counts     on {line.day}, in {line.month}{line.document_number and f', as document {line.document_number}'}"
    if line.assignment:
        yield f"  assigned   {_format_assignment(line.assignment)}"
    if line.giving_centre:
        yield f"  from       {line.giving_centre.code} {line.giving_centre.label}"
    if line.payee:
        yield f"  payee      {line.payee.label}"
        yield f"             {_format_account(line)}"
    if line.terms:
        yield from _render_terms(line.terms)
    yield from _render_evidence(line, document)
    if line.withdrawal:
        yield from _render_withdrawal(line.withdrawal)
    yield from _render_posting(line)
    if line.predecessor:
        yield f"  follows    {_format_entry(line.predecessor)}"
    if line.standing:
        yield f"  paid       {describe_payment(line.standing, line.followers)}"
    if line.collection:
        yield f"  left       {_describe_collection(line.collection)}"
    transfers = {transfer.entry: transfer for transfer in line.transfers}
    for follower in line.followers:
        yield f"  followed   by {_format_entry(follower)}{_format_transfer(transfers.get(follower.entry))}"
    for credit in line.bank_credits:
        yield f"  {'collected' if line.payee else 'credited '}  {_format_credit(credit)}"
    for origin in line.duplicates:
        yield f"  repeated   {format_origin(origin)}: the same act, so nothing changed"
    if line.nodes:
        yield build_nodes_table(
            line.nodes, f"  Budget before and after batch {line.batch:,}, by {_format_acts(line.acts)}"
        )


def _render_withdrawal(withdrawal: Withdrawal) -> Iterator[str]:
    """Yield what a withdrawal of a commitment of an earlier year does with the AE."""
    year = withdrawal.year
    yield f"  withdrawn  of a commitment of {withdrawal.commitment_year}: lowers the AE reported as consumed in {year}"
    if withdrawal.is_available_again:
        yield f"             available again in {year}: {withdrawal.recycling_case} ({withdrawal.label})"
    else:
        yield "             not available again"


def _render_evidence(line: AcceptedLine, document: str) -> Iterator[str]:
    """Yield who entered and validated a line, and the documents that it states."""
    if line.signature:
        yield from _render_signature(line.signature)
    if line.agreement:
        yield f"  agreement  {line.agreement.number}: {line.agreement.separation}"
    if line.evidence:
        yield f"  evidence   SHA-256 {line.evidence.evidence_hash}"
        yield f"             the payee was called back: {line.evidence.call_back}"
    if document:
        yield f"  document   {document}"


def _render_signature(signature: Signature) -> Iterator[str]:
    """Yield who entered and who validated, each with his roles, and by which delegation."""
    if signature.entered:
        yield f"  entered    by {_format_person(signature.entered)}"
    if signature.validated:
        yield f"  validated  by {_format_person(signature.validated)}"
    if signature.owner:
        role = signature.delegated_role
        yield f"             by delegation {signature.delegation} ({role}) of {_format_person(signature.owner)}"


def _format_person(person: Signatory) -> str:
    roles = f" ({', '.join(person.roles)})" if person.roles else ""
    return f"{person.code} {person.name}{roles}"


def _format_acts(acts: int) -> str:
    return f"all {acts:,} lines that it accepted" if acts != 1 else "this line alone"


def _render_posting(line: AcceptedLine) -> Iterator[str]:
    """Say which accounts the line was posted to: two, one by hand, or none."""
    sides = [(name, account) for name, account in (("debit", line.debit), ("credit", line.credit)) if account]
    for place, (name, account) in enumerate(sides):
        yield f"  {'' if place else 'posted':<10} {name} {account.code} {account.label}"


def _render_terms(terms: PaymentTerms) -> Iterator[str]:
    """Yield the days and method of payment, then what the payee recognises the payment by."""
    days = {"received": terms.received, "due": terms.due}
    methods = {"by": terms.method, "priority": "" if terms.priority is None else str(terms.priority)}
    phrases = [f"{name} {text}" for name, text in {**days, **methods}.items() if text]
    if phrases:
        yield f"  to be paid {', '.join(phrases)}"
    if terms.invoice_number or terms.invoice_date:
        yield f"  invoice    {_describe_invoice(terms)}"
    if terms.right_year or terms.prescription_stop:
        stop = f"no lapse: {terms.prescription_stop}" if terms.prescription_stop else ""
        yield f"  right      {', '.join(text for text in (str(terms.right_year or ''), stop) if text)}"
    if terms.nature:
        yield f"  nature     {terms.nature}"
    if terms.suspension_notified:
        yield f"  term       suspended from {terms.suspension_notified} to {terms.suspension_ended}"
    if terms.contract:
        yield f"  contract   {terms.contract}"
    if terms.reason:
        yield f"  reason     {terms.reason}"
    if terms.remittance:
        yield f"  remittance {terms.remittance}"


def _describe_invoice(terms: PaymentTerms) -> str:
    day = f" of {terms.invoice_date}" if terms.invoice_date else ""
    return f"{terms.invoice_number}{day}{f', part {terms.invoice_part}' if terms.invoice_part else ''}"


def _format_assignment(assignment: Assignment) -> str:
    centres = " > ".join(f"{centre.code} {centre.label}" for centre in assignment.centres)
    area = f"; area {assignment.area.code} {assignment.area.label}" if assignment.area.code else ""
    item = f"item {assignment.item.code} {assignment.item.label}"
    return f"{centres}{area}; {item}; fund {assignment.fund}; budget {assignment.year}"


def _format_entry(entry: EntrySummary) -> str:
    if entry.amount is None:
        return f"entry {entry.entry:,} of another sender, on {entry.day}"
    return f"entry {entry.entry:,}, {entry.kind} {entry.reference} of {format_euros(entry.amount)} euros on {entry.day}"


def _format_credit(credit: BankCredit) -> str:
    return (
        f"{format_euros(credit.collected_cents)} euros by entry {credit.item:,} of statement {credit.statement} of"
        f" {credit.account} on {credit.day} ({credit.file}): entry {credit.entry:,}"
    )


def _format_account(line: AcceptedLine) -> str:
    """Return the account of an act, and what it is: an account that is registered later changes nothing of it."""
    payee = line.payee
    if payee is None:
        return ""
    account = f"IBAN {payee.iban} {payee.bic}".rstrip()
    if payee.registered_by == line.entry:
        return f"{account}, registered by this act"
    use = (
        "the account of the transfer"
        if line.kind in _TRANSFER_KINDS
        else "the account registered at that time"
    )
    return f"{account}: {use}, by entry {payee.registered_by:,}"


def _format_transfer(transfer: Transfer | None) -> str:
    """Return the account to which a follower went, if it is a transfer."""
    if transfer is None or transfer.payee is None:
        return ""
    run = f", of payment run {transfer.run}" if transfer.run else ""
    return f", to IBAN {transfer.payee.iban}{run}"


def _describe_collection(collection: Collection) -> str:
    """Return what is still to be collected of a receivable, then where the rest went."""
    amounts = {"were collected": collection.collected_cents, "were taken off it": collection.lowered_cents}
    rest = ", ".join(f"{format_euros(cents)} {use}" for use, cents in amounts.items() if cents)
    return f"{format_euros(collection.left_cents)} euros to be collected{f': {rest}' if rest else ''}"


def _format_proof(proof: LinkProof) -> str:
    stored, computed = proof.stored[:HASH_CHARACTERS], proof.computed[:HASH_CHARACTERS]
    if proof.holds:
        return f"Batch {proof.batch:,}: its rows give its hash, {stored}: proven."
    return f"Batch {proof.batch:,}: its rows give {computed}, stored is {stored}: NOT proven."
