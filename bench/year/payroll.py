"""Payroll: what the bill gives each programme for staff, paid by unit and month without an order of its own."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.year.act_changes import UnitLines
from bench.year.bill_cells import BillCells, split_credits
from bench.year.expense_accounts import ExpenseAccounts
from bench.year.line_arrays import ORDINARY, REQUEST, create_lines
from bench.year.request_amounts import PaidCells
from bench.year.spending_mixture import split_exactly
from bench.year.spending_units import Units

_MONTHS = 12
_DAYS = (25, 56, 84, 115, 145, 176, 206, 237, 267, 298, 329, 354)
"""About the 26th of each month, and the 21st of December."""
_ACTS_A_UNIT = 1_000
"""A small year has one unit with payroll for so many requests."""
_UNITS_OF_PROGRAMME_MAX = 12


class Payslips(NamedTuple):
    """The payroll of a unit and item over the year."""

    unit: NDArray[np.int64]
    cell: NDArray[np.int64]
    cents: NDArray[np.int64]


class _Portions(NamedTuple):
    """The accounts of payslips: the slip, the place of the account in it, the account and its cents of the year."""

    slip: NDArray[np.int64]
    place: NDArray[np.int64]
    account: NDArray[np.int64]
    cents: NDArray[np.int64]


def split_payroll(units: Units, cells: BillCells, paid: PaidCells, *, cents: int, acts: int) -> Payslips:
    """Split over units and items of title 2 what direct requests leave of their CP."""
    return _split_cells(units, cells, split_credits(cells, cents) - paid.cents, acts=acts)


def build_payroll(
    units: Units, cells: BillCells, slips: Payslips, *, accounts: ExpenseAccounts, acts: int, payees: int
) -> UnitLines:
    """Build the payroll of the year: for each slip and month an act, with a line for each account."""
    portions = _split_accounts(cells, slips, accounts)
    month = np.tile(np.arange(_MONTHS), len(portions.slip))
    slip, place, account, cents = (np.repeat(column, _MONTHS) for column in portions)
    amount = cents // _MONTHS + (month < cents % _MONTHS)
    order = np.lexsort((place, month, slip))
    slip, place, account, month = slip[order], place[order], account[order], month[order]
    lines = create_lines(len(order), "payroll", REQUEST, day=np.array(_DAYS, np.int16)[month])
    unit, cell = slips.unit[slip], slips.cell[slip]
    lines.number[:], lines.line[:] = acts + 1 + slip * _MONTHS + month, place + 1
    lines.centre[:], lines.fund[:] = units.centre[unit], ORDINARY
    lines.area[:], lines.item[:], lines.account[:] = cells.areas[cell, 0], cells.item[cell], account
    lines.payee[:] = (unit * len(cells.item) + cell) % payees + 1
    lines.amount[:] = amount[order]
    return UnitLines(lines, unit.astype(np.int16))


def _split_accounts(cells: BillCells, slips: Payslips, accounts: ExpenseAccounts) -> _Portions:
    """Split each slip over its accounts; one of a few cents has the first of them alone."""
    parts: list[tuple[int, int, int, int]] = []
    for slip, (cell, cents) in enumerate(zip(slips.cell.tolist(), slips.cents.tolist(), strict=True)):
        shares = accounts.find_shares(int(cells.areas[cell, 0]), int(cells.item[cell]))
        split = split_exactly(cents, shares.weights).tolist()
        split = split if min(split) >= _MONTHS else [cents]
        for place, (account, share) in enumerate(zip(shares.accounts.tolist(), split, strict=False)):
            parts.append((slip, place, account, share))
    return _Portions(*np.array(parts, np.int64).reshape(-1, 4).T)


def _split_cells(units: Units, cells: BillCells, cents: NDArray[np.int64], *, acts: int) -> Payslips:
    """Split the cents of each cell of title 2 over units of its programme; a small year has the largest programmes alone."""
    euros = np.bincount(cells.programme, np.where(cells.is_staff, cells.cp_euros, 0), len(cells.programmes))
    parts: list[tuple[int, int, int]] = []
    unit_count = max(1, acts // _ACTS_A_UNIT)
    for programme in np.argsort(-euros, kind="stable")[:unit_count]:
        members = np.flatnonzero(units.bill == programme)[:_UNITS_OF_PROGRAMME_MAX]
        members = members[: max(1, unit_count * len(members) // len(units.bill))]
        for cell in np.flatnonzero(cells.is_staff & (cells.programme == programme)):
            shares = split_exactly(int(cents[cell]), (1,) * len(members)) if len(members) else []
            parts += [(int(unit), int(cell), int(share)) for unit, share in zip(members, shares, strict=True)]
    return Payslips(*np.array([part for part in parts if part[2] >= _MONTHS], np.int64).reshape(-1, 3).T)
