"""A fuzzing session of one reader: inputs that show something new are kept and mutated further.

Something new is a line of the product that no input reached before, or a refusal or a code that no input met before.
"""

import hashlib
import itertools
import logging
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.fuzz.line_coverage import LineCoverage
from tests.fuzz.mutations import mutate
from tests.fuzz.readers import READERS, Reading
from tests.fuzz.seeds import build_seeds
from tests.fuzz.trial import Result, run_trial
from tests.posting.text_engine import TextEngine

CORPUS = Path(__file__).parent / "corpus"
CORPUS_INPUT_BYTES_MAX = 12_000
"""Larger inputs are used in the session and not kept: the corpus stays small."""
CORPUS_BYTES_MAX = 40_000
"""Of one reader: the smallest inputs are kept."""
CURRENT = "current"
"""The file that contains the input of the trial under way: it survives a reader that ends the process."""
_INPUTS = "inputs"
"""The folder with the inputs kept so far, for the next process after such an end."""
_YOUNG_SHARE, _YOUNG_INPUTS = 0.3, 20
"""How often one of the latest inputs is mutated rather than any."""


class Summary(NamedTuple):
    """What a session did."""

    trials: int
    inputs: int
    lines: int
    results: int
    """Different refusals, and codes of faults in lines."""
    faults: int


def find_scratch() -> Path | None:
    """Return a folder in memory, where flushing a file costs nothing, if the system has one."""
    shared = Path("/dev/shm")
    return shared if shared.is_dir() else None


def list_corpus(reader: str, corpus: Path = CORPUS) -> list[Path]:
    """Return the inputs kept for a reader."""
    return sorted((corpus / reader).glob("*"))


class Session:
    """Runs trials of one reader, and keeps what shows something new."""

    def __init__(self, reader: str, reading: Reading, faults: Path) -> None:
        self._name, self._reader, self._reading, self._faults = reader, READERS[reader], reading, faults
        self._coverage, self._results = LineCoverage(), set[str | int]()
        self.inputs: list[bytes] = []
        self.trials = self.faults = 0

    def add(self, content: bytes) -> bool:
        """Run a trial; keep the input and return True if it shows something new."""
        (self._reading.folder / CURRENT).write_bytes(content)
        before = len(self._coverage.lines), len(self._results)
        with self._coverage.record():
            result = run_trial(self._reader, self._reading, content)
        self.trials += 1
        self._results |= {result.refusal, *result.codes}
        if result.fault:
            self._write_fault(content, result)
        is_new = (len(self._coverage.lines), len(self._results)) != before
        if is_new:
            self.inputs.append(content)
            (self._reading.folder / _INPUTS).mkdir(exist_ok=True)
            (self._reading.folder / _INPUTS / _name_input(content)).write_bytes(content)
        return is_new

    def run(self, until: float, random: Random) -> None:
        """Mutate inputs until the monotonic clock reads ``until``."""
        while time.monotonic() < until:
            is_young = random.random() < _YOUNG_SHARE
            pool = self.inputs[-_YOUNG_INPUTS:] if is_young else self.inputs
            self.add(mutate(random, random.choice(pool), random.choice(self.inputs)))

    def summarise(self) -> Summary:
        """Return what the session did so far."""
        return Summary(
            self.trials, len(self.inputs), len(self._coverage.lines), len(self._results), self.faults
        )

    def _write_fault(self, content: bytes, result: Result) -> None:
        self.faults += 1
        digest = _name_input(content)
        self._faults.mkdir(parents=True, exist_ok=True)
        (self._faults / f"{self._name}-{digest}").write_bytes(content)
        (self._faults / f"{self._name}-{digest}.txt").write_text(result.fault)


def run_session(reader: str, seconds: float, seed: int, *, faults: Path, scratch: Path) -> Summary:
    """Fuzz a reader for some time, and replace its corpus by the inputs that show something new."""
    logging.disable(logging.CRITICAL)  # faults are written with their tracebacks
    reading = Reading(scratch, TextEngine())
    session = Session(reader, reading, faults)
    for content in _list_first_inputs(reader, scratch):
        session.add(content)
    session.run(time.monotonic() + seconds, Random(seed))
    _store_corpus(reader, _reduce(reader, reading, session.inputs, faults=faults))
    return session.summarise()


def _list_first_inputs(reader: str, scratch: Path) -> Iterator[bytes]:
    yield b""
    yield from build_seeds(reader)
    for path in [*list_corpus(reader), *sorted((scratch / _INPUTS).glob("*"))]:
        yield path.read_bytes()


def _reduce(reader: str, reading: Reading, inputs: Iterable[bytes], *, faults: Path) -> list[bytes]:
    """Return the inputs that show something new when the smallest ones come first, as many as may be kept."""
    session = Session(reader, reading, faults)
    small = (content for content in inputs if len(content) <= CORPUS_INPUT_BYTES_MAX)
    ordered = sorted(set(small), key=lambda content: (len(content), content))
    smallest = [content for content in ordered if session.add(content)]
    ends = itertools.accumulate(map(len, smallest))
    return [content for content, end in zip(smallest, ends, strict=True) if end <= CORPUS_BYTES_MAX]


def _store_corpus(reader: str, inputs: Iterable[bytes]) -> None:
    folder = CORPUS / reader
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    for content in inputs:
        (folder / _name_input(content)).write_bytes(content)


def _name_input(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
