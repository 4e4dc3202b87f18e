"""Files processed together, with PostgreSQL: outcomes as one by one, and the same journal wherever the engine is killed.

The long form draws as many cases as wanted: ``EXAMPLES_FACTOR=8 make test ARGS=tests/test_file_order.py``.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.queue.batch_cuts import BatchLimits
from tests.crash.database_states import read_state
from tests.embedded_servers import run_server
from tests.file_strategies import REFERENCE, File, build_openings
from tests.ingest.queue.test_decision_order import (
    Work,
    build_commitment,
    build_service,
    limits,
    works,
)
from tests.kernels.execution_modes import run_examples
from tests.oracle.engine import Engine
from tests.oracle.reference import Reference
from tests.test_engine import engine


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of an embedded server that runs in another thread."""
    with run_server(tmp_path_factory.mktemp("order")) as dsn:
        yield dsn


def _read_state(dsn: str) -> dict[str, str]:
    async def read() -> dict[str, str]:
        connection = await asyncpg.connect(dsn)
        try:
            return await read_state(connection)
        finally:
            await connection.close()

    return asyncio.run(read())


@run_examples(10)
@given(
    work=works(15, with_forms=False),
    batch_limits=limits,
    kills=st.lists(st.integers(1, 6), min_size=1, max_size=5),
)
def test_killed_anywhere_files_end_as_one_by_one(
    server: str,
    tmp_path_factory: pytest.TempPathFactory,
    work: Work,
    batch_limits: BatchLimits,
    kills: list[int],
) -> None:
    """Every batch that is killed is made again, to the byte: those that follow held acts too."""
    model = Engine(Reference.load(REFERENCE))
    files: list[File] = [part for part in work if isinstance(part, list)]
    expected = [model.submit(rows) for rows in files]
    folder, states = tmp_path_factory.mktemp("files"), []
    for instants in ([], kills):
        with engine(server, folder) as driver:
            assert driver.submit_files(files, limits=batch_limits, kills=instants) == expected
            states.append(_read_state(driver.dsn))
    assert states[0] == states[1]


def test_a_pass_that_was_interrupted_comes_before_forms(server: str, tmp_path: Path) -> None:
    """The engine is killed between the last line of a file and its held acts; then a form waits when it starts again."""
    with engine(server, tmp_path) as driver:
        driver.submit(build_openings())
        path = driver.interrupt_file([build_service("S", "C")], commits=1)
        assert [outcome for outcome, _, _ in driver.submit_form([build_commitment("C", "10.00")])] == [
            "ACCEPTED"
        ]
        assert [outcome for outcome, _, _ in driver.read_file(path, 1)] == ["PREDECESSOR_MISSING"]
