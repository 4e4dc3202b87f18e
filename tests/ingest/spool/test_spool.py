"""A file in the spool is there whole, durably, or not at all."""

import hashlib
import io
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import EnvelopeMismatch, FileUnreadable, FormatUnknown, InputError, LimitExceeded
from ingest.formats.detection import FileFormat
from ingest.spool.envelope import Envelope
from ingest.spool.spool import Spool
from ingest.spool.work_folders import workplace
from tests.ingest.format_writers import SENDER, SUFFIXES, acts, write

ROOT = Path(__file__).parents[3]
CSV = b"reference;line\nA;1\n"
DIGEST = hashlib.sha256(CSV).digest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def spool(folder: Path) -> Spool:
    return Spool(folder)


def kept(folder: Path) -> set[str]:
    """What stands in its place; what is on its way aside."""
    found = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    return {path.as_posix() for path in found if path.parts[0] != "incoming"}


def test_a_file_lies_under_its_own_hash(spool: Spool, folder: Path) -> None:
    found = spool.receive(io.BytesIO(CSV), "acts.csv", SENDER)
    home = f"{DIGEST.hex()[:2]}/{DIGEST.hex()}"
    assert kept(folder) == {f"{home}/original", f"{home}/envelope-MEN.json"}
    assert found.path == folder / home / "original"
    assert found.path.read_bytes() == CSV
    assert (found.sha256, found.size_bytes, found.format) == (DIGEST, len(CSV), FileFormat.CSV)
    assert (found.name, found.envelope) == ("acts.csv", SENDER)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_paths_and_streams_are_received_alike(suffix: str, spool: Spool, tmp_path: Path) -> None:
    path = write(acts(100), tmp_path / f"acts{suffix}")
    assert spool.receive(path, path.name, SENDER) == spool.receive(
        io.BytesIO(path.read_bytes()), path.name, SENDER
    )


def test_a_spooled_file_is_found_again(spool: Spool, folder: Path) -> None:
    found = spool.receive(io.BytesIO(CSV), "acts.csv", SENDER)
    assert Spool(folder).open(DIGEST) == found
    assert Spool(folder).open(DIGEST, "MEN") == found


def test_the_same_bytes_are_kept_once(spool: Spool, folder: Path) -> None:
    first = spool.receive(io.BytesIO(CSV), "acts.csv", SENDER)
    before = kept(folder)
    assert spool.receive(io.BytesIO(CSV), "acts.csv", SENDER) == first
    assert kept(folder) == before


def test_what_is_said_of_known_bytes_holds_only_once_they_are_decided_by_it(
    spool: Spool, folder: Path
) -> None:
    """Whoever sends them again, and is told that they are known, changes nothing of what still waits."""
    first = Envelope(sender="MEN", batch_id="first", atomic=True)
    spool.receive(io.BytesIO(CSV), "acts.csv", first)
    again = spool.receive(io.BytesIO(CSV), "renamed.csv", Envelope(sender="MEN", batch_id="second"))
    assert again.envelope.batch_id == "second"
    found = spool.open(DIGEST, "MEN")
    assert (found.name, found.envelope) == ("acts.csv", first)
    before = kept(folder)
    for _ in range(2):
        spool.state(again)
        assert spool.open(DIGEST, "MEN") == again
        assert kept(folder) == before
    assert list((folder / "incoming").glob("*/*")) == []


def test_two_senders_may_send_the_same_bytes(spool: Spool) -> None:
    one = spool.receive(io.BytesIO(CSV), "acts.csv", Envelope(sender="MEN", count=1))
    other = spool.receive(io.BytesIO(CSV), "acts.csv", Envelope(sender="MINARM", count=2))
    assert one.path == other.path
    assert spool.open(DIGEST, "MEN") == one
    assert spool.open(DIGEST, "MINARM") == other
    with pytest.raises(FileUnreadable, match="2 senders"):
        spool.open(DIGEST)


def test_a_batch_without_a_name_is_named_by_its_hash(spool: Spool) -> None:
    assert (
        spool.receive(io.BytesIO(CSV), "acts.csv", Envelope(sender="MEN")).envelope.batch_id
        == DIGEST.hex()[:16]
    )


def test_what_is_not_there_is_told(spool: Spool, tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable, match=f"{DIGEST.hex()}: No such file"):
        spool.open(DIGEST)
    spool.receive(io.BytesIO(CSV), "acts.csv", SENDER)
    with pytest.raises(FileUnreadable, match="No such file"):
        spool.open(DIGEST, "MINARM")
    with pytest.raises(FileUnreadable, match=r"missing\.csv: No such file"):
        spool.receive(tmp_path / "missing.csv", "missing.csv", SENDER)
    with pytest.raises(FileUnreadable, match="directory"):
        spool.receive(tmp_path, "folder", SENDER)


REFUSED = {
    "a wrong hash": (CSV, "acts.csv", Envelope(sender="MEN", sha256=b"\0" * 32), EnvelopeMismatch),
    "no sender": (CSV, "acts.csv", Envelope(), FormatUnknown),
    "a sender that is none": (CSV, "acts.csv", Envelope(sender="../x"), FormatUnknown),
    "no known format": (b"hello", "acts", SENDER, FormatUnknown),
    "nothing": (b"", "acts.csv", SENDER, FileUnreadable),
    "another format than named": (CSV, "acts.parquet", SENDER, FileUnreadable),
    "a cut Parquet file": (b"PAR1", "acts.parquet", SENDER, FileUnreadable),
    "a broken Parquet footer": (b"PAR1....\xff\xff\0\0PAR1", "acts.parquet", SENDER, FileUnreadable),
    "an endless Parquet footer": (b"PAR1....\xff\xff\xff\x7fPAR1", "acts.parquet", SENDER, LimitExceeded),
    "a broken Arrow footer": (b"ARROW1\0\0....\xff\xff\0\0ARROW1", "acts.arrow", SENDER, FileUnreadable),
    "a broken Arrow stream": (b"\xff\xff\xff\xff\x10\0\0\0", "acts.arrows", SENDER, FileUnreadable),
    "a first line that is no object": (b"{]\n", "acts.jsonl", SENDER, FileUnreadable),
    "no name": (CSV, "", SENDER, FormatUnknown),
    "a name with a control character": (CSV, "a\nb.csv", SENDER, FormatUnknown),
    "an endless name": (CSV, "a" * 256, SENDER, FormatUnknown),
    "too many bytes": (CSV + b"A;1\n" * 100, "acts.csv", SENDER, LimitExceeded),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_file_leaves_nothing(case: str, folder: Path) -> None:
    content, name, declared, kind = REFUSED[case]
    with pytest.raises(InputError) as refused:
        Spool(folder, bytes_max=100).receive(io.BytesIO(content), name, declared)
    assert type(refused.value) is kind
    assert refused.value.remedy
    assert [path.name for path in folder.rglob("*")] == ["incoming"]


class Torn(io.BytesIO):
    """A connection that breaks in the middle of a file."""

    def read(self, size: int | None = -1) -> bytes:
        found = super().read(size)
        if not found:
            raise ConnectionResetError
        return found


def test_a_torn_transfer_leaves_nothing(spool: Spool, folder: Path) -> None:
    with pytest.raises(ConnectionResetError):
        spool.receive(Torn(CSV), "acts.csv", SENDER)
    assert [path.name for path in folder.rglob("*")] == ["incoming"]


def test_progress_is_told_in_bytes(spool: Spool, tmp_path: Path) -> None:
    content = CSV + b"A;1\n" * 600_000
    (tmp_path / "acts.csv").write_bytes(content)
    told: list[tuple[int, int]] = []
    spool.receive(tmp_path / "acts.csv", "acts.csv", SENDER, lambda done, total: told.append((done, total)))
    assert told[-1] == (len(content), len(content))
    assert len(told) == 3
    assert told == sorted(told)


def test_changed_bytes_are_noticed_and_healed_by_sending_again(spool: Spool) -> None:
    found = spool.receive(io.BytesIO(CSV), "acts.csv", SENDER)
    found.path.write_bytes(CSV.replace(b"A", b"B"))
    with pytest.raises(FileUnreadable, match="now hash to"):
        spool.open(DIGEST)
    spool.receive(io.BytesIO(CSV), "acts.csv", SENDER)
    assert spool.open(DIGEST) == found


@pytest.fixture
def receiver(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that receives what comes through a pipe, and says when some of it has arrived."""
    program = (
        "import sys; from pathlib import Path\n"
        "from ingest.spool.spool import Spool; from ingest.spool.envelope import Envelope\n"
        "told = lambda done, total: print(done, flush=True)\n"
        "source = sys.stdin.buffer.raw\n"
        f"Spool(Path({str(folder)!r})).receive(source, 'acts.csv', Envelope(sender='MEN'), told)\n"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(CSV)
        process.stdin.flush()
        assert process.stdout.readline()
        yield process


def test_what_a_killed_process_left_is_removed(folder: Path, receiver: subprocess.Popen[bytes]) -> None:
    receiver.send_signal(signal.SIGKILL)
    receiver.wait()
    assert [path.name for path in (folder / "incoming").rglob("original")] == ["original"]
    Spool(folder)
    assert list((folder / "incoming").iterdir()) == []


def test_what_a_living_process_is_at_is_left_alone(folder: Path, receiver: subprocess.Popen[bytes]) -> None:
    Spool(folder)
    receiver.communicate()
    assert receiver.returncode == 0
    assert Spool(folder).open(DIGEST).path.read_bytes() == CSV


def test_a_workplace_is_gone_when_left(spool: Spool, folder: Path) -> None:
    with workplace(folder) as place:
        (place / "half").write_bytes(b"done")
        Spool(folder)
        assert (place / "half").exists()
    assert list((folder / "incoming").iterdir()) == []
