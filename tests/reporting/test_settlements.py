"""A journal of settlements: verified, reported, and its corruptions found."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import msgspec
import pytest
import pytest_asyncio
from asyncpg.connection import LoggedQuery

from core.catalog import KIND_NUMBERS
from core.nomenclature import CentreLevel
from core.outcome_codes import Outcome
from posting.book.registry import ReferenceData
from reporting import code_labels
from reporting.act_history import (
    HistoryOptions,
    ReferenceQuery,
    build_histories,
    explain,
    fetch_accepted_lines,
)
from reporting.act_narrative import render
from reporting.act_rows import ActLines
from reporting.budget import BudgetScope, load_budget
from reporting.code_names import read_names
from reporting.commitments import load_outstanding_commitments
from reporting.open_items import load_payments
from reporting.proofs import prove_batch
from reporting.report_queries import SQL
from reporting.verification import verify
from reporting.visibility import WHOLE_JOURNAL, Visibility
from tests.accountants import CHANGE_FIELDS, add_accountants
from tests.file_strategies import REFERENCE
from tests.reporting.journals import ASPR, BUDGET, PAID, WORKS, Row, act, process_files
from tests.reporting.remade_hashes import list_hash_findings, remake_hashes

_OTHER: Row = {"payee": "TAXES"}
_IBAN = "FR1420041010050500013M02606"
_NEW_IBAN = "FR7630006000011234567890189"
_REQUESTS = [
    act("third_party", "T1", "", PAID, payee_name="Fournisseur", iban=_IBAN),
    act("third_party", "T2", "", _OTHER, payee_name="Trésorerie", iban=_IBAN),
    act("commitment", "C1", "100.00", ASPR),
    act("service", "S1", "60.00", predecessor="C1"),
    act("payment_request", "D1", "60.00", PAID, predecessor="C1"),
    act("direct_payment_request", "D2", "50.00", ASPR, PAID),
    act("direct_payment_request", "D3", "20.00", WORKS, PAID),
]
"""Entries 16 to 22, behind the 15 of the budget."""
_RUN = [
    act("attachment", "OP1", "20.00", _OTHER, predecessor="@21"),
    act("payment", "P1", "60.00", predecessor="@20"),
    act("payment", "P2", "30.00", predecessor="@21"),
    act("payment", "P3", "20.00", predecessor="OP1"),
    act("payment", "P4", "15.00", predecessor="@22"),
    act("payment_request_rejection", "RJ1", "5.00", predecessor="@22"),
    act("late_interest", "L1", "4.00", PAID, predecessor="@20", reason="A59"),
]
"""Entries 23 to 29."""
_STATEMENT = [
    *(
        act("bank_debit", f"B{entry}", amount, predecessor=f"@{entry}")
        for entry, amount in ((24, "60.00"), (25, "30.00"), (26, "20.00"), (27, "15.00"))
    ),
    act("bank_return", "R1", "60.00", predecessor="B24", line="1"),
    act("return_identified", "R1", "60.00", predecessor="#1", line="2"),
    act("bank_return", "R2", "20.00", predecessor="B26", line="1"),
    act("return_identified", "R2", "20.00", predecessor="#1", line="2"),
    act("bank_return", "R3", "15.00", predecessor="B27", line="1"),
    act("return_identified", "R3", "15.00", predecessor="#1", line="2"),
    act("reissue", "R3", "15.00", predecessor="#2", line="3"),
]
"""Entries 30 to 40."""
_AGAIN = [
    act("bank_details", "BD1", "", PAID, payee_name="Fournisseur SA", iban=_NEW_IBAN, **CHANGE_FIELDS),
    act("reissue", "N1", "60.00", predecessor="@35"),
    act("payee_block", "BL1", "", _OTHER),
    act("void", "V1", "20.00", predecessor="@37"),
    act("void", "V2", "5.00", predecessor="@99"),
]
"""Entries 41 to 43: both voids are refused."""


@pytest_asyncio.fixture
async def settled(dsn: str, tmp_path: Path) -> AsyncIterator[asyncpg.Connection]:
    """A connection to a journal of all of them, each file processed by an engine that loads its book anew."""
    await add_accountants(dsn)
    senders = ("BUDGET", "MINISTRY", "TREASURY", "BANK", "TREASURY")
    for number, rows in enumerate((BUDGET, _REQUESTS, _RUN, _STATEMENT, _AGAIN)):
        path = tmp_path / f"{number}.jsonl"
        envelope = {"sender": senders[number], "batch_id": path.stem, "version": "1", "count": len(rows)}
        path.write_text("".join(json.dumps(line) + "\n" for line in [{"envelope": envelope}, *rows]))
        await process_files(dsn, tmp_path, [path], ReferenceData.load(REFERENCE))
    connection = await asyncpg.connect(dsn)
    yield connection
    await connection.close()


async def test_the_journal_of_settlements_is_proven(settled: asyncpg.Connection, dsn: str) -> None:
    verification = await verify(dsn, folder=REFERENCE)
    assert verification.findings == []
    assert verification.rows["entry"] == 43
    codes = await settled.fetch("select code from refusal order by batch, position")
    assert [row["code"] for row in codes] == [Outcome.RECEIVABLE_MISSING, Outcome.PREDECESSOR_MISSING]


async def test_every_batch_adds_up(settled: asyncpg.Connection) -> None:
    names = await read_names(settled, code_labels.load(REFERENCE))
    for (batch,) in await settled.fetch("select batch from batch"):
        proof = await prove_batch(settled, names, batch)
        assert proof
        assert [agreement for agreement in proof.agreements if not agreement.holds] == []


async def test_the_budget_report_shows_the_consumption(settled: asyncpg.Connection) -> None:
    """60 + 30 + 20 + 15 of CP: rejected parts are released, returns change nothing, and a payment sent again counts once."""
    names = await read_names(settled, code_labels.load(REFERENCE))
    report = await load_budget(settled, names, BudgetScope(CentreLevel.PROGRAMME, "0217"))
    (node,) = [candidate for candidate in report.nodes if candidate.envelope == "HT2"]
    assert (node.cp.reserved, node.cp.consumed) == (400, 12_500)
    assert (node.ae.consumed, node.ae.reserved) == (16_500, 18_000 + 500 + 400)


@pytest.mark.parametrize(
    ("reference", "iban"),
    [("P1", _IBAN), ("B24", _IBAN), ("D1", _IBAN), ("N1", _NEW_IBAN), ("BD1", _NEW_IBAN)],
)
async def test_an_act_shows_the_account_of_its_time(
    settled: asyncpg.Connection, reference: str, iban: str
) -> None:
    """The account changed after the payment, and before the re-issue."""
    names = await read_names(settled, code_labels.load(REFERENCE))
    (line,) = (await explain(settled, names, reference)).accepted
    assert line.payee is not None
    assert line.payee.iban == iban


async def test_a_request_shows_everything_that_follows_it(settled: asyncpg.Connection) -> None:
    names = await read_names(settled, code_labels.load(REFERENCE))
    explanation = await explain(settled, names, "D1")
    (line,) = explanation.accepted
    assert [follower.reference for follower in line.followers] == ["P1", "L1", "B24", "R1", "R1", "N1"]
    assert [follower.entry for follower in line.followers] == sorted(
        follower.entry for follower in line.followers
    )
    accounts = [(transfer.entry, transfer.run, transfer.payee) for transfer in line.transfers]
    assert [(entry, run, payee.iban) for entry, run, payee in accounts if payee] == [
        (24, None, _IBAN),
        (42, None, _NEW_IBAN),
    ]
    text = [part for part in render(explanation) if isinstance(part, str)]
    in_transit = "60.00 sent to the bank and not debited yet"
    assert f"  paid       sent, not debited yet: 60.00 euros settled, 0.00 to be paid, {in_transit}" in text
    assert any("reissue N1" in part and part.endswith(f"to IBAN {_NEW_IBAN}") for part in text)


@pytest.mark.parametrize(
    ("reference", "sentence"),
    [
        (
            "D2",
            "in part: 50.00 euros settled, 0.00 to be paid, 20.00 came back from the bank and are not sent again",
        ),
        (
            "D3",
            "sent, not debited yet: 15.00 euros settled, 0.00 to be paid, 15.00 sent to the bank and not debited yet",
        ),
        ("L1", "no: 0.00 euros settled, 4.00 to be paid"),
    ],
)
async def test_a_request_states_whether_it_is_paid(
    settled: asyncpg.Connection, reference: str, sentence: str
) -> None:
    names = await read_names(settled, code_labels.load(REFERENCE))
    text = list(render(await explain(settled, names, reference)))
    assert f"  paid       {sentence}" in text


@pytest.mark.parametrize(
    ("back", "sentence"), [(5_000, "no, it came back: 50.00 euros settled"), (2_000, "in part: 50.00 euros")]
)
async def test_a_request_whose_money_came_back_is_not_paid(
    settled: asyncpg.Connection, back: int, sentence: str
) -> None:
    names = await read_names(settled, code_labels.load(REFERENCE))
    explanation = await explain(settled, names, "D2")
    (line,) = explanation.accepted
    assert line.standing is not None
    standing = msgspec.structs.replace(line.standing, back_cents=back)
    returned = msgspec.structs.replace(
        explanation, accepted=[msgspec.structs.replace(line, standing=standing)]
    )
    (paid,) = [
        part for part in render(returned) if isinstance(part, str) and part.startswith("  paid       ")
    ]
    assert paid.startswith(f"  paid       {sentence}")
    assert paid.endswith(f"{back // 100}.00 came back from the bank and are not sent again")


async def test_what_came_back_is_unknown_unless_all_followers_are_read(settled: asyncpg.Connection) -> None:
    """The fourth follower returns the transfer, the sixth sends it again."""
    names = await read_names(settled, code_labels.load(REFERENCE))
    lines = ActLines(await fetch_accepted_lines(settled, ReferenceQuery("D1", Visibility())))
    for followers_max, cents in ((None, 0), (7, 0), (4, None)):
        options = HistoryOptions(followers_max=followers_max)
        histories = await build_histories(settled, names, lines, options=options)
        (standing,) = [line.standing for line in histories.accepted]
        assert standing
        assert (histories.is_complete, standing.back_cents) == (cents is not None, cents)


async def test_only_a_history_reads_the_runs_of_transfers(settled: asyncpg.Connection) -> None:
    names = await read_names(settled, code_labels.load(REFERENCE))
    rows = await fetch_accepted_lines(settled, ReferenceQuery("D1", Visibility()))
    queries: list[LoggedQuery] = []
    with settled.query_logger(queries.append):
        await load_payments(settled, names, rows, limit=100, visibility=WHOLE_JOURNAL)
    assert SQL["runs_of_submissions"] not in [logged.query for logged in queries]
    with settled.query_logger(queries.append):
        await build_histories(settled, names, ActLines(rows))
    assert SQL["runs_of_submissions"] in [logged.query for logged in queries]


async def test_requests_show_their_settlements(settled: asyncpg.Connection) -> None:
    names = await read_names(settled, code_labels.load(REFERENCE))
    lines = {}
    for name in ("D1", "D2", "D3", "L1"):
        rows = await fetch_accepted_lines(settled, ReferenceQuery(name, Visibility()))
        (lines[name],), _ = await load_payments(settled, names, rows, limit=100, visibility=WHOLE_JOURNAL)
    assert {name: line.state for name, line in lines.items()} == {
        "D1": "paid",
        "D2": "paid",
        "D3": "paid",
        "L1": "requested",
    }
    sums = (lines["D2"].settled, lines["D2"].diverted, lines["D2"].payable, lines["D2"].rejected)
    assert sums == (3_000, 2_000, 0, 0)
    assert [settlement.kind for settlement in lines["D2"].settlements] == ["attachment", "payment"]


async def test_a_payee_is_shown_with_its_present_bank_details(settled: asyncpg.Connection) -> None:
    names = await read_names(settled, code_labels.load(REFERENCE))
    rows = await fetch_accepted_lines(settled, ReferenceQuery("D1", Visibility()))
    (line,), _ = await load_payments(settled, names, rows, limit=100, visibility=WHOLE_JOURNAL)
    assert line.payee
    assert line.payee.name == "Fournisseur SA"


async def test_what_remains_to_be_paid_is_engaged_less_withdrawn_less_paid(
    settled: asyncpg.Connection,
) -> None:
    """C1: 100 engaged, 60 certified, requested and paid; its transfer came back and went out again, and counts once."""
    names = await read_names(settled, code_labels.load(REFERENCE))
    report = await load_outstanding_commitments(settled, names)
    (programme,) = report.centres
    figures = (
        programme.engaged_cents,
        programme.withdrawn_cents,
        programme.paid_cents,
        programme.remaining_cents,
    )
    assert figures == (10_000, 0, 6_000, 4_000)
    assert (programme.open, programme.unbilled, programme.requested_cents) == (4_000, 0, 0)
    assert programme.commitments == 1


CHANGES = {
    "a payment raised": ("update entry set amount = amount + 1 where entry_id = 24", "open_items", "entry 20 "),
    "more paid than engaged": ("update entry set amount = 4000 where entry_id = 18", "remaining", "entry 18 "),
    "another payee paid": ("update entry set payee = 2 where entry_id = 24", "predecessors", "entry 24 "),
    "another account cleared": (
        "update entry set debit = credit where entry_id = 30", "predecessors", "entry 30 ",
    ),
    "a debt cleared by a re-issue": (
        "update entry set debit = (select debit from entry where entry_id = 24) where entry_id = 40",
        "item_balances", "4671518000",
    ),
    "a payment of a return": ("update entry set predecessor = 35 where entry_id = 28", "predecessors", "entry 28 "),
    "a re-issue behind a block": ("update entry set kind = 30 where entry_id = 41", "blocked_unpaid", "entry 42 "),
    "a set-off against nothing": (
        f"update entry set kind = {KIND_NUMBERS['set_off']} where entry_id = 27", "set_offs", "entry 27 ",
    ),
    "a debt voided": (f"update entry set kind = {KIND_NUMBERS['void']} where entry_id = 42", "voids", "entry 42 "),
    "a transfer to the account of the debt": (
        "update entry set credit = (select id from reference_text where kind = 5 and code = '1853200000') where entry_id = 20",
        "settled_without_transfer", "entry 24 ",
    ),
    "a service of tax relief": (
        "update entry set debit = (select id from reference_text where kind = 5 and code = '6537100000') where entry_id = 19",
        "settled_without_transfer", "entry 19 ",
    ),
    "an opposition to pay by payroll": (
        f"update entry set kind = {KIND_NUMBERS['payroll']} where entry_id = 21", "payroll_diversions", "entry 23 ",
    ),
    "interest on credits of works": (
        "update entry set cell = (select cell from entry where entry_id = 22) where entry_id = 29",
        "interest_assignments", "entry 29 ",
    ),
    "interest on the credits of a fund": (
        (
            "update cell set fund = (select id from reference_text where kind = 4 and code = '1-1-00733') "
            "where cell = (select cell from entry where entry_id = 29)"
        ),
        "interest_assignments", "entry 29 ",
    ),
    "bank details unsaid": (
        "update payee set entry_id = 40 where entry_id = 41", "payees_known", "entry 41 ",
    ),
    "consumption lowered": (
        "update node_balance set cp_consumed = cp_consumed - 1 where batch = 3", "node_balances", "0217",
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
async def test_a_corruption_of_a_settlement_is_found(
    settled: asyncpg.Connection, dsn: str, change: str
) -> None:
    statement, check, place = CHANGES[change]
    await settled.execute(f"set session_replication_role = replica; {statement}")
    await remake_hashes(settled)
    verification = await verify(dsn, folder=REFERENCE)
    assert list_hash_findings(verification) == []
    assert [
        finding
        for finding in verification.findings
        if finding.check == check and finding.place.startswith(place)
    ]
