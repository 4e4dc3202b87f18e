"""A special account whose commitments, services and requests are carried: the next year counts them as engaged.

The journal is proven, every planted breach is found, a start under the version that counts them derives what was carried
before, and the report shows it.
"""

from pathlib import Path
from typing import Any

import asyncpg
import pytest

from core.outcome_codes import Outcome
from posting.store.journal_store import PostgresStore
from reporting import code_labels
from reporting.code_names import read_names
from reporting.special_accounts import load_special_accounts
from reporting.verification import verify
from tests.databases import open_connection
from tests.file_strategies import REFERENCE
from tests.reporting.journals import PAID, act, grant, process_senders
from tests.reporting.planted_breaches import Breach, assert_found

_PLACE = {"fund_centre": "0753-CENT-C001", "functional_area": "0753-01", "commitment_item": "31"}
_DUE = {"fund_centre": "0753-CENT-C001", "commitment_item": "269906"}
_CARRY = {"exercise": "2019", "date": "2019-01-21", "reference_sender": "MINISTRY"} | _PLACE
_GOES_ON = {"exercise": "2019", "date": "2019-02-01"}
_CREDITS = [
    grant(
        f"{kind}_{measure}",
        f"{year}{measure}{place}",
        "100.00",
        place,
        budget_year=year,
        exercise=year,
        date=day,
    )
    for year, day in (("2018", "2018-03-05"), ("2019", "2019-01-02"))
    for measure in ("ae", "cp")
    for kind, place in (
        ("budget_opening", "0753"),
        ("allotment", "0753-CENT"),
        ("allotment", "0753-CENT-C001"),
    )
]
"""Entries 1 to 12."""
_ACTS = [
    act("third_party", "T1", "", PAID, payee_name="Fournisseur", iban="FR1420041010050500013M02606"),
    act("receivable", "R1", "12.50", _DUE, PAID),
    act("receipt", "E1", "12.50", predecessor="R1"),
    act("commitment", "C1", "10.00", _PLACE),
    act("service", "S1", "5.00", predecessor="C1"),
    act("payment_request", "D1", "2.00", PAID, predecessor="C1"),
    act("direct_payment_request", "D2", "1.00", _PLACE, PAID),
]
"""Entries 13 to 19: 11.00 are engaged in 2018, and nothing is paid."""
_CARRIES = [
    act("commitment_carry", "C1", "5.00", _CARRY, predecessor="@16"),
    act("request_carry", "D1", "2.00", _CARRY, predecessor="@18"),
    act("request_carry", "D2", "1.00", _CARRY, predecessor="@19"),
    act("service_carry", "S1", "3.00", _CARRY, predecessor="@17"),
]
"""Entries 20 to 23: of the 12.50 that 2019 brings forward 1.50 are free."""
_LATER = [
    act("commitment", "C2", "1.51", _PLACE, _GOES_ON),
    act("commitment", "C3", "1.50", _PLACE, _GOES_ON),
    act("prior_withdrawal", "W1", "0.50", _GOES_ON, predecessor="@20"),
    act("commitment", "C4", "0.50", _PLACE, _GOES_ON),
    act("payment_request_rejection", "J1", "2.00", _GOES_ON, predecessor="@21"),
    act("payment_request_rejection", "J2", "2.00", _GOES_ON, predecessor="@18"),
    act("commitment", "C5", "0.01", _PLACE, _GOES_ON),
]
"""Entries 24 to 28: C2 and C5 are refused."""
_FILES = (("BUDGET", _CREDITS), ("MINISTRY", _ACTS), ("CLOSING", _CARRIES), ("MINISTRY", _LATER))
BREACHES = {
    "more carried": Breach("update entry set amount = 501 where entry_id = 20", "special_engagements", "entry 24 "),
    "more certified and carried": Breach(
        "update entry set amount = 301 where entry_id = 23", "special_engagements", "entry 24 "
    ),
    "less withdrawn": Breach("update entry set amount = 49 where entry_id = 25", "special_engagements", "entry 26 "),
    "a figure of carries raised": Breach(
        "update special_balance set carried = carried + 1", "special_balances", "0753 of 2018 "
    ),
    "what was rejected is left to nothing": Breach(
        "update special_balance set carried = carried - 200 where batch = (select max(batch) from special_balance)",
        "special_balances", "0753 of 2019 ",
    ),
}  # fmt: skip
_AS_BEFORE = """
set session_replication_role = replica;
update special_balance set carried = 0;
update migration set applied_at = clock_timestamp() where name = '0070_special_carries.sql';
"""
"""The ledger as the migration leaves one of before it."""


@pytest.mark.parametrize("breach", [None, *BREACHES])
async def test_a_breach_of_what_is_carried_is_found(dsn: str, tmp_path: Path, breach: str | None) -> None:
    await process_senders(dsn, tmp_path, _FILES)
    await assert_found(dsn, BREACHES[breach] if breach else None, entries=28)


async def test_the_report_shows_what_was_carried_into_the_year(dsn: str, tmp_path: Path) -> None:
    await process_senders(dsn, tmp_path, _FILES)
    async with open_connection(dsn) as connection:
        names = await read_names(connection, code_labels.load(REFERENCE))
        report = await load_special_accounts(connection, names, year=2019)
    (section,) = report.sections
    assert (section.brought_cents, section.engaged_cents, section.carried_in_cents) == (1_250, 300, 950)
    assert section.free_to_engage_cents == 0


async def test_a_ledger_of_before_derives_what_was_carried(dsn: str, tmp_path: Path) -> None:
    """All was carried before: of 12.50 nothing is free, until a further withdrawal gives 1.00 back."""
    await process_senders(dsn, tmp_path, _FILES)
    async with open_connection(dsn) as connection:
        await connection.execute(_AS_BEFORE)
    folder = tmp_path / "later"
    folder.mkdir()
    rows = [
        act("commitment", "C6", "0.01", _PLACE, _GOES_ON),
        act("prior_withdrawal", "W2", "1.00", _GOES_ON, predecessor="@20"),
        act("commitment", "C7", "1.01", _PLACE, _GOES_ON),
        act("commitment", "C8", "1.00", _PLACE, _GOES_ON),
    ]
    await process_senders(dsn, folder, (("MINISTRY", rows),))
    async with open_connection(dsn) as connection:
        refusals = await connection.fetch("select reference, code from refusal order by batch, reference")
        carried = await connection.fetchval(
            "select max(carried) from special_balance group by batch order by batch desc limit 1"
        )
    assert [(row["reference"], Outcome(row["code"]).name) for row in refusals] == [
        (reference, "SPECIAL_RECEIPTS_EXCEEDED") for reference in ("C2", "C5", "C6", "C7")
    ]
    assert carried == 8_50


async def test_a_later_start_does_not_read_the_journal_again_for_what_was_carried(
    dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first batch stores the row of every programme, also of those without any act, and verify accepts these rows."""
    await process_senders(dsn, tmp_path, _FILES)
    async with open_connection(dsn) as connection:
        await connection.execute(_AS_BEFORE)
    queries: list[str] = []
    fetch = PostgresStore.fetch

    async def fetch_named(store: PostgresStore, query: str, *arguments: Any) -> list[asyncpg.Record]:
        queries.append(query)
        return await fetch(store, query, *arguments)

    monkeypatch.setattr(PostgresStore, "fetch", fetch_named)
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        row = act("prior_withdrawal", f"W{number}", "0.10", _GOES_ON, predecessor="@20")
        await process_senders(dsn, folder, (("MINISTRY", [row]),))
    assert queries.count("carried_by_cell") == 1
    verification = await verify(dsn, folder=REFERENCE, checks=["special_balances"])
    batches = {finding.place.rpartition(" ")[2] for finding in verification.findings}
    assert batches <= {"1", "2", "3", "4"}, "the batches of before, whose rows say nothing of it"
