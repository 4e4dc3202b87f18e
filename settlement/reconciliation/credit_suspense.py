"""What becomes of credits that collect nothing: a receipt that was posted by hand, or an amount on suspense (rule A56).

What is on suspense stays there when its message is matched again: the accountant identifies it, or gives it back.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.accountants import Accountants
from core.tables.bank_messages import BankStatement
from settlement.reconciliation.act_lines import SUSPENDED
from settlement.reconciliation.mismatch import Mismatch
from settlement.reconciliation.receipt_matching import CreditMatches


class MovementSuspense(NamedTuple):
    """The movements of which something is posted to suspense: credits ascending, then debits and returns ascending."""

    row: NDArray[np.int64]
    """Row of the movement."""
    amount: NDArray[np.int64]
    reference: pa.Array
    """References of the acts."""
    centre: pa.Array
    """Fund centres in whose accountant's books they are posted."""

    def join(self, other: "MovementSuspense") -> "MovementSuspense":
        """Return both."""
        return MovementSuspense(
            np.append(self.row, other.row),
            np.append(self.amount, other.amount),
            *(pa.concat_arrays([own, more]) for own, more in zip(self[2:], other[2:], strict=True)),
        )

    def select(self, is_kept: NDArray[np.bool_]) -> "MovementSuspense":
        """Return what is posted of the movements that are kept; one value per movement of the message."""
        at = np.flatnonzero(is_kept[self.row])
        places = pa.array(at)
        return MovementSuspense(
            self.row[at], self.amount[at], self.reference.take(places), self.centre.take(places)
        )


class HandReceipts(NamedTuple):
    """The credits that are receipts of an accountant, ascending by movement."""

    row: NDArray[np.int64]
    entry: NDArray[np.int64]
    amount: NDArray[np.int64]


class HandReceipt(NamedTuple):
    """A receipt of an accountant that is no credit of another message."""

    entry: int
    receivable: int
    amount: int
    day: int


class KnownSuspense(NamedTuple):
    """What is on suspense by an act that exists: cents, and why the credit collects nothing."""

    amount: int
    mismatch: int


_NO_CENTS = np.zeros(0, np.int64)
NO_SUSPENSE = MovementSuspense(_NO_CENTS, _NO_CENTS, pa.array([], pa.string()), pa.array([], pa.string()))
NO_HAND_RECEIPTS = HandReceipts(_NO_CENTS, _NO_CENTS, _NO_CENTS)


def list_fund_centres(
    statements: Sequence[BankStatement], years: NDArray[np.int64], accountants: Mapping[int, Accountants]
) -> list[str]:
    """Return a fund centre of the accountant who keeps the account of each statement in a year; empty where none does.

    It says in whose books a credit is posted, as that of an opening balance does.
    """
    centres: dict[tuple[str, int], str] = {}
    for key in {(statement.account, int(year)) for statement, year in zip(statements, years, strict=True)}:
        centres[key] = _find_fund_centre(*key, accountants)
    return [centres[statement.account, int(year)] for statement, year in zip(statements, years, strict=True)]


def _find_fund_centre(account: str, year: int, accountants: Mapping[int, Accountants]) -> str:
    of_year = accountants.get(year)
    if of_year is None:
        return ""
    codes = (code for code, accountant in of_year.accountants.items() if accountant.iban == account)
    return of_year.main_centres.get(next(codes, ""), "")


def link_hand_receipts(
    results: CreditMatches,
    amount: NDArray[np.int64],
    day: NDArray[np.int64],
    *,
    receipts: Sequence[HandReceipt],
) -> NDArray[np.int64]:
    """Link credits with receipts of the receivable that they name, of the same amount, posted by then; each receipt once.

    Return the entry of the receipt that each credit is, 0 for none; a credit that is one matches.
    """
    entry = np.zeros(amount.size, np.int64)
    free: dict[tuple[int, int], list[HandReceipt]] = {}
    for receipt in receipts:
        free.setdefault((receipt.receivable, receipt.amount), []).append(receipt)
    for at in np.flatnonzero(results.mismatch == Mismatch.BY_HAND).tolist():
        candidates = free.get((int(results.receivable[at]), int(amount[at])), [])
        choice = next((receipt for receipt in candidates if receipt.day <= day[at]), None)
        if choice:
            candidates.remove(choice)
            entry[at], results.mismatch[at] = choice.entry, Mismatch.NONE
    return entry


def name_suspense(references: pa.Array) -> list[str]:
    """Return the references of what is on suspense, by those of the receipts that the credits would be."""
    return [SUSPENDED + reference[1:] for reference in references.to_pylist()]


def sum_known_suspense(references: Sequence[str], suspense: Mapping[str, KnownSuspense]) -> NDArray[np.int64]:
    """Return what of each credit is on suspense already."""
    nothing = KnownSuspense(0, 0)
    return np.array([suspense.get(reference, nothing).amount for reference in references], np.int64)


def keep_known_reasons(
    results: CreditMatches, references: Sequence[str], suspense: Mapping[str, KnownSuspense]
) -> None:
    """Keep the reason of what is on suspense, where the credit collects nothing."""
    for at, reference in enumerate(references):
        if reference in suspense and not results.amount[at]:
            results.mismatch[at] = suspense[reference].mismatch
