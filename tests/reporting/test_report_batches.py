"""Reports as of a batch, a month or a day, and the closing balances by programme, on the small journal."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from reporting import code_labels
from reporting.code_names import CodeNames, read_names
from reporting.public_balance import PublicBalanceScope, load_public_balance
from reporting.report_catalog import REPORTS
from reporting.report_definition import ReportArguments
from reporting.report_queries import Connection
from reporting.trial_balance import BalanceScope, load_trial_balance
from tests.accountants import add_accountants
from tests.databases import open_connection
from tests.file_strategies import REFERENCE
from tests.reporting import test_visas as visas
from tests.reporting.journals import BUDGET, Row, process_senders
from tests.reporting.verification import test_advances as advances
from tests.reporting.verification import test_assets as assets
from tests.reporting.verification import test_receipts as receipts

_EARLY = (
    *(("BUDGET", BUDGET), ("STATE", visas._BUDGET), ("STATE", visas._ACTS[:6])),
    *(("MINISTRY", advances._ACTS[:9]), ("OTHER", receipts._ISSUED[:4]), ("DRFIP", assets._SERVICES)),
)
_LATE = (
    *(("STATE", visas._ACTS[6:]), ("MINISTRY", advances._ACTS[9:])),
    *(("OTHER", receipts._ISSUED[4:]), ("DRFIP", assets._CHANGES)),
)
_EMPTY = ("closing-file", "special-accounts")
"""Reports of which these files have nothing: steps of the closing and earmarked special accounts have tests of their own."""


async def test_the_public_balance_adds_up_to_zero_and_to_the_trial_balance(
    reader: Connection, names: CodeNames
) -> None:
    public = await load_public_balance(reader, names)
    assert public.balance_cents == 0
    balance = await load_trial_balance(reader, names, BalanceScope(2018))
    sums: dict[str, int] = {}
    for row in public.rows:
        sums[row.account] = sums.get(row.account, 0) + row.balance_cents
    assert sums == {row.account: row.balance_cents for row in balance.accounts if row.balance_cents}
    assert {row.nature for row in public.rows} == {"bilan", "charges"}
    assert all(row.programme and row.ministry for row in public.rows)
    early = PublicBalanceScope(2018, month=2)
    assert (await load_public_balance(reader, names, early)).rows == []


async def test_a_trial_balance_up_to_a_month(reader: Connection, names: CodeNames) -> None:
    whole = await load_trial_balance(reader, names, BalanceScope(2018))
    assert await load_trial_balance(reader, names, BalanceScope(2018, month=3)) == whole
    assert (await load_trial_balance(reader, names, BalanceScope(2018, month=2))).accounts == []


async def test_a_report_is_as_of_a_batch(dsn: str, tmp_path: Path) -> None:
    """What a report says of a batch is what it said when that batch was the last one, and no longer what it says now."""
    await add_accountants(dsn)
    await _process(dsn, tmp_path / "early", _EARLY)
    early = await _load_reports(dsn, None)
    await _process(dsn, tmp_path / "late", _LATE)
    assert await _load_reports(dsn, early["commitments"].batch) == early
    present = await _load_reports(dsn, None)
    same = [
        name for name, result in present.items() if replace(result, batch=early[name].batch) == early[name]
    ]
    assert same == []


async def _process(dsn: str, folder: Path, files: Sequence[tuple[str, Sequence[Row]]]) -> None:
    folder.mkdir()
    await process_senders(dsn, folder, files)


async def _load_reports(dsn: str, batch: int | None) -> dict[str, Any]:
    """Load each report that may be as of a batch and has something in these files."""
    async with open_connection(dsn) as connection:
        names = await read_names(connection, code_labels.load(REFERENCE))
        return {
            report.name: await report.import_source().load(
                connection, names, ReportArguments({**report.default_values, "batch": batch})
            )
            for report in REPORTS
            if "batch" in report.default_values and report.name not in _EMPTY
        }
