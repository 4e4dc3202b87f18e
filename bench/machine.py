"""The machine on which figures were measured: without it they mean nothing."""

import mmap
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import psutil

_TOUCHED_SHARE = 0.7
"""The share of the free memory that may be touched; the rest is left to other processes."""


def describe_machine(folder: Path = Path()) -> str:
    """Describe the machine in one line: processor, cores, memory, disk of ``folder``, system, and relevant versions."""
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = f"Python {platform.python_version()}, NumPy {version('numpy')}, Numba {version('numba')}"
    system = f"{platform.system()} {platform.release().partition('-')[0]}"
    size = f"{os.cpu_count()} cores, {gigabytes:.0f} GiB"
    return f"{_read_processor()}, {size}, {_describe_disk(folder)}, {system}, {versions}"


def touch_memory(size_bytes: int) -> int:
    """Write once to every page of free memory, up to ``size_bytes``, and free it again; return the size touched.

    The host of a virtual machine assigns a page at its first write, which takes longer than the work that fills the page.
    Without this, the first benchmark would pay for it and the later ones would not.  It runs in a process of its own,
    because the system counts a program's peak memory from that of the process that started it.
    """
    bounded = bound_size(size_bytes, psutil.virtual_memory().available)
    # no time limit: it writes to memory, and the benchmark may be stopped with Ctrl-C
    subprocess.run([sys.executable, "-m", __name__, str(bounded)], check=True)
    return bounded


def bound_size(size_bytes: int, available_bytes: int) -> int:
    """Return the size that may be touched."""
    return min(size_bytes, int(available_bytes * _TOUCHED_SHARE))


def _write_pages(size_bytes: int) -> None:
    with mmap.mmap(-1, size_bytes) as area:
        for page in range(0, size_bytes, mmap.PAGESIZE):
            area[page] = 1


def _read_processor() -> str:
    cpu_info = Path("/proc/cpuinfo")
    lines = cpu_info.read_text().splitlines() if cpu_info.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _describe_disk(folder: Path) -> str:
    """Describe the file system and device; a virtual machine cannot tell whether the device is a spinning disk."""
    mounts = Path("/proc/self/mounts")
    if not mounts.exists():
        return "disk unknown"
    entries = [line.split()[:3] for line in mounts.read_text().splitlines()]
    parents = [entry for entry in entries if folder.resolve().is_relative_to(entry[1])]
    device, _, file_system = max(parents, key=lambda entry: len(entry[1]))
    return f"{file_system} on {Path(device).name}"


if __name__ == "__main__":
    _write_pages(int(sys.argv[1]))
