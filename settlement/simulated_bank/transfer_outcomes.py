"""The outcome of each transfer at the simulated bank: debited, rejected before, or returned after.

The default rates are assumptions: 0.25 % fail, for the reasons AC04 35 %, AC01 25 %, MS03 10 %, AC06 8 %, MD07 6 %, RC01 and
CNOR 6 %, RR04 1 %, others 9 %.
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

FAILURES_PER_HUNDRED_THOUSAND = 250
"""Transfers that are rejected or returned."""
REASON_SHARES: Mapping[str, int] = {
    "AC04": 35, "AC01": 25, "MS03": 10, "AC06": 8, "MD07": 6, "RC01": 3, "CNOR": 3, "AG01": 2, "BE04": 2, "RR03": 1,
    "RR04": 1, "ED05": 1, "TM01": 1, "AM05": 1, "AM04": 1,
}  # fmt: skip
"""Reasons of a hundred failed transfers."""
RETURN_DAYS_MAX = 3
"""A return follows within three TARGET days of the debit."""
_HUNDRED_THOUSAND = 100_000


class TransferOutcomes(NamedTuple):
    """The outcomes, one row per transfer."""

    movement_type: NDArray[np.uint8]
    """``DEBIT``: debited; ``RETURN``: debited and returned; ``REJECT``: never debited."""
    reason: NDArray[np.int64]
    """Position in ``codes``."""
    debited: NDArray[np.int32]
    """Day of the debit."""
    returned: NDArray[np.int32]
    """Day of the return."""
    codes: Sequence[str]


class OutcomeRates(NamedTuple):
    """How many transfers fail, and the seed that decides which."""

    seed: int = 1
    per_hundred_thousand: int = FAILURES_PER_HUNDRED_THOUSAND


def decide_outcomes(
    orders: PaymentOrders, last_days: Mapping[str, int], reasons: BankReasons, *, rates: OutcomeRates
) -> TransferOutcomes:
    """Decide each transfer by its end-to-end id and the seed alone: the file that it is in does not matter.

    ``last_days`` has the day of the last statement of each account: the account is debited on a later day.
    """
    hashes = _hash_texts(orders.end_to_end, rates.seed)
    fails = hashes % np.uint64(_HUNDRED_THOUSAND) < rates.per_hundred_thousand
    codes = list(REASON_SHARES)
    bounds = np.cumsum(list(REASON_SHARES.values()))
    reason = np.searchsorted(bounds, (hashes >> np.uint64(20)) % np.uint64(bounds[-1]), "right")
    coin = ((hashes >> np.uint64(40)) & np.uint64(1)).astype(np.int64)
    is_rejected = _build_rejection_table(codes, reasons)[reason, coin]
    failure = np.where(is_rejected, MovementType.REJECT.value, MovementType.RETURN.value)
    movement_type = np.where(fails, failure, MovementType.DEBIT.value)
    days = np.array([max(lot.day, last_days.get(lot.account, 0) + 1) for lot in orders.lots], np.int32)
    debited = find_open_day(days)[orders.lot] if orders.lots else np.zeros(0, np.int32)
    delay = (hashes >> np.uint64(44)) % np.uint64(RETURN_DAYS_MAX) + np.uint64(1)
    returned = np.zeros(debited.size, np.int32)
    for count in range(1, RETURN_DAYS_MAX + 1):
        returned[delay == count] = find_open_day(debited[delay == count], count)
    return TransferOutcomes(movement_type.astype(np.uint8), reason, debited, returned, codes)


def _build_rejection_table(codes: list[str], reasons: BankReasons) -> NDArray[np.bool_]:
    """Tabulate whether a failure is a rejection, by reason and coin: a reason of both phases may be either."""
    phases = [reasons.get(code).phases for code in codes]
    return np.array([[ReasonPhase.RETURN not in phase, ReasonPhase.REJECT in phase] for phase in phases])


def _hash_texts(texts: Sequence[str], seed: int) -> NDArray[np.uint64]:
    encoded = [text.encode() for text in texts]
    ends = np.cumsum([0, *map(len, encoded)]).astype(np.int32)
    spans = Spans(seal_array(ends[:-1]), seal_array(ends[1:]))
    data = np.frombuffer(b"".join(encoded) or b"\0", np.uint8)
    hashes = Words(np.zeros(len(encoded), np.uint64))
    digest_texts(spans, Bytes(seal_array(data)), np.uint64(seed), hashes)
    return hashes.word
