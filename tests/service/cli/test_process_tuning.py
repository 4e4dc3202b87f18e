"""The memory of a command: Arrow takes it from the C library, and no collection searches all objects when it ends."""

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

_COMMAND = """
import gc
import sys
from service.cli.main import main
try:
    code = main()
except SystemExit as end:
    code = end.code
import pyarrow
print(code, pyarrow.default_memory_pool().backend_name, "numba" in sys.modules)
print(gc.get_freeze_count() > 10_000)
"""

_LOADING = """
import gc
from service.cli.run import load_reference
from service.configuration.settings import Settings
from service.terminal.processing_progress import create_reporter
load_reference(Settings(), create_reporter())
print(gc.get_freeze_count() > 10_000)
"""


def test_run_checks_its_files_on_the_memory_pool_and_without_kernels(tmp_path: Path) -> None:
    """The pool cannot be changed once Arrow is imported; the kernels are loaded while the database starts."""
    path = tmp_path / "acts.parquet"
    pq.write_table(pa.table({"reference": ["R1"]}), path)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ARROW_")}
    command = [sys.executable, "-c", _COMMAND, "run", str(path)]
    finished = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert "states its sender" in finished.stderr
    assert finished.stdout.split() == ["2", "system", "False", "True"]


def test_a_run_excludes_what_it_has_loaded_from_collections() -> None:
    command = [sys.executable, "-c", _LOADING]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=600, check=True)
    assert finished.stdout == "True\n"
