"""Merges of third parties at a start: one of an unregistered code waits, and acts are read before the directory is locked."""

import asyncio
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from core.errors import ReferenceDataError
from core.merges import Merge
from core.outcome_codes import Outcome
from posting.book.registry import ReferenceData
from posting.store import directory_store
from posting.store.journal_store import PostgresStore
from reporting.verification import verify
from tests.accountants import add_accountants
from tests.databases import open_connection
from tests.file_strategies import REFERENCE
from tests.reporting.journals import ASPR, BUDGET, Row, act, process_senders

_SECONDS = 20
_IBANS = ("FR1420041010050500013M02606", "FR7630006000011234567890189")
_INVOICE = {"invoice_number": "F-1", "invoice_date": "2018-03-01"}
_OLD, _NEW = (
    act("third_party", f"T-{code}", "", payee=code, payee_name=code, iban=iban)
    for code, iban in zip(("OLD", "NEW"), _IBANS, strict=True)
)


def _request(reference: str, payee: str, day: str = "2018-03-15") -> Row:
    return act("direct_payment_request", reference, "20.00", ASPR, _INVOICE, payee=payee, date=day)


def _merge_old(day: date) -> ReferenceData:
    return replace(ReferenceData.load(REFERENCE), merges={"OLD": Merge("NEW", day, "Constat du comptable")})


async def _list_outcomes(dsn: str) -> list[tuple[str, str]]:
    async with open_connection(dsn) as connection:
        rows = await connection.fetch("select reference, code from refusal order by batch, position")
        return [(row["reference"], Outcome(row["code"]).name) for row in rows]


async def test_a_merge_waits_for_the_registration_of_its_codes(dsn: str, tmp_path: Path) -> None:
    """Until then invoices count for the code that requests named; the merged code is not named from its first day on."""
    merged = _merge_old(date(2018, 4, 1))
    await add_accountants(dsn)
    await process_senders(dsn, tmp_path, (("BUDGET", BUDGET), ("MINISTRY", [_OLD, _request("P1", "OLD")])))
    waiting = [_request("P2", "OLD"), _request("P3", "OLD", "2018-04-02"), _NEW]
    for number, rows in enumerate((waiting, [_request("P4", "NEW")])):
        folder = tmp_path / str(number)
        folder.mkdir()
        await process_senders(dsn, folder, (("MINISTRY", rows),), merged)
        async with open_connection(dsn) as connection:
            assert await connection.fetchval("select count(*) from third_party_merge") == number
    assert sorted(await _list_outcomes(dsn)) == [
        ("P2", "INVOICE_ALREADY_REQUESTED"),
        ("P3", "THIRD_PARTY_MERGED"),
        ("P4", "INVOICE_ALREADY_REQUESTED"),
    ]
    assert (await verify(dsn, folder=REFERENCE)).findings == []


async def test_acts_are_read_before_the_directory_is_locked(dsn: str, tmp_path: Path) -> None:
    """A change of the directory in another connection does not hold the check up: the start is refused beside it."""
    await add_accountants(dsn)
    rows = [_OLD, _NEW, _request("P1", "OLD")]
    await process_senders(dsn, tmp_path, (("BUDGET", BUDGET), ("MINISTRY", rows)))
    async with open_connection(dsn) as other, other.transaction():
        await other.execute(directory_store.SQL["lock_directory"])
        async with asyncio.timeout(_SECONDS), PostgresStore(dsn).own_lease("test") as store:
            with pytest.raises(ReferenceDataError, match="name third party OLD on 2018-03-15 or later"):
                await store.load_numbers(_merge_old(date(2018, 3, 15)))
