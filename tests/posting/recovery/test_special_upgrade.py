"""What a special account engaged under a version that did not count it: a start derives it from the AE that are used."""

from pathlib import Path

from core.outcome_codes import Outcome
from tests.databases import open_connection
from tests.reporting.journals import PAID, act, grant, process_senders

_PLACE = {"fund_centre": "0753-CENT-C001", "functional_area": "0753-01", "commitment_item": "31"}
_DUE = {"fund_centre": "0753-CENT-C001", "commitment_item": "269906"}
_CREDITS = [
    grant(kind.format(measure), f"{kind}{measure}{place}", "100.00", f"0753{place}")
    for measure in ("ae", "cp")
    for kind, place in (("budget_opening_{}", ""), ("allotment_{}", "-CENT"), ("allotment_{}", "-CENT-C001"))
]
_BEFORE = [
    act("third_party", "T1", "", PAID, payee_name="Fournisseur", iban="FR1420041010050500013M02606"),
    act("receivable", "R1", "50.00", _DUE, PAID),
    act("receipt", "E1", "30.00", predecessor="R1"),
    act("commitment", "C1", "25.00", _PLACE),
    act("direct_payment_request", "P1", "5.00", _PLACE, PAID),
]
_AS_BEFORE = """
set session_replication_role = replica;
update special_balance set engaged = 0;
update migration set applied_at = clock_timestamp() where name = '0067_special_engagements.sql';
"""
"""The ledger as the migration leaves one of before it."""


async def test_a_decrease_of_an_earlier_commitment_gives_back_no_more_than_it_took(
    dsn: str, tmp_path: Path
) -> None:
    """Of 30 collected all are engaged: a decrease by 10 lets 10 be engaged, and the starts after it count on."""
    await process_senders(dsn, tmp_path, (("BUDGET", _CREDITS), ("MINISTRY", _BEFORE)))
    async with open_connection(dsn) as connection:
        await connection.execute(_AS_BEFORE)
    decrease = act("commitment_decrease", "D1", "10.00", predecessor="C1")
    files = [
        [act("commitment", "C2", "0.01", _PLACE)],
        [decrease, act("commitment", "C3", "10.01", _PLACE), act("commitment", "C4", "10.00", _PLACE)],
        [act("commitment", "C5", "0.01", _PLACE)],
    ]
    for number, rows in enumerate(files):
        folder = tmp_path / str(number)
        folder.mkdir()
        await process_senders(dsn, folder, (("MINISTRY", rows),))
    async with open_connection(dsn) as connection:
        refusals = await connection.fetch("select reference, code from refusal order by batch")
        engaged = await connection.fetchval(
            "select max(engaged) from special_balance group by batch order by batch desc limit 1"
        )
    assert [(row["reference"], Outcome(row["code"]).name) for row in refusals] == [
        (reference, "SPECIAL_RECEIPTS_EXCEEDED") for reference in ("C2", "C3", "C5")
    ]
    assert engaged == 30_00
