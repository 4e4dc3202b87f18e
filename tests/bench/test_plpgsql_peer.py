"""PL/pgSQL, row by row and in sets, decides as the engine does; a difference in one line is found."""

import platform
from pathlib import Path

from bench.machine import describe_machine
from bench.peers import copy_queries, plpgsql_queries
from bench.peers.plpgsql_peer import measure_peer
from bench.year.faults import load_wrong_acts
from bench.year.year_generator import Year
from core.outcome_codes import Outcome

SEED, ACTS = 19, 10_000
"""A year that contains every outcome of ``wrong_acts.csv``."""
_ALTERED = """
update refusal set missing = missing + 1
where (submission, position) = (select submission, position from refusal order by submission, position limit 1)
"""


async def test_the_peer_decides_every_line_as_the_engine(dsn: str, tmp_path: Path) -> None:
    """The year contains duplicates, conflicts, early acts, every wrong act; ``measure_peer`` compares line by line."""
    peer = await measure_peer(dsn, tmp_path, Year(SEED, ACTS), rounds=1)
    assert peer.lines > ACTS
    assert peer.set_lines_a_second > 0
    async with copy_queries.open_connection(dsn) as connection:
        codes = {
            row["code"]
            for row in await connection.fetch(
                f"select distinct code from {plpgsql_queries.SCHEMA}.peer_line_result"
            )
        }
        expected = {Outcome.ACCEPTED, Outcome.DUPLICATE, Outcome.REFERENCE_CONFLICT}
        assert (
            expected | {Outcome.CP_EXCEEDED, Outcome.PREDECESSOR_MISSING, Outcome.COMMITMENT_EXCEEDED}
            <= codes
        )
        assert {int(code) for outcomes in load_wrong_acts() for code in outcomes} <= codes
        await connection.execute(f"set search_path = {plpgsql_queries.SCHEMA}")
        assert await plpgsql_queries.find_differences(connection, "line_result") == []
        await connection.execute(_ALTERED)
        differences = await plpgsql_queries.find_differences(connection, "line_result")
    assert [difference.partition(":")[0] for difference in differences] == [
        "engine_line_result only",
        "peer_line_result only",
    ]


def test_the_machine_is_described_in_one_line() -> None:
    description = describe_machine()
    assert "\n" not in description
    assert f"Python {platform.python_version()}" in description
    assert " cores, " in description
