"""The benchmarks at a tiny size: they verify their results, and publish their figures.  No figure is checked."""

import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench import command_times, machine, publication
from bench.engine_command import Command
from bench.foreign_processes import ForeignLoad, ForeignLoadMeter
from bench.kernels import decision_benchmark, decision_invariants
from bench.measured_servers import prepare_server
from bench.peers import copy_queries
from bench.peers.copy_roofline import check_sums
from bench.suite import DEMO_ACTS, SuiteFigures, run_suite
from bench.year.year_generator import Year
from core.nomenclature import CentreLevel
from core.tables.book import BudgetNodes, Cells, FrozenFigures
from core.tables.columns import allocate_records, seal_array
from core.tables.journal import Draws, Numbers
from kernels import availability
from kernels.draws import BudgetTree, draw_amounts
from posting.store.migrate import migrate
from service.cli import demo
from service.database.embedded_server import run_embedded_server
from tests.oracle import availability as oracle
from tests.oracle.model import Node

WORDS = (sys.executable, "-c", "from service.cli.main import main; main()")


@asynccontextmanager
async def _serve_database(data: Path) -> AsyncIterator[str]:
    async with run_embedded_server(data) as database:
        yield database.dsn


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> SuiteFigures:
    folder = tmp_path_factory.mktemp("bench")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command_times, "ROUNDS", 1)  # each timing starts a command and a server
        suite_figures = run_suite(
            Year(seed=2, acts=1_000), Command(WORDS, _serve_database, lambda _: None), folder, rounds=2
        )
    assert not list(folder.iterdir())
    return suite_figures


def test_the_raw_copy_has_every_row_of_the_journal(figures: SuiteFigures) -> None:
    assert figures.raw.entries == figures.run.accepted
    assert figures.raw.rows >= figures.run.lines
    assert figures.ratio == figures.raw.seconds / figures.run.seconds
    assert len(figures.runs) == len(figures.raws) == 2


def test_the_whole_command_is_timed_too(figures: SuiteFigures) -> None:
    """The last commit is followed by a checkpoint, the indexing and the stop of the server."""
    assert all(run.wall_seconds > run.seconds for run in figures.runs)


def test_the_median_of_the_rounds_counts(figures: SuiteFigures) -> None:
    runs = tuple(replace(figures.run, seconds=seconds) for seconds in (5.0, 2.0, 3.0))
    raws = tuple(replace(figures.raw, seconds=seconds) for seconds in (1.0, 2.5, 9.0))
    rounds = replace(figures, runs=runs, raws=raws)
    assert (rounds.run.seconds, rounds.raw.seconds, rounds.ratio) == (3.0, 2.5, 2.5 / 3.0)
    assert "2.0 to 5.0 s" in publication.render_table(rounds, "a machine")


async def test_a_prepared_server_does_not_vacuum_by_itself(tmp_path: Path) -> None:
    for expected in ("on", "off"):
        async with (
            run_embedded_server(tmp_path) as database,
            copy_queries.open_connection(database.dsn) as connection,
        ):
            assert await connection.fetchval("show autovacuum") == expected
            if expected == "on":
                with pytest.raises(AssertionError, match="autovacuum"):
                    await copy_queries.require_no_autovacuum(connection)
        await prepare_server(_serve_database, tmp_path)


# --------------------------------------------------------------------------------- foreign load

_BUSY = "import time\nwhile time.process_time() < 0.5: pass"


def test_the_load_of_other_programs_is_measured() -> None:
    """The shell ends first, so that its child belongs to nobody here; a child of our own is not foreign."""
    meter = ForeignLoadMeter()
    start = time.monotonic()
    with tempfile.TemporaryFile() as out:
        subprocess.run([sys.executable, "-c", _BUSY], check=True)
        own_seconds = time.monotonic() - start
        own = meter.finish()
        command = f"{shlex.quote(sys.executable)} -c {shlex.quote(_BUSY + chr(10) + 'print(1)')} &"
        subprocess.run(["sh", "-c", command], stdout=out, check=True)
        deadline = time.monotonic() + 60
        while os.fstat(out.fileno()).st_size == 0:
            assert time.monotonic() < deadline, "the other program did not end"
    foreign, seconds = meter.finish(), time.monotonic() - start
    assert foreign.cores * seconds - own.cores * own_seconds > 0.4


def test_figures_under_foreign_load_are_marked_not_valid(figures: SuiteFigures) -> None:
    quiet, busy = ForeignLoad(0.02, 0.0), ForeignLoad(0.9, 0.3)
    peer = replace(figures.peer, foreign_load=quiet)
    runs = tuple(replace(run, foreign_load=quiet) for run in figures.runs)
    raws = tuple(replace(raw, foreign_load=quiet) for raw in figures.raws)
    calm = replace(figures, runs=runs, raws=raws, peer=peer)
    assert "Not valid" not in publication.render_table(calm, "a machine")
    loaded = replace(calm, raws=(replace(raws[0], foreign_load=busy), raws[1]))
    table = publication.render_table(loaded, "a machine")
    assert "Not valid: other programs used up to 0.90 cores, and the host took 0.30" in table


# --------------------------------------------------------------------------------- publication


def test_the_start_with_the_year_is_timed(figures: SuiteFigures) -> None:
    assert figures.start_seconds > 0


def test_whole_commands_are_timed_on_both_ledgers(figures: SuiteFigures) -> None:
    queries = {"report trial-balance", "report budget", "report delays", "explain"}
    assert figures.year_commands.keys() == queries
    assert figures.demo_commands.keys() == queries | {"run of 10 lines"}
    assert figures.paid_commands.keys() == {"report delays"}
    assert "`report delays` on the ledger of the year" in publication.render_table(figures, "a machine")


def test_memory_is_touched_within_bounds() -> None:
    assert machine.touch_memory(1 << 20) == 1 << 20
    assert machine.bound_size(1 << 60, 1_000) == 700
    assert machine.bound_size(600, 1_000) == 600


def test_the_ledger_of_the_demonstration_has_its_size() -> None:
    assert DEMO_ACTS == demo.ACTS


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
        stored = await copy_queries.sum_tables(connection, "public")
        check_sums(await copy_queries.sum_tables(connection, copy_queries.SCHEMA), stored)
        await connection.execute(f"insert into {copy_queries.SCHEMA}.duplicate values (1, 0, 1, 0, 1)")
        copied = await copy_queries.sum_tables(connection, copy_queries.SCHEMA)
        with pytest.raises(AssertionError, match="duplicate: "):
            check_sums(copied, stored)
        await copy_queries.drop_tables(connection)


async def test_raw_tables_store_columns_as_the_journal_does(dsn: str) -> None:
    """Without this, the server compresses pages in the raw tables that it stores plain in the journal."""
    query = """
        select a.attname, a.attstorage, a.attcompression from pg_attribute a
        where a.attrelid = $1::text::regclass and a.attnum > 0 order by a.attnum
    """
    async with copy_queries.open_connection(dsn) as connection:
        await migrate(connection)
        await copy_queries.create_tables(connection)
        for table in copy_queries.TABLES:
            copied, stored = [
                await connection.fetch(query, f"{schema}.{table}")
                for schema in (copy_queries.SCHEMA, "public")
            ]
            assert copied == stored, table
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
    frozen = allocate_records(FrozenFigures, len(nodes))
    draw_amounts(draws, seal_array(cells), BudgetTree(nodes, figures, frozen), short)
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
