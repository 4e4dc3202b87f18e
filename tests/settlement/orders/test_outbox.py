"""Files are there whole or not at all."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from settlement.orders.outbox import Outbox, WrittenFile


def test_a_file_is_what_was_written(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "data" / "outbox")
    kept = outbox.write(7, "a.xml", [b"one ", memoryview(b"two")])
    path = outbox.locate(7, "a.xml")
    assert path.read_bytes() == b"one two"
    assert kept == WrittenFile(7, hashlib.sha256(b"one two").digest())
    assert outbox.contains(7, "a.xml", kept)
    assert [each.name for each in path.parent.iterdir()] == ["a.xml"]


def test_changed_and_missing_ones_are_noticed(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    kept = outbox.write(1, "a.xml", [b"one"])
    assert not outbox.contains(1, "b.xml", kept)
    outbox.locate(1, "a.xml").write_bytes(b"two")
    assert not outbox.contains(1, "a.xml", kept)
    outbox.locate(1, "a.xml").write_bytes(b"longer")
    assert not outbox.contains(1, "a.xml", kept)


def test_one_that_breaks_off_leaves_what_was_there(tmp_path: Path) -> None:
    def breaking() -> Iterator[bytes]:
        yield b"half"
        raise OSError

    outbox = Outbox(tmp_path)
    kept = outbox.write(1, "a.xml", [b"one"])
    with pytest.raises(OSError):  # noqa: PT011 -- any OSError
        outbox.write(1, "a.xml", breaking())
    assert outbox.contains(1, "a.xml", kept)
    assert not outbox.locate(1, "b.xml").exists()
    outbox.write(1, "a.xml", [b"one"])
    assert [each.name for each in outbox.locate(1, "a.xml").parent.iterdir()] == ["a.xml"]
