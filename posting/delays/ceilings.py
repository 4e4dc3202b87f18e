"""The ceilings of claims of late interest: what is due for some payables, and what is claimed of it (rule A59)."""

import asyncio
import logging
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core import late_interest, payment_rules
from core.errors import ReferenceDataError
from core.tables.delays import InterestClaims
from posting.claim_limits import ClaimLimits
from posting.delays import delay_queries
from posting.delays.amounts_due import AmountsDue, compute_amounts_due
from posting.delays.measurement import measure_delays, select_late

LOG = logging.getLogger(__name__)


async def load_limits(
    connection: delay_queries.Connection, payables: NDArray[np.int64], folder: Path
) -> ClaimLimits:
    """Load the limits for ``payables``, at least one, by the rules in ``folder``.

    If they do not say what is due, as the rate of a half-year is missing or the file was changed since the start and cannot be
    read any more, nothing is: that is logged.  The next start refuses such a file.
    """
    try:
        rules, term_days = late_interest.load(folder), payment_rules.load(folder).term_days
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            debits = await delay_queries.read_debits_of(connection, payables)
            facts = await delay_queries.load_facts_of_debits(connection, debits, term_days, rules=rules)
            claims = await delay_queries.load_claims(connection, int(payables[0]))
        due = await asyncio.to_thread(
            lambda: compute_amounts_due(select_late(measure_delays(debits, facts)), rules)
        )
    except ReferenceDataError as error:
        LOG.warning("%s; claims of late interest that state no reason are refused", error)
        return ClaimLimits()
    return _select_limits(payables, due, claims)


def _select_limits(payables: NDArray[np.int64], due: AmountsDue, claims: InterestClaims) -> ClaimLimits:
    """Return the limits of ``payables`` alone."""
    is_due, is_claimed = np.isin(due.payable, payables), np.isin(claims.payable, payables)
    return ClaimLimits(
        dict(zip(due.payable[is_due].tolist(), due.amount[is_due].tolist(), strict=True)),
        dict(zip(claims.payable[is_claimed].tolist(), claims.cents[is_claimed].tolist(), strict=True)),
    )
