"""What depends on a removed code, by hand: opening balances are not what was posted in the year."""

from pathlib import Path

import pytest

from closing.steps import Step
from reporting.reference.code_use import add_uses
from reporting.reference.row_changes import ChangeType, CodeUse, RowChange
from service.cli.reference_output import describe_change
from service.database import command_queries
from service.database.embedded_server import Database
from tests.closing.closing_state import YEAR, execute, open_year_end

SUPPLIERS = "4011100000"
"""What a request of 120.00 and one of 70.00 owe stays on it; one of 9.00 is paid."""


@pytest.mark.parametrize(
    ("year", "expected"),
    [
        (YEAR, CodeUse(debit_cents=900, credit_cents=19_900)),
        (YEAR + 1, CodeUse(opening_balances=1)),
    ],
)
async def test_openings_are_counted_apart_from_what_was_posted(
    year: int, expected: CodeUse, database: Database, tmp_path: Path
) -> None:
    removed = RowChange(ChangeType.REMOVED, "account", "accounts.csv", [year], SUPPLIERS, [])
    async with open_year_end(database, tmp_path / "state") as state:
        await execute(state, Step.OPENING)
        async with command_queries.connect(state.dsn) as connection:
            (change,) = await add_uses(connection, [removed])
    assert change.use == expected
    if year > YEAR:
        assert describe_change(change).endswith("It is in use: 1 opening balance.")
