"""What the credits of a bank file collected, and what of it was not matched, in words."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from core.money import format_euros
from service.terminal import console

if TYPE_CHECKING:
    from service.engine.bank_import import MessageReceipt


def describe_credits(message: "MessageReceipt") -> Iterator[str]:
    """Yield a line for what was collected, and one for what was not matched, by reason."""
    if message.receipts:
        credits_ = console.format_count(message.receipts, "credit")
        euros = format_euros(message.receipt_cents)
        yield f"  collected by {message.file}: {credits_} of {euros} euros with receivables."
    if message.reasons:
        sums = message.reasons.items()
        parts = [
            f"{name} {unmatched.items:,} ({format_euros(unmatched.cents)} euros)" for name, unmatched in sums
        ]
        yield f"  not matched of {message.file}: {', '.join(parts)} (crescendo bank unmatched)."
