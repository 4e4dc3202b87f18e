"""Open payables: what is owed and not paid yet, found by reading the journal from its end to its beginning.

An entry is consumed by later entries only.  So once a range of entries is read, it is known how much of each is consumed, and
fully consumed entries are dropped at once.  A search needs the memory of one range, and eight bytes per entry of the journal.
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
from posting.text_spans import EMPTY, append_empty, compact, concat, find_positions, take_rows

PAYING_KIND: Mapping[Stage, int] = {kind.after: number for number, kind in enumerate(CATALOG) if kind.remits}
"""The kind of act that sends the money, by the stage of the debt."""
_OWED_STAGES = frozenset(PAYING_KIND)


def _flag_kinds(test: Callable[[ActKind], object]) -> NDArray[np.bool_]:
    return np.array([bool(test(kind)) for kind in CATALOG])


OPENS = _flag_kinds(lambda kind: kind.reaches in _OWED_STAGES)
"""By kind: whether its entries are debts."""
TAKES = _flag_kinds(
    lambda kind: kind.after in _OWED_STAGES and (kind.draws is Remainder.OPEN or kind.mirrors)
)
"""By kind: whether it consumes the debt that it follows."""
_MIRRORS = _flag_kinds(lambda kind: kind.mirrors)
_REJECTS = _flag_kinds(lambda kind: kind.family is Family.REJECTION)
_DIVERTS = _flag_kinds(lambda kind: kind.diverts)
_CHANGES = _flag_kinds(lambda kind: kind.change in (PayeeChange.BLOCK, PayeeChange.RELEASE))
_SUSPENDS = _flag_kinds(lambda kind: kind.reaches is Stage.SUSPENDED)
_RESUMES = _flag_kinds(lambda kind: kind.after is Stage.SUSPENDED)
_CONTROLS = _CHANGES | _SUSPENDS | _RESUMES
"""By kind: whether it neither is nor consumes a debt, but decides whether debts may be paid."""
_BLOCKS = _flag_kinds(lambda kind: kind.change is PayeeChange.BLOCK)
_COMMITS = _flag_kinds(lambda kind: kind.family is Family.COMMITMENT)
_REQUESTS = _flag_kinds(lambda kind: kind.family is Family.PAYMENT_REQUEST)

SEARCHED_KINDS = np.flatnonzero(OPENS | TAKES | _REJECTS | _CONTROLS | _COMMITS).tolist()
"""The kinds that the search reads."""
REFERENCED_KINDS = np.flatnonzero(OPENS | _COMMITS).tolist()
"""Those of them whose references are needed."""


class OpenPayables(NamedTuple):
    """All open payables, one per row, ascending by entry, and what decides whether they may be paid."""

    rows: Payables
    """The amount is what is still open."""
    reference: TextCells
    commitment: TextCells
    """Reference of the commitment that a request draws on; empty if there is none."""
    blocked_payees: NDArray[np.int32]
    """Payees to whom nothing may be paid."""
    suspensions: NDArray[np.int64]
    """The entries whose payment the accountant has suspended, ascending: nothing of them is paid now."""


class PayablesSearch:
    """The search for open payables: takes the entries of the journal range by range, the newest range first."""

    def __init__(self, last_entry: int) -> None:
        self._consumed_cents = np.zeros(last_entry + 1, np.int64)
        self._is_referenced = np.zeros(last_entry + 1, bool)
        self._parts: list[tuple[Payables, TextCells]] = []
        self._commitments: list[tuple[NDArray[np.int64], TextCells]] = []
        self._controls: list[Payables] = []
        self._rejections: list[Payables] = []

    def add_rows(self, rows: Payables, reference: TextCells) -> None:
        """Add the entries of one range, in any order."""
        kernel.sum_taken_up(seal(rows), Flags(seal_array(TAKES.view(np.uint8))), self._consumed_cents)
        self._controls.append(select_rows(rows, np.flatnonzero(_CONTROLS[rows.kind])))
        self._return_rejected_parts(rows)
        self._keep_open(rows, reference)
        commits = np.flatnonzero(_COMMITS[rows.kind] & self._is_referenced[rows.entry_id])
        self._commitments.append((rows.entry_id[commits], compact(take_rows(reference, commits))))

    def _return_rejected_parts(self, rows: Payables) -> None:
        """Give what was rejected of a part or a guarantee back to its debt: an opposition has ended, or a carry was wrong."""
        self._rejections.append(select_rows(rows, np.flatnonzero(_MIRRORS[rows.kind])))
        parts = np.flatnonzero(_DIVERTS[rows.kind])
        if not len(parts):
            return
        parts = parts[np.argsort(rows.entry_id[parts])]
        rejections = concat_tables(self._rejections)
        positions = find_positions(rows.entry_id[parts], rejections.predecessor)
        cents = np.zeros(len(parts) + 1, np.int64)  # the last one is for rejections of anything else
        np.add.at(cents, positions, rejections.amount)
        np.subtract.at(self._consumed_cents, rows.predecessor[parts], cents[:-1])

    def _keep_open(self, rows: Payables, reference: TextCells) -> None:
        debts = np.flatnonzero(OPENS[rows.kind])
        open_cents = rows.amount[debts] - self._consumed_cents[rows.entry_id[debts]]
        order = np.flatnonzero(open_cents > 0)
        order = order[np.argsort(rows.entry_id[debts[order]], kind="stable")]
        payables = select_rows(rows, debts[order])._replace(amount=open_cents[order])
        self._parts.append((payables, compact(take_rows(reference, debts[order]))))
        self._is_referenced[payables.predecessor[_REQUESTS[payables.kind]]] = True

    def collect(self) -> OpenPayables:
        """Return all open payables, the oldest first."""
        parts = self._parts[::-1]
        if not parts:
            nothing = allocate_zeros(Payables, 0)
            return OpenPayables(nothing, EMPTY, EMPTY, np.zeros(0, np.int32), _find_suspensions(nothing))
        rows, controls = concat_tables([part for part, _ in parts]), concat_tables(self._controls)
        references = concat([texts for _, texts in parts])
        return OpenPayables(
            rows,
            references,
            self._find_commitments(rows),
            _find_blocked_payees(controls),
            _find_suspensions(controls),
        )

    def _find_commitments(self, rows: Payables) -> TextCells:
        """Return the reference of the predecessor of each row, if that is a commitment."""
        entries = np.concatenate([part for part, _ in self._commitments])
        references, order = concat([part for _, part in self._commitments]), np.argsort(entries)
        positions = find_positions(entries[order], rows.predecessor)
        return take_rows(append_empty(take_rows(references, order)), positions)


def _find_blocked_payees(controls: Payables) -> NDArray[np.int32]:
    """Return the payees whose last change blocked them."""
    rows = np.flatnonzero(_CHANGES[controls.kind])
    rows = rows[np.argsort(controls.entry_id[rows])]
    is_blocked = np.zeros(int(controls.payee.max(initial=0)) + 1, bool)
    # of several assignments to one payee the last is effective
    is_blocked[controls.payee[rows]] = _BLOCKS[controls.kind[rows]]
    return np.flatnonzero(is_blocked).astype(np.int32)


def _find_suspensions(controls: Payables) -> NDArray[np.int64]:
    """Return the entries whose suspension no resumption follows."""
    begins = np.flatnonzero(_SUSPENDS[controls.kind])
    has_ended = np.isin(controls.entry_id[begins], controls.predecessor[_RESUMES[controls.kind]])
    return np.sort(controls.predecessor[begins[~has_ended]])
