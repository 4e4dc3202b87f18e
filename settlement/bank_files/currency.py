"""The finding for a bank file in another currency than that of the accounts."""

from core.iso20022 import CURRENCY

CURRENCY_REMEDY = f"Import only the statements of accounts in {CURRENCY}"
_LETTERS_MAX = 10


def describe_currency(subject: str, currency: str) -> str:
    """Describe an amount or account, the ``subject``, that is not in euros."""
    if not currency:
        return f"The {subject} has no currency, and these accounts are kept in {CURRENCY}"
    return f"The {subject} is in {currency[:_LETTERS_MAX]}, and these accounts are kept in {CURRENCY}"
