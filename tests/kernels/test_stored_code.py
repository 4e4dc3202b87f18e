"""The stored code of a kernel: loaded by the first call, once, for its types alone, and compiled again if it is lost."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

_KERNEL = """
import numpy as np
from core.tables.columns import allocate_zeros, seal_array
from core.tables.journal import PackedCells, Words
from kernels.jit import fills, kernel, reads

@kernel(reads(PackedCells), fills(Words))
def double_words(packed, words):
    for row in range(packed.word.size):
        words.word[row] = np.uint64(2 * packed.word[row])

def call(dtype=np.int64):
    words = allocate_zeros(Words, 2)
    double_words(PackedCells(seal_array(np.array([1, 2**31 - 1], dtype))), words)
    return words.word.tolist()
"""

_FIRST_CALL = """
from kernels.jit import watch_compilations
with watch_compilations(lambda: print("compiled")):
    from doubling import call, double_words
    print(len(double_words._dispatcher.signatures))
    print(call())
print(len(double_words._dispatcher.signatures))
"""

_TWO_CALLERS = """
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from doubling import call, double_words
barrier = Barrier(8)
def wait_and_call(_):
    barrier.wait(60)
    return call()
with ThreadPoolExecutor(8) as callers:
    print(set(map(tuple, callers.map(wait_and_call, range(8)))))
"""

_OTHER_TYPE = """
import numpy as np
from doubling import call
for dtype in (np.int32, np.int64, np.int32):
    try:
        print(call(dtype))
    except TypeError:
        print("TypeError")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a kernel whose code is stored."""
    folder = tmp_path_factory.mktemp("stored")
    (folder / "doubling.py").write_text(_KERNEL)
    assert _run(folder, _FIRST_CALL) == ["compiled", "1", "[2, 4294967294]", "1"]
    return folder


def _run(folder: Path, program: str) -> list[str]:
    finished = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": f"{ROOT}:{folder}", "KERNEL_CACHE": str(folder / "cache")},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.splitlines()


def test_stored_code_is_loaded_by_the_first_call_alone(folder: Path) -> None:
    assert _run(folder, _FIRST_CALL) == ["0", "[2, 4294967294]", "1"]


def test_several_threads_may_call_first(folder: Path) -> None:
    assert _run(folder, _TWO_CALLERS) == ["{(2, 4294967294)}"]


def test_stored_code_accepts_its_declared_types_alone(folder: Path) -> None:
    """Also when the first call of a process has another type."""
    assert _run(folder, _OTHER_TYPE) == ["TypeError", "[2, 4294967294]", "TypeError"]


def test_lost_code_is_compiled_by_the_first_call(folder: Path) -> None:
    (code,) = (folder / "cache").rglob("doubling.double_words-*.nbc")
    code.unlink()
    assert _run(folder, _FIRST_CALL) == ["0", "compiled", "[2, 4294967294]", "1"]
    assert _run(folder, _FIRST_CALL) == ["0", "[2, 4294967294]", "1"]
