"""What an act has come to: what of a request is paid, and what of a receivable is collected."""

from collections.abc import Sequence

from core.catalog import CATALOG, Family, Stage, list_kinds
from reporting.act_rows import RelatedRows
from reporting.act_views import Collection, Standing
from reporting.followers import FollowerSums
from reporting.open_items import REQUESTS, add_up_settlements, find_state
from reporting.report_queries import Row

_RECEIVABLES = list_kinds(lambda kind: kind.family is Family.RECEIVABLE)
_RECEIPTS = list_kinds(lambda kind: kind.reaches is Stage.COLLECTED)
MEASURED = frozenset((*REQUESTS, *_RECEIVABLES))
"""The kinds whose followers are summed."""
_BACK = frozenset({Stage.RETURNED, Stage.REOPENED})
_IN_TRANSIT = frozenset({Stage.IN_TRANSIT})


def measure_payment(related: RelatedRows, row: Row, sums: FollowerSums) -> Standing | None:
    """Return what of a request is paid; None if the act is none.  ``sums`` has the followers of each act of ``MEASURED``."""
    if row["kind"] not in REQUESTS:
        return None
    followers = related.followers.get(row["entry_id"], ())
    of_request = add_up_settlements(sums[row["entry_id"]])
    return Standing(
        state=find_state(row["amount"], of_request),
        settled_cents=of_request.settled,
        payable_cents=row["amount"] - of_request.rejected - of_request.settled - of_request.retained,
        retained_cents=of_request.retained,
        back_cents=_sum_transfers(row, followers, _BACK) if related.is_complete else None,
        transit_cents=_sum_transfers(row, followers, _IN_TRANSIT) if related.is_complete else None,
    )


def _sum_transfers(row: Row, followers: Sequence[Row], stages: frozenset[Stage]) -> int:
    """Sum what of the transfers of a request is at one of ``stages``, less what followed; interest is another debt."""
    remainders = {row["entry_id"]: 0}
    for follower in followers:
        kind, predecessor = CATALOG[follower["kind"]], follower["predecessor"]
        if predecessor in remainders and not kind.is_interest:
            remainders[predecessor] -= follower["amount"] if remainders[predecessor] else 0
            is_there = kind.reaches in stages
            remainders[follower["entry_id"]] = follower["amount"] if is_there else 0
    return sum(remainders.values())


def measure_collection(row: Row, sums: FollowerSums) -> Collection | None:
    """Return what of a receivable is collected, lowered and left; None if the act is none."""
    if row["kind"] not in _RECEIVABLES:
        return None
    by_kind = sums[row["entry_id"]]
    collected = sum(cents for kind, cents in by_kind.items() if kind in _RECEIPTS)
    lowered = sum(cents for kind, cents in by_kind.items() if CATALOG[kind].mirrors)
    return Collection(
        collected_cents=collected, lowered_cents=lowered, left_cents=row["amount"] - collected - lowered
    )
