"""What reverses the accruals of a year on 2 January of the next one (rule A65): each once, whole, by its entry.

Service that is certified and not requested stays on its account: the request clears it, and it is never reversed.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from closing.carry_acts import describe_file, name_entries
from closing.step_sums import CarriedSum, StepSums
from closing.steps import Step
from core.catalog import Family, Role, Stage, list_kinds

REVERSAL = "inventory_reversal"
ACCRUAL_KINDS = list_kinds(lambda kind: kind.reaches is Stage.ACCRUED)
"""The kinds that 2 January reverses."""
CREDITING_KINDS = list_kinds(lambda kind: kind.credit is Role.COUNTERPART)
"""Those of the inventory that credit the account of the balance sheet; the others debit it."""
CHANGE_KINDS = list_kinds(lambda kind: kind.family is Family.INVENTORY_CHANGE)


class OpenAccrual(NamedTuple):
    """An accrual of which something is not reversed yet."""

    accountant: str
    account: str
    """The account of the balance sheet that it stands on."""
    entry: int
    cents: int


class OpenAccruals(NamedTuple):
    """The accruals of a year that are not reversed yet, in one snapshot of the journal."""

    accruals: Sequence[OpenAccrual]
    """By accountant, account and entry."""
    done: int
    """Those of which nothing is left."""


def build_accruals(rows: Sequence[Mapping[str, Any]]) -> OpenAccruals:
    """Build the open accruals from the rows of the journal."""
    accruals = [OpenAccrual(row["accountant"], row["account"], row["entry_id"], row["cents"]) for row in rows]
    open_accruals = sorted(accrual for accrual in accruals if accrual.cents)
    return OpenAccruals(open_accruals, len(accruals) - len(open_accruals))


def get_reversal_day(year: int) -> date:
    """Return the day on which the accruals of a year are reversed."""
    return date(year + 1, 1, 2)


def sum_accruals(accruals: OpenAccruals) -> StepSums:
    """Add up what is still to be reversed by accountant and account."""
    carried = []
    for (accountant, account), group in groupby(accruals.accruals, lambda row: (row.accountant, row.account)):
        cents = [row.cents for row in group]
        carried.append(
            CarriedSum(REVERSAL, "", len(cents), sum(cents), accountant=accountant, account=account)
        )
    return StepSums(carried, [], accruals.done)


def build_table(accruals: Sequence[OpenAccrual], year: int, *, cause: str) -> pa.Table:
    """Build an act for each accrual; there is at least one.  Its reference names the entry, which is reversed once."""
    entries = np.array([row.entry for row in accruals], np.int64)
    amounts = np.array([row.cents for row in accruals], np.int64)
    count = len(accruals)
    columns: dict[str, pa.Array] = {
        "reference": pa.array([f"{year}.{row.entry}" for row in accruals]),
        "line": pa.array(np.ones(count, np.int32)),
        "kind": pa.repeat(REVERSAL, count),
        "exercise": pa.array(np.full(count, year + 1, np.int32)),
        "date": pa.repeat(pa.scalar(get_reversal_day(year), pa.date32()), count),
        "predecessor": name_entries(entries),
        "amount_cents": pa.array(amounts),
    }
    return describe_file(pa.table(columns), amounts, year, step=Step.INVENTORY, cause=cause)
