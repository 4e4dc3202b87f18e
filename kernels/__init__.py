"""Compiled loops over columns.  Pure: no I/O, no clock, no randomness, no exceptions.

Numba's on-disk cache does not detect a change in *another* file: a kernel that uses ``core.outcome_codes`` would keep the
old values.  So the name of the cache directory contains a digest of every source that kernels import.  The cache contains
pickles: only its owner may be able to write there.
"""

import hashlib
import os
import stat
from pathlib import Path

from numba.core import config

_ROOT = Path(__file__).resolve().parent.parent


def _compute_digest() -> str:
    sources = sorted([*_ROOT.glob("kernels/*.py"), *_ROOT.glob("core/**/*.py")])
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()[:16]


def _create_private_folder(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    state = folder.stat()
    if state.st_uid != os.getuid() or state.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(
            f"{folder}: other users can write compiled kernels there; make yourself its owner and set mode 0700"
        )
    return folder


def _find_cache_folder() -> str:
    parent = _create_private_folder(
        Path(os.environ.get("KERNEL_CACHE", Path.home().joinpath(".cache", "crescendo")))
    )
    mode = "-checked" if config.BOUNDSCHECK else ""
    return str(parent.joinpath(f"kernels-{_compute_digest()}{mode}"))


# Both are needed: Numba ignores the variable if it was imported before.
os.environ["NUMBA_CACHE_DIR"] = config.CACHE_DIR = _find_cache_folder()
