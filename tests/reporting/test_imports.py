"""A report starts fast: what it imports has no compiler and no kernels, which take longer to load than the report to run."""

import subprocess
import sys
from pathlib import Path

import pytest

from reporting.report_catalog import REPORTS

ROOT = Path(__file__).parents[2]
REPORT_MODULES = sorted({report.import_source().result_type.__module__ for report in REPORTS})
COMMAND_MODULES = ("service.cli.report", "service.database.report_session")
EXPLAIN_MODULES = ("service.cli.explain", "reporting.act_history", "reporting.act_narrative")
DELAY_MODULES = ("posting.delays.delay_queries", "posting.pgcopy")
ARGUMENT_MODULES = ("ingest.queue.sender_rules", "ingest.spool.envelope")
"""What ``crescendo run`` checks its arguments with, before the database starts and the kernels load beside it."""


def _list_imported(module: str, packages: tuple[str, ...]) -> str:
    code = f"import sys, {module}; print([name for name in {packages} if name in sys.modules])"
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, timeout=120
    )
    return ended.stdout


@pytest.mark.parametrize("module", [*REPORT_MODULES, *COMMAND_MODULES, *EXPLAIN_MODULES, *DELAY_MODULES])
def test_a_report_does_not_import_the_compiler(module: str) -> None:
    assert _list_imported(module, ("numba", "llvmlite", "lxml")) == "[]\n"


@pytest.mark.parametrize("module", ARGUMENT_MODULES)
def test_arguments_are_checked_without_the_kernels(module: str) -> None:
    assert _list_imported(module, ("numba", "kernels.jit")) == "[]\n"


@pytest.mark.parametrize("module", [*COMMAND_MODULES, "service.cli.explain"])
def test_numpy_loads_while_the_database_starts(module: str) -> None:
    """The commands themselves do not import it: the thread that loads the codes does."""
    assert _list_imported(module, ("numpy", "reporting.code_names", "numba")) == "[]\n"
