"""The machine that figures were measured on, in one line: without it they say nothing."""

import os
import platform
from importlib.metadata import version
from pathlib import Path


def machine(folder: Path = Path()) -> str:
    """Processor, cores, memory, disk under ``folder``, system, and the versions that decide the speed."""
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = f"Python {platform.python_version()}, NumPy {version('numpy')}, Numba {version('numba')}"
    system = f"{platform.system()} {platform.release().partition('-')[0]}"
    size = f"{os.cpu_count()} cores, {gigabytes:.0f} GiB"
    return f"{_processor()}, {size}, {_disk(folder)}, {system}, {versions}"


def _processor() -> str:
    known = Path("/proc/cpuinfo")
    lines = known.read_text().splitlines() if known.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _disk(folder: Path) -> str:
    """File system and device; whether a device turns, a virtual machine is not told."""
    mounts = Path("/proc/self/mounts")
    if not mounts.exists():
        return "disk unknown"
    found = [line.split()[:3] for line in mounts.read_text().splitlines()]
    over = [each for each in found if folder.resolve().is_relative_to(each[1])]
    device, _, kind = max(over, key=lambda each: len(each[1]))
    return f"{kind} on {Path(device).name}"
