"""The reconciliation of budget balance and result: it is proven of a small year, and every planted breach is found."""

from pathlib import Path

import pytest

from tests.reporting.planted_breaches import Breach, assert_found
from tests.reporting.reconciled_year import ENTRIES, post_year

_CHECK, _YEAR = "reconciliation", "result of 2018"


def _find_account(code: str) -> str:
    return f"(select id from reference_text where kind = 5 and code = '{code}')"


BREACHES = {
    "CP that no entry consumed": Breach(
        "update node_balance set cp_consumed = cp_consumed + 700 where cp_consumed > 0", _CHECK, _YEAR
    ),
    "a payment that the treasury did not make": Breach(
        f"update entry set credit = {_find_account('4081000000')} where entry_id = 20", _CHECK, "entry 20 "
    ),
    "a charge that stands in the books of another year": Breach(
        "update entry set exercise = 2019 where entry_id = 18", _CHECK, _YEAR
    ),
    "a balance of a supplier that no entry made": Breach(
        f"update account_balance set credit = credit + 1 where account = {_find_account('4011100000')}", _CHECK, _YEAR
    ),
    "a charge on an account of assets": Breach(
        f"update entry set debit = {_find_account('2183200000')} where entry_id = 18", _CHECK, _YEAR
    ),
}  # fmt: skip


@pytest.mark.parametrize("breach", [None, *BREACHES])
async def test_a_breach_of_the_reconciliation_is_found(dsn: str, tmp_path: Path, breach: str | None) -> None:
    await post_year(dsn, tmp_path)
    await assert_found(dsn, BREACHES[breach] if breach else None, entries=ENTRIES)
