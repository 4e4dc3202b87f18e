"""Files are in the outbox completely or not at all."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from settlement.orders.outbox import Outbox, WrittenFile


def test_a_file_has_the_written_bytes(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "data" / "outbox")
    written_file = outbox.write(7, "a.xml", [b"one ", memoryview(b"two")])
    path = outbox.locate(7, "a.xml")
    assert path.read_bytes() == b"one two"
    assert written_file == WrittenFile(7, hashlib.sha256(b"one two").digest())
    assert outbox.contains(7, "a.xml", written_file)
    assert [file.name for file in path.parent.iterdir()] == ["a.xml"]


def test_changed_and_missing_files_are_detected(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    written_file = outbox.write(1, "a.xml", [b"one"])
    assert not outbox.contains(1, "b.xml", written_file)
    outbox.locate(1, "a.xml").write_bytes(b"two")
    assert not outbox.contains(1, "a.xml", written_file)
    outbox.locate(1, "a.xml").write_bytes(b"longer")
    assert not outbox.contains(1, "a.xml", written_file)


def test_a_failed_write_keeps_the_former_file(tmp_path: Path) -> None:
    def yield_and_fail() -> Iterator[bytes]:
        yield b"half"
        raise OSError

    outbox = Outbox(tmp_path)
    written_file = outbox.write(1, "a.xml", [b"one"])
    with pytest.raises(OSError):  # noqa: PT011 -- any OSError
        outbox.write(1, "a.xml", yield_and_fail())
    assert outbox.contains(1, "a.xml", written_file)
    assert not outbox.locate(1, "b.xml").exists()
    outbox.write(1, "a.xml", [b"one"])
    assert [file.name for file in outbox.locate(1, "a.xml").parent.iterdir()] == ["a.xml"]
