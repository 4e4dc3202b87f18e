"""The machine that figures were measured on, in one line: without it they say nothing."""

import mmap
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import psutil

_TOUCHED_SHARE = 0.7
"""Of the memory that is free: the rest is left to whoever else is there."""


def describe_machine(folder: Path = Path()) -> str:
    """Processor, cores, memory, disk under ``folder``, system, and the versions that decide the speed."""
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = f"Python {platform.python_version()}, NumPy {version('numpy')}, Numba {version('numba')}"
    system = f"{platform.system()} {platform.release().partition('-')[0]}"
    size = f"{os.cpu_count()} cores, {gigabytes:.0f} GiB"
    return f"{_read_processor()}, {size}, {_describe_disk(folder)}, {system}, {versions}"


def touch_memory(size_bytes: int) -> int:
    """Write to every page of so much memory once, as far as it is free, and give it back; how much it was.

    To a virtual machine its host gives a page when that is first written to, and takes longer over it than the work that
    fills the page: a run would pay for it, and what is measured after the run would not.  In a process of its own, for
    the system counts a program's memory from that of the process that started it.
    """
    bounded = min(size_bytes, int(psutil.virtual_memory().available * _TOUCHED_SHARE))
    subprocess.run([sys.executable, "-m", __name__, str(bounded)], check=True)
    return bounded


def _write_pages(size_bytes: int) -> None:
    with mmap.mmap(-1, size_bytes) as area:
        for page in range(0, size_bytes, mmap.PAGESIZE):
            area[page] = 1


def _read_processor() -> str:
    known = Path("/proc/cpuinfo")
    lines = known.read_text().splitlines() if known.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _describe_disk(folder: Path) -> str:
    """File system and device; whether a device turns, a virtual machine is not told."""
    mounts = Path("/proc/self/mounts")
    if not mounts.exists():
        return "disk unknown"
    found = [line.split()[:3] for line in mounts.read_text().splitlines()]
    over = [each for each in found if folder.resolve().is_relative_to(each[1])]
    device, _, kind = max(over, key=lambda each: len(each[1]))
    return f"{kind} on {Path(device).name}"


if __name__ == "__main__":
    _write_pages(int(sys.argv[1]))
