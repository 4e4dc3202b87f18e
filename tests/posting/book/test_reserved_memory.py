"""Memory that is reserved for books: a child process does not get it."""

import subprocess
import sys
from pathlib import Path

import numpy as np

from posting.book import reserved_memory

_FORK = """
import os
import numpy as np
from posting.book import reserved_memory
part = reserved_memory.read_memory_bytes() // 16
books = [reserved_memory.reserve(np.uint8, 1, part) for _ in range(40)]
child = os.fork()
if not child:
    os._exit(0)
raise SystemExit(os.waitpid(child, 0)[1])
"""


def _read_flags(address: int) -> set[str]:
    """Return the flags of the mapping that contains ``address``, as the kernel states them."""
    is_containing = False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        first, _, rest = line.partition(" ")
        start, dash, end = first.partition("-")
        if dash and rest:
            is_containing = int(start, 16) <= address < int(end, 16)
        elif is_containing and first == "VmFlags:":
            return set(rest.split())
    raise AssertionError(f"no mapping contains {address:x}")


def test_a_reserved_area_is_not_copied_to_a_child() -> None:
    array = reserved_memory.reserve(np.int64, 1_000, 1_000_000)
    assert "dc" in _read_flags(array.ctypes.data)


def test_a_child_starts_beside_books_larger_than_the_machine() -> None:
    """Areas side by side are one mapping; the system refuses to copy one that exceeds the machine's memory."""
    assert subprocess.run([sys.executable, "-c", _FORK], check=False, timeout=60).returncode == 0
