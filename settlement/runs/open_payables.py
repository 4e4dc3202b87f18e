"""What is owed and not paid yet, found in the journal read from its end to its beginning.

What is taken up of an entry stands behind it; so when a stretch is read, all that was taken up of its entries is known, and
what is settled is forgotten at once.  A year's journal is searched with the memory of one stretch and eight bytes an entry.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.catalog import CATALOG, ActKind, Family, PayeeChange, Remainder, Stage
from core.tables.columns import allocate_zeros, concat_tables, seal, seal_array, select_rows
from core.tables.journal import Flags
from core.tables.payment_runs import Payables
from kernels import open_amounts as kernel
from posting.pgcopy import TextCells
from settlement.text_spans import EMPTY, append_empty, compact, concat, find_positions, take_rows

PAYING_KIND: Mapping[Stage, int] = {kind.after: number for number, kind in enumerate(CATALOG) if kind.remits}
"""By stage: the kind of act that sends the money."""
_OWED_STAGES = frozenset(PAYING_KIND)


def _flag_kinds(test: Callable[[ActKind], object]) -> NDArray[np.bool_]:
    return np.array([bool(test(kind)) for kind in CATALOG])


OPENS = _flag_kinds(lambda kind: kind.reaches in _OWED_STAGES)
"""By kind: whether something is owed on its entries."""
TAKES = _flag_kinds(
    lambda kind: kind.after in _OWED_STAGES and (kind.draws is Remainder.OPEN or kind.mirrors)
)
"""By kind: whether it takes up what is owed on the entry it follows."""
_CHANGES = _flag_kinds(lambda kind: kind.change in (PayeeChange.BLOCK, PayeeChange.RELEASE))
_SUSPENDS = _flag_kinds(lambda kind: kind.name == "term_suspension")
_RESUMES = _flag_kinds(lambda kind: kind.name == "term_resumption")
_CONTROLS = _CHANGES | _SUSPENDS | _RESUMES
"""Kinds that owe nothing and take nothing up, but say whether something may be paid."""
_BLOCKS = _flag_kinds(lambda kind: kind.change is PayeeChange.BLOCK)
_COMMITS = _flag_kinds(lambda kind: kind.family is Family.COMMITMENT)
_REQUESTS = _flag_kinds(lambda kind: kind.family is Family.PAYMENT_REQUEST)

SEARCHED_KINDS = np.flatnonzero(OPENS | TAKES | _CONTROLS | _COMMITS).tolist()
"""Kinds whose entries the search reads."""
REFERENCED_KINDS = np.flatnonzero(OPENS | _COMMITS).tolist()
"""Those of them whose references are wanted."""


class TermSuspensions(NamedTuple):
    """Suspensions of terms, by what they stop, ascending: something is missing before that is owed for sure."""

    entry: NDArray[np.int64]
    suspended: NDArray[np.int32]
    resumed: NDArray[np.int32]
    """0 where it is not yet."""

    @property
    def open_entries(self) -> NDArray[np.int64]:
        """What stands suspended."""
        return self.entry[self.resumed == 0]

    def find_days(self, entries: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Of each of ``entries`` the days of its suspension and of its end; zeros where it has not ended."""
        at = find_positions(self.entry, entries)
        began, ended = np.append(self.suspended, 0)[at], np.append(self.resumed, 0)[at]
        return np.where(ended > 0, began, 0).astype(np.int32), ended.astype(np.int32)


class OpenPayables(NamedTuple):
    """What is owed, by entry; ``rows.amount`` is what is still open."""

    rows: Payables
    reference: TextCells
    commitment: TextCells
    """The reference of the commitment a request draws on; empty where there is none."""
    blocked_payees: NDArray[np.int32]
    """Payees to whom nothing may be paid."""
    suspensions: TermSuspensions


class PayablesSearch:
    """Stretches of the journal, the newest first."""

    def __init__(self, last_entry: int) -> None:
        self._consumed_cents = np.zeros(last_entry + 1, np.int64)
        self._is_wanted = np.zeros(last_entry + 1, bool)
        self._parts: list[tuple[Payables, TextCells]] = []
        self._commitments: list[tuple[NDArray[np.int64], TextCells]] = []
        self._controls: list[Payables] = []

    def add_rows(self, rows: Payables, reference: TextCells) -> None:
        """Take in the entries of one stretch, in any order."""
        kernel.sum_taken_up(seal(rows), Flags(seal_array(TAKES.view(np.uint8))), self._consumed_cents)
        self._controls.append(select_rows(rows, np.flatnonzero(_CONTROLS[rows.kind])))
        self._keep_open(rows, reference)
        commits = np.flatnonzero(_COMMITS[rows.kind] & self._is_wanted[rows.entry_id])
        self._commitments.append((rows.entry_id[commits], compact(take_rows(reference, commits))))

    def _keep_open(self, rows: Payables, reference: TextCells) -> None:
        opens = np.flatnonzero(OPENS[rows.kind])
        left = rows.amount[opens] - self._consumed_cents[rows.entry_id[opens]]
        order = np.flatnonzero(left > 0)
        order = order[np.argsort(rows.entry_id[opens[order]], kind="stable")]
        kept = select_rows(rows, opens[order])._replace(amount=left[order])
        self._parts.append((kept, compact(take_rows(reference, opens[order]))))
        self._is_wanted[kept.predecessor[_REQUESTS[kept.kind]]] = True

    def collect(self) -> OpenPayables:
        """All that is owed, the oldest first."""
        parts = self._parts[::-1]
        if not parts:
            return OpenPayables(
                allocate_zeros(Payables, 0),
                EMPTY,
                EMPTY,
                np.zeros(0, np.int32),
                _find_suspensions(allocate_zeros(Payables, 0)),
            )
        rows, told = concat_tables([part for part, _ in parts]), concat_tables(self._controls)
        texts = concat([texts for _, texts in parts])
        return OpenPayables(
            rows, texts, self._find_commitments(rows), _find_blocked_payees(told), _find_suspensions(told)
        )

    def _find_commitments(self, rows: Payables) -> TextCells:
        """The reference of what each row follows, where that is a commitment."""
        entries = np.concatenate([found for found, _ in self._commitments])
        texts, order = concat([found for _, found in self._commitments]), np.argsort(entries)
        return take_rows(
            append_empty(take_rows(texts, order)), find_positions(entries[order], rows.predecessor)
        )


def _find_blocked_payees(told: Payables) -> NDArray[np.int32]:
    """Payees whose last change blocked them."""
    rows = np.flatnonzero(_CHANGES[told.kind])
    rows = rows[np.argsort(told.entry_id[rows])]
    blocked = np.zeros(int(told.payee.max(initial=0)) + 1, bool)
    blocked[told.payee[rows]] = _BLOCKS[
        told.kind[rows]
    ]  # of several for one payee the last is the one that stays
    return np.flatnonzero(blocked).astype(np.int32)


def _find_suspensions(told: Payables) -> TermSuspensions:
    """What was suspended, and when it went on."""
    ends, begins = np.flatnonzero(_RESUMES[told.kind]), np.flatnonzero(_SUSPENDS[told.kind])
    ends = ends[np.argsort(told.predecessor[ends])]
    begins = begins[np.argsort(told.predecessor[begins])]
    at = find_positions(told.predecessor[ends], told.entry_id[begins])
    resumed = np.append(told.day[ends], 0)[at].astype(np.int32)
    return TermSuspensions(told.predecessor[begins], told.day[begins], resumed)
