"""Queries of the row-by-row peer: its schema, its rows, its decisions, and their differences from the engine's."""

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from importlib.resources import files
from typing import Any

import asyncpg

from core.catalog import BudgetAction, Remainder, Role
from core.nomenclature import CentreLevel
from core.outcome_codes import Outcome

SCHEMA = "bench_peer"
COMMIT_EVERY = 500
SET_LINES = 20_000
_SCRIPTS = ("peer_plpgsql.sql", "set_based_plpgsql.sql")
_SORT_MEMORY = "64MB"
"""Enough to sort and join a set in memory."""
_DIFFERENCES_SHOWN = 5
_ENUMS: Mapping[str, type[IntEnum]] = {
    enum.__name__: enum for enum in (BudgetAction, CentreLevel, Outcome, Remainder, Role)
}


async def create_schema(connection: asyncpg.Connection) -> None:
    """Create the peer's tables and functions, and set the search path of the connection to them."""
    await connection.execute(f"drop schema if exists {SCHEMA} cascade")
    await connection.execute(f"set search_path = {SCHEMA}")
    await connection.execute(f"set work_mem = '{_SORT_MEMORY}'")
    await connection.execute(
        "set check_function_bodies = off"
    )  # they name tables that exist only while a set is decided
    for script in _SCRIPTS:
        text = files("bench.peers").joinpath(script).read_text(encoding="utf-8")
        numbered = re.sub(r":(\w+)\.([A-Z_]+)", lambda match: str(_ENUMS[match[1]][match[2]].value), text)
        await connection.execute(numbered)


async def fill_table(connection: asyncpg.Connection, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Copy ``rows`` into the first columns of one of the peer's tables, and update the planner's statistics."""
    listed = list(rows)
    names = await connection.fetch(
        "select attname from pg_attribute where attrelid = $1::text::regclass and attnum > 0 order by attnum",
        table,
    )
    columns = [name["attname"] for name in names[: len(listed[0])]] if listed else None
    await connection.copy_records_to_table(table, records=listed, columns=columns, schema_name=SCHEMA)
    await connection.execute(f"analyze {table}")


async def decide_in_server(connection: asyncpg.Connection, submission: int) -> float:
    """Let the server decide a submission act by act in a loop of its own; return the seconds it took."""
    start = time.perf_counter()
    await connection.execute(f"call decide_submission({submission}, {COMMIT_EVERY})")
    return time.perf_counter() - start


async def decide_in_sets(connection: asyncpg.Connection, submission: int) -> float:
    """Let the server decide a submission in sets of many lines, one statement each; return the seconds it took."""
    start = time.perf_counter()
    await connection.execute(f"call decide_submission_in_sets({submission}, {SET_LINES})")
    return time.perf_counter() - start


async def decide_by_calls(connection: asyncpg.Connection, submission: int) -> float:
    """Decide a submission with one call an act from the client; return the seconds it took.

    The acts are in the server already, so that a call transfers little; otherwise the same as ``decide_in_server``.
    """
    start = time.perf_counter()
    query = "select position, size from act_line where submission = $1 and size > 0 order by position"
    acts = [(row["position"], row["size"]) for row in await connection.fetch(query, submission)]
    call = await connection.prepare(
        f"select decide(h, $2, $3) from act_line h where submission = {submission} and position = $1"
    )
    pass_number, holding = 1, True
    while acts:
        codes = await _decide_pass(connection, call, acts, holding=holding)
        has_progress = pass_number == 1 or min(codes) <= Outcome.DUPLICATE
        if not holding:
            break
        acts = [act for act, code in zip(acts, codes, strict=True) if code == Outcome.HELD]
        pass_number, holding = pass_number + 1, has_progress
    return time.perf_counter() - start


async def _decide_pass(
    connection: asyncpg.Connection, call: Any, acts: Sequence[tuple[int, int]], *, holding: bool
) -> list[int]:
    """Decide the acts in one pass; return the code of each."""
    await connection.execute("delete from waiting; delete from held")
    entry: int = await connection.fetchval("select coalesce(max(entry_id), 0) + 1 from entry")  # type: ignore[assignment]
    codes: list[int] = []
    for start in range(0, len(acts), COMMIT_EVERY):
        async with connection.transaction():
            for position, size in acts[start : start + COMMIT_EVERY]:
                codes.append(await call.fetchval(position, entry, holding))
                entry += size if codes[-1] == Outcome.ACCEPTED else 0
    return codes


async def find_differences(connection: asyncpg.Connection, result: str = "result") -> list[str]:
    """Describe the lines whose result differs between peer and engine: code, entry, node, missing cents.

    ``result`` names the views: in those of ``result`` an entry is named by its number, in those of ``line_result`` by its
    line.
    """
    differences = []
    peer, engine = f"peer_{result}", f"engine_{result}"
    for view, other in ((engine, peer), (peer, engine)):
        rows = await connection.fetch(
            f"(table {view} except all table {other}) order by 1, 2 limit {_DIFFERENCES_SHOWN}"
        )
        differences += [f"{view} only: {tuple(row)}" for row in rows]
    return differences
