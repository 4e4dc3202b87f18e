"""Assets: the register adds up to the accounts, and every planted breach of the rules of assets is found."""

from pathlib import Path

import pytest

from reporting import assets, code_labels
from reporting.act_history import explain
from reporting.act_narrative import render
from reporting.code_names import read_names
from reporting.visibility import Visibility
from tests.accountants import CHANGE_FIELDS, add_accountants
from tests.databases import open_connection
from tests.file_strategies import REFERENCE
from tests.reporting.journals import ASPR, act, process_senders
from tests.reporting.planted_breaches import Breach, assert_found

_PERSONS = {name: CHANGE_FIELDS[name] for name in ("entered_by", "validated_by")}
_PLACE = ASPR | {"commitment_item": "51"}
_OTHER = {"fund_centre": "0177-D075-DD75", "functional_area": "0177-12", "commitment_item": "51"}
_EQUIPMENT, _LAND, _MACHINES = "2183200000", "2111000000", "2168000000"


def _act(kind: str, reference: str, amount: str, **fields: str) -> dict[str, str]:
    return act(kind, reference, amount, _PLACE, _PERSONS, **({"date": "2018-12-31"} | fields))


_SERVICES = [
    _act("asset_service", "IM-1", "1000.00", account=_EQUIPMENT, date="2018-04-10"),
    _act("asset_service", "IM-2", "500.00", account=_LAND, date="2018-04-11"),
    _act("asset_service", "IM-3", "1200.00", account=_MACHINES, date="2018-04-12", **_OTHER),
    _act("journal_debit", "OD-1", "8.00", account="6188000000", line="1"),
    _act("journal_credit", "OD-1", "8.00", account="6113110000", line="2"),
]
"""Entries 1 to 5: the third asset is of another accountant."""
_CHANGES = [
    _act("asset_depreciation", "DA-1", "100.00", predecessor="IM-1"),
    _act("asset_disposal", "SO-1", "360.00", predecessor="IM-1", line="1"),
    _act("asset_depreciation_disposal", "SO-1", "40.00", predecessor="IM-1", line="2"),
    _act("asset_depreciation", "DA-2", "90.00", predecessor="IM-1"),
    _act("asset_disposal", "SO-2", "500.00", predecessor="IM-2"),
    _act("asset_depreciation", "DA-3", "90.00", predecessor="IM-3", **_OTHER),
]
"""Entries 6 to 11, decided by a book that was loaded anew.

IM-1: 600.00 are left, of which 60.00 are depreciated; the plan gives 9 months of 36, 150.00, so that 90.00 may be charged.
"""
_FILES = (("DRFIP", _SERVICES), ("DRFIP", _CHANGES))
_CHECK = "asset_register"


def _number(account: str) -> str:
    return f"(select id from reference_text where kind = 5 and code = '{account}')"


BREACHES = {
    "an asset from another account under construction": (
        f"update entry set credit = {_number('2316000000')} where entry_id = 1", _CHECK, "entry 1 ",
    ),
    "an asset on a charge": (f"update entry set debit = {_number('6188000000')} where entry_id = 3", _CHECK, "entry 3 "),
    "a charge above the plan": ("update entry set amount = 9001 where entry_id = 9", _CHECK, "entry 9 "),
    "a charge before its month": ("update entry set day = '2018-11-30' where entry_id = 9", _CHECK, "entry 9 "),
    "a charge of another accountant's asset": ("update entry set predecessor = 3 where entry_id = 6", _CHECK, "entry 6 "),
    "a charge of an asset without a plan": ("update entry set predecessor = 2 where entry_id = 6", _CHECK, "entry 6 "),
    "more than the net value leaves": ("update entry set amount = 90100 where entry_id = 7", _CHECK, "entry 7 "),
    "more depreciation leaves than there is": ("update entry set amount = 10001 where entry_id = 8", _CHECK, "entry 8 "),
    "more depreciation leaves than its share": ("update entry set amount = 4001 where entry_id = 8", _CHECK, "entry 8 "),
    "depreciation leaves without net value": ("update entry set predecessor = 2 where entry_id = 7", _CHECK, "entry 8 "),
    "a net value on another charge": (
        f"update entry set debit = {_number('6188000000')} where entry_id = 7", _CHECK, "entry 7 ",
    ),
    "an entry by hand on an account of assets": (
        f"update entry set debit = {_number(_MACHINES)} where entry_id = 4", _CHECK, _MACHINES,
    ),
    "an entry by hand on an account of depreciation": (
        f"update entry set credit = {_number('2818320000')} where entry_id = 5", _CHECK, "2818320000",
    ),
}  # fmt: skip


@pytest.mark.parametrize("breach", [None, *BREACHES])
async def test_a_breach_of_the_register_is_found(dsn: str, tmp_path: Path, breach: str | None) -> None:
    await add_accountants(dsn)
    await process_senders(dsn, tmp_path, _FILES)
    planted = Breach(*BREACHES[breach]) if breach else None
    await assert_found(dsn, planted, entries=11)


async def test_the_register_adds_up_to_the_accounts(dsn: str, tmp_path: Path) -> None:
    """IM-1 has 600.00 of cost and 150.00 depreciated; IM-2 has left; of IM-3 90.00 are depreciated."""
    await add_accountants(dsn)
    await process_senders(dsn, tmp_path, _FILES)
    async with open_connection(dsn) as connection:
        names = await read_names(connection, code_labels.load(REFERENCE))
        register = await assets.load_assets(connection, names)
        of_one = await assets.load_assets(connection, names, accountant=register.assets[-1].accountant)
        later = await assets.load_assets(connection, names, exercise=2019)
        before = await assets.load_assets(connection, names, exercise=2017)
        hidden = await assets.load_assets(connection, names, visibility=Visibility(sender="NOBODY"))
        histories = [await explain(connection, names, reference) for reference in ("IM-1", "SO-1")]
        own = await assets.load_assets(connection, names, visibility=Visibility(sender="DRFIP"))
    service, disposal = ("\n".join(map(str, render(history))) for history in histories)
    assert all(reference in service for reference in ("DA-1", "SO-1", "DA-2"))
    assert "IM-1" in disposal
    figures = [
        (asset.reference, asset.account, asset.months, asset.cost_cents, asset.depreciated_cents)
        for asset in register.assets
    ]
    assert sorted(figures) == [
        ("IM-1", _EQUIPMENT, 36, 60_000, 15_000),
        ("IM-2", _LAND, 0, 0, 0),
        ("IM-3", _MACHINES, 120, 120_000, 9_000),
    ]
    assert [asset.net_cents for asset in register.assets if asset.reference == "IM-1"] == [45_000]
    due = {asset.reference: asset.to_charge_cents for asset in later.assets}
    assert due == {"IM-1": 20_000, "IM-2": 0, "IM-3": 12_000}  # 21 months, less what is depreciated
    sums = [(account.account, account.sum_cents, account.balance_cents) for account in register.accounts]
    assert sums == [
        (_LAND, 0, 0),
        (_MACHINES, 120_000, 120_000),
        ("2816800000", -9_000, -9_000),
        (_EQUIPMENT, 60_000, 60_000),
        ("2818320000", -15_000, -15_000),
    ]
    assert (register.exercise, register.adds_up) == (2018, True)
    foot = assets.build_table(register).footer
    assert foot[5:] == [None, 180_000, 24_000, 156_000, 0, None, "equal to the balances"]
    assert {asset.accountant for asset in of_one.assets} == {register.assets[-1].accountant}
    assert of_one.adds_up
    assert len(of_one.assets) < 3
    assert (before.assets, hidden.assets) == ([], [])
    assert assets.build_table(own).footer[-1] == "a part of the journal: not compared"
