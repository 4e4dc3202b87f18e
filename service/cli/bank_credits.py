"""What the credits of a bank file collected, what is on suspense, and what was not matched, in words."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from core.money import format_euros
from service.terminal import console

if TYPE_CHECKING:
    from service.engine.bank_import import MessageReceipt
    from settlement.reconciliation.account_status import AccountsReport, AccountStatus

_SUSPENSE_COMMAND = "crescendo report suspense"
_UNMATCHED_COMMAND = "crescendo bank unmatched"


def describe_credits(message: "MessageReceipt") -> Iterator[str]:
    """Yield a line for what was collected, one for what is on suspense, and one for what was not matched, by reason."""
    if message.receipts:
        credits_ = console.format_count(message.receipts, "credit")
        euros = format_euros(message.receipt_cents)
        yield f"  collected by {message.file}: {credits_} of {euros} euros with receivables."
    if message.suspense:
        movements = " and ".join(
            f"{console.format_count(on_suspense.items, name)} of {format_euros(on_suspense.cents)} euros"
            for name, on_suspense in message.suspense_types.items()
        )
        yield f"  on suspense by {message.file}: {movements} to identify ({_SUSPENSE_COMMAND})."
    if message.reasons:
        sums = message.reasons.items()
        parts = [
            f"{name} {unmatched.items:,} ({format_euros(unmatched.cents)} euros)" for name, unmatched in sums
        ]
        yield f"  not matched of {message.file}: {', '.join(parts)} ({_choose_list(message)})."


def _choose_list(message: "MessageReceipt") -> str:
    """Return the commands that list the unmatched movements: those on suspense are not among what is not posted."""
    if not message.suspense:
        return _UNMATCHED_COMMAND
    if message.suspense == message.unmatched:
        return _SUSPENSE_COMMAND
    return f"{_SUSPENSE_COMMAND}, {_UNMATCHED_COMMAND}"


def describe_agreement(status: "AccountsReport") -> str:
    """Say whether books and bank agree; without a statement there is nothing to compare."""
    if not status.agrees:
        return "Books and bank DO NOT agree"
    if not status.has_statements:
        return "No statement was imported yet, so the books are compared with nothing"
    return "Books and bank agree to the cent"


def describe_accounts(accounts: "Sequence[AccountStatus]") -> Iterator[str]:
    """Yield a line for a first statement that does not open as the books do, and for receipts by hand that are no credit."""
    for account in accounts:
        if account.unopened:
            yield (
                f"{account.account}: the first statement opens with {format_euros(account.unopened)} euros more than the books"
                " (C14 opens them; a ledger that begins opens nothing): the books of the Treasury differ by that."
            )
        if account.by_hand:
            receipts = console.format_count(account.by_hand_items, "receipt")
            yield (
                f"{account.account}: {receipts} by hand of {format_euros(account.by_hand)} euros"
                f" {'is' if account.by_hand_items == 1 else 'are'} no credit of a statement yet."
            )
