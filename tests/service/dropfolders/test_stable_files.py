"""When a file counts as whole, by a clock that the test sets."""

from dataclasses import dataclass, field

import pytest

from service.dropfolders.folder import FolderEntry
from service.dropfolders.stable_files import PATIENCE_SECONDS, StableFiles

SETTLE = 10


@dataclass
class Desk:
    """A folder, and the clock beside it."""

    now: float = 0
    entries: dict[str, FolderEntry] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.arrivals = StableFiles(SETTLE, lambda: self.now)

    def write(self, name: str, size: int = 1, *, is_file: bool = True) -> None:
        self.entries[name] = FolderEntry(name, is_file, size, 0, int(self.now * 1e9), 7)

    def look(self, after: float = 0, *, must_sign: bool = True) -> list[str]:
        self.now += after
        return [
            file.entry.name
            for file in self.arrivals.select_stable(self.entries.values(), must_sign=must_sign)
        ]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_later_signature_completes_a_file(desk: Desk) -> None:
    desk.write("a")
    assert desk.look() == desk.look(SETTLE * 2) == []
    desk.write("a.sig")
    assert desk.look() == []
    assert desk.look(1) == ["a"]


def test_a_file_that_grows_after_its_signature_is_not_complete(desk: Desk) -> None:
    desk.write("a.sig")
    for size in range(1, 30):
        desk.now += 1
        desk.write("a", size)
        assert desk.look() == []
    assert desk.look(SETTLE - 1) == []
    assert desk.look(1) == ["a"]


def test_without_a_signature_a_file_must_be_unchanged_for_a_while(desk: Desk) -> None:
    for size in range(1, 30):
        desk.now += SETTLE - 1
        desk.write("a", size)
        assert desk.look(must_sign=False) == []
    assert desk.look(SETTLE, must_sign=False) == ["a"]


def test_a_later_manifest_completes_an_unsigned_file(desk: Desk) -> None:
    desk.write("a")
    desk.write("a.manifest.json")
    assert desk.look(must_sign=False) == []
    assert desk.look(1, must_sign=False) == ["a"]


def test_a_manifest_is_no_signature(desk: Desk) -> None:
    desk.write("a")
    desk.write("a.manifest.json")
    assert desk.look() == desk.look(SETTLE) == []


def test_a_missing_signature_is_waited_for_only_so_long(desk: Desk) -> None:
    desk.write("a")
    assert desk.look() == desk.look(PATIENCE_SECONDS - 1) == []
    assert desk.look(1) == ["a"]


def test_a_file_that_cannot_be_signed_does_not_wait(desk: Desk) -> None:
    desk.write("folder", is_file=False)
    desk.write("h" * 250)
    assert desk.look() == []
    assert desk.look(SETTLE) == ["folder", "h" * 250]


def test_the_clock_of_the_sender_is_ignored(desk: Desk) -> None:
    desk.entries["a"] = FolderEntry("a", True, 1, 10**18, 0, 7)
    assert desk.look(must_sign=False) == []
    desk.entries["a"] = FolderEntry("a", True, 1, 10**18, 1, 7)
    assert desk.look(SETTLE, must_sign=False) == []


def test_files_are_taken_in_order_of_arrival(desk: Desk) -> None:
    for name in ("z", "m", "a"):
        desk.now += 1
        desk.write(name)
    assert desk.look(must_sign=False) == []
    assert desk.look(SETTLE, must_sign=False) == ["z", "m", "a"]


@pytest.mark.parametrize(
    "name", [".a", "a.part", "a.PART", "a.filepart", "a.tmp", "a.sig", "a.manifest.json"]
)
def test_some_names_are_never_files(name: str, desk: Desk) -> None:
    desk.write(name)
    assert desk.look(must_sign=False) == desk.look(PATIENCE_SECONDS, must_sign=False) == []


def test_removed_files_are_forgotten(desk: Desk) -> None:
    desk.write("a")
    desk.look(must_sign=False)
    gone = desk.entries.pop("a")
    desk.look(SETTLE, must_sign=False)
    desk.entries["a"] = gone
    assert desk.look(must_sign=False) == []
