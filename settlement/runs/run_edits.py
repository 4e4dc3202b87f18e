"""Runs looked at: lines held and let go, transfers put together, the whole released or given up."""

from collections.abc import Sequence

from settlement.orders.pain001_writer import exact_sum
from settlement.runs import run_queries
from settlement.runs.exclusions import FINDINGS, LeftOut
from settlement.runs.payment_acts import is_paid
from settlement.runs.proposals import one
from settlement.runs.run_queries import NoSuchRun

OF_LINES = ("hold", "unhold")


async def change(
    connection: run_queries.Connection, run: int, what: str, said: tuple[Sequence[int], str, str]
) -> None:
    """Hold lines, let them go, put the transfers of payees together or apart; ``said`` are which, why, and who.

    Raises
    ------
    NoSuchRun
        The run is released already, or has no such line, or the line is left out for good.
    """
    numbers, reason, by = said
    row = await one(connection, run, "proposed")
    if what in OF_LINES:
        await _check(connection, (run, row["digest"]), what, numbers)
    nothing = [None] * len(numbers)
    lines, payees = (numbers, nothing) if what in OF_LINES else (nothing, numbers)
    await run_queries.execute(connection, "insert_edit", run, what, list(lines), list(payees), reason, by)


async def _check(
    connection: run_queries.Connection, kept: tuple[int, str], what: str, numbers: Sequence[int]
) -> None:
    run, digest = kept
    lines, _ = await run_queries.lines(connection, run, digest)
    for number in numbers:
        if not 0 < number <= len(lines.line):
            raise NoSuchRun(f"run {run} has no line {number}; crescendo pay show {run} --lines shows them")
        reason = LeftOut(int(lines.left_out[number - 1]))
        if reason not in (LeftOut.NO, LeftOut.RETURNED):
            raise NoSuchRun(f"{what} is not for line {number} of run {run}: {FINDINGS[reason]}")


async def release(connection: run_queries.Connection, run: int, by: str) -> tuple[int, int]:
    """Let a run be issued; how many lines and cents it pays.

    Raises
    ------
    NoSuchRun
        It is not there or further already, pays nothing, or whoever releases it made it.
    """
    row = await one(connection, run, "proposed")
    lines, _ = await run_queries.lines(connection, run, row["digest"])
    pays = is_paid(lines, await run_queries.edits(connection, run))
    count, cents = int(pays.sum()), exact_sum(lines.amount[pays])
    if not count:
        raise NoSuchRun(f"run {run} pays nothing: abandon it")
    await run_queries.execute(connection, "insert_release", run, count, cents, by)
    return count, cents


async def abandon(connection: run_queries.Connection, run: int, reason: str, by: str) -> None:
    """Give a run up: what it was to pay may be proposed anew.

    Raises
    ------
    NoSuchRun
        It is not there, or released already.
    """
    await one(connection, run, "proposed")
    await run_queries.execute(connection, "insert_abandonment", run, reason, by)


async def payee(connection: run_queries.Connection, code: str) -> int:
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
