"""Retentions: what is kept back of what a supplier is owed (rule A36).

A guarantee is a part of a request, which is owed again once it is released.  A provisional penalty is a part of certified
service, which is not requested: it is confirmed, and then the State's, or remitted, and then owed.
"""

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
def penalises(book, kind):
    """Return whether ``kind`` withholds certified service as a provisional penalty."""
    effects = book.effects[kind]
    return effects.reaches == Stage.WITHHELD.value and effects.follows == Family.COMMITMENT.value


@part
def _has_account(book, item):
    """Return whether what is kept back of ``item`` has an account: on titles 3 and 5."""
    cell = as_position(book.items[item].cell)
    return book.cells[cell].operating != 0 or is_of_assets(book, cell)


@part
def _admits_retention(book, item):
    """Return whether a guarantee may be retained from ``item``: a request on a commitment, of title 3 or 5, no advance."""
    kind = book.items[item].kind
    is_request = book.effects[kind].follows == Family.COMMITMENT.value
    return is_request and _has_account(book, item) and not advances.is_advance(book, kind)


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


@rare_part
def check_penalty(book, commitment):
    """Check that a penalty is withheld on a title that has an account for it."""
    return accepted() if _has_account(book, commitment) else refused(Outcome.PENALTY_ITEM.value, -1, 0)
