"""The note that kernels are compiled: it comes when they are, and not when they are loaded from the cache."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

SLOW_LOADING = """
import sys, time

class SlowFinder:
    @staticmethod
    def find_spec(name, path, target=None):
        if name.startswith("kernels."):
            time.sleep(0.06)  # a slow disk: the kernels take longer to load than a note would wait

from service.engine.kernel_warmup import load_kernels
from service.terminal.processing_progress import create_reporter
load_kernels(create_reporter())  # compiles what is not in the cache yet
print("first", file=sys.stderr)
for name in [name for name in sys.modules if name.startswith("kernels.")]:
    del sys.modules[name]
sys.meta_path.insert(0, SlowFinder)
load_kernels(create_reporter())
"""

ONE_KERNEL = """
from kernels.jit import watch_compilations
with watch_compilations(lambda: print("compiled")):
    import kernels.bic
"""


def run_program(text: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", text],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )


def test_slow_loading_is_not_called_compiling() -> None:
    note = run_program(SLOW_LOADING).stderr.partition("first\n")[2]
    assert "compiling" not in note


def test_a_compilation_is_announced_once_in_the_life_of_a_cache(tmp_path: Path) -> None:
    cache = str(tmp_path / "cache")
    assert "compiled" in run_program(ONE_KERNEL, KERNEL_CACHE=cache).stdout
    assert "compiled" not in run_program(ONE_KERNEL, KERNEL_CACHE=cache).stdout
