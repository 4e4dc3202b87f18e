"""What becomes of each transfer at the simulated bank: moved, refused before, or sent back after.

The rates are those of ``domain`` section 7, all of them assumed: 0.25 % come back, AC04 35 %, AC01 25 %, MS03 10 %, AC06 8 %,
MD07 6 %, RC01 and CNOR 6 %, RR04 1 %, others 9 %.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.bank_reasons import BankReasons, ReasonPhase
from core.tables.bank_messages import MovementType
from core.tables.columns import seal_array
from core.tables.journal import Bytes, Spans, Words
from core.target_calendar import find_open_day
from kernels.hashing import digest_texts
from settlement.simulated_bank.pain001_reader import PaymentOrders

RETURNS_PER_HUNDRED_THOUSAND = 250
"""Transfers that come back."""
REASON_SHARES: Mapping[str, int] = {
    "AC04": 35, "AC01": 25, "MS03": 10, "AC06": 8, "MD07": 6, "RC01": 3, "CNOR": 3, "AG01": 2, "BE04": 2, "RR03": 1,
    "RR04": 1, "ED05": 1, "TM01": 1, "AM05": 1, "AM04": 1,
}  # fmt: skip
"""Of a hundred that come back."""
RETURN_DAYS_MAX = 3
"""A return comes within three TARGET days of the debit."""
_HUNDRED_THOUSAND = 100_000


class TransferOutcomes(NamedTuple):
    """One row per transfer."""

    movement_type: NDArray[np.uint8]
    """``DEBIT`` moved for good, ``RETURN`` moved and sent back, ``REJECT`` never moved."""
    reason: NDArray[np.int64]
    """Position in ``codes``."""
    debited: NDArray[np.int32]
    returned: NDArray[np.int32]
    codes: Sequence[str]


class OutcomeRates(NamedTuple):
    """How often what happens."""

    seed: int = 1
    per_hundred_thousand: int = RETURNS_PER_HUNDRED_THOUSAND


def decide_outcomes(
    orders: PaymentOrders, after: Mapping[str, int], reasons: BankReasons, rates: OutcomeRates
) -> TransferOutcomes:
    """Decide each transfer by its end-to-end id and the seed alone, so that it is the same in whatever file it comes.

    No account is debited on a day that has its statement already: ``after`` has the last one of each.
    """
    words = _hash_texts(orders.end_to_end, rates.seed)
    comes_back = words % np.uint64(_HUNDRED_THOUSAND) < rates.per_hundred_thousand
    codes = list(REASON_SHARES)
    bounds = np.cumsum(list(REASON_SHARES.values()))
    reason = np.searchsorted(bounds, (words >> np.uint64(20)) % np.uint64(bounds[-1]), "right")
    rejected = _build_rejection_table(codes, reasons)[
        reason, ((words >> np.uint64(40)) & np.uint64(1)).astype(np.int64)
    ]
    sort = np.where(
        ~comes_back,
        MovementType.DEBIT.value,
        np.where(rejected, MovementType.REJECT.value, MovementType.RETURN.value),
    )
    days = np.array([max(lot.day, after.get(lot.account, 0) + 1) for lot in orders.lots], np.int32)
    debited = find_open_day(days)[orders.lot] if orders.lots else np.zeros(0, np.int32)
    later = (words >> np.uint64(44)) % np.uint64(RETURN_DAYS_MAX) + np.uint64(1)
    returned = np.zeros(debited.size, np.int32)
    for count in range(1, RETURN_DAYS_MAX + 1):
        returned[later == count] = find_open_day(debited[later == count], count)
    return TransferOutcomes(sort.astype(np.uint8), reason, debited, returned, codes)


def _build_rejection_table(codes: list[str], reasons: BankReasons) -> NDArray[np.bool_]:
    """By reason and a coin: a reason of both phases falls either way."""
    phases = [reasons.get(code).phases for code in codes]
    return np.array([[ReasonPhase.RETURN not in each, ReasonPhase.REJECT in each] for each in phases])


def _hash_texts(texts: Sequence[str], seed: int) -> NDArray[np.uint64]:
    pieces = [text.encode() for text in texts]
    ends = np.cumsum([0, *map(len, pieces)]).astype(np.int32)
    data = np.frombuffer(b"".join(pieces) or b"\0", np.uint8)
    words = Words(np.zeros(len(pieces), np.uint64))
    digest_texts(
        Spans(seal_array(ends[:-1]), seal_array(ends[1:])), Bytes(seal_array(data)), np.uint64(seed), words
    )
    return words.word
