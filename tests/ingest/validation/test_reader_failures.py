"""A reader that fails in a way nobody foresaw refuses its file, by name; the traceback is in the log."""

import io
import logging
import struct
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from core.errors import BookMoved, EnvelopeMismatch, FileUnreadable
from core.reader_failures import READER_FAILED, refuse_on_failure
from ingest.formats.decoders import STREAM_READERS
from ingest.formats.detection import FileFormat
from ingest.formats.read_options import ReadOptions
from ingest.spool.envelope import Envelope
from ingest.spool.spool import Spool
from ingest.validation import file_validation
from ingest.validation.file_validation import validate_without_cache
from tests.ingest.format_writers import SENDER, SUFFIXES, build_acts, spool_file, write_file
from tests.ingest.odd_buffers import ODD_TYPES, build_odd_file

ERRORS = (KeyError("amount"), ZeroDivisionError(), RecursionError("too deep"), OSError("no page header"))


@pytest.mark.parametrize("kind", [".arrow", ".arrows"])
@pytest.mark.parametrize("texts", ODD_TYPES, ids=str)
def test_a_buffer_that_ends_inside_a_number_refuses_the_file(
    texts: pa.DataType, kind: str, tmp_path: Path
) -> None:
    spooled = Spool(tmp_path).receive(io.BytesIO(build_odd_file(texts, kind)), f"acts{kind}", SENDER)
    with pytest.raises(FileUnreadable, match="A buffer of column reference ends inside a number") as refused:
        validate_without_cache(spooled)
    assert refused.value.place == f"acts{kind}, line 1 and after"


@pytest.mark.parametrize("error", ERRORS, ids=repr)
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_unforeseen_error_refuses_the_file(
    suffix: str, error: Exception, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spooled = spool_file(tmp_path, write_file(build_acts(9), tmp_path / f"acts{suffix}"))

    def fail(_: pa.RecordBatch) -> None:
        raise error

    with pytest.raises(FileUnreadable, match=f"{READER_FAILED}: {type(error).__name__}") as refused:
        validate_without_cache(spooled, fail)
    assert refused.value.place == f"acts{suffix}"
    assert refused.value.__cause__ is error
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert f"acts{suffix}" in record.getMessage()
    assert record.exc_info
    assert record.exc_info[1] is error


def test_a_reader_that_fails_in_the_middle_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_one_batch(path: Path, name: str, options: ReadOptions) -> Iterator[pa.RecordBatch]:
        batches = STREAM_READERS[FileFormat.CSV](path, name, options)
        yield next(batches)
        yield next(batches)
        raise IndexError("list index out of range")

    spooled = spool_file(tmp_path, write_file(build_acts(9), tmp_path / "acts.csv"))
    monkeypatch.setattr(file_validation, "STREAM_READERS", {FileFormat.CSV: read_one_batch})
    with pytest.raises(FileUnreadable, match=r"acts.csv: The reader failed: IndexError: list index"):
        validate_without_cache(spooled)
    assert [path.name for path in spooled.folder.iterdir() if path.suffix != ".json"] == ["original"]
    assert not any(path.is_dir() for path in (tmp_path / "spool" / "incoming").iterdir())


@pytest.mark.parametrize(
    "error",
    [MemoryError(), pa.ArrowMemoryError("malloc failed"), OSError(28, "No space left on device"),
     BookMoved("another engine"), EnvelopeMismatch("acts", "one line", "send both"), KeyboardInterrupt()],
    ids=repr,
)  # fmt: skip
def test_an_error_that_is_not_of_the_file_stays_what_it_is(error: BaseException) -> None:
    with pytest.raises(type(error)) as raised, refuse_on_failure("acts.csv"):
        raise error
    assert raised.value is error


def test_a_manifest_whose_reading_fails_is_named(tmp_path: Path) -> None:
    path = write_file(build_acts(1), tmp_path / "acts.csv")
    (tmp_path / "acts.csv.manifest.json").mkdir()
    with pytest.raises(FileUnreadable, match=r"acts.csv.manifest.json: .*Is a directory"):
        Spool(tmp_path / "spool").receive(path, path.name, Envelope(sender="MEN"))


def test_the_widths_of_the_odd_buffers_are_those_of_arrow() -> None:
    """The file with whole numbers is accepted: only the stated length of one buffer differs."""
    for kind in (".arrow", ".arrows"):
        odd, whole = (build_odd_file(pa.string(), kind, surplus) for surplus in (1, 0))
        changes = [at for at, (first, second) in enumerate(zip(odd, whole, strict=True)) if first != second]
        assert len(changes) == 1
        assert struct.unpack_from("<q", whole, changes[0])[0] == 12
