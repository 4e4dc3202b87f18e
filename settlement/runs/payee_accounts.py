"""The bank accounts of payees: every registration and change of bank details, and which of them is in force."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.tables.journal import NewPayees
from kernels import bic, iban
from posting.pgcopy import TextCells
from posting.text_spans import as_arrow, is_in, take_rows, truncate
from settlement.orders.transfer_texts import check_texts

_TEXT_COLUMNS = 4
"""Code, name, IBAN and BIC."""


class PayeeAccounts(NamedTuple):
    """All registrations and changes of bank details, one per row, ascending by entry."""

    rows: NewPayees
    name: TextCells
    iban: TextCells
    bic: TextCells

    def find_in_force(self, payees: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return the row that is in force for each payee, which is its last one; -1 for an unknown payee."""
        last = np.full(max(int(self.rows.payee.max(initial=0)), int(payees.max(initial=0))) + 1, -1, np.int64)
        last[self.rows.payee] = np.arange(len(self.rows.payee))  # of several rows the last is effective
        return last[payees]

    def find_rows(self, entries: NDArray[np.int64], payees: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return the row of each of ``entries``, which registered or changed the details of ``payees``."""
        rows = self.find_in_force(payees)
        older = np.flatnonzero(self.rows.entry_id[rows] != entries)
        rows[older] = np.searchsorted(self.rows.entry_id, entries[older])
        return rows

    def find_entries(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the entry of each row; 0 for row -1."""
        return np.append(self.rows.entry_id, 0)[rows]


class TransferEligibility(NamedTuple):
    """Whether a transfer to the account is possible, for each row of ``PayeeAccounts``."""

    has_account: NDArray[np.bool_]
    """The IBAN is valid."""
    has_bank: NDArray[np.bool_]
    """The BIC is valid, or missing: the IBAN is enough."""
    is_sepa: NDArray[np.bool_]

    def take(self, rows: NDArray[np.int64]) -> "TransferEligibility":
        """Return the eligibility of each row; for row -1 nothing is possible."""
        return TransferEligibility(*(np.append(flag, False)[rows] for flag in self))


def build_payee_accounts(rows: NewPayees, texts: TextCells) -> PayeeAccounts:
    """Build the accounts from the rows of the table of payees and their texts, in any order."""
    order = np.argsort(rows.entry_id, kind="stable")
    columns = [_take_column(texts, column, order) for column in range(1, _TEXT_COLUMNS)]
    return PayeeAccounts(NewPayees(rows.payee[order], rows.entry_id[order]), *columns)


def check_eligibility(accounts: PayeeAccounts, countries: frozenset[str]) -> TransferEligibility:
    """Check every account; ``countries`` are those of SEPA."""
    has_no_bic = accounts.bic.spans.start == accounts.bic.spans.end
    return TransferEligibility(
        has_account=check_texts(iban.check_ibans, accounts.iban),
        has_bank=check_texts(bic.check_bics, accounts.bic) | has_no_bic,
        is_sepa=is_in(truncate(as_arrow(accounts.iban), 2), sorted(countries)),
    )


def _take_column(texts: TextCells, column: int, order: NDArray[np.integer]) -> TextCells:
    spans = type(texts.spans)(*(bound[column::_TEXT_COLUMNS] for bound in texts.spans))
    return take_rows(TextCells(spans, texts.text), order)
