"""The history of an act as it is encoded: accepted and refused lines, their origin and their effects."""

import msgspec

from core.amount_fields import AmountStruct, Cents, HiddenOldCents, OldCents
from reporting.budget import Appropriations
from reporting.line_documents import LineDocument
from reporting.proofs import LinkProof
from reporting.refusals import RefusedLine


class Origin(msgspec.Struct, frozen=True):
    """The origin of a line: its file and its position there."""

    submission: int
    sender: str
    file: str
    batch_id: str
    sha256: str
    received_at: str
    line: int
    """From 1."""


class CodeLabel(msgspec.Struct, frozen=True):
    """A code and its label."""

    code: str
    label: str


class Assignment(msgspec.Struct, frozen=True):
    """An account assignment in words."""

    centres: list[CodeLabel]
    """From the programme down; the operation, if there is one, is the last."""
    area: CodeLabel
    item: CodeLabel
    fund: str
    year: int


class Payee(msgspec.Struct, frozen=True):
    """A registered third party."""

    code: str
    name: str
    iban: str
    bic: str
    registered_by: int = 0
    """The entry that registered this account: later changes do not alter what an earlier act states."""
    merged_into: str = ""
    """The code that stays in use, if this one was merged since; the act keeps the code that it stated."""

    @property
    def label(self) -> str:
        """The code and the name, and the code that stays in use of a merged one."""
        return f"{self.code} {self.name}" + (f", merged into {self.merged_into}" if self.merged_into else "")


class Transfer(msgspec.Struct, frozen=True):
    """A payment or re-issue, and the account to which it went."""

    entry: int
    run: int | None
    """The payment run that issued it; null for an act of a file."""
    payee: Payee | None


class BankCredit(msgspec.Struct, frozen=True):
    """The entry of a bank statement by which a receivable was collected."""

    entry: int
    """The receipt in the journal."""
    file: str
    statement: str
    account: str
    item: int
    """Number of the entry in the statement, from 1."""
    day: str
    collected_cents: int


class PaymentTerms(msgspec.Struct, frozen=True, kw_only=True):
    """The payment terms that a payment request states, or the reason of a justification; null or empty if it states none."""

    received: str | None
    """The day on which the creditor's request was received."""
    due: str | None
    method: str
    priority: int | None
    invoice_number: str
    invoice_date: str | None
    invoice_part: int | None
    """The part of the invoice that it requests; null for the whole."""
    right_year: int | None
    """The year in which the right arose, if it is stated."""
    prescription_stop: str
    """What kept the debt from lapsing."""
    nature: str
    """What allows the payment before service."""
    suspension_notified: str | None
    """The day on which the authorising officer notified the creditor that the term was suspended, before the order."""
    suspension_ended: str | None
    """The day on which what was missing arrived."""
    contract: str
    """The contract that it performs; empty if that of its commitment item counts."""
    reason: str
    """Of a claim of late interest: why it is made; of a justification: why the amount stays on its account."""
    remittance: str
    """The remittance information for the payee."""


class Signatory(msgspec.Struct, frozen=True):
    """A person, and the roles of his own that he had on the day of the entry."""

    code: str
    name: str
    roles: list[str]


class Signature(msgspec.Struct, frozen=True):
    """Who entered and who validated an act."""

    entered: Signatory | None
    validated: Signatory | None
    delegation: str
    """The number of the delegation by which it was validated; empty for a role of his own."""
    delegated_role: str
    owner: Signatory | None
    """Who delegated."""


class ChangeEvidence(msgspec.Struct, frozen=True):
    """Why bank details were changed."""

    evidence_hash: str
    """The SHA-256 of the document with which the payee asked for it."""
    call_back: str
    """How the payee was called back."""


class Withdrawal(msgspec.Struct, frozen=True, kw_only=True):
    """What a withdrawal of a commitment of an earlier year does with the AE."""

    commitment_year: int
    """The budget year of the commitment."""
    year: int
    """The budget year whose reported consumption it lowers."""
    is_available_again: bool
    """Whether the AE are available again in that year."""
    recycling_case: str
    """The case that it names; empty for none."""
    label: str


class LineAgreement(msgspec.Struct, frozen=True):
    """The agreement of a sender whose system separates entry from validation: its lines name no person."""

    number: str
    separation: str
    """How that system separates them."""


class NodeChange(msgspec.Struct, frozen=True):
    """The figures of one node just before and just after the batch of the act, in cents."""

    node: str
    ae_before: Appropriations
    ae_after: Appropriations
    cp_before: Appropriations
    cp_after: Appropriations


class EntrySummary(AmountStruct, frozen=True):
    """A summary of another entry; of one that the caller may not see, only the numbers and the day."""

    entry: int
    reference: str
    kind: str
    day: str
    amount: HiddenOldCents
    follows: int
    amount_cents: Cents | None = None
    is_visible: bool = True
    """False for an act of another sender: reference and kind are empty then, and the amounts null."""


class Standing(AmountStruct, frozen=True, kw_only=True):
    """Whether a payment request is paid."""

    state: str
    """``requested``, ``partly_paid``, ``paid``, ``partly_rejected``, ``rejected`` or ``carried``."""
    settled_cents: Cents
    """Paid, set off or diverted to another payee."""
    payable_cents: Cents
    """Neither rejected, nor settled, nor retained."""
    retained_cents: Cents
    """Retained as a guarantee; what of it is released is paid as another act."""
    back_cents: Cents | None
    """Of what is settled: transfers that the bank rejected or returned, and that were not sent again.

    Null if not all followers are listed.
    """
    transit_cents: Cents | None
    """Of what is settled: transfers that were sent to the bank, and that it has not debited yet; null likewise."""


class Collection(AmountStruct, frozen=True, kw_only=True):
    """What of a receivable is collected."""

    collected_cents: Cents
    """By receipts and set-offs."""
    lowered_cents: Cents
    """By reductions, or by its cancellation."""
    left_cents: Cents
    """Neither collected nor lowered."""


class AcceptedLine(AmountStruct, frozen=True, kw_only=True):
    """An accepted line and the facts related to it."""

    entry: int
    reference: str
    kind: str
    french: str
    origin: Origin
    amount: OldCents
    day: str
    month: str
    batch: int
    document_number: str
    """``ACCOUNTANT/YEAR/JOURNAL/NUMBER``: the document (*pièce*) of its accountant; empty for an act on a third party."""
    acts: int
    """The lines that its batch accepted: the figures of nodes are before and after all of them."""
    committed_at: str
    assignment: Assignment | None
    giving_centre: CodeLabel | None
    """Only of a move of credits: the fund centre that gives them."""
    payee: Payee | None
    terms: PaymentTerms | None
    """Only of a payment request that states some."""
    signature: Signature | None
    """Null where the line names no person."""
    agreement: LineAgreement | None
    """Null where the line came under none."""
    evidence: ChangeEvidence | None
    """Only of a change of bank details."""
    withdrawal: Withdrawal | None
    """Only of a withdrawal of a commitment of an earlier year."""
    debit: CodeLabel | None
    credit: CodeLabel | None
    nodes: list[NodeChange]
    predecessor: EntrySummary | None
    standing: Standing | None
    """Only of a payment request."""
    collection: Collection | None
    """Only of a receivable."""
    followers: list[EntrySummary]
    """All that follows it, directly or through others, in the order of entries."""
    transfers: list[Transfer]
    """The payments and re-issues among these followers."""
    bank_credits: list[BankCredit]
    """Of a receipt, and of those that follow a receivable: the entries of statements that they post."""
    duplicates: list[Origin]
    """The origins of lines that repeat this one."""
    amount_cents: Cents = 0


class RefusedHistory(msgspec.Struct, frozen=True):
    """A refused line and its origin."""

    origin: Origin
    refusal: RefusedLine
    nodes: list[NodeChange]
    """The node that refused the line, and the nodes above it."""
    acts: int = 0
    """The lines that its batch accepted: what the nodes' figures changed by is theirs."""


class Explanation(msgspec.Struct, frozen=True):
    """The history of all acts with one reference; several senders, kinds and exercises may have used it."""

    reference: str
    accepted: list[AcceptedLine]
    refused: list[RefusedHistory]
    proofs: list[LinkProof]
    """The proofs of the batches that contain these lines."""
    documents: list[LineDocument] = []
    """What the accepted lines state of their documents."""
