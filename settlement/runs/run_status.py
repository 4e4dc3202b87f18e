"""A run as it stands, for whoever asks: totals, reasons, refusals, lines."""

from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.outcome_codes import Outcome
from core.payment_rules import TransferMethod
from core.tables.payment_runs import RunLines
from posting.pgcopy import TextCells
from settlement.orders.pain001_writer import sum_exactly
from settlement.runs import run_queries
from settlement.runs.exclusions import Exclusion
from settlement.runs.payment_acts import RunEdits, is_paid
from settlement.runs.proposals import get_run

REFUSALS_MAX = 100
_EPOCH = date(1970, 1, 1)


async def describe_run(
    connection: run_queries.Connection, run: int, wanted: tuple[int, int, bool]
) -> dict[str, Any]:
    """All there is to say; ``wanted`` are how many lines, behind how many, and whether those not paid alone.

    Raises
    ------
    NoSuchRun
        There is none of that number.
    """
    found = await get_run(connection, run)
    found.pop("terms")
    lines, remittance = await run_queries.load_lines(connection, run, found["digest"])
    edits = await run_queries.load_edits(connection, run)
    pays = is_paid(lines, edits)
    refused = await run_queries.fetch(connection, "refused", found["submission"], REFUSALS_MAX)
    shown = await _describe_lines(
        connection, (lines, remittance, edits), found["accountants"], _select_rows(pays, wanted)
    )
    return {
        **found,
        "totals": _sum_totals(lines, pays, found["accountants"]),
        "reasons": _sum_exclusions(lines, pays),
        "refusals": [
            {"line": each["line"] + 1, "code": Outcome(each["code"]).name, "cents": each["amount"]}
            for each in refused
        ],
        "shown": shown,
    }


def _select_rows(pays: NDArray[np.bool_], wanted: tuple[int, int, bool]) -> NDArray[np.int64]:
    count, behind, only_left_out = wanted
    rows = np.flatnonzero(~pays) if only_left_out else np.arange(len(pays))
    return rows[behind : behind + count]


def _sum_totals(lines: RunLines, pays: NDArray[np.bool_], accountants: list[str]) -> list[dict[str, Any]]:
    """Lines and cents by accountant and way, as things stand."""
    found = []
    for number, way in np.unique(
        np.stack([lines.accountant[pays], lines.way[pays]], axis=1), axis=0
    ).tolist():
        rows = pays & (lines.accountant == number) & (lines.way == way)
        said = {"accountant": accountants[number - 1], "way": TransferMethod(way).name}
        found.append({**said, "lines": int(rows.sum()), "cents": sum_exactly(lines.amount[rows])})
    return found


def _sum_exclusions(lines: RunLines, pays: NDArray[np.bool_]) -> list[dict[str, Any]]:
    """Lines and cents that are due and not paid, by reason; ``NO`` are those held."""
    found = []
    for reason in np.unique(lines.left_out[~pays]).tolist():
        rows = ~pays & (lines.left_out == reason)
        name = "HELD" if reason == Exclusion.NO else Exclusion(reason).name
        found.append({"reason": name, "lines": int(rows.sum()), "cents": sum_exactly(lines.amount[rows])})
    return found


async def _describe_lines(
    connection: run_queries.Connection,
    run: tuple[RunLines, TextCells, RunEdits],
    accountants: list[str],
    rows: NDArray[np.int64],
) -> list[dict[str, Any]]:
    lines, remittance, edits = run
    known = await run_queries.fetch(connection, "details_of", lines.details[rows].tolist())
    details = {each.pop("entry_id"): each for each in known}
    nobody = {"payee": None, "name": None, "iban": None, "bic": None}
    pays = is_paid(lines, edits)
    found = []
    for row in rows.tolist():
        accountant, reason = int(lines.accountant[row]), Exclusion(int(lines.left_out[row]))
        held = "HELD" if reason is Exclusion.NO else reason.name
        found.append(
            {
                "line": int(lines.line[row]),
                "entry": int(lines.entry_id[row]),
                **details.get(int(lines.details[row]), nobody),
                "due": str(_EPOCH + timedelta(int(lines.due[row]))),
                "accountant": accountants[accountant - 1] if accountant else None,
                "way": TransferMethod(int(lines.way[row])).name,
                "cents": int(lines.amount[row]),
                "remittance": remittance.decode_row(row),
                "standing": "paid" if pays[row] else held,
            }
        )
    return found
