"""Merged third parties: a journal in which two codes become one person is proven, and every planted breach is found."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from core.catalog import KIND_NUMBERS
from core.merges import Merge
from posting.book.registry import ReferenceData
from tests.accountants import CHANGE_FIELDS, add_accountants
from tests.file_strategies import REFERENCE
from tests.reporting.journals import ASPR, BUDGET, act, process_senders
from tests.reporting.planted_breaches import Breach, assert_found

_OLD, _NEW, _OTHER = ({"payee": code} for code in ("OLD", "NEW", "OTHER"))
_ACCOUNTS = ("FR1420041010050500013M02606", "FR7630006000011234567890189", "DE89370400440532013000")
_DUE = {"fund_centre": "0217-SGAC-ASPR", "commitment_item": "269906"}
_BEFORE = [
    *(
        act("third_party", f"T{at}", "", party, payee_name=party["payee"], iban=iban)
        for at, (party, iban) in enumerate(zip((_OLD, _NEW, _OTHER), _ACCOUNTS, strict=True))
    ),
    act("direct_payment_request", "P1", "20.00", ASPR, _OLD, invoice_number="F-1", invoice_date="2018-03-01"),
    act("direct_payment_request", "P2", "30.00", ASPR, _NEW, invoice_number="F-1", invoice_date="2018-03-01"),
    act(
        "direct_payment_request", "P3", "40.00", ASPR, _OTHER, invoice_number="F-3", invoice_date="2018-03-01"
    ),
    act("receivable", "R1", "5.00", _DUE, _NEW),
]
"""Entries 16 to 22, behind those of the budget: P1 is entry 19, P2 20, P3 21, R1 22."""
_LATER = {"date": "2018-04-02"}
_AFTER = [
    act(
        "direct_payment_request",
        "P4",
        "7.00",
        ASPR,
        _NEW,
        _LATER,
        invoice_number="F-4",
        invoice_date="2018-03-01",
    ),
    act("payment", "V1", "1.00", _LATER, predecessor="P1"),
    act("bank_details", "B1", "", _OLD, _LATER, CHANGE_FIELDS, payee_name="OLD", iban=_ACCOUNTS[1]),
    act("payee_block", "B2", "", _NEW, _LATER),
    act("payee_release", "B3", "", _NEW, _LATER),
    act("payment", "V2", "10.00", _LATER, predecessor="P1"),
    act("set_off", "C1", "5.00", _LATER, predecessor="P1"),
    act("set_off_receipt", "C1", "5.00", _LATER, predecessor="R1", line="2"),
    act(
        "direct_payment_request",
        "P5",
        "1.00",
        ASPR,
        _NEW,
        _LATER,
        invoice_number="f1",
        invoice_date="2018-03-01",
    ),
]
"""Entries 23 to 29: P4, B1, B2, B3, V2 and C1 (two).  V1 is refused, as the accounts differ, and P5, as P1 requested its
invoice; that P2 did so too was accepted, as the two codes were not merged then."""
_ENTRIES = 29
_BLOCK = KIND_NUMBERS["payee_block"]
BREACHES = {
    "a merged code is named after the merge": Breach(
        "update entry set payee = 1 where entry_id = 23", "third_party_merges", "entry 23 "
    ),
    "a merge into a payee that is not registered": Breach(
        "update third_party_merge set into_payee = 9", "third_party_merges", "payee 1"
    ),
    "a merge of a payee that was not registered yet": Breach(
        "update third_party_merge set after_entry = 15", "third_party_merges", "payee 1"
    ),
    "a merge back into itself": Breach(
        "insert into third_party_merge (payee, into_payee, first_day, reason, after_entry)"
        " values (2, 1, '2018-04-01', 'x', 22)", "third_party_merges", "payee ",
    ),
    "a transfer although the accounts differ": Breach(
        f"update payee set iban = '{_ACCOUNTS[2]}' where entry_id = 24", "third_party_merges", "entry 27 "
    ),
    "a transfer although the person is blocked": Breach(
        f"update entry set kind = {_BLOCK} where entry_id = 26", "third_party_merges", "entry 27 "
    ),
    "a set-off against the receivable of another person": Breach(
        "update entry set payee = 3 where entry_id = 29", "set_offs", "entry 28 "
    ),
    "an invoice of both codes that is requested after the merge": Breach(
        "update third_party_merge set after_entry = 19", "invoices_once", "entry 20 "
    ),
}  # fmt: skip


async def _process(dsn: str, folder: Path) -> None:
    """Process acts, then further ones by reference data that merge OLD into NEW."""
    await add_accountants(dsn)
    reference = ReferenceData.load(REFERENCE)
    await process_senders(dsn, folder, (("BUDGET", BUDGET), ("MINISTRY", _BEFORE)), reference)
    merged = replace(reference, merges={"OLD": Merge("NEW", date(2018, 4, 1), "Constat du comptable")})
    await process_senders(dsn, folder, (("MINISTRY", _AFTER),), merged)


@pytest.mark.parametrize("breach", [None, *BREACHES])
async def test_a_breach_of_merges_is_found(dsn: str, tmp_path: Path, breach: str | None) -> None:
    await _process(dsn, tmp_path)
    await assert_found(dsn, BREACHES[breach] if breach else None, entries=_ENTRIES)
