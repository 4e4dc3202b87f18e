"""Fuzz a reader, or all of them, guided by coverage: ``python -m tests.fuzz all --minutes 30``.

The minutes are for all readers together.  A process of its own runs the trials, so that a reader that ends or blocks it
is a fault like any other: its input is kept, and the next process goes on.  What shows something new replaces the corpus
(``tests/fuzz/corpus``), which a test replays; inputs of faults are left in ``--faults``, each with its traceback.  With
``NUMBA_DISABLE_JIT=1`` the lines of kernels count too, and a trial takes longer.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fuzz.readers import READERS
from tests.fuzz.session import CURRENT, find_scratch, run_session

_BLOCKED_SECONDS = 300
_POLL_SECONDS = 2


def main() -> int:
    """Run sessions until the time is over; return 1 if a reader did what none may do."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("reader", choices=[*READERS, "all"])
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=Path, default=Path("fuzz-faults"))
    parser.add_argument("--scratch", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    readers = list(READERS) if options.reader == "all" else [options.reader]
    seconds = options.minutes * 60 / len(readers)
    if options.scratch:
        summary = run_session(
            options.reader, seconds, options.seed, faults=options.faults, scratch=options.scratch
        )
        print(options.reader, *(f"{value:,} {name}" for name, value in summary._asdict().items()), flush=True)
        return int(summary.faults > 0)
    return max(_fuzz(reader, seconds, options) for reader in readers)


def _fuzz(reader: str, seconds: float, options: argparse.Namespace) -> int:
    """Fuzz one reader, in as many processes as its faults need."""
    until, code, seed = time.monotonic() + seconds, 0, options.seed
    with TemporaryDirectory(prefix="crescendo-fuzz-", dir=find_scratch()) as folder:
        while (remaining := until - time.monotonic()) > 0:
            words = [reader, f"--minutes={remaining / 60}", f"--seed={seed}", f"--faults={options.faults}"]
            code = max(
                code, _run_worker([*words, f"--scratch={folder}"], Path(folder), reader, options.faults)
            )
            seed += 1
            if code <= 1:
                break
    return code


def _run_worker(words: Sequence[str], folder: Path, reader: str, faults: Path) -> int:
    """Run one process; return 0, 1 if it met faults, 2 if it ended before its time or was blocked."""
    process = subprocess.Popen([sys.executable, "-m", "tests.fuzz", *words])
    while (code := process.poll()) is None:
        if _is_blocked(folder / CURRENT):
            process.kill()
        try:
            process.wait(_POLL_SECONDS)
        except subprocess.TimeoutExpired:
            continue
    if code in (0, 1):
        return code
    faults.mkdir(parents=True, exist_ok=True)
    target = faults / f"{reader}-exit{code}-{time.time_ns()}"
    target.write_bytes((folder / CURRENT).read_bytes())
    print(f"{reader}: the process ended with {code}; its input is {target}", flush=True)
    return 2


def _is_blocked(current: Path) -> bool:
    """Return whether the trial under way has taken much longer than a trial may."""
    try:
        return time.time() - current.stat().st_mtime > _BLOCKED_SECONDS
    except FileNotFoundError:
        return False


if __name__ == "__main__":
    raise SystemExit(main())
