"""The database rows of what becomes of the credits of a bank message."""

from typing import NamedTuple

from settlement.reconciliation.message_rows import PreparedMessage


class ReceiptRow(NamedTuple):
    """A row of ``bank_receipt``: the receivable that a credit collects, and how much of it."""

    message: int
    attempt: int
    row: int
    statement: int
    reference: str
    receivable: int
    amount: int


class SuspenseRow(NamedTuple):
    """A row of ``bank_suspense``: what of a credit is posted to suspense."""

    message: int
    attempt: int
    row: int
    statement: int
    reference: str
    amount: int


class HandReceiptRow(NamedTuple):
    """A row of ``bank_hand_receipt``: the receipt of an accountant that a credit is."""

    message: int
    attempt: int
    row: int
    statement: int
    entry_id: int
    amount: int


class CreditRows(NamedTuple):
    """What becomes of the credits of a message."""

    receipts: list[ReceiptRow]
    suspense: list[SuspenseRow]
    hand_receipts: list[HandReceiptRow]


def build_credit_rows(message: int, attempt: int, prepared: PreparedMessage) -> CreditRows:
    """Build the rows of the credits that collect a receivable, are on suspense, or are receipts by hand."""
    statement = prepared.message.movements.statement
    row, amount, reference, _ = prepared.suspense
    columns = (row.tolist(), statement[row].tolist(), reference.to_pylist(), amount.tolist())
    suspense = [SuspenseRow(message, attempt, *values) for values in zip(*columns, strict=True)]
    row, entry, amount = prepared.hand_receipts
    columns = (row.tolist(), statement[row].tolist(), entry.tolist(), amount.tolist())
    hand_receipts = [HandReceiptRow(message, attempt, *values) for values in zip(*columns, strict=True)]
    return CreditRows(_build_receipt_rows(message, attempt, prepared), suspense, hand_receipts)


def _build_receipt_rows(message: int, attempt: int, prepared: PreparedMessage) -> list[ReceiptRow]:
    """Build the rows of the credits that collect a receivable."""
    receipts, statement = prepared.receipts, prepared.message.movements.statement
    columns = (receipts.row, statement[receipts.row], receipts.receivable, receipts.amount)
    rows = zip(*(column.tolist() for column in columns), receipts.reference.to_pylist(), strict=True)
    return [
        ReceiptRow(message, attempt, row, number, reference, receivable, amount)
        for row, number, receivable, amount, reference in rows
    ]
