"""The result of a year: charges and products of each accountant come to the account of the result (rule A62).

Each account of classes 6 and 7 is posted to zero.  What the accounts of one accountant add up to leaves his books over the
account between accountants, and comes to the account of the result in the books of the accountant who centralises: both are
lines of one act, which is balanced for each of them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from closing.carry_acts import describe_file
from closing.line_amounts import split_cents
from closing.step_sums import BlockedSum, CarriedSum, StepSums
from closing.steps import Step
from core.accountants import Accountants
from core.act_fields import ACT_LINES_MAX
from core.chart import Chart
from core.money import AMOUNT_MAX
from core.result_accounts import RESULT_CLASSES, ResultAccounts

_LINES_MAX = ACT_LINES_MAX // 4
"""Accounts of one act: three times as many lines are left for what they add up to, which may be more than one line states."""
DEBIT, CREDIT = "result_debit", "result_credit"


class ResultLine(NamedTuple):
    """A line of an act: cents on one account of an accountant, a debit if positive."""

    accountant: str
    account: str
    cents: int

    @property
    def kind(self) -> str:
        """The kind of act of the line."""
        return DEBIT if self.cents > 0 else CREDIT


class ResultAct(NamedTuple):
    """What brings charges and products of one accountant to the result, balanced for each accountant."""

    accountant: str
    part: int
    """From 1, where an accountant has more accounts than an act has lines."""
    lines: Sequence[ResultLine]


class ResultBalances(NamedTuple):
    """The charges and products of a year that are not brought to the result yet, in one snapshot of the journal."""

    balances: Sequence[ResultLine]
    """By accountant and account: debit less credit."""
    accounts: ResultAccounts
    places: Mapping[str, str]
    """By accountant: a fund centre in whose books he posts."""
    done: int
    """The accounts with charges and products that are at zero, each counted for each accountant."""


def build_balances(
    rows: Iterable[Mapping[str, Any]], chart: Chart, accountants: Accountants
) -> ResultBalances:
    """Build the balances from the sums of the ledger."""
    own = [
        ResultLine(row["accountant"], row["account"], row["closing"])
        for row in rows
        if row["account"][:1] in RESULT_CLASSES
    ]
    open_balances = sorted(line for line in own if line.cents)
    done = len(own) - len(open_balances)
    return ResultBalances(open_balances, chart.result, accountants.main_centres, done)


def list_acts(balances: ResultBalances) -> Iterator[ResultAct]:
    """Yield an act for each accountant, or several if he has very many accounts."""
    may_post = (line for line in balances.balances if not _find_obstacle(line, balances))
    for accountant, own in groupby(may_post, lambda line: line.accountant):
        lines = list(own)
        for part, first in enumerate(range(0, len(lines), _LINES_MAX), 1):
            chunk = lines[first : first + _LINES_MAX]
            yield ResultAct(accountant, part, _balance(chunk, accountant, balances.accounts))


def sum_balances(balances: ResultBalances) -> StepSums:
    """Add up what is still to be brought to the result by accountant and side, and what cannot be."""
    sums: dict[tuple[str, str], list[int]] = {}
    for act in list_acts(balances):
        for line in act.lines:
            sums.setdefault((line.kind, act.accountant), []).append(abs(line.cents))
    carried = [
        CarriedSum(kind, "", len(cents), sum(cents), accountant=accountant)
        for (kind, accountant), cents in sorted(sums.items())
    ]
    return StepSums(carried, _sum_obstacles(balances), balances.done)


def build_table(
    acts: Sequence[ResultAct], balances: ResultBalances, year: int, *, last_entry: int, cause: str
) -> pa.Table:
    """Build the acts, dated the last day of ``year``; there is at least one.

    The reference names the last entry that was read, whose balances the acts post to zero.
    """
    last_day, rows = date(year, 12, 31), []
    for act in acts:
        part = f".{act.part}" if act.part > 1 else ""
        common = {
            "reference": f"{year}.{act.accountant}.{last_entry}{part}",
            "exercise": year,
            "date": last_day,
        }
        rows += [
            {
                **common,
                "line": number,
                "kind": line.kind,
                "fund_centre": balances.places[line.accountant],
                "account": line.account,
                "amount_cents": abs(line.cents),
            }
            for number, line in enumerate(act.lines, 1)
        ]
    amounts = np.array([row["amount_cents"] for row in rows], np.int64)
    return describe_file(pa.Table.from_pylist(rows), amounts, year, step=Step.RESULT, cause=cause)


def _find_obstacle(line: ResultLine, balances: ResultBalances) -> str:
    """Return why a balance cannot be brought to the result; empty if it can."""
    if line.accountant not in balances.places:
        whose = f"accountant {line.accountant}" if line.accountant else "what no accountant has"
        return f"{whose} has no fund centre in the year"
    if abs(line.cents) > AMOUNT_MAX:
        return f"account {line.account} has more than one line may state"
    return ""


def _balance(lines: Sequence[ResultLine], accountant: str, accounts: ResultAccounts) -> Sequence[ResultLine]:
    """Return the lines that post balances to zero, and those that bring what they add up to to the result."""
    total = sum(line.cents for line in lines)
    cleared = [line._replace(cents=-line.cents) for line in lines]
    result = [ResultLine(accounts.accountant, accounts.result, total)]
    if accountant != accounts.accountant:
        result.insert(0, ResultLine(accountant, accounts.transfer, total))
        result.insert(1, ResultLine(accounts.accountant, accounts.transfer, -total))
    return [*cleared, *(line._replace(cents=cents) for line in result for cents in split_cents(line.cents))]


def _sum_obstacles(balances: ResultBalances) -> list[BlockedSum]:
    sums: dict[tuple[str, str], list[int]] = {}
    for line in balances.balances:
        if obstacle := _find_obstacle(line, balances):
            kind = CREDIT if line.cents > 0 else DEBIT
            sums.setdefault((kind, obstacle), []).append(abs(line.cents))
    return [
        BlockedSum(kind, obstacle, len(cents), sum(cents)) for (kind, obstacle), cents in sorted(sums.items())
    ]
