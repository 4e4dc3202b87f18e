"""Bank files received over HTTP: one path for the same bytes, and nothing remains of what no task names."""

import io
import os
import time
from pathlib import Path

import pytest

from core.errors import LimitExceeded
from service.tasks import received_files
from service.tasks.received_files import FOLDER, UNNAMED_SECONDS, remove_unnamed_files, store_file


def list_files(data: Path) -> list[Path]:
    return sorted(path for path in (data / FOLDER).rglob("*") if path.is_file())


def test_same_bytes_have_the_same_path(tmp_path: Path) -> None:
    first = store_file(tmp_path, io.BytesIO(b"statement"), "a.xml")
    assert first == store_file(tmp_path, io.BytesIO(b"statement"), "a.xml")
    assert first
    assert first.read_bytes() == b"statement"
    other = store_file(tmp_path, io.BytesIO(b"another"), "a.xml")
    assert other
    assert list_files(tmp_path) == sorted([first, other])


def test_nothing_remains_of_an_empty_or_too_long_body(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert store_file(tmp_path, io.BytesIO(), "a.xml") is None
    monkeypatch.setattr(received_files, "FILE_BYTES_MAX", 3)
    with pytest.raises(LimitExceeded):
        store_file(tmp_path, io.BytesIO(b"four"), "a.xml")
    assert list((tmp_path / FOLDER).iterdir()) == []


def test_old_files_that_no_task_names_are_removed(tmp_path: Path) -> None:
    """The data folder may have moved since the task was stored."""
    named, forgotten, young = (
        store_file(tmp_path, io.BytesIO(body), "a.xml") for body in (b"named", b"forgotten", b"young")
    )
    assert named
    assert forgotten
    assert young
    part = tmp_path / FOLDER / ".0.part"
    part.write_bytes(b"cut")
    for path in (named, forgotten, part):
        old = time.time() - UNNAMED_SECONDS - 60
        os.utime(path, (old, old))
    moved = Path("/elsewhere", *named.parts[-2:])
    assert remove_unnamed_files(tmp_path, [str(moved)]) == 2
    assert list_files(tmp_path) == sorted([named, young])
    assert not forgotten.parent.exists()
    assert remove_unnamed_files(tmp_path / "absent", []) == 0
