"""Where payees are paid: every registration and change of bank details, and which of them is in force."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.tables.journal import NewPayees
from kernels import bic, iban
from posting.pgcopy import TextCells
from settlement.orders.transfer_texts import check_texts
from settlement.text_spans import as_arrow, is_in, take_rows, truncate

_TEXT_COLUMNS = 4


class PayeeAccounts(NamedTuple):
    """Registrations and changes, in order of their entries."""

    rows: NewPayees
    name: TextCells
    iban: TextCells
    bic: TextCells

    def find_in_force(self, payees: NDArray[np.int32]) -> NDArray[np.int64]:
        """By payee, the row of the last of its registration and changes; -1 for one without any."""
        last = np.full(max(int(self.rows.payee.max(initial=0)), int(payees.max(initial=0))) + 1, -1, np.int64)
        last[self.rows.payee] = np.arange(len(self.rows.payee))  # of several the last is the one that stays
        return last[payees]

    def find_rows(self, entries: NDArray[np.int64], payees: NDArray[np.int32]) -> NDArray[np.int64]:
        """The row of each of ``entries``, which registered or changed details of ``payees``; they are all there."""
        found = self.find_in_force(payees)
        older = np.flatnonzero(self.rows.entry_id[found] != entries)
        found[older] = np.searchsorted(self.rows.entry_id, entries[older])
        return found


class TransferEligibility(NamedTuple):
    """By row of ``Payees``: whether a transfer can go there."""

    has_account: NDArray[np.bool_]
    has_bank: NDArray[np.bool_]
    """Its BIC is one, or none is given: the account is enough."""
    is_sepa: NDArray[np.bool_]


def build_payee_accounts(rows: NewPayees, texts: TextCells) -> PayeeAccounts:
    """The rows of the table of payees and their texts, in whatever order."""
    order = np.argsort(rows.entry_id, kind="stable")
    columns = [_take_column(texts, place, order) for place in range(1, _TEXT_COLUMNS)]
    return PayeeAccounts(NewPayees(rows.payee[order], rows.entry_id[order]), *columns)


def check_eligibility(accounts: PayeeAccounts, countries: frozenset[str]) -> TransferEligibility:
    """What each account and bank is good for."""
    is_sepa = is_in(truncate(as_arrow(accounts.iban), 2), sorted(countries))
    without = accounts.bic.spans.start == accounts.bic.spans.end
    return TransferEligibility(
        check_texts(iban.check_ibans, accounts.iban),
        check_texts(bic.check_bics, accounts.bic) | without,
        is_sepa,
    )


def _take_column(texts: TextCells, place: int, order: NDArray[np.integer]) -> TextCells:
    spans = type(texts.spans)(*(bound[place::_TEXT_COLUMNS] for bound in texts.spans))
    return take_rows(TextCells(spans, texts.text), order)
