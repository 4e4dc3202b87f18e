"""Compare the two readers of messages for as long as one likes: ``python -m tests.markup.fuzzing --seconds 3600``.

Cases are numbered: each number is the same document for ever, and what differs is told by its number.
"""

import argparse
import itertools
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.markup import payment_orders
from tests.markup.comparison import build_case, describe_difference, read_by_lxml, read_by_scanner

_REPORT_EVERY = 100_000
_ORDERS_EVERY = 8
"""One case in so many is a payment file read to its lines, which takes as long as all the others."""


def main() -> int:
    """Run cases until the time is over; return 1 if any differed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=3600)
    parser.add_argument("--start", type=int, default=10_000_000, help="number of the first case")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="crescendo-fuzzing-") as folder:
        return _run_cases(options, Path(folder))


def _run_cases(options: argparse.Namespace, folder: Path) -> int:
    end, fault_counts, differences = time.monotonic() + options.seconds, Counter[str](), 0
    for seed in itertools.count(options.start):
        if seed % _ORDERS_EVERY == 0 and (
            difference := payment_orders.build_case(seed).describe_difference(folder)
        ):
            differences += 1
            print(f"payment file {seed}: {difference}", flush=True)
        case = build_case(seed)
        ours = read_by_scanner(case.text, case.sizes, case.messages)
        theirs = read_by_lxml(case.text, case.messages)
        fault_counts[f"{_name_fault(ours.fault)}, lxml {_name_fault(theirs.fault)}"] += 1
        if difference := describe_difference(ours, theirs):
            differences += 1
            print(f"case {seed}: {difference}", flush=True)
        if fault_counts.total() % _REPORT_EVERY == 0 or time.monotonic() > end:
            print(
                f"{fault_counts.total():,} cases from {options.start:,}, {differences} differ: {dict(fault_counts)}",
                flush=True,
            )
        if time.monotonic() > end:
            return int(differences > 0)
    return 0


def _name_fault(fault: int) -> str:
    return ("takes it", "declines")[fault] if fault <= 1 else "refuses"


if __name__ == "__main__":
    raise SystemExit(main())
