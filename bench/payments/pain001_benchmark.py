"""Payment files, read and resolved: megabytes a second, verified before they are timed, and the same by lxml.

``python -m bench.payments.pain001_benchmark [TRANSFERS]``: one file of so many transfers
with its imputations, as ``crescendo generate payments`` writes it; read (scanned, held against its totals and
its imputations) and resolved to acts; then read by lxml's events, with
the texts taken that become acts and nothing else done with them, which favours it.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa

from bench.payments import payment_files
from bench.payments.payable_requests import Size
from bench.payments.payment_files import Style
from core.outcome_codes import Outcome
from ingest.formats.flat_schema import conform, conformed, regroup
from ingest.pain001 import reader
from ingest.pain001.archive import packed
from ingest.pain001.message import MESSAGES, V09
from ingest.queue.batch_cuts import BATCH_LINES
from ingest.resolution.resolver import Context, Sender, resolve
from ingest.resolution.text_columns import Memory
from markup.lxml_baseline import elements
from posting.book.cells import CellNumbers
from posting.book.registry import Reference, Registry, number

TRANSFERS = 300_000
RUNS = 3
_UNREADABLE = (Outcome.IBAN_INVALID, Outcome.REFERENCE_INVALID)
"""What resolving finds; the other faults need the book."""
_NAMESPACE = f"{{{MESSAGES[V09].namespace}}}"
_TEXTS = (
    "PmtId/EndToEndId",
    "Amt/InstdAmt",
    "CdtrAgt/FinInstnId/BICFI",
    "Cdtr/Nm",
    "CdtrAcct/Id/IBAN",
    "RmtInf/Ustrd",
)
_PATHS = tuple("/".join(f"{_NAMESPACE}{step}" for step in path.split("/")) for path in _TEXTS)
_COLUMNS = ("reference", "amount", "bic", "payee_name", "iban", "remittance")
"""What those texts become."""


class Figures(NamedTuple):
    """One payment file, read in two ways."""

    transfers: int
    size_bytes: int
    """Of the payment file; the imputations not included."""
    read_seconds: float
    """Scanned, held against totals and imputations, made to columns."""
    resolved_seconds: float
    """The same, and resolved to acts."""
    lxml_seconds: float
    memory_bytes: int
    """Resident at most while it was read and resolved."""
    before_bytes: int
    """Resident before."""

    @property
    def megabytes_a_second(self) -> float:
        """Read and resolved, of the payment file."""
        return self.size_bytes / self.resolved_seconds / 1e6

    @property
    def times_lxml(self) -> float:
        """Read and resolved against read by lxml."""
        return self.lxml_seconds / self.resolved_seconds


class Work(NamedTuple):
    """What a process of its own told of its work on a file."""

    read_seconds: float
    resolved_seconds: float
    memory_bytes: int
    before_bytes: int


def measure(transfers: int = TRANSFERS, imputation: str = "csv") -> Figures:
    """Write a payment file, verify that both readers find the same in it, and time the best of a few runs.

    Raises
    ------
    RuntimeError
        They differ, or what must be refused is not what is.
    """
    with tempfile.TemporaryDirectory(prefix="crescendo-bench-") as folder:
        out = Path(folder)
        summary = payment_files.write(out, Size(transfers), Style(imputation=imputation), Reference.load())
        payments = out / summary["files"][-1]
        with packed(payments) as whole:
            _verify(whole, payments, summary["outcomes"])
            command = [sys.executable, "-m", "bench.payments.pain001_benchmark", "--work", str(whole)]
            work = Work(**json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout))
            lxml_seconds = min(_timed(lambda: sum(1 for _ in _by_lxml(payments))) for _ in range(RUNS))
        size = payments.stat().st_size
    return Figures(
        transfers,
        size,
        work.read_seconds,
        work.resolved_seconds,
        lxml_seconds,
        work.memory_bytes,
        work.before_bytes,
    )


def _verify(whole: Path, payments: Path, outcomes: dict[str, int]) -> None:
    """Every text of every transfer is the one that lxml finds, and each fault is found where resolving can."""
    theirs, faults = _by_lxml(payments), np.zeros(256, np.int64)
    context = _context()
    for batch in _batches(whole):
        for row in zip(*(batch.column(name).to_pylist() for name in _COLUMNS), strict=True):
            if row != next(theirs, None):
                raise RuntimeError(f"lxml finds another transfer than {row}")
        faults += np.bincount(resolve(batch, Sender(1), context).acts["fault"], minlength=256)
    if next(theirs, None) is not None:
        raise RuntimeError("lxml finds more transfers")
    expected = {code: outcomes.get(code.name, 0) for code in _UNREADABLE}
    if any(faults[code] != count for code, count in expected.items()) or faults[1:].sum() != sum(
        expected.values()
    ):
        raise RuntimeError(f"{expected} must be refused, and {faults.nonzero()[0]} is")


def _batches(whole: Path) -> Iterator[pa.RecordBatch]:
    """As many lines as a batch of the engine has; columns that say nothing left out, as they are where files are proved."""
    with tempfile.TemporaryDirectory(prefix="crescendo-bench-") as scratch:
        found = reader.batches(whole, whole.name, Path(scratch))
        next(found)
        for batch in regroup(found, BATCH_LINES):
            filled = [name for name in batch.schema.names if batch.column(name).null_count < batch.num_rows]
            yield conform(
                batch, conformed(pa.schema([batch.schema.field(name) for name in filled]), whole.name)
            )


def _by_lxml(payments: Path) -> Iterator[tuple[str, ...]]:
    with payments.open("rb") as file:
        yield from _transfers(file)


def _transfers(file: BinaryIO) -> Iterator[tuple[str, ...]]:
    for each in elements(file, f"{_NAMESPACE}CdtTrfTxInf"):
        reference, *texts = (each.findtext(path) or "" for path in _PATHS)
        yield (reference if reference != reader.NOT_PROVIDED else "", *texts)


def _context() -> Context:
    reference, numbers = Reference.load(), {}
    number(numbers, reference.codes())
    return Context(Registry(reference, numbers), CellNumbers(np.zeros(0, np.int64)), Memory(), (11, 13))


def _resolve(whole: Path, context: Context) -> int:
    return sum(len(resolve(batch, Sender(1), context).acts) for batch in _batches(whole))


def _timed(work: Any) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def work(whole: Path) -> Work:
    """Read and resolve a file a few times; the first run compiles, and does not count."""
    context = _context()
    before = _resident_bytes()
    read = min(_timed(lambda: sum(len(batch) for batch in _batches(whole))) for _ in range(RUNS))
    resolved = min(_timed(lambda: _resolve(whole, context)) for _ in range(RUNS))
    return Work(read, resolved, _resident_bytes(), before)


def _resident_bytes() -> int:
    """At most, so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def told(figures: Figures) -> str:
    """The figures in words."""
    size = figures.size_bytes / 1e6
    return (
        f"{figures.transfers:,} transfers, {size:,.0f} MB: read in {figures.read_seconds:.2f} s "
        f"({size / figures.read_seconds:,.0f} MB/s), read and resolved in {figures.resolved_seconds:.2f} s "
        f"({figures.megabytes_a_second:,.0f} MB/s); by lxml in {figures.lxml_seconds:.2f} s "
        f"({size / figures.lxml_seconds:,.0f} MB/s): {figures.times_lxml:.1f} times as fast. "
        f"Memory {figures.before_bytes / 1e6:,.0f} MB before, {figures.memory_bytes / 1e6:,.0f} MB at most."
    )


def main() -> None:
    """Print the figures; ``--work FILE`` is what it asks of a process of its own."""
    if sys.argv[1:2] == ["--work"]:
        print(json.dumps(work(Path(sys.argv[2]))._asdict()))
        return
    print(told(measure(int(sys.argv[1]) if len(sys.argv) > 1 else TRANSFERS)))


if __name__ == "__main__":
    main()
