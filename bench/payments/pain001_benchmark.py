"""The speed of reading and resolving payment files in megabytes a second, verified before it is timed, compared with lxml.

``python -m bench.payments.pain001_benchmark [TRANSFERS]`` writes one file with its account assignments, as ``crescendo
generate payments`` does.  It is read (scanned, compared with its totals and assignments) and resolved to acts.  Then lxml
reads the same file by events and extracts only the texts that become acts, which favours lxml.
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
from ingest.formats.flat_schema import conform_batch, conform_schema, regroup
from ingest.pain001 import reader
from ingest.pain001.archive import pack_with_assignments
from ingest.pain001.message import MESSAGES, V09
from ingest.queue.batch_cuts import BATCH_LINES
from ingest.resolution.resolver import ResolutionContext, Sender, resolve
from ingest.resolution.text_columns import DictionaryCache
from markup.lxml_baseline import iterate_elements
from posting.book.cells import CellNumbers
from posting.book.code_numbers import number_codes
from posting.book.registry import ReferenceData, Registry

TRANSFERS = 300_000
ROUNDS = 3
_UNREADABLE = (Outcome.IBAN_INVALID, Outcome.REFERENCE_INVALID)
"""The faults that resolution detects; the others need the book."""
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
"""The columns of those texts."""


class Pain001Figures(NamedTuple):
    """The figures of one payment file, read in two ways."""

    transfers: int
    size_bytes: int
    """Size of the payment file, without its account assignments."""
    read_seconds: float
    """Scanning, comparing with totals and assignments, building columns."""
    resolved_seconds: float
    """The same, and resolving to acts."""
    lxml_seconds: float
    memory_bytes: int
    """Peak resident memory while the file was read and resolved."""
    before_bytes: int
    """Peak resident memory before that."""

    @property
    def megabytes_a_second(self) -> float:
        """The speed of reading and resolving, by the size of the payment file."""
        return self.size_bytes / self.resolved_seconds / 1e6

    @property
    def lxml_speedup(self) -> float:
        """The time of lxml over the time of reading and resolving."""
        return self.lxml_seconds / self.resolved_seconds


class ReadingFigures(NamedTuple):
    """The figures of the process that reads and resolves a file."""

    read_seconds: float
    resolved_seconds: float
    memory_bytes: int
    before_bytes: int


def measure(transfers: int = TRANSFERS, imputation: str = "csv") -> Pain001Figures:
    """Write a payment file, verify that both readers find the same transfers, and time the best of a few rounds.

    Raises
    ------
    RuntimeError
        The readers differ, or the detected faults are not those that were generated.
    """
    with tempfile.TemporaryDirectory(prefix="crescendo-bench-") as folder:
        out = Path(folder)
        summary = payment_files.write_files(
            out, Size(transfers), Style(imputation=imputation), reference=ReferenceData.load()
        )
        payments = out / summary["files"][-1]
        with pack_with_assignments(payments) as archive:
            _verify(archive, payments, summary["outcomes"])
            command = [sys.executable, "-m", "bench.payments.pain001_benchmark", "--work", str(archive)]
            reading = ReadingFigures(
                # no time limit: how long it takes is what is measured
                **json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
            )
            lxml_seconds = min(
                _time_work(lambda: sum(1 for _ in _read_with_lxml(payments))) for _ in range(ROUNDS)
            )
        size = payments.stat().st_size
    return Pain001Figures(
        transfers,
        size,
        reading.read_seconds,
        reading.resolved_seconds,
        lxml_seconds,
        reading.memory_bytes,
        reading.before_bytes,
    )


def _verify(archive: Path, payments: Path, outcomes: dict[str, int]) -> None:
    """Check that lxml finds the same text for every transfer, and that resolution detects exactly the generated faults."""
    lxml_transfers, faults = _read_with_lxml(payments), np.zeros(256, np.int64)
    context = _build_context()
    for batch in _read_batches(archive):
        for row in zip(*(batch.column(name).to_pylist() for name in _COLUMNS), strict=True):
            if row != next(lxml_transfers, None):
                raise RuntimeError(f"lxml finds a different transfer than {row}")
        faults += np.bincount(resolve(batch, Sender(1), context).acts["fault"], minlength=256)
    if next(lxml_transfers, None) is not None:
        raise RuntimeError("lxml finds more transfers")
    expected = {code: outcomes.get(code.name, 0) for code in _UNREADABLE}
    if any(faults[code] != count for code, count in expected.items()) or faults[1:].sum() != sum(
        expected.values()
    ):
        raise RuntimeError(f"{expected} must be refused, but codes {faults.nonzero()[0]} were")


def _read_batches(archive: Path) -> Iterator[pa.RecordBatch]:
    """Read batches as large as the engine's; empty columns are left out, as they are in the validation of files."""
    with tempfile.TemporaryDirectory(prefix="crescendo-bench-") as scratch:
        batches = reader.read_batches(archive, archive.name, Path(scratch))
        next(batches)
        for batch in regroup(batches, BATCH_LINES):
            columns = [name for name in batch.schema.names if batch.column(name).null_count < batch.num_rows]
            yield conform_batch(
                batch, conform_schema(pa.schema([batch.schema.field(name) for name in columns]), archive.name)
            )


def _read_with_lxml(payments: Path) -> Iterator[tuple[str, ...]]:
    with payments.open("rb") as file:
        yield from _parse_transfers(file)


def _parse_transfers(file: BinaryIO) -> Iterator[tuple[str, ...]]:
    for element in iterate_elements(file, f"{_NAMESPACE}CdtTrfTxInf"):
        reference, *texts = (element.findtext(path) or "" for path in _PATHS)
        yield (reference if reference != reader.NOT_PROVIDED else "", *texts)


def _build_context() -> ResolutionContext:
    reference, numbers = ReferenceData.load(), {}
    number_codes(numbers, reference.list_codes())
    return ResolutionContext(
        Registry(reference, numbers), CellNumbers(np.zeros(0, np.int64)), DictionaryCache(), (11, 13)
    )


def _count_resolved_lines(archive: Path, context: ResolutionContext) -> int:
    return sum(len(resolve(batch, Sender(1), context).acts) for batch in _read_batches(archive))


def _time_work(work: Any) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure_reading(archive: Path) -> ReadingFigures:
    """Read and resolve a file a few times; the first round compiles the kernels and does not count."""
    context = _build_context()
    memory_before = _read_peak_memory()
    read = min(_time_work(lambda: sum(len(batch) for batch in _read_batches(archive))) for _ in range(ROUNDS))
    resolved = min(_time_work(lambda: _count_resolved_lines(archive, context)) for _ in range(ROUNDS))
    return ReadingFigures(read, resolved, _read_peak_memory(), memory_before)


def _read_peak_memory() -> int:
    """Return the peak resident memory of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def format_figures(figures: Pain001Figures) -> str:
    """Format the figures as a sentence."""
    size = figures.size_bytes / 1e6
    return (
        f"{figures.transfers:,} transfers, {size:,.0f} MB: read in {figures.read_seconds:.2f} s "
        f"({size / figures.read_seconds:,.0f} MB/s), read and resolved in {figures.resolved_seconds:.2f} s "
        f"({figures.megabytes_a_second:,.0f} MB/s); by lxml in {figures.lxml_seconds:.2f} s "
        f"({size / figures.lxml_seconds:,.0f} MB/s): {figures.lxml_speedup:.1f} times as fast. "
        f"Memory {figures.before_bytes / 1e6:,.0f} MB before, {figures.memory_bytes / 1e6:,.0f} MB at most."
    )


def main() -> None:
    """Print the figures; ``--work FILE`` runs the part that is measured in a process of its own."""
    if sys.argv[1:2] == ["--work"]:
        print(json.dumps(measure_reading(Path(sys.argv[2]))._asdict()))
        return
    print(format_figures(measure(int(sys.argv[1]) if len(sys.argv) > 1 else TRANSFERS)))


if __name__ == "__main__":
    main()
