"""The corpus of the fuzzer on every reader: each input is read or refused, within bounds of time and memory."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.fuzz.readers import READERS, Reading
from tests.fuzz.seeds import build_seeds
from tests.fuzz.session import CORPUS, find_scratch, list_corpus
from tests.fuzz.trial import run_trial
from tests.posting.text_engine import TextEngine

CORPUS_BYTES_MAX = 600_000


@pytest.fixture(scope="module")
def reading() -> Iterator[Reading]:
    with TemporaryDirectory(dir=find_scratch()) as folder:
        yield Reading(Path(folder), TextEngine())


def _list_inputs() -> list[tuple[str, bytes]]:
    """List the inputs of all readers: a reader may receive the format of any other."""
    paths = [path for reader in READERS for path in list_corpus(reader)]
    seeds = [(f"seed {number} of {reader}", content) for reader in READERS
             for number, content in enumerate(build_seeds(reader))]  # fmt: skip
    return [*seeds, *((f"{path.parent.name}/{path.name}", path.read_bytes()) for path in paths)]


@pytest.mark.parametrize("reader", READERS)
def test_every_input_is_read_or_refused(reader: str, reading: Reading) -> None:
    faults = {
        name: result.fault
        for name, content in _list_inputs()
        if (result := run_trial(READERS[reader], reading, content)).fault
    }
    assert not faults, "\n\n".join(itertools.chain.from_iterable(faults.items()))


@pytest.mark.parametrize("reader", READERS)
def test_some_seeds_are_read(reader: str, reading: Reading) -> None:
    """A reader that refused everything would keep every bound."""
    results = [run_trial(READERS[reader], reading, content) for content in build_seeds(reader)]
    assert any(not result.refusal for result in results)


def test_the_corpus_is_small_and_complete() -> None:
    assert {path.name for path in CORPUS.iterdir()} == READERS.keys()
    assert all(list_corpus(reader) for reader in READERS)
    assert sum(path.stat().st_size for path in CORPUS.glob("*/*")) <= CORPUS_BYTES_MAX
