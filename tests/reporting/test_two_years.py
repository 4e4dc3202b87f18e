"""Two years with different meanings of the same codes: each is posted, verified and reported by its own files."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import asyncpg
import pytest
import pytest_asyncio

from core.nomenclature import CentreLevel
from reporting import code_labels
from reporting.act_history import explain
from reporting.budget import BudgetScope, load_budget
from reporting.budget_path import NodeSelector, load_node_status
from reporting.code_names import ACCOUNT, read_names
from reporting.commitments import load_outstanding_commitments
from reporting.delays import DelayScope as Paid
from reporting.delays import load_delays
from reporting.trial_balance import BalanceScope, load_trial_balance
from reporting.verification import verify
from tests.databases import open_connection
from tests.posting.loaded_engines import process_rows
from tests.reference_years import build_two_years, replace_text, shift_to_2019
from tests.reporting.journals import ASPR, BUDGET, DEBT, PAID, SPENDING, WORKS, act
from tests.reporting.remade_hashes import list_hash_findings, remake_hashes

_IBAN = {"iban": SPENDING[0]["iban"]}
_ACTS = [
    act("commitment", "C1", "100.00", ASPR),
    act("service", "S1", "60.00", predecessor="C1"),
    act("payment_request", "D1", "40.00", PAID, predecessor="C1"),
    act("direct_payment_request", "D2", "25.00", ASPR, PAID),
    act("direct_payment_request", "D3", "1000.00", ASPR, PAID),
    act("direct_payment_request", "D4", "25.00", DEBT, PAID),
]
"""The same acts in both years: D3 is over the ceiling of 0217, D4 over that of 0117."""
_WORKS_2019 = {**WORKS, "fund_centre": "0217-SGAC-ASPR"}


class Years(NamedTuple):
    """A journal of two years, and its reference data."""

    dsn: str
    reference: Path


def _budget_of_2019() -> list[dict[str, str]]:
    """Build the budget of 2019: as in 2018, with operation 1 earmarked at its new parent."""
    rows = shift_to_2019(BUDGET)
    return [row | {"fund_centre": "0217-SGAC-ASPR"} if row["kind"] == "earmark" else row for row in rows]


@pytest_asyncio.fixture
async def years(dsn: str, tmp_path: Path) -> Years:
    """Process every file by an engine that loads its book anew."""
    folder = build_two_years(tmp_path)
    await process_rows(dsn, tmp_path, folder, BUDGET, "TREASURY")
    await process_rows(dsn, tmp_path, folder, [SPENDING[0], *_ACTS, act("commitment", "C2", "50.00", WORKS)])
    await process_rows(dsn, tmp_path, folder, _budget_of_2019(), "TREASURY")
    await process_rows(
        dsn, tmp_path, folder, shift_to_2019([*_ACTS, act("commitment", "C2", "50.00", _WORKS_2019)])
    )
    paid = act("payment", "P1", "25.00", _IBAN, predecessor=await _find_entry(dsn, "D2"))
    await process_rows(dsn, tmp_path, folder, [paid])
    debit = act("bank_debit", "B1", "25.00", predecessor=await _find_entry(dsn, "P1"))
    await process_rows(dsn, tmp_path, folder, shift_to_2019([debit]))
    return Years(dsn, folder)


async def _find_entry(dsn: str, reference: str) -> str:
    """Return the name of an entry of 2018, by its number."""
    async with open_connection(dsn) as connection:
        query = "select entry_id from entry where reference = $1 and exercise = 2018"
        return f"@{await connection.fetchval(query, reference)}"


@pytest_asyncio.fixture
async def reader(years: Years) -> AsyncIterator[asyncpg.Connection]:
    async with open_connection(years.dsn) as connection:
        yield connection


_POSTED = """
select e.exercise, e.reference, d.code as debit, c.code as credit from entry e
left join reference_text d on d.kind = 5 and d.id = e.debit left join reference_text c on c.kind = 5 and c.id = e.credit
where e.debit <> 0 order by e.entry_id
"""


async def test_each_year_posts_to_its_own_accounts(reader: asyncpg.Connection) -> None:
    """The debit of a transfer clears the transit account of the payment's year, and posts to the treasury of its own."""
    rows = [tuple(row) for row in await reader.fetch(_POSTED)]
    assert rows == [
        (2018, "S1", "6188000000", "4081000000"),
        (2018, "D1", "4081000000", "4011100000"),
        (2018, "D2", "6188000000", "4011100000"),
        (2018, "D4", "6650000000", "1853200000"),
        (2019, "S1", "6113110000", "4286100000"),
        (2019, "D1", "4286100000", "4211110000"),
        (2019, "D2", "6113110000", "4211110000"),
        (2019, "D3", "6113110000", "4211110000"),
        (2018, "P1", "4011100000", "5126410000"),
        (2019, "B1", "5126410000", "5121100000"),
    ]


async def test_each_year_has_its_own_ceilings(reader: asyncpg.Connection) -> None:
    refused = await reader.fetch(
        "select s.submission, r.reference from refusal r join submission s using (submission)"
    )
    assert [tuple(row) for row in refused] == [(2, "D3"), (4, "D4")]


async def test_both_years_are_proven(years: Years) -> None:
    verification = await verify(years.dsn, folder=years.reference)
    assert verification.findings == []
    assert verification.batches >= 5


_CORRUPTIONS = (
    (
        "update node_balance set ae_consumed = ae_consumed + 1 where node / 6 / 131072 = {year}",
        "node_balances",
    ),
    ("delete from node_balance where node / 6 / 131072 = {year}", "node_balances_stored"),
    ("update account_balance set credit = credit + 1 where period / 16 = {year}", "account_balances"),
    ("update cell set budget_year = 2020 where budget_year = 2000 + {year}", "cells_known"),
)


@pytest.mark.parametrize("year", [18, 19])
@pytest.mark.parametrize(("change", "check"), _CORRUPTIONS, ids=[check for _, check in _CORRUPTIONS])
async def test_a_corruption_in_either_year_is_found(
    years: Years, reader: asyncpg.Connection, year: int, change: str, check: str
) -> None:
    await reader.execute("set session_replication_role = replica")
    assert await reader.execute(change.format(year=year)) not in ("UPDATE 0", "DELETE 0")
    await remake_hashes(reader)
    verification = await verify(years.dsn, folder=years.reference)
    assert list_hash_findings(verification) == []
    assert check in {finding.check for finding in verification.findings}


class Otherwise(NamedTuple):
    """A change of one file, and the only finding that it causes: a check, and the start of its places."""

    changes: tuple[tuple[str, str, str], ...]
    finding: tuple[str, str] | None


_OLD_LABEL = "Dettes relatives aux rémunérations dues aux agents de l'État"
_OTHERWISE = (
    Otherwise(
        (("2019/programmes.csv", "écologique,1", "écologique,0"),),
        ("availability", "0217-SGAC-ASPR HT2 2019"),
    ),
    Otherwise(
        (("2018/programmes.csv", "finances,1", "finances,0"),), ("availability", "0117-CENT-C001 HT2 2018")
    ),
    Otherwise((("2019/centres.csv", "Bâtiments", "Immeubles"),), None),
    Otherwise(
        (
            ("2019/items.csv", "31,Dépenses", "33,Dépenses"),
            ("2019/roles.csv", "31,", "33,"),
            ("late_interest.toml", 'item = "31"', 'item = { "2018-01-01" = "31", "2019-01-01" = "33" }'),
        ),
        ("cells_known", "cell "),
    ),
)


@pytest.mark.parametrize("otherwise", _OTHERWISE, ids=lambda case: case.changes[0][2])
async def test_a_year_is_verified_by_its_own_files(years: Years, otherwise: Otherwise) -> None:
    for file, old, new in otherwise.changes:
        replace_text(years.reference, file, old, new)
    verification = (await verify(years.dsn, folder=years.reference)).findings
    if otherwise.finding is None:
        assert verification == []
    else:
        check, place = otherwise.finding
        assert any(finding.check == check and finding.place.startswith(place) for finding in verification)


async def test_reports_use_the_files_of_each_year(years: Years, reader: asyncpg.Connection) -> None:
    names = await read_names(reader, code_labels.load(years.reference))
    units = await load_budget(reader, names, BudgetScope(level=CentreLevel.UO))
    labels = {(node.year, node.label) for node in units.nodes if node.centre == "0217-SGAC-IMMO"}
    assert labels == {(2018, "Immobilier"), (2019, "Bâtiments")}
    programmes = await load_budget(reader, names, BudgetScope())
    assert {(programme.year, programme.centre) for programme in programmes.nodes if programme.estimated} == {
        (2018, "0117"),
        (2019, "0217"),
    }
    for year, above in ((2018, "0217-SGAC-IMMO"), (2019, "0217-SGAC-ASPR")):
        node_status = await load_node_status(reader, names, NodeSelector("OP-0217-000001", year), batch=99)
        assert [centre.centre for centre in node_status.above] == [above, "0217-SGAC", "0217"]
        assert (node_status.tightest_ae is None) == (year == 2019)


async def test_histories_use_the_files_of_the_line_s_year(years: Years, reader: asyncpg.Connection) -> None:
    names = await read_names(reader, code_labels.load(years.reference))
    lives = await explain(reader, names, "C2")
    assignments = [line.assignment for line in lives.accepted if line.assignment]
    explanation = {
        (assignment.year, *(centre.code for centre in assignment.centres)) for assignment in assignments
    }
    trail = ("0217", "0217-SGAC")
    assert explanation == {
        (2018, *trail, "0217-SGAC-IMMO", "OP-0217-000001"),
        (2019, *trail, "0217-SGAC-ASPR", "OP-0217-000001"),
    }
    nodes = [
        change.node
        for line in lives.accepted
        for change in line.nodes
        if change.node.startswith("0217-SGAC-")
    ]
    assert nodes == ["0217-SGAC-IMMO HT2 2018", "0217-SGAC-ASPR HT2 2019"]
    commitments = await load_outstanding_commitments(reader, names, level=CentreLevel.BOP)
    assert {
        (outstanding.year, outstanding.centre, outstanding.commitments) for outstanding in commitments.centres
    } == {
        (2018, "0217-SGAC", 2),
        (2019, "0217-SGAC", 2),
    }


async def test_accounts_and_ministries_have_the_labels_of_their_year(
    years: Years, reader: asyncpg.Connection
) -> None:
    replace_text(years.reference, "2019/accounts.csv", f"{_OLD_LABEL},either", "Agents (nouveau),either")
    names = await read_names(reader, code_labels.load(years.reference))
    labels = {
        account.account: account.label
        for account in (await load_trial_balance(reader, names, BalanceScope(2019))).accounts
    }
    assert labels["4211110000"] == "Agents (nouveau)"
    assert labels["5126410000"] == names.codes.charts[2018].accounts["5126410000"].label
    (number,) = [
        account_number for account_number, code in names.by_number[ACCOUNT].items() if code == "4211110000"
    ]
    assert names.find_account(number, 2018)[1] == _OLD_LABEL
    assert names.codes.find_programme("0117-CENT-C001", 2018).ministry == "Économie et finances"
    assert names.codes.find_programme("0117-CENT-C001", 2019).ministry == "Comptes publics"
    (paid,) = (await load_delays(reader, names, Paid())).rows
    assert (paid.ministry, paid.payments) == ("Transition écologique", 1)
