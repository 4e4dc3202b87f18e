"""Where payees are paid: every registration and change of bank details, and which of them is in force."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.tables.journal import NewPayees
from kernels import bic, iban
from posting.pgcopy import TextCells
from settlement.orders.transfer_texts import flagged
from settlement.text_spans import among, as_arrow, chosen, cut

_TEXTS = 4


class Payees(NamedTuple):
    """Registrations and changes, in order of their entries."""

    rows: NewPayees
    name: TextCells
    iban: TextCells
    bic: TextCells

    def in_force(self, payees: NDArray[np.int32]) -> NDArray[np.int64]:
        """By payee, the row of the last of its registration and changes; -1 for one without any."""
        last = np.full(max(int(self.rows.payee.max(initial=0)), int(payees.max(initial=0))) + 1, -1, np.int64)
        last[self.rows.payee] = np.arange(len(self.rows.payee))  # of several the last is the one that stays
        return last[payees]

    def of_entries(self, entries: NDArray[np.int64], payees: NDArray[np.int32]) -> NDArray[np.int64]:
        """The row of each of ``entries``, which registered or changed details of ``payees``; they are all there."""
        found = self.in_force(payees)
        older = np.flatnonzero(self.rows.entry_id[found] != entries)
        found[older] = np.searchsorted(self.rows.entry_id, entries[older])
        return found


class Fitness(NamedTuple):
    """By row of ``Payees``: whether a transfer can go there."""

    has_account: NDArray[np.bool_]
    has_bank: NDArray[np.bool_]
    """Its BIC is one, or none is given: the account is enough."""
    is_sepa: NDArray[np.bool_]


def payees(rows: NewPayees, texts: TextCells) -> Payees:
    """The rows of the table of payees and their texts, in whatever order."""
    order = np.argsort(rows.entry_id, kind="stable")
    columns = [_column(texts, place, order) for place in range(1, _TEXTS)]
    return Payees(NewPayees(rows.payee[order], rows.entry_id[order]), *columns)


def fitness(found: Payees, countries: frozenset[str]) -> Fitness:
    """What each account and bank is good for."""
    is_sepa = among(cut(as_arrow(found.iban), 2), sorted(countries))
    without = found.bic.spans.start == found.bic.spans.end
    return Fitness(
        flagged(iban, found.iban),
        flagged(bic, found.bic) | without,
        is_sepa,
    )


def _column(texts: TextCells, place: int, order: NDArray[np.integer]) -> TextCells:
    spans = type(texts.spans)(*(bound[place::_TEXTS] for bound in texts.spans))
    return chosen(TextCells(spans, texts.text), order)
