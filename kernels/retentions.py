"""Retentions: a part of a request that is retained as a guarantee, and owed to its payee once it is released (rule A36)."""

import numpy as np

from core.account_roles import ASSET_TITLE
from core.calendar import PER_MILLE
from core.catalog import Family, Stage
from core.outcome_codes import Outcome
from kernels import advances, debts
from kernels.findings import accepted, refused
from kernels.jit import as_position, part, rare_part


@part
def retains(book, kind):
    """Return whether ``kind`` retains a part of a request."""
    effects = book.effects[kind]
    return effects.reaches == Stage.RETAINED.value and effects.after == Stage.PAYABLE.value


@part
def is_of_assets(book, cell):
    """Return whether what is retained stands on the account of suppliers of assets."""
    return book.cells[cell].repaid_title == ASSET_TITLE


@part
def _admits_retention(book, item):
    """Return whether a guarantee may be retained from ``item``: a request on a commitment, of title 3 or 5, no advance."""
    kind, cell = book.items[item].kind, as_position(book.items[item].cell)
    is_of_title = book.cells[cell].operating != 0 or is_of_assets(book, cell)
    is_request = book.effects[kind].follows == Family.COMMITMENT.value
    return is_request and is_of_title and not advances.is_advance(book, kind)


@rare_part
def check_request(acts, book, line, item):
    """Check that a guarantee is retained from a request that nothing took up, within the share that its year allows."""
    if not _admits_retention(book, item):
        return refused(Outcome.RETENTION_REQUEST.value, -1, 0)
    if debts.is_taken_up(book.items, item):
        return refused(Outcome.RETENTION_LATE.value, -1, 0)
    year = as_position(book.cells[as_position(book.items[item].cell)].year)
    limit = book.items[item].open * np.int64(book.years[year].retention_limit) // PER_MILLE
    if acts[line].amount > limit:
        return refused(Outcome.RETENTION_EXCEEDED.value, -1, acts[line].amount - limit)
    return accepted()
