"""What is told of one act: lines accepted or refused, where they came from, what they changed."""

import msgspec

from reporting.budget import Appropriations
from reporting.proofs import LinkProof
from reporting.refusals import RefusedLine


class Origin(msgspec.Struct, frozen=True):
    """Where a line stood when it was sent."""

    submission: int
    sender: str
    file: str
    batch_id: str
    sha256: str
    received_at: str
    line: int
    """From 1."""


class CodeLabel(msgspec.Struct, frozen=True):
    """Something named by a code."""

    code: str
    label: str


class Assignment(msgspec.Struct, frozen=True):
    """A cell in words."""

    centres: list[CodeLabel]
    """From the programme down; the operation last where there is one."""
    area: CodeLabel
    item: CodeLabel
    fund: str
    year: int


class Payee(msgspec.Struct, frozen=True):
    """A third party as registered."""

    code: str
    name: str
    iban: str
    bic: str


class PaymentTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What a payment request says of its payment; null or empty where it says nothing."""

    received: str | None
    """When the creditor's request came in."""
    due: str | None
    method: str
    priority: int | None
    invoice_number: str
    invoice_date: str | None
    remittance: str
    """What the payee will read."""


class NodeChange(msgspec.Struct, frozen=True):
    """One node's figures just before and just after the batch of the act, in cents."""

    node: str
    ae_before: Appropriations
    ae_after: Appropriations
    cp_before: Appropriations
    cp_after: Appropriations


class EntrySummary(msgspec.Struct, frozen=True):
    """Another entry, in short."""

    entry: int
    reference: str
    kind: str
    day: str
    amount: int
    follows: int


class AcceptedLine(msgspec.Struct, frozen=True, kw_only=True):
    """An accepted line and everything that hangs on it."""

    entry: int
    reference: str
    kind: str
    french: str
    origin: Origin
    amount: int
    day: str
    month: str
    batch: int
    committed_at: str
    assignment: Assignment | None
    payee: Payee | None
    terms: PaymentTerms | None
    """Of a payment request that says any."""
    debit: CodeLabel | None
    credit: CodeLabel | None
    nodes: list[NodeChange]
    predecessor: EntrySummary | None
    followers: list[EntrySummary]
    duplicates: list[Origin]
    """Where the same line was sent again."""


class RefusedHistory(msgspec.Struct, frozen=True):
    """A refused line and where it came from."""

    origin: Origin
    refusal: RefusedLine
    nodes: list[NodeChange]
    """The node that refused, and those above it."""


class Explanation(msgspec.Struct, frozen=True):
    """Everything known of a reference; several senders, kinds and exercises may have used it."""

    reference: str
    accepted: list[AcceptedLine]
    refused: list[RefusedHistory]
    proofs: list[LinkProof]
    """Of the batches that hold these lines."""
