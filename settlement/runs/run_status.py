"""The status of a run for display: totals, exclusions by reason, refusals, lines."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from core.money import sum_exactly
from core.outcome_codes import Outcome
from core.payment_rules import TIME_ZONE, TransferMethod
from core.tables.payment_runs import RunLines
from settlement.runs import run_queries
from settlement.runs.exclusions import Exclusion
from settlement.runs.line_standings import PaidRun, find_standings
from settlement.runs.payment_acts import is_paid
from settlement.runs.proposals import get_run
from settlement.runs.run_pages import RunTable

REFUSALS_MAX = 100
_WITHHELD = "HELD"
"""The name of the reason for lines that an edit withholds."""
_EPOCH = date(1970, 1, 1)


class LineSelection(NamedTuple):
    """Which lines of a run to show."""

    lines_max: int = 0
    offset: int = 0
    only_unpaid: bool = False


async def describe_run(
    connection: run_queries.Connection, run: int, selection: LineSelection
) -> dict[str, Any]:
    """Describe a run, with some of its lines.

    Raises
    ------
    NoSuchRun
        It does not exist.
    """
    row = await get_run(connection, run)
    row.pop("terms")
    table = await run_queries.load_lines(connection, run, row["digest"])
    is_line_paid = is_paid(table.lines, await run_queries.load_edits(connection, run))
    refused = await run_queries.fetch(connection, "refused", row["submission"], REFUSALS_MAX)
    selected = np.flatnonzero(~is_line_paid) if selection.only_unpaid else np.arange(len(is_line_paid))
    selected = selected[selection.offset : selection.offset + selection.lines_max]
    paid = selected[is_line_paid[selected]]
    standings = await find_standings(
        connection, PaidRun(row["state"], row["submission"]), table.lines.entry_id[paid].tolist()
    )
    return {
        **row,
        "totals": _sum_totals(table.lines, is_line_paid, row["accountants"]),
        "reasons": _sum_exclusions(table.lines, is_line_paid),
        "refusals": [
            {"line": line["line"] + 1, "code": Outcome(line["code"]).name, "cents": line["amount"]}
            for line in refused
        ],
        "shown": await _describe_lines(
            connection, table, standings, accountants=row["accountants"], rows=selected
        ),
    }


def _sum_totals(
    lines: RunLines, is_line_paid: NDArray[np.bool_], accountants: list[str]
) -> list[dict[str, Any]]:
    """Sum paid lines by accountant and method."""
    columns = np.stack([lines.accountant[is_line_paid], lines.way[is_line_paid]], axis=1)
    totals = []
    for number, method in np.unique(columns, axis=0).tolist():
        rows = is_line_paid & (lines.accountant == number) & (lines.way == method)
        name = {"accountant": accountants[number - 1], "way": TransferMethod(method).name}
        totals.append({**name, "lines": int(rows.sum()), "cents": sum_exactly(lines.amount[rows])})
    return totals


def _sum_exclusions(lines: RunLines, is_line_paid: NDArray[np.bool_]) -> list[dict[str, Any]]:
    """Sum lines that are due and not paid, by reason; a line without exclusion is withheld by an edit."""
    totals = []
    for reason in np.unique(lines.left_out[~is_line_paid]).tolist():
        rows = ~is_line_paid & (lines.left_out == reason)
        name = _name_reason(Exclusion(reason))
        totals.append({"reason": name, "lines": int(rows.sum()), "cents": sum_exactly(lines.amount[rows])})
    return totals


def _name_reason(reason: Exclusion) -> str:
    return _WITHHELD if reason is Exclusion.NONE else reason.name


def _state_day(detail: dict[str, Any]) -> dict[str, Any]:
    """Return bank details with the day in Paris on which they came."""
    return {**detail, "details_since": str(detail["details_since"].astimezone(ZoneInfo(TIME_ZONE)).date())}


async def _describe_lines(
    connection: run_queries.Connection,
    table: RunTable,
    standings: Mapping[int, str],
    *,
    accountants: list[str],
    rows: NDArray[np.int64],
) -> list[dict[str, Any]]:
    lines = table.lines
    fetched = await run_queries.fetch(connection, "details_of", lines.details[rows].tolist())
    details = {detail.pop("entry_id"): _state_day(detail) for detail in fetched}
    no_details = {"payee": None, "name": None, "iban": None, "bic": None, "details_since": None}
    described = []
    for row in rows.tolist():
        accountant = int(lines.accountant[row])
        reason = _name_reason(Exclusion(int(lines.left_out[row])))
        described.append(
            {
                "line": int(lines.line[row]),
                "entry": int(lines.entry_id[row]),
                **details.get(int(lines.details[row]), no_details),
                "due": str(_EPOCH + timedelta(int(lines.due[row]))),
                "accountant": accountants[accountant - 1] if accountant else None,
                "way": TransferMethod(int(lines.way[row])).name,
                "cents": int(lines.amount[row]),
                "remittance": table.remittance.decode_row(row),
                "standing": standings.get(int(lines.entry_id[row]), reason),
            }
        )
    return described
