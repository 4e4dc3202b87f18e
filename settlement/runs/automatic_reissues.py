"""What came back by no fault of the payee: it is presented again as it was."""

import numpy as np
from numpy.typing import NDArray

from core.bank_reasons import BankReasons, Reissue
from settlement.reconciliation import bank_queries


async def drop_automatic_reissues(
    connection: bank_queries.Connection, returned: NDArray[np.int64], reasons: BankReasons
) -> NDArray[np.int64]:
    """``returned`` transfers (0 for none), without those that the bank did not move for a reason of our own."""
    told = await bank_queries.load_return_reasons(connection, np.unique(returned[returned > 0]).tolist())
    ours = [transfer for transfer, code in told.items() if reasons.get(code).reissue is Reissue.AUTOMATIC]
    return np.where(np.isin(returned, ours), 0, returned)
