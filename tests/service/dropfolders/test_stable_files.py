"""When a file counts as complete, with a clock that the test sets."""

from dataclasses import dataclass, field

import pytest

from service.dropfolders.folder import FolderEntry
from service.dropfolders.stable_files import PATIENCE_SECONDS, StableFiles

SETTLE = 10


@dataclass
class FolderClock:
    """A folder, and a clock."""

    now: float = 0
    entries: dict[str, FolderEntry] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.arrivals = StableFiles(SETTLE, lambda: self.now)

    def write(self, name: str, size: int = 1, *, is_file: bool = True) -> None:
        self.entries[name] = FolderEntry(name, is_file, size, 0, int(self.now * 1e9), 7)

    def select(self, after: float = 0, *, must_sign: bool = True) -> list[str]:
        self.now += after
        return [
            file.entry.name
            for file in self.arrivals.select_stable(self.entries.values(), must_sign=must_sign)
        ]


@pytest.fixture
def folder() -> FolderClock:
    return FolderClock()


def test_a_later_signature_completes_a_file(folder: FolderClock) -> None:
    folder.write("a")
    assert folder.select() == folder.select(SETTLE * 2) == []
    folder.write("a.sig")
    assert folder.select() == []
    assert folder.select(1) == ["a"]


def test_a_file_that_grows_after_its_signature_is_not_complete(folder: FolderClock) -> None:
    folder.write("a.sig")
    for size in range(1, 30):
        folder.now += 1
        folder.write("a", size)
        assert folder.select() == []
    assert folder.select(SETTLE - 1) == []
    assert folder.select(1) == ["a"]


def test_without_a_signature_a_file_must_be_unchanged_for_a_while(folder: FolderClock) -> None:
    for size in range(1, 30):
        folder.now += SETTLE - 1
        folder.write("a", size)
        assert folder.select(must_sign=False) == []
    assert folder.select(SETTLE, must_sign=False) == ["a"]


def test_a_later_manifest_completes_an_unsigned_file(folder: FolderClock) -> None:
    folder.write("a")
    folder.write("a.manifest.json")
    assert folder.select(must_sign=False) == []
    assert folder.select(1, must_sign=False) == ["a"]


def test_a_manifest_is_no_signature(folder: FolderClock) -> None:
    folder.write("a")
    folder.write("a.manifest.json")
    assert folder.select() == folder.select(SETTLE) == []


def test_a_missing_signature_is_waited_for_only_so_long(folder: FolderClock) -> None:
    folder.write("a")
    assert folder.select() == folder.select(PATIENCE_SECONDS - 1) == []
    assert folder.select(1) == ["a"]


def test_a_file_that_cannot_be_signed_does_not_wait(folder: FolderClock) -> None:
    folder.write("folder", is_file=False)
    folder.write("h" * 250)
    assert folder.select() == []
    assert folder.select(SETTLE) == ["folder", "h" * 250]


def test_the_clock_of_the_sender_is_ignored(folder: FolderClock) -> None:
    folder.entries["a"] = FolderEntry("a", True, 1, 10**18, 0, 7)
    assert folder.select(must_sign=False) == []
    folder.entries["a"] = FolderEntry("a", True, 1, 10**18, 1, 7)
    assert folder.select(SETTLE, must_sign=False) == []


def test_files_are_taken_in_order_of_arrival(folder: FolderClock) -> None:
    for name in ("z", "m", "a"):
        folder.now += 1
        folder.write(name)
    assert folder.select(must_sign=False) == []
    assert folder.select(SETTLE, must_sign=False) == ["z", "m", "a"]


@pytest.mark.parametrize(
    "name", [".a", "a.part", "a.PART", "a.filepart", "a.tmp", "a.sig", "a.manifest.json"]
)
def test_some_names_are_never_files(name: str, folder: FolderClock) -> None:
    folder.write(name)
    assert folder.select(must_sign=False) == folder.select(PATIENCE_SECONDS, must_sign=False) == []


def test_removed_files_are_forgotten(folder: FolderClock) -> None:
    folder.write("a")
    folder.select(must_sign=False)
    removed_entry = folder.entries.pop("a")
    folder.select(SETTLE, must_sign=False)
    folder.entries["a"] = removed_entry
    assert folder.select(must_sign=False) == []
