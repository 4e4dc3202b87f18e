"""Receivables of before the version that stores when they are due: a start reads it from what they state."""

from pathlib import Path

from core.outcome_codes import Outcome
from tests.databases import open_connection
from tests.reporting.journals import ASPR, BUDGET, PAID, act, process_senders

_DIVERS = {"fund_centre": "0217-SGAC-ASPR", "commitment_item": "269906"}
_BEFORE = [
    act("third_party", "T1", "", PAID, payee_name="Fournisseur", iban="FR1420041010050500013M02606"),
    act("receivable", "R1", "10.00", PAID, _DIVERS, due="2018-12-20"),
    act("receivable", "R2", "10.00", PAID, _DIVERS),
    act("direct_payment_request", "P1", "20.00", ASPR, PAID),
]
_AS_BEFORE = """
set session_replication_role = replica;
update entry set source = 0 where reference in ('R1', 'R2');
delete from checkpoint_page;
delete from checkpoint;
update migration set applied_at = clock_timestamp() where name = '0069_due_days.sql';
"""
"""The ledger as the migration leaves one of before it."""


async def test_a_receivable_of_before_is_due_on_the_day_that_it_states(dsn: str, tmp_path: Path) -> None:
    """R1 is due on 20 December, R2 at once; a start after that restores both days."""
    await process_senders(dsn, tmp_path, (("BUDGET", BUDGET), ("MINISTRY", _BEFORE)))
    async with open_connection(dsn) as connection:
        await connection.execute(_AS_BEFORE)
    for number, days in enumerate(("2018-12-19", "2018-12-20")):
        rows = [
            act(kind, f"S{number}-{receivable}", "10.00", predecessor=name, line=line, date=days)
            for receivable in ("R1", "R2")
            for kind, name, line in (("set_off", "P1", "1"), ("set_off_receipt", receivable, "2"))
        ]
        folder = tmp_path / str(number)
        folder.mkdir()
        await process_senders(dsn, folder, (("MINISTRY", rows),))
    async with open_connection(dsn) as connection:
        refusals = await connection.fetch(
            "select reference, code from refusal order by batch, reference, code"
        )
    codes = {(row["reference"], Outcome(row["code"]).name) for row in refusals}
    assert {code for code in codes if code[1] != "ACT_REFUSED"} == {
        ("S0-R1", "RECEIVABLE_NOT_DUE"),
        ("S1-R2", "PREDECESSOR_STAGE"),
    }
