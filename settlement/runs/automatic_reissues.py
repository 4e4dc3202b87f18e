"""Returned transfers that are sent again unchanged: the reason was not the payee's fault."""

import numpy as np
from numpy.typing import NDArray

from core.bank_reasons import BankReasons, Reissue
from settlement.reconciliation import bank_queries


async def drop_automatic_reissues(
    connection: bank_queries.Connection, returned: NDArray[np.int64], reasons: BankReasons
) -> NDArray[np.int64]:
    """Set the transfers in ``returned`` (0 for none) to 0 if their reason allows to send them again unchanged."""
    codes = await bank_queries.load_return_reasons(connection, np.unique(returned[returned > 0]).tolist())
    automatic = [
        transfer for transfer, code in codes.items() if reasons.get(code).reissue is Reissue.AUTOMATIC
    ]
    return np.where(np.isin(returned, automatic), 0, returned)
