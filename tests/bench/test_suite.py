"""The benchmarks at a tiny size: they verify their results, and publish their figures.  No figure is checked."""

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import numpy as np
import psutil
import pytest

from bench import machine, publication
from bench.kernels import decision_benchmark, decision_invariants
from bench.peers import copy_queries
from bench.suite import Command, SuiteFigures, run_suite
from bench.year.year_generator import Year
from core.nomenclature import CentreLevel
from core.tables.book import BudgetNodes, Cells
from core.tables.columns import allocate_records, seal_array
from core.tables.journal import Draws, Numbers
from kernels import availability
from posting.store.migrate import migrate
from service.database.embedded_server import run_embedded
from tests.oracle import availability as oracle
from tests.oracle.model import Node

WORDS = (sys.executable, "-c", "from service.cli.main import main; main()")


@asynccontextmanager
async def _serve_database(data: Path) -> AsyncIterator[str]:
    """Run the embedded database; before it stops, check that the roofline left nothing in it."""
    async with run_embedded(data) as database:
        yield database.dsn
        connection = await asyncpg.connect(database.dsn)
        query = "select count(*) from pg_namespace where nspname = $1"
        assert await connection.fetchval(query, copy_queries.SCHEMA) == 0
        await connection.close()


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> SuiteFigures:
    folder = tmp_path_factory.mktemp("bench")
    suite_figures = run_suite(
        Year(seed=2, acts=1_000), Command(WORDS, _serve_database, lambda _: None), folder
    )
    assert not list(folder.iterdir())
    return suite_figures


def test_the_raw_copy_has_every_row_of_the_journal(figures: SuiteFigures) -> None:
    assert figures.raw.entries == figures.run.accepted
    assert figures.raw.rows >= figures.run.lines
    assert figures.ratio == figures.raw.seconds / figures.run.seconds


def test_the_start_with_the_year_is_timed(figures: SuiteFigures) -> None:
    assert figures.start_seconds > 0


def test_memory_is_touched_within_bounds() -> None:
    assert machine.touch_memory(1 << 20) == 1 << 20
    assert machine.touch_memory(1 << 60) <= psutil.virtual_memory().total


def test_figures_are_published(figures: SuiteFigures, tmp_path: Path) -> None:
    (tmp_path / "bench").mkdir()
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{publication.START}\nold\n{publication.END}\nafter\n")
    for _ in range(2):
        publication.publish(figures, tmp_path)
    text = readme.read_text()
    assert text.startswith(f"before\n{publication.START}\n|")
    assert text.endswith(f"{publication.END}\nafter\n")
    assert "old" not in text
    assert f"{figures.run.lines:,} lines" in text
    lines = (tmp_path / "bench/history.jsonl").read_text().splitlines()
    assert [json.loads(line)["run"]["lines"] for line in lines] == [figures.run.lines] * 2
    assert (tmp_path / "docs/bench.png").read_bytes().startswith(b"\x89PNG")


def test_a_readme_without_marks_is_not_changed(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("nothing here")
    with pytest.raises(ValueError, match="once each"):
        publication.fill_marked_block(readme, "table")
    assert readme.read_text() == "nothing here"


async def test_differences_of_copied_rows_are_found(dsn: str) -> None:
    async with copy_queries.open_connection(dsn) as connection:
        await migrate(connection)
        await copy_queries.create_tables(connection)
        assert await copy_queries.find_differences(connection) == []
        await connection.execute(f"insert into {copy_queries.SCHEMA}.duplicate values (1, 0, 1, 0, 1)")
        (difference,) = await copy_queries.find_differences(connection)
        assert difference.startswith("duplicate: ")
        await copy_queries.drop_tables(connection)


def test_the_kernels_are_verified_before_they_are_timed() -> None:
    assert decision_benchmark.measure_decide(4_000).lines > 4_000
    assert decision_benchmark.measure_availability(20_000).lines == 20_000


def test_a_wrong_draw_is_found() -> None:
    budget = decision_benchmark._build_budget(np.random.default_rng(1))
    draws = Draws(seal_array(np.zeros(3, np.int32)), seal_array(np.full(3, 10)))
    with pytest.raises(AssertionError, match="draw 0"):
        decision_invariants.check_draws(draws, budget, budget.figures, short=np.full(3, 7, np.int32))


@pytest.mark.parametrize("seed", range(5))
def test_draws_agree_with_the_oracle(seed: int) -> None:
    rng = np.random.default_rng(seed)
    parents = [-1, 0, 0, 1, 2, 3]
    tree = {
        node: Node(parent, CentreLevel.PROGRAMME, 1, 0, 0, 2018, node != 2)
        for node, parent in enumerate(parents)
    }
    cells, nodes, figures = _build_budget(tree, rng)
    draws = Draws(seal_array(rng.integers(0, 6, 60, dtype=np.int32)), seal_array(rng.integers(1, 60, 60)))
    oracle_figures = {(node, figure): int(figures[node, figure]) for node in tree for figure in range(8)}
    short = Numbers(np.zeros(60, np.int32))
    expected = oracle.draw_amounts(
        tree, oracle_figures, zip(draws.cell.tolist(), draws.amount.tolist(), strict=True)
    )
    availability.draw_amounts(draws, seal_array(cells), availability.BudgetTree(nodes, figures), short)
    assert short.number.tolist() == expected
    assert {
        (node, figure): int(figures[node, figure]) for node in tree for figure in range(8)
    } == oracle_figures


def _build_budget(
    tree: dict[int, Node], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Build a budget whose cell n belongs to node n."""
    cells, nodes = allocate_records(Cells, len(tree)), allocate_records(BudgetNodes, len(tree))
    figures = np.zeros((len(tree), 8), np.int64)
    figures[:, availability.AE] = rng.integers(100, 600, len(tree))
    cells["centre_node"] = np.arange(len(tree))
    nodes["parent"] = [node.parent for node in tree.values()]
    nodes["blocking"] = [node.blocking for node in tree.values()]
    return cells, nodes, figures


@pytest.mark.parametrize(
    ("rate", "label"), [(12, "12/s"), (2_254, "2.25 k/s"), (561_948, "562 k/s"), (57_100_000, "57.1 M/s")]
)
def test_rates_on_the_plot_are_short(rate: float, label: str) -> None:
    assert publication._format_rate(rate) == label
