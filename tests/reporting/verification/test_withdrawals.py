"""Withdrawals of commitments of an earlier year: proven, reported by both measures, and every planted breach is found."""

from pathlib import Path

import pytest

from core.nomenclature import CentreLevel
from reporting import budget, code_labels
from reporting.act_history import explain
from reporting.act_narrative import render
from reporting.budget import BudgetScope
from reporting.budget_path import NodeSelector, load_node_status
from reporting.code_names import read_names
from reporting.proofs import prove_batch
from tests.databases import open_connection
from tests.file_strategies import REFERENCE
from tests.reporting.journals import ASPR, BUDGET, WORKS, act, process_senders
from tests.reporting.planted_breaches import Breach, assert_found

_NEXT = {"exercise": "2019", "date": "2019-01-20"}
_COMMITMENTS = [act("commitment", "C1", "100.00", ASPR), act("commitment", "C2", "150.00", WORKS)]
"""Entries 16 and 17, behind those of the budget."""
_WITHDRAWALS = [
    act("prior_withdrawal", "W1", "40.00", predecessor="@16", **_NEXT),
    act("prior_withdrawal", "W2", "30.00", predecessor="@17", recycling_case="affectation", **_NEXT),
]
"""Entries 18 and 19."""
_LATER = [
    act("prior_withdrawal", "W3", "10.00", predecessor="@16", **_NEXT),
    act("commitment", "C3", "30.00", WORKS, **_NEXT),
]
"""Entries 20 and 21, decided by a book that was loaded anew: the commitment takes what was recycled for the operation."""
_FILES = (
    ("BUDGET", BUDGET),
    ("MINISTRY", _COMMITMENTS),
    ("MINISTRY", _WITHDRAWALS),
    ("MINISTRY", _LATER),
)
BREACHES = {
    "a withdrawal in the year of its commitment": (
        "update entry set day = '2018-12-31', exercise = 2018, month = 12 where entry_id = 18",
        "prior_withdrawals", "entry 18 ",
    ),
    "a case that no file lists": ("update entry set source = 7 where entry_id = 18", "prior_withdrawals", "entry 18 "),
    "a case of operations without one": (
        "update entry set source = 257 where entry_id = 18", "prior_withdrawals", "entry 18 ",
    ),
    "recycled AE that no case gives back": (
        "update entry set source = 0 where entry_id = 19", "node_balances", "OP-0217-000001 HT2 2019 ",
    ),
    "a withdrawn balance raised": (
        "update withdrawn_balance set withdrawn = withdrawn + 1", "withdrawn_balances", "0217",
    ),
    "a withdrawn balance deleted": ("delete from withdrawn_balance", "withdrawn_balances", "0217"),
    "more withdrawn than engaged": (
        "update entry set amount = amount + 5001 where entry_id = 20", "commitments", "entry 16 ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("breach", [None, *BREACHES])
async def test_a_breach_of_a_withdrawal_is_found(dsn: str, tmp_path: Path, breach: str | None) -> None:
    await process_senders(dsn, tmp_path, _FILES)
    planted = Breach(*BREACHES[breach]) if breach else None
    await assert_found(dsn, planted, entries=21)


async def test_both_measures_are_reported(dsn: str, tmp_path: Path) -> None:
    """Availability counts 0.00 at the programme in 2019, as 30.00 were recycled and committed; -50.00 is reported."""
    await process_senders(dsn, tmp_path, _FILES)
    async with open_connection(dsn) as connection:
        names = await read_names(connection, code_labels.load(REFERENCE))
        report = await budget.load_budget(
            connection, names, BudgetScope(CentreLevel.PROGRAMME, "0217", year=2019)
        )
        (node,) = report.nodes
        assert (node.ae.consumed, node.ae_reported_cents, node.ae.available) == (0, -5_000, 0)
        table = budget.build_table(report)
        columns = [column.name for column in table.columns]
        assert table.rows[0][columns.index("AE reported")] == -5_000
        assert table.footer[columns.index("AE reported")] == -5_000
        status = await load_node_status(
            connection, names, NodeSelector("0217-SGAC-ASPR", 2019), batch=report.batch
        )
        assert [level.ae_reported_cents for level in (status.node, *status.above)] == [-5_000] * 3


async def test_explain_says_whether_the_ae_are_available_again(dsn: str, tmp_path: Path) -> None:
    await process_senders(dsn, tmp_path, _FILES)
    async with open_connection(dsn) as connection:
        names = await read_names(connection, code_labels.load(REFERENCE))
        (lowered,) = (await explain(connection, names, "W1")).accepted
        explanation = await explain(connection, names, "W2")
        (followed,) = (await explain(connection, names, "C1")).accepted
    (recycled,) = explanation.accepted
    assert lowered.withdrawal
    assert not lowered.withdrawal.is_available_again
    assert recycled.withdrawal
    assert (recycled.withdrawal.commitment_year, recycled.withdrawal.year) == (2018, 2019)
    assert recycled.withdrawal.recycling_case == "affectation"
    assert [node.node for node in recycled.nodes][:2] == [
        "OP-0217-000001 HT2 2019",
        "0217-SGAC-IMMO HT2 2019",
    ]
    lines = [part for part in render(explanation) if isinstance(part, str)]
    assert "  withdrawn  of a commitment of 2018: lowers the AE reported as consumed in 2019" in lines
    assert [follower.kind for follower in followed.followers] == ["prior_withdrawal"] * 2


async def test_every_batch_is_proven(dsn: str, tmp_path: Path) -> None:
    """A withdrawal takes up no AE of its commitment's nodes; in a recycling case it gives them back a year later."""
    await process_senders(dsn, tmp_path, _FILES)
    async with open_connection(dsn) as connection:
        names = await read_names(connection, code_labels.load(REFERENCE))
        rows = await connection.fetch("select batch from batch order by batch")
        proofs = [await prove_batch(connection, names, row["batch"]) for row in rows]
    assert [part for proof in proofs if proof for part in proof.agreements if not part.holds] == []
