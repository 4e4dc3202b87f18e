"""From what was debited to delays: the term of each, the days it took, and those it was late."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.catalog import CATALOG, KIND_NUMBERS
from core.effective_dates import EffectiveDated
from core.payment_terms import PaymentTerms, compute_terms
from core.tables.columns import select_rows
from core.tables.delays import DebitedPayments, LatePayments
from posting.delays.service_dates import Billing

_INTEREST = KIND_NUMBERS["late_interest"]
_INHERITS = np.array([kind.inherits for kind in CATALOG])


class EntryDays(NamedTuple):
    """A day for each of some entries, ascending."""

    entry: NDArray[np.int64]
    day: NDArray[np.int32]

    def find_days(self, entries: NDArray[np.int64]) -> NDArray[np.int32]:
        """The day of each of ``entries``; 0 for none."""
        at = np.searchsorted(self.entry, entries)
        is_there = np.append(self.entry, -1)[at] == entries
        return np.where(is_there, np.append(self.day, 0)[at], 0).astype(np.int32)


class Suspensions(NamedTuple):
    """Suspensions by what they stop, ascending, each with the entry that noted it and the one that ended it."""

    payable: NDArray[np.int64]
    noted: NDArray[np.int64]
    day: NDArray[np.int32]
    ended: NDArray[np.int64]
    """0 where it goes on."""
    resumed: NDArray[np.int32]

    def find_days(
        self, payables: NDArray[np.int64], moments: NDArray[np.int64]
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Of each of ``payables`` the days on which it was suspended and resumed, as noted before ``moments``; 0 for none."""
        at = np.searchsorted(self.payable, payables)
        is_there = np.append(self.payable, -1)[at] == payables
        noted, ended = (np.append(each, 0)[at] for each in (self.noted, self.ended))
        began = is_there & (noted < moments)
        over = began & (ended > 0) & (ended < moments)
        return (
            np.where(began, np.append(self.day, 0)[at], 0).astype(np.int32),
            np.where(over, np.append(self.resumed, 0)[at], 0).astype(np.int32),
        )


class DivertedPart(NamedTuple):
    """What a part of a request that is owed to another is taken from."""

    chain: tuple[int, ...]
    """Entries, the next one first; the last is the request under it all."""
    day: int
    """Of that request."""
    kind: int


class RequestFacts(NamedTuple):
    """What is known of requests beside their entries."""

    received: EntryDays
    billing: Billing
    suspensions: Suspensions
    diverted_parts: Mapping[int, DivertedPart]
    term_days: EffectiveDated


class PaymentDelays(NamedTuple):
    """Payments of requests: interest that was paid is not among them."""

    rows: DebitedPayments
    terms: PaymentTerms

    @property
    def delay_days(self) -> NDArray[np.int32]:
        """The payment delay of each, in days."""
        return self.terms.count_delay_days(self.rows.day)

    @property
    def suspended_days(self) -> NDArray[np.int32]:
        """Days for which each was suspended."""
        return self.terms.count_suspended_days(self.rows.day)

    @property
    def late_days(self) -> NDArray[np.int32]:
        """Days behind the end of its term."""
        return self.terms.count_late_days(self.rows.day)


def measure_delays(rows: DebitedPayments, known: RequestFacts) -> PaymentDelays:
    """The delays of ``rows``, in their order, each by what stood in the journal before its debit."""
    rows = select_rows(rows, np.flatnonzero(~find_interest(rows, known.diverted_parts)))
    parts = {
        row: known.diverted_parts[int(rows.payable[row])]
        for row in np.flatnonzero(_INHERITS[rows.kind]).tolist()
    }
    request, since = rows.payable.copy(), rows.since.copy()
    for row, part in parts.items():
        request[row], since[row] = part.chain[-1], part.day
    received, certified = known.received.find_days(request), known.billing.find_days(request, rows.entry_id)
    start = np.maximum(np.where(received > 0, received, since), certified)
    suspended, resumed = known.suspensions.find_days(rows.payable, rows.entry_id)
    for row, part in parts.items():
        chain = np.array([rows.payable[row], *part.chain], np.int64)
        suspended[row], resumed[row] = _find_longest(known, chain, (int(start[row]), int(rows.entry_id[row])))
    return PaymentDelays(rows, compute_terms(start, suspended, resumed, rule=known.term_days))


def find_interest(rows: DebitedPayments, parts: Mapping[int, DivertedPart]) -> NDArray[np.bool_]:
    """Whether each paid late interest, or a part of it that is owed to another: interest bears none."""
    found = rows.kind == _INTEREST
    for row in np.flatnonzero(_INHERITS[rows.kind]).tolist():
        found[row] = parts[int(rows.payable[row])].kind == _INTEREST
    return found


def _find_longest(known: RequestFacts, chain: NDArray[np.int64], since: tuple[int, int]) -> tuple[int, int]:
    """Of the suspensions of a part and of all it is taken from, the one that moves its term furthest.

    ``since`` = (day on which the term began, entry before which they are noted)
    """
    start, moments = np.full(len(chain), since[0], np.int32), np.full(len(chain), since[1], np.int64)
    suspended, resumed = known.suspensions.find_days(chain, moments)
    at = int(np.argmax(compute_terms(start, suspended, resumed, rule=known.term_days).end))
    return int(suspended[at]), int(resumed[at])


def select_late(found: PaymentDelays) -> LatePayments:
    """Those that came behind the end of their terms."""
    at = np.flatnonzero(found.late_days > 0)
    rows = select_rows(found.rows, at)
    return LatePayments(
        debit=rows.entry_id,
        payable=rows.payable,
        amount=rows.amount,
        day=rows.day,
        late=found.late_days[at],
        since=(found.terms.end[at] + 1).astype(np.int32),
        cell=rows.cell,
        payee=rows.payee,
    )
