"""Files are there whole or not at all."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from settlement.orders.outbox import Kept, Outbox


def test_a_file_is_what_was_written(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "data" / "outbox")
    kept = outbox.keep(7, "a.xml", [b"one ", memoryview(b"two")])
    path = outbox.path(7, "a.xml")
    assert path.read_bytes() == b"one two"
    assert kept == Kept(7, hashlib.sha256(b"one two").digest())
    assert outbox.holds(7, "a.xml", kept)
    assert [each.name for each in path.parent.iterdir()] == ["a.xml"]


def test_changed_and_missing_ones_are_noticed(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    kept = outbox.keep(1, "a.xml", [b"one"])
    assert not outbox.holds(1, "b.xml", kept)
    outbox.path(1, "a.xml").write_bytes(b"two")
    assert not outbox.holds(1, "a.xml", kept)
    outbox.path(1, "a.xml").write_bytes(b"longer")
    assert not outbox.holds(1, "a.xml", kept)


def test_one_that_breaks_off_leaves_what_was_there(tmp_path: Path) -> None:
    def breaking() -> Iterator[bytes]:
        yield b"half"
        raise OSError

    outbox = Outbox(tmp_path)
    kept = outbox.keep(1, "a.xml", [b"one"])
    with pytest.raises(OSError):  # noqa: PT011  its own
        outbox.keep(1, "a.xml", breaking())
    assert outbox.holds(1, "a.xml", kept)
    assert not outbox.path(1, "b.xml").exists()
    outbox.keep(1, "a.xml", [b"one"])
    assert [each.name for each in outbox.path(1, "a.xml").parent.iterdir()] == ["a.xml"]
