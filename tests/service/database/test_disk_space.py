"""The free space on the disks of a data folder, measured on small file systems."""

from pathlib import Path

import pytest

from core.errors import BatchFailed, DatabaseUnfit, DiskFull
from service.database.disk_space import FULL_BYTES, ROOM_BYTES, DataDisks, DiskUsage
from tests.small_disks import fill_disk, mount_disk


@pytest.mark.parametrize(
    ("free", "is_full", "has_room"),
    [(FULL_BYTES - 1, True, False), (FULL_BYTES, False, False), (ROOM_BYTES, False, True)],
)
def test_a_disk_that_was_full_has_room_with_twice_as_much(free: int, is_full: bool, has_room: bool) -> None:
    usage = DiskUsage(Path("data"), free, 2**40)
    assert (usage.is_full, usage.has_room) == (is_full, has_room)


def test_a_small_disk_is_full_with_a_sixteenth() -> None:
    size = 2**24
    assert DiskUsage(Path("data"), size // 16 - 1, size).is_full
    assert DiskUsage(Path("data"), size // 8, size).has_room


def test_the_fullest_disk_of_the_data_folder_counts(tmp_path: Path) -> None:
    disks = DataDisks(tmp_path / "data")  # not created yet: its parent counts
    assert disks.measure_fullest().folder == tmp_path
    with mount_disk(tmp_path / "data" / "spool", 8) as spool:
        fill_disk(spool, leave=2**19)
        fullest = DataDisks(spool.parent).measure_fullest()
        assert fullest == DiskUsage(spool, 2**19, 2**23)
        assert fullest.describe() == f"the disk of {spool} has 1 MB of 8 MB free"


async def test_a_failure_for_want_of_room_names_the_disk(tmp_path: Path) -> None:
    with mount_disk(tmp_path / "data", 8) as data:
        with pytest.raises(DatabaseUnfit, match="another cause"):
            async with DataDisks(data).name_full_disk("server:1/name"):
                raise DatabaseUnfit("another cause")
        with pytest.raises(DiskFull, match="the disk of server:1/name is full"):
            async with DataDisks(data).name_full_disk("server:1/name"):
                raise BatchFailed("batch 1 failed") from OSError(28, "No space left on device")
        fill_disk(data)
        with pytest.raises(DiskFull, match=f"the disk of {data} has 0 MB of 8 MB free"):
            async with DataDisks(data).name_full_disk("server:1/name"):
                raise DatabaseUnfit("the connection is gone")
