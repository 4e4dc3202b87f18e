"""The meaning of each number in each year: a code keeps its number, and the year's files define its meaning."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.accountants import Accountants
from core.catalog import Role
from core.chart import Chart
from core.nomenclature import OPERATING_TITLE, Nomenclature
from core.restorations import ANY_YEAR
from core.visa_thresholds import MINISTRIES_MAX, find_threshold

ITEM_ROLES = (Role.EXPENSE, Role.ACCRUED, Role.CREDITOR, Role.PAYROLL)
"""Roles whose account the commitment item determines, in the order of ``core.tables.book.Cells``."""

_EPOCH = date(1970, 1, 1)
_TITLES = 8
"""Titles 1 to 7 (LOLF art. 5), and 0 for an item of none."""


class CodeNumbers(NamedTuple):
    """The numbers of codes, from 1."""

    centre: Mapping[str, int]
    area: Mapping[str, int]
    item: Mapping[str, int]
    fund: Mapping[str, int]
    account: Mapping[str, int]
    accountant: Mapping[str, int]


class CodeMeanings(NamedTuple):
    """Arrays with a row per year and a column per number; column 0 is no code, and zeros mean that the year lacks a code."""

    centre_level: NDArray[np.uint8]
    centre_parent: NDArray[np.int32]
    centre_programme: NDArray[np.int32]
    centre_estimated: NDArray[np.bool_]
    centre_accountant: NDArray[np.int16]
    area_programme: NDArray[np.int32]
    item_staff: NDArray[np.uint8]
    item_budget_only: NDArray[np.uint8]
    item_receipt: NDArray[np.uint8]
    """1 where it is a nature of receipt."""
    item_unserved: NDArray[np.uint8]
    """1 where the item is paid before service without a listed nature."""
    item_operating: NDArray[np.uint8]
    """1 where the item is of title 3, and takes spending."""
    item_repaid_title: NDArray[np.uint8]
    """The title of the item; of a nature of receipt that of the expenses which it repays."""
    item_restored_years: NDArray[np.uint8]
    item_restored_until_closed: NDArray[np.uint8]
    item_accounts: NDArray[np.int16]
    """With a third dimension by ``ITEM_ROLES``."""
    fund_family: NDArray[np.uint8]
    fund_programme: NDArray[np.int32]
    centre_ministry: NDArray[np.int16]
    """Of a programme: the row of its ministry in ``visa_threshold``."""
    visa_threshold: NDArray[np.int64]
    """By ministry and title: the cents from which on a commitment needs a visa."""
    centre_invoice_service: NDArray[np.int32]
    """The first day of its invoice service, since 1970; ``NO_SERVICE`` for none."""


def create_blank(numbered: CodeNumbers, years: int) -> CodeMeanings:
    """Return meanings without any content."""
    centres, areas, items, funds = ((years, len(codes) + 1) for codes in numbered[:4])
    return CodeMeanings(
        np.zeros(centres, np.uint8),
        np.zeros(centres, np.int32),
        np.zeros(centres, np.int32),
        np.zeros(centres, np.bool_),
        np.zeros(centres, np.int16),
        np.zeros(areas, np.int32),
        np.zeros(items, np.uint8),
        np.zeros(items, np.uint8),
        np.zeros(items, np.uint8),
        np.zeros(items, np.uint8),
        np.zeros(items, np.uint8),
        np.zeros(items, np.uint8),
        np.zeros(items, np.uint8),
        np.zeros(items, np.uint8),
        np.zeros((*items, len(ITEM_ROLES)), np.int16),
        np.zeros(funds, np.uint8),
        np.zeros(funds, np.int32),
        np.zeros(centres, np.int16),
        np.zeros((years, MINISTRIES_MAX + 1, _TITLES), np.int64),
        np.zeros(centres, np.int32),
    )


def fill_year(year: CodeMeanings, nomenclature: Nomenclature, chart: Chart, *, numbered: CodeNumbers) -> None:
    """Fill the row of one year in every array from the year's files."""
    _fill_centres(year, nomenclature, numbered.centre)
    _fill_thresholds(year, nomenclature, numbered.centre)
    for area in nomenclature.areas.values():
        year.area_programme[numbered.area[area.code]] = numbered.centre[area.programme]
    for item in nomenclature.items.values():
        at = numbered.item[item.code]
        year.item_staff[at], year.item_budget_only[at] = item.staff, item.budget_only
        year.item_unserved[at] = item.code in nomenclature.unserved_items
        year.item_operating[at] = item.title == OPERATING_TITLE and not item.budget_only
        year.item_receipt[at] = item.receipt
        year.item_repaid_title[at] = item.title
        accounts = _find_accounts(nomenclature, chart, item.code)
        year.item_accounts[at] = [
            numbered.account[accounts[role]] if role in accounts else 0 for role in ITEM_ROLES
        ]
    for rule in nomenclature.restorations.values():
        at = numbered.item[rule.nature]
        year.item_repaid_title[at] = rule.title
        year.item_restored_years[at] = ANY_YEAR if rule.years is None else rule.years
        year.item_restored_until_closed[at] = rule.until_closed
    for fund in nomenclature.funds.values():
        at = numbered.fund[fund.code]
        year.fund_family[at] = fund.family
        year.fund_programme[at] = numbered.centre[fund.programme] if fund.programme else 0


def _find_accounts(nomenclature: Nomenclature, chart: Chart, item: str) -> Mapping[Role, str]:
    """Return the accounts of an item; those of a nature of receipt are where ``core.tables.book.Cells`` says."""
    nature = nomenclature.receipt_natures.get(item)
    if nature is None:
        return chart.role_accounts.get(item, {})
    return {Role.EXPENSE: nature.product, Role.ACCRUED: nature.annulment}


def fill_accountants(year: CodeMeanings, accountants: Accountants, numbered: CodeNumbers) -> None:
    """Fill the accountant of every fund centre of one year, and the first day of its invoice service."""
    for centre, accountant in accountants.by_centre.items():
        year.centre_accountant[numbered.centre[centre]] = numbered.accountant[accountant]
    for centre, first_day in accountants.invoice_services.items():
        year.centre_invoice_service[numbered.centre[centre]] = (first_day - _EPOCH).days


def _fill_thresholds(year: CodeMeanings, nomenclature: Nomenclature, number_of: Mapping[str, int]) -> None:
    """Fill the thresholds of visas, if the year has any; the ministries have rows in order of their first programme."""
    thresholds, rows = nomenclature.visa_thresholds, dict[str, int]()
    for programme in nomenclature.programmes.values() if thresholds else ():
        row = rows.setdefault(programme.ministry, len(rows) + 1)
        year.centre_ministry[number_of[programme.code]] = row
        year.visa_threshold[row] = [
            find_threshold(thresholds, programme.ministry, title) for title in range(_TITLES)
        ]


def _fill_centres(year: CodeMeanings, nomenclature: Nomenclature, number_of: Mapping[str, int]) -> None:
    """Fill the fund centres in one pass: the files list parents before their children."""
    for centre in nomenclature.centres.values():
        at, parent = number_of[centre.code], number_of.get(centre.parent, 0)
        year.centre_level[at], year.centre_parent[at] = centre.level, parent
        year.centre_programme[at] = year.centre_programme[parent] if parent else at
        programme = nomenclature.programmes.get(centre.code)
        year.centre_estimated[at] = programme.estimated if programme else year.centre_estimated[parent]
