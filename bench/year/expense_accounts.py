"""The expense accounts that acts state: by place, item and class of act, as ``expense_accounts.csv`` weighs them.

A commitment has one account, which all its services and its requests before service state; a direct request has its own.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.year.commitments import Commitments
from bench.year.payment_requests import Requests
from bench.year.spending_mixture import ALL_SERVICED, CLASSES, split_exactly
from bench.year.spending_units import Codes
from core.reference.files import ReferenceRow, read_rows

BEFORE_SERVICE = "3"
"""Behind the label of a class: its requests before service alone (flux 3)."""
_SLOTS = 128
_SPREAD = 7_919
"""A prime that scatters accounts over consecutive acts."""
_COLUMNS = ("places", "item", "classes", "account", "weight")


class Shares(NamedTuple):
    """Accounts by number, with the weight of each."""

    accounts: NDArray[np.int32]
    weights: NDArray[np.float64]


class ExpenseAccounts(NamedTuple):
    """The accounts of a year, in groups; group 0 states no account, so that the item's own is charged."""

    shares: list[Shares]
    """Of each group."""
    slots: NDArray[np.int32]
    """Accounts of each group, each as often as its weight says: shape (groups, ``_SLOTS``)."""
    group: NDArray[np.uint8]
    """Shape (2 x classes, areas, items): each class as a whole, then before service."""

    def draw_accounts(
        self, acts: Requests | Commitments, rows: NDArray[np.integer], *, before_service: NDArray[np.bool_]
    ) -> NDArray[np.int32]:
        """Draw the account of each act from its row, so that the same act always has the same one."""
        column = acts.kind[rows] * 2 + before_service
        group = self.group[column, acts.area[rows], acts.item[rows]]
        return self.slots[group, rows.astype(np.int64) * _SPREAD % _SLOTS]

    def find_shares(self, area: int, item: int) -> Shares:
        """Return the shares of what no class distinguishes, as pay."""
        return self.shares[self.group[0, area, item]]


def load_accounts(codes: Codes) -> ExpenseAccounts:
    """Load the accounts; of two groups that suit an act, the one with the longer place counts, then the one of its class."""
    rows: dict[tuple[str, str, str], list[ReferenceRow]] = {}
    for row in read_rows(Path(__file__).with_name("expense_accounts.csv"), _COLUMNS):
        rows.setdefault((row.cells["places"], row.cells["item"], row.cells["classes"]), []).append(row)
    shares = [Shares(np.zeros(1, np.int32), np.ones(1))]
    group = np.zeros((2 * len(CLASSES), len(codes.areas), len(codes.items)), np.uint8)
    for places, item, classes in sorted(rows, key=_rank_group):
        columns, areas = _list_columns(classes.split()), _list_areas(places.split(), codes)
        group[np.ix_(columns, areas, [codes.items.index(item)])] = len(shares)
        shares.append(_build_shares(rows[places, item, classes], codes))
    slots = np.stack([np.repeat(part.accounts, split_exactly(_SLOTS, part.weights)) for part in shares])
    return ExpenseAccounts(shares, slots, group)


def _rank_group(key: tuple[str, str, str]) -> tuple[int, bool, bool, str]:
    places, item, classes = key
    longest = max(map(len, places.split()), default=0)
    return longest, bool(classes), classes.endswith(BEFORE_SERVICE), item


def _list_columns(labels: list[str]) -> list[int]:
    """List the columns of classes: all of them if no class is named."""
    columns = [name for spending in CLASSES for name in (spending.label, spending.label + BEFORE_SERVICE)]
    return [at for at, name in enumerate(columns) if not labels or {name, name[:4]} & set(labels)]


def _list_areas(places: list[str], codes: Codes) -> list[int]:
    return [number for number, code in enumerate(codes.areas) if not places or code.startswith(tuple(places))]


def _build_shares(rows: list[ReferenceRow], codes: Codes) -> Shares:
    accounts = [codes.accounts.index(row.cells["account"]) for row in rows]
    return Shares(np.array(accounts, np.int32), np.array([float(row.cells["weight"]) for row in rows]))


def draw_commitment_accounts(accounts: ExpenseAccounts, commitments: Commitments) -> NDArray[np.int32]:
    """Draw the account of each commitment."""
    before_service = np.array([spending.unserviced != ALL_SERVICED for spending in CLASSES])
    rows = np.arange(len(commitments.unit))
    return accounts.draw_accounts(commitments, rows, before_service=before_service[commitments.kind])
