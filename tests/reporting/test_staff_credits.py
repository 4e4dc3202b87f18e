"""Credits of title 2 in AE without CP of the same amount: the budget report names the node (rule A20)."""

from pathlib import Path

import pytest

from core.nomenclature import CentreLevel
from reporting import budget, code_labels
from reporting.budget import BudgetScope
from reporting.budget_path import NodeSelector, load_node_status
from reporting.code_names import read_names
from reporting.verification import verify
from tests.databases import open_connection
from tests.file_strategies import REFERENCE
from tests.posting.loaded_engines import process_rows
from tests.reporting.journals import grant

_CREDITS = [
    grant("budget_opening_ae", "O1", "100.00", "0217", "T2"),
    grant("budget_opening_cp", "O2", "80.00", "0217", "T2"),
    grant("budget_opening_ae", "O3", "70.00", "0217"),
    grant("budget_opening_cp", "O4", "60.00", "0217"),
    grant("budget_opening_ae", "O5", "50.00", "0117", "T2"),
    grant("budget_opening_cp", "O6", "50.00", "0117", "T2"),
    grant("allotment_ae", "A1", "40.00", "0217-SGAC", "T2"),
    grant("allotment_cp", "A2", "45.00", "0217-SGAC", "T2"),
]
"""20.00 more AE than CP of 0217, of which 5.00 less were allotted; as many of 0117; HT2 may differ."""


@pytest.mark.asyncio
async def test_the_budget_report_names_the_nodes_where_title_two_differs(dsn: str, tmp_path: Path) -> None:
    await process_rows(dsn, tmp_path, REFERENCE, _CREDITS)
    async with open_connection(dsn) as connection:
        names = await read_names(connection, code_labels.load(REFERENCE))
        report = await budget.load_budget(connection, names)
        differences = {(node.centre, node.envelope): node.staff_difference_cents for node in report.nodes}
        assert differences == {("0217", "T2"): 2_000, ("0217", "HT2"): 0, ("0117", "T2"): 0}
        units = await budget.load_budget(connection, names, BudgetScope(CentreLevel.BOP))
        assert [node.staff_difference_cents for node in units.nodes] == [-500]
        table = budget.build_table(report)
        envelopes = {(row[1], row[3]) for row in table.rows}
        assert envelopes == {
            ("0217", "T2, AE opened differ from CP"),
            ("0217", "HT2"),
            ("0117", "T2, estimated"),
        }
        status = await load_node_status(
            connection, names, NodeSelector("0217-SGAC", 2018, staff=True), batch=report.batch
        )
        assert (status.node.staff_difference_cents, status.above[0].staff_difference_cents) == (-500, 2_000)
    assert (await verify(dsn, folder=REFERENCE)).findings == []
