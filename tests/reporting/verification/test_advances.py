"""Advances: a journal of them is proven and reported, and every planted breach of their rules is found."""

import dataclasses
from pathlib import Path

import msgspec
import pytest

from core.catalog import KIND_NUMBERS
from reporting import code_labels
from reporting.advances import build_table, load_advances
from reporting.code_names import read_names
from tests.databases import open_connection
from tests.file_strategies import REFERENCE
from tests.reporting.journals import ASPR, BUDGET, PAID, act, grant, process_senders
from tests.reporting.planted_breaches import Breach, assert_found

_IBAN = "FR1420041010050500013M02606"
_OTHER = {"payee": "OTHER"}
_ACTS = [
    act("third_party", "T1", "", PAID, payee_name="Fournisseur", iban=_IBAN),
    act("third_party", "T2", "", _OTHER, payee_name="Autre", iban=_IBAN),
    act("commitment", "C1", "100.00", ASPR),
    act("commitment", "C2", "50.00", ASPR),
    act("advance_request", "AV1", "30.00", PAID, predecessor="C1", received="2018-05-02"),
    act("advance_request", "AV2", "20.00", PAID, predecessor="C2", received="2018-05-02"),
    act("advance_request", "AV3", "5.00", PAID, predecessor="C2", received="2018-05-02"),
    act("payment", "P1", "30.00", predecessor="AV1"),
    act("bank_debit", "D1", "30.00", predecessor="P1"),
    act("payment_request_rejection", "RJ1", "4.00", predecessor="AV2"),
    act("payment", "P2", "16.00", predecessor="AV2"),
    act("bank_debit", "D2", "16.00", predecessor="P2"),
    act("service", "S1", "80.00", predecessor="C1"),
    act("payment_request", "R1", "80.00", PAID, predecessor="C1"),
    act("advance_withholding", "W1", "12.00", predecessor="R1", line="1"),
    act("advance_recovery", "W1", "12.00", predecessor="D1", line="2"),
    act("advance_withholding", "W2", "18.00", predecessor="R1", line="1"),
    act("advance_recovery", "W2", "18.00", predecessor="D1", line="2"),
    act("service", "S2", "40.00", predecessor="C2"),
    act("payment_request", "R2", "40.00", PAID, predecessor="C2"),
    act("advance_withholding", "W3", "9.00", predecessor="R2", line="1"),
    act("advance_recovery", "W3", "9.00", predecessor="D2", line="2"),
    act("payment", "P3", "50.00", predecessor="R1"),
    act("commitment", "C3", "8.00", ASPR),
    act("advance_request", "AV4", "8.00", PAID, predecessor="C3", received="2018-05-02"),
    act("payment", "P4", "8.00", predecessor="AV4"),
    act("bank_debit", "D4", "8.00", predecessor="P4"),
    act("commitment_increase", "CI1", "2.00", predecessor="C3"),
]
"""Entries 16 to 43, behind those of the budget: AV1 is entry 20, D1 24, D2 27, W1 30 and 31, W2 32 and 33, W3 36 and 37,
P3 38, C3 39, CI1 43."""
_FILES = (("BUDGET", BUDGET), ("MINISTRY", _ACTS))
_PAYEE = "(select payee from entry where entry_id = 17)"
BREACHES = {
    "an advance above what is open of its commitment": Breach(
        "update entry set amount = 10001 where entry_id = 20", "purchase_advances", "entry 20 "
    ),
    "an advance dated before what it relies on": Breach(
        "update entry set day = day - 1 where entry_id = 20", "purchase_advances", "entry 20 "
    ),
    "more recovered than was paid": Breach(
        "update entry set amount = 1801 where entry_id in (32, 33)", "advances", "entry 24 "
    ),
    "a sum withheld and not recovered": Breach(
        "update entry set amount = 1199 where entry_id = 31", "advances", "entry 30 "
    ),
    "an advance recovered without a debt": Breach(
        f"update entry set kind = {KIND_NUMBERS['set_off']} where entry_id = 36", "advances", "entry 37 "
    ),
    "an advance of another commitment": Breach(
        "update entry set predecessor = 27 where entry_id = 31", "advances", "entry 31 "
    ),
    "an advance of another supplier": Breach(
        f"update entry set payee = {_PAYEE} where entry_id = 20", "advances", "entry 31 "
    ),
    "a payment that was no advance": Breach(
        f"update entry set kind = {KIND_NUMBERS['payment_request_without_service']} where entry_id = 20",
        "advances", "entry 31 ",
    ),
    "an advance on assets": Breach(
        "update cell set item = (select id from reference_text where kind = 3 and code = '51')"
        " where cell = (select cell from entry where entry_id = 20)",
        "purchase_advances", "entry 20 ",
    ),
    "a request paid whole before the advance is recovered": Breach(
        "update entry set amount = 8000 where entry_id = 38", "advance_cover", "entry 18 "
    ),
    "more advanced than is committed": Breach(
        "update entry set amount = 7001 where entry_id = 21", "advance_cover", "entry 19 "
    ),
    "an advance left by a withdrawal": Breach(
        f"update entry set kind = {KIND_NUMBERS['commitment_decrease']} where entry_id = 43", "advance_cover", "entry 39 "
    ),
    "an account of advances that is not that of what is left to recover": Breach(
        "update entry set credit = debit where entry_id = 36", "item_balances", "4091000000 "
    ),
}  # fmt: skip


@pytest.mark.parametrize("breach", [None, *BREACHES])
async def test_a_breach_of_advances_is_found(dsn: str, tmp_path: Path, breach: str | None) -> None:
    await process_senders(dsn, tmp_path, _FILES)
    await assert_found(dsn, BREACHES[breach] if breach else None, entries=43)


_OPENINGS = [
    grant(f"{kind}_{measure}", f"N-{measure}-{place}", "100.00", place, budget_year="2019", exercise="2019", date="2019-01-02")
    for measure in ("ae", "cp")
    for kind, place in (
        ("budget_opening", "0217"), ("allotment", "0217-SGAC"), ("allotment", "0217-SGAC-ASPR"),
    )
]  # fmt: skip
_CARRY = {"exercise": "2019", "date": "2019-01-21", "reference_sender": "MINISTRY"} | ASPR
_LATER = {"exercise": "2019", "date": "2019-02-01"}
_RECOVERED_LATER = (
    ("BUDGET", BUDGET),
    ("MINISTRY", [*_ACTS[:3], *_ACTS[4:5], *_ACTS[7:9]]),
    ("BUDGET", _OPENINGS),
    ("closing", [act("commitment_carry", "C1", "100.00", _CARRY, predecessor="@18")]),
    (
        "MINISTRY",
        [
            act("service", "S1", "90.00", _LATER, predecessor="C1"),
            act("payment_request", "R1", "90.00", _LATER, PAID, predecessor="C1"),
            act("advance_withholding", "W1", "25.00", _LATER, predecessor="R1", line="1"),
            act("advance_recovery", "W1", "25.00", _LATER, predecessor="@21", line="2"),
            act("payment", "P3", "65.00", _LATER, predecessor="R1"),
        ],
    ),
)
"""AV1 is entry 19, its debit 21; of C1 all goes on in 2019 as entry 28."""


async def test_an_advance_is_recovered_after_the_rollover_of_its_commitment(dsn: str, tmp_path: Path) -> None:
    """Of 30 paid in 2018, 25 are recovered in 2019, and 5 are left; nothing had to be carried but the commitment."""
    await process_senders(dsn, tmp_path, _RECOVERED_LATER)
    await assert_found(dsn, None, entries=33)
    async with open_connection(dsn) as connection:
        report = await load_advances(connection, await read_names(connection, code_labels.load(REFERENCE)))
    assert (report.paid_cents, report.recovered_cents, report.left_cents) == (3_000, 2_500, 500)


async def test_the_shares_are_those_of_the_exercise(dsn: str, tmp_path: Path) -> None:
    """An advance of 2018 that is requested in its complementary period follows the calendar of 2018."""
    await process_senders(dsn, tmp_path, (("BUDGET", BUDGET), ("MINISTRY", _ACTS[:6])))
    async with open_connection(dsn) as connection:
        await connection.execute(
            "set session_replication_role = replica; update entry set day = '2019-01-10' where entry_id = 20"
        )
        labels = code_labels.load(REFERENCE)
        next_year = dataclasses.replace(labels.exercises[2019], recovery_from=0, recovery_until=0)
        exercises = {**labels.exercises, 2019: next_year}
        names = await read_names(connection, dataclasses.replace(labels, exercises=exercises))
        rows = (await load_advances(connection, names)).advances
    assert {row.entry: (row.day, row.recovery) for row in rows}[20] == ("2019-01-10", "later")


async def test_the_report_lists_what_is_unpaid_or_left_to_recover(dsn: str, tmp_path: Path) -> None:
    """AV1 (30) is recovered whole; of AV2 (20) 4 are rejected, 16 paid, 9 recovered; AV3 (5) is unpaid; AV4 (8) is left."""
    await process_senders(dsn, tmp_path, _FILES)
    async with open_connection(dsn) as connection:
        report = await load_advances(connection, await read_names(connection, code_labels.load(REFERENCE)))
    rows = [msgspec.structs.astuple(advance) for advance in report.advances]
    assert rows == [
        (21, "AV2", "C2", "2018-03-15", 2_000, 400, 1_600, 900, 700, 5_000, 4_000, "late"),
        (22, "AV3", "C2", "2018-03-15", 500, 0, 0, 0, 0, 5_000, 4_000, "late"),
        (40, "AV4", "C3", "2018-03-15", 800, 0, 800, 0, 800, 1_000, 0, "later"),
    ]
    assert (report.requested_cents, report.paid_cents, report.left_cents) == (3_300, 2_400, 1_500)
    assert build_table(report).rows[0][1:3] == ["AV2", "C2"]
