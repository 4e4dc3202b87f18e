"""A few kills of the service, its server and single backends under forms, files, payment runs and statements.

``python -m tests.crash.mixed_kills --kills 200`` is the long form; CONTRIBUTING.md states its result.
"""

from pathlib import Path

from tests.crash.mixed_kills import run_kills

KILLS = 3


async def test_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    killed = await run_kills(tmp_path, KILLS, seed=7)
    assert killed.total() == KILLS
