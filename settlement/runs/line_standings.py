"""The standing of lines of a run: where each is between its proposal and the debit or return of its transfer."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from core.catalog import CATALOG, KIND_NUMBERS
from settlement.runs import run_queries

_STEPS: Mapping[int, str] = {
    KIND_NUMBERS["bank_debit"]: "debited",
    KIND_NUMBERS["bank_reject"]: "rejected",
    KIND_NUMBERS["bank_return"]: "returned",
    KIND_NUMBERS["reissue"]: "re-issued",
    KIND_NUMBERS["void"]: "voided",
}
"""The standing that each follower of a transfer gives it; the identification of a return changes none."""
_SENT, _REFUSED = "sent", "refused"


class PaidRun(NamedTuple):
    """A run as its row states it: its state, and the submission of its acts once it is issued."""

    state: str
    submission: int | None


async def find_standings(
    connection: run_queries.Connection, run: PaidRun, debts: Sequence[int]
) -> Mapping[int, str]:
    """Return the standing of each line to be paid, by the entry of its debt.

    Before the issue it is the state of the run. After it: ``sent`` if a payment follows the debt, and what the bank did with
    it since; ``refused`` if the act of payment was refused.
    """
    if run.submission is None or not debts:
        return dict.fromkeys(debts, run.state)
    followers = await run_queries.fetch(connection, "followers_of", debts, min(debts))
    paid = {
        row["entry_id"]: row["predecessor"]
        for row in followers
        if row["submission"] == run.submission and CATALOG[row["kind"]].remits
    }
    standings = dict.fromkeys(debts, _REFUSED) | dict.fromkeys(paid.values(), _SENT)
    while paid:
        rows = await run_queries.fetch(connection, "followers_of", list(paid), min(paid))
        standings |= {paid[row["predecessor"]]: _STEPS[row["kind"]] for row in rows if row["kind"] in _STEPS}
        # a transfer that is sent again belongs to another line
        paid = {row["entry_id"]: paid[row["predecessor"]] for row in rows if not CATALOG[row["kind"]].remits}
    return standings
