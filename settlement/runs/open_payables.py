"""What is owed and not paid yet, found in the journal read from its end to its beginning.

What is taken up of an entry stands behind it; so when a stretch is read, all that was taken up of its entries is known, and
what is settled is forgotten at once.  A year's journal is searched with the memory of one stretch and eight bytes an entry.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.catalog import CATALOG, ActKind, Change, Family, Remainder, Stage
from core.tables.columns import blank, join, seal, sealed, take
from core.tables.journal import Flags
from core.tables.payment_runs import Payables
from kernels import open_amounts as kernel
from posting.pgcopy import TextCells
from settlement.text_spans import NOTHING, chosen, ended, gathered, joined, places

PAID_BY: Mapping[Stage, int] = {kind.after: number for number, kind in enumerate(CATALOG) if kind.remits}
"""By stage: the kind of act that sends the money."""
_OWED = frozenset(PAID_BY)


def _by_kind(test: Callable[[ActKind], object]) -> NDArray[np.bool_]:
    return np.array([bool(test(kind)) for kind in CATALOG])


OPENS = _by_kind(lambda kind: kind.reaches in _OWED)
"""By kind: whether something is owed on its entries."""
TAKES = _by_kind(lambda kind: kind.after in _OWED and (kind.draws is Remainder.OPEN or kind.mirrors))
"""By kind: whether it takes up what is owed on the entry it follows."""
_CHANGES = _by_kind(lambda kind: kind.change in (Change.BLOCK, Change.RELEASE))
_SUSPENDS = _by_kind(lambda kind: kind.name == "term_suspension")
_RESUMES = _by_kind(lambda kind: kind.name == "term_resumption")
_TOLD = _CHANGES | _SUSPENDS | _RESUMES
"""Kinds that owe nothing and take nothing up, but say whether something may be paid."""
_BLOCKS = _by_kind(lambda kind: kind.change is Change.BLOCK)
_COMMITS = _by_kind(lambda kind: kind.family is Family.COMMITMENT)
_REQUESTS = _by_kind(lambda kind: kind.family is Family.PAYMENT_REQUEST)

READ = np.flatnonzero(OPENS | TAKES | _TOLD | _COMMITS).tolist()
"""Kinds whose entries the search reads."""
NAMED = np.flatnonzero(OPENS | _COMMITS).tolist()
"""Those of them whose references are wanted."""


class Stops(NamedTuple):
    """Suspensions of terms, by what they stop, ascending: something is missing before that is owed for sure."""

    entry: NDArray[np.int64]
    suspended: NDArray[np.int32]
    resumed: NDArray[np.int32]
    """0 where it is not yet."""

    @property
    def going_on(self) -> NDArray[np.int64]:
        """What stands suspended."""
        return self.entry[self.resumed == 0]

    def days(self, entries: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Of each of ``entries`` the days of its suspension and of its end; zeros where it has not ended."""
        at = places(self.entry, entries)
        began, ended = np.append(self.suspended, 0)[at], np.append(self.resumed, 0)[at]
        return np.where(ended > 0, began, 0).astype(np.int32), ended.astype(np.int32)


class Owed(NamedTuple):
    """What is owed, by entry; ``rows.amount`` is what is still open."""

    rows: Payables
    reference: TextCells
    commitment: TextCells
    """The reference of the commitment a request draws on; empty where there is none."""
    blocked: NDArray[np.int32]
    """Payees to whom nothing may be paid."""
    stops: Stops


class Search:
    """Stretches of the journal, the newest first."""

    def __init__(self, last_entry: int) -> None:
        self._taken = np.zeros(last_entry + 1, np.int64)
        self._is_wanted = np.zeros(last_entry + 1, bool)
        self._parts: list[tuple[Payables, TextCells]] = []
        self._commitments: list[tuple[NDArray[np.int64], TextCells]] = []
        self._told: list[Payables] = []

    def read(self, rows: Payables, reference: TextCells) -> None:
        """Take in the entries of one stretch, in any order."""
        kernel.take_up(seal(rows), Flags(sealed(TAKES.view(np.uint8))), self._taken)
        self._told.append(take(rows, np.flatnonzero(_TOLD[rows.kind])))
        self._keep_open(rows, reference)
        commits = np.flatnonzero(_COMMITS[rows.kind] & self._is_wanted[rows.entry_id])
        self._commitments.append((rows.entry_id[commits], gathered(chosen(reference, commits))))

    def _keep_open(self, rows: Payables, reference: TextCells) -> None:
        opens = np.flatnonzero(OPENS[rows.kind])
        left = rows.amount[opens] - self._taken[rows.entry_id[opens]]
        order = np.flatnonzero(left > 0)
        order = order[np.argsort(rows.entry_id[opens[order]], kind="stable")]
        kept = take(rows, opens[order])._replace(amount=left[order])
        self._parts.append((kept, gathered(chosen(reference, opens[order]))))
        self._is_wanted[kept.predecessor[_REQUESTS[kept.kind]]] = True

    def found(self) -> Owed:
        """All that is owed, the oldest first."""
        parts = self._parts[::-1]
        if not parts:
            return Owed(
                blank(Payables, 0), NOTHING, NOTHING, np.zeros(0, np.int32), _stops(blank(Payables, 0))
            )
        rows, told = join([part for part, _ in parts]), join(self._told)
        texts = joined([texts for _, texts in parts])
        return Owed(rows, texts, self._commitment(rows), _blocked(told), _stops(told))

    def _commitment(self, rows: Payables) -> TextCells:
        """The reference of what each row follows, where that is a commitment."""
        entries = np.concatenate([found for found, _ in self._commitments])
        texts, order = joined([found for _, found in self._commitments]), np.argsort(entries)
        return chosen(ended(chosen(texts, order)), places(entries[order], rows.predecessor))


def _blocked(told: Payables) -> NDArray[np.int32]:
    """Payees whose last change blocked them."""
    rows = np.flatnonzero(_CHANGES[told.kind])
    rows = rows[np.argsort(told.entry_id[rows])]
    blocked = np.zeros(int(told.payee.max(initial=0)) + 1, bool)
    blocked[told.payee[rows]] = _BLOCKS[
        told.kind[rows]
    ]  # of several for one payee the last is the one that stays
    return np.flatnonzero(blocked).astype(np.int32)


def _stops(told: Payables) -> Stops:
    """What was suspended, and when it went on."""
    ends, begins = np.flatnonzero(_RESUMES[told.kind]), np.flatnonzero(_SUSPENDS[told.kind])
    ends = ends[np.argsort(told.predecessor[ends])]
    begins = begins[np.argsort(told.predecessor[begins])]
    at = places(told.predecessor[ends], told.entry_id[begins])
    resumed = np.append(told.day[ends], 0)[at].astype(np.int32)
    return Stops(told.predecessor[begins], told.day[begins], resumed)
