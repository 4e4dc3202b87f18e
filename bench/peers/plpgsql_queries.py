"""The row-by-row peer in a database: its schema, its rows, its work, and how what it says differs from the engine."""

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
_DIFFERENCES_SHOWN = 5
_ENUMS: Mapping[str, type[IntEnum]] = {
    each.__name__: each for each in (BudgetAction, CentreLevel, Outcome, Remainder, Role)
}


async def create_schema(connection: asyncpg.Connection) -> None:
    """Create the peer's tables and functions, and look nowhere else from now on."""
    text = files("bench.peers").joinpath("peer_plpgsql.sql").read_text(encoding="utf-8")
    numbered = re.sub(r":(\w+)\.([A-Z_]+)", lambda found: str(_ENUMS[found[1]][found[2]].value), text)
    await connection.execute(f"drop schema if exists {SCHEMA} cascade")
    await connection.execute(f"set search_path = {SCHEMA}")
    await connection.execute(numbered)


async def fill_table(connection: asyncpg.Connection, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Put ``rows`` into the first columns of one of the peer's tables, and tell the planner."""
    listed = list(rows)
    names = await connection.fetch(
        "select attname from pg_attribute where attrelid = $1::text::regclass and attnum > 0 order by attnum",
        table,
    )
    columns = [name["attname"] for name in names[: len(listed[0])]] if listed else None
    await connection.copy_records_to_table(table, records=listed, columns=columns, schema_name=SCHEMA)
    await connection.execute(f"analyze {table}")


async def decide_in_server(connection: asyncpg.Connection, submission: int) -> float:
    """Let the server work a submission to its end by itself, act after act; seconds it took."""
    start = time.perf_counter()
    await connection.execute(f"call work({submission}, {COMMIT_EVERY})")
    return time.perf_counter() - start


async def decide_by_calls(connection: asyncpg.Connection, submission: int) -> float:
    """Work a submission to its end from here, one call an act; seconds it took.

    The act lies in the server already, so that a call carries little; otherwise the same as ``work``.
    """
    start = time.perf_counter()
    query = "select position, size from act_line where submission = $1 and size > 0 order by position"
    acts = [(row["position"], row["size"]) for row in await connection.fetch(query, submission)]
    call = await connection.prepare(
        f"select decide(h, $2, $3) from act_line h where submission = {submission} and position = $1"
    )
    run, holding = 1, True
    while acts:
        answers = await _decide_pass(connection, call, acts, holding)
        helped = run == 1 or min(answers) <= Outcome.DUPLICATE
        if not holding:
            break
        acts = [act for act, answer in zip(acts, answers, strict=True) if answer == Outcome.HELD]
        run, holding = run + 1, helped
    return time.perf_counter() - start


async def _decide_pass(
    connection: asyncpg.Connection, call: Any, acts: Sequence[tuple[int, int]], holding: bool
) -> list[int]:
    """One pass: what each act was answered."""
    await connection.execute("delete from waiting; delete from held")
    entry: int = await connection.fetchval("select coalesce(max(entry_id), 0) + 1 from entry")  # type: ignore[assignment]
    answers: list[int] = []
    for some in range(0, len(acts), COMMIT_EVERY):
        async with connection.transaction():
            for position, size in acts[some : some + COMMIT_EVERY]:
                answers.append(await call.fetchval(position, entry, holding))
                entry += size if answers[-1] == Outcome.ACCEPTED else 0
    return answers


async def find_differences(connection: asyncpg.Connection) -> list[str]:
    """Lines of which peer and engine do not say the same: code, entry, node, cents missing."""
    found = []
    for ours, theirs in (("told_by_engine", "told"), ("told", "told_by_engine")):
        rows = await connection.fetch(
            f"(table {ours} except all table {theirs}) order by 1, 2 limit {_DIFFERENCES_SHOWN}"
        )
        found += [f"{ours} only: {tuple(row)}" for row in rows]
    return found
