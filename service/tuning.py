"""Settings of the interpreter and the C library for a process that moves large columns through several threads."""

import ctypes
import sys

SWITCH_SECONDS = 0.0005
"""A thread that waits for the interpreter asks for it after this long.

The usual 5 ms let a thread busy with columns keep the one that feeds PostgreSQL waiting: a third of the rate.
"""

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3


def tune() -> None:
    """Switch threads sooner, and keep freed memory for the next batch instead of giving it back and asking again."""
    sys.setswitchinterval(SWITCH_SECONDS)
    if sys.platform == "linux":
        library = ctypes.CDLL(None)
        if hasattr(library, "mallopt"):
            library.mallopt(_M_MMAP_THRESHOLD, 1 << 30)
            library.mallopt(_M_TRIM_THRESHOLD, (1 << 31) - 1)
            library.mallopt(_M_TOP_PAD, 1 << 26)
