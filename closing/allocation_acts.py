"""Step C16: the result of a year comes to the account that the settlement act names (loi 2014-855 art. 3 II; rule A62).

Both lines of an act are in the books of the accountant who centralises, in the year after, where C14 opened the result.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from closing.carry_acts import describe_file
from closing.line_amounts import split_cents
from closing.step_sums import BlockedSum, CarriedSum, StepSums
from closing.steps import Step
from core.chart import Chart
from core.result_accounts import ResultAccounts
from core.settlement_acts import SettlementAct

DEBIT, CREDIT = "result_allocation_debit", "result_allocation_credit"
_NO_ACT = "no settlement act is named: add settlement_act.csv of {year} with one line, once it is promulgated"
_MOVED = "result.csv of {year} names other accounts than that of the year before: name the same ones"
_NO_CENTRE = "accountant {accountant} has no fund centre in {year}"


class AllocationLine(NamedTuple):
    """A line: cents on an account, a debit if positive."""

    account: str
    cents: int

    @property
    def kind(self) -> str:
        """The kind of act of the line."""
        return DEBIT if self.cents > 0 else CREDIT


class OpenResult(NamedTuple):
    """The result of a year that is not allotted yet, in one snapshot of the ledger."""

    cents: int
    """Debit less credit: a loss if positive."""
    done: int
    """1 if a part of it or all is allotted."""
    accounts: ResultAccounts
    act: SettlementAct
    place: str
    """A fund centre of who centralises."""
    year: int
    last_entry: int
    """The last entry that was read."""


def build_open_result(
    rows: Iterable[Mapping[str, Any]], charts: tuple[Chart, Chart], *, place: str, last_entry: int
) -> OpenResult:
    """Build it from the sums of the account of the result, by accountant: what its month has, and what was allotted.

    ``charts`` are those of the year and of the next one; ``place`` is empty where who centralises has no fund centre.
    """
    accounts, act = charts[0].result, charts[1].settlement
    own = [row for row in rows if row["accountant"] == accounts.accountant]
    determined, allotted = (sum(row[name] for row in own) for name in ("determined", "allotted"))
    accounts = accounts if charts[1].result == accounts else accounts._replace(transfer="")
    cents, done = determined + allotted, int(allotted != 0)
    return OpenResult(cents, done, accounts, act, place, charts[0].year, last_entry)


def find_obstacle(result: OpenResult) -> str:
    """Return why the result cannot be allotted; empty if it can."""
    year = result.year + 1
    if not result.act.name:
        return _NO_ACT.format(year=year)
    if not result.accounts.transfer:
        return _MOVED.format(year=year)
    return "" if result.place else _NO_CENTRE.format(accountant=result.accounts.accountant, year=year)


def list_lines(result: OpenResult) -> list[AllocationLine]:
    """List the lines of the act; none if nothing is left, or if it cannot be allotted."""
    if find_obstacle(result):
        return []
    return [
        *(AllocationLine(result.accounts.result, cents) for cents in split_cents(-result.cents)),
        *(AllocationLine(result.act.account, cents) for cents in split_cents(result.cents)),
    ]


def sum_result(result: OpenResult) -> StepSums:
    """Add up what is still to be allotted by side, or what prevents it."""
    sums: dict[str, list[int]] = {}
    for line in list_lines(result):
        sums.setdefault(line.kind, []).append(abs(line.cents))
    carried = [
        CarriedSum(kind, "", len(cents), sum(cents), accountant=result.accounts.accountant)
        for kind, cents in sorted(sums.items())
    ]
    obstacle = find_obstacle(result) if result.cents else ""
    kind = AllocationLine("", -result.cents).kind
    blocked = [BlockedSum(kind, obstacle, 1, abs(result.cents))] if obstacle else []
    return StepSums(carried, blocked, result.done)


def build_table(result: OpenResult, day: date, *, cause: str) -> pa.Table:
    """Build the act, dated ``day`` in the year after that of the result; there is at least one line."""
    lines = list_lines(result)
    rows = [
        {
            "reference": f"{result.year}.{result.accounts.accountant}.{result.last_entry}",
            "exercise": day.year,
            "date": day,
            "line": number,
            "kind": line.kind,
            "fund_centre": result.place,
            "account": line.account,
            "amount_cents": abs(line.cents),
        }
        for number, line in enumerate(lines, 1)
    ]
    amounts = np.array([row["amount_cents"] for row in rows], np.int64)
    return describe_file(pa.Table.from_pylist(rows), amounts, result.year, step=Step.ALLOCATION, cause=cause)
