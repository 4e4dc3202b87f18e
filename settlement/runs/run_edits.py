"""Runs looked at: lines held and let go, transfers put together, the whole released or given up."""

from collections.abc import Sequence

from settlement.orders.pain001_writer import sum_exactly
from settlement.runs import run_queries
from settlement.runs.exclusions import EXCLUSION_TEXTS, Exclusion
from settlement.runs.payment_acts import is_paid
from settlement.runs.proposals import get_run
from settlement.runs.run_queries import NoSuchRun

LINE_EDITS = ("hold", "unhold")


async def edit_run(
    connection: run_queries.Connection, run: int, what: str, said: tuple[Sequence[int], str, str]
) -> None:
    """Hold lines, let them go, put the transfers of payees together or apart; ``said`` are which, why, and who.

    Raises
    ------
    NoSuchRun
        The run is released already, or has no such line, or the line is left out for good.
    """
    numbers, reason, by = said
    row = await get_run(connection, run, "proposed")
    if what in LINE_EDITS:
        await _check_lines(connection, (run, row["digest"]), what, numbers)
    nothing = [None] * len(numbers)
    lines, payees = (numbers, nothing) if what in LINE_EDITS else (nothing, numbers)
    await run_queries.execute(connection, "insert_edit", run, what, list(lines), list(payees), reason, by)


async def _check_lines(
    connection: run_queries.Connection, kept: tuple[int, str], what: str, numbers: Sequence[int]
) -> None:
    run, digest = kept
    lines, _ = await run_queries.load_lines(connection, run, digest)
    for number in numbers:
        if not 0 < number <= len(lines.line):
            raise NoSuchRun(f"run {run} has no line {number}; crescendo pay show {run} --lines shows them")
        reason = Exclusion(int(lines.left_out[number - 1]))
        if reason not in (Exclusion.NO, Exclusion.RETURNED):
            raise NoSuchRun(f"{what} is not for line {number} of run {run}: {EXCLUSION_TEXTS[reason]}")


async def release_run(connection: run_queries.Connection, run: int, by: str) -> tuple[int, int]:
    """Let a run be issued; how many lines and cents it pays.

    Raises
    ------
    NoSuchRun
        It is not there or further already, pays nothing, or whoever releases it made it.
    """
    row = await get_run(connection, run, "proposed")
    lines, _ = await run_queries.load_lines(connection, run, row["digest"])
    pays = is_paid(lines, await run_queries.load_edits(connection, run))
    count, cents = int(pays.sum()), sum_exactly(lines.amount[pays])
    if not count:
        raise NoSuchRun(f"run {run} pays nothing: abandon it")
    await run_queries.execute(connection, "insert_release", run, count, cents, by)
    return count, cents


async def abandon_run(connection: run_queries.Connection, run: int, reason: str, by: str) -> None:
    """Give a run up: what it was to pay may be proposed anew.

    Raises
    ------
    NoSuchRun
        It is not there, or released already.
    """
    await get_run(connection, run, "proposed")
    await run_queries.execute(connection, "insert_abandonment", run, reason, by)


async def find_payee(connection: run_queries.Connection, code: str) -> int:
    """The number of a payee.

    Raises
    ------
    NoSuchRun
        Nobody is registered by that code.
    """
    found = await run_queries.fetch(connection, "payee_number", code)
    if not found:
        raise NoSuchRun(f"no payee {code} is registered")
    return found[0]["payee"]
