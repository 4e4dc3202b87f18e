"""A file is in the spool completely and durably, or not at all."""

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
from ingest.spool.work_folders import create_work_folder
from tests.ingest.format_writers import SENDER, SUFFIXES, build_acts, write_file

ROOT = Path(__file__).parents[3]
CSV = b"reference;line\nA;1\n"
DIGEST = hashlib.sha256(CSV).digest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def spool(folder: Path) -> Spool:
    return Spool(folder)


def list_files(folder: Path) -> set[str]:
    """List the files in place; work in progress is left out."""
    paths = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    return {path.as_posix() for path in paths if path.parts[0] != "incoming"}


def test_a_file_lies_under_its_own_hash(spool: Spool, folder: Path) -> None:
    spooled = spool.receive(io.BytesIO(CSV), "acts.csv", SENDER)
    home = f"{DIGEST.hex()[:2]}/{DIGEST.hex()}"
    assert list_files(folder) == {f"{home}/original", f"{home}/envelope-MEN.json"}
    assert spooled.path == folder / home / "original"
    assert spooled.path.read_bytes() == CSV
    assert (spooled.sha256, spooled.size_bytes, spooled.format) == (DIGEST, len(CSV), FileFormat.CSV)
    assert (spooled.name, spooled.envelope) == ("acts.csv", SENDER)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_paths_and_streams_are_received_alike(suffix: str, spool: Spool, tmp_path: Path) -> None:
    path = write_file(build_acts(100), tmp_path / f"acts{suffix}")
    assert spool.receive(path, path.name, SENDER) == spool.receive(
        io.BytesIO(path.read_bytes()), path.name, SENDER
    )


def test_a_spooled_file_is_found_again(spool: Spool, folder: Path) -> None:
    spooled = spool.receive(io.BytesIO(CSV), "acts.csv", SENDER)
    assert Spool(folder).open(DIGEST) == spooled
    assert Spool(folder).open(DIGEST, "MEN") == spooled


def test_the_same_bytes_are_stored_once(spool: Spool, folder: Path) -> None:
    first = spool.receive(io.BytesIO(CSV), "acts.csv", SENDER)
    before = list_files(folder)
    assert spool.receive(io.BytesIO(CSV), "acts.csv", SENDER) == first
    assert list_files(folder) == before


def test_a_new_envelope_of_known_bytes_counts_only_once_it_is_written(spool: Spool, folder: Path) -> None:
    """A repeated transmission of known bytes does not change the envelope of a submission that still waits."""
    first = Envelope(sender="MEN", batch_id="first", atomic=True)
    spool.receive(io.BytesIO(CSV), "acts.csv", first)
    resent = spool.receive(io.BytesIO(CSV), "renamed.csv", Envelope(sender="MEN", batch_id="second"))
    assert resent.envelope.batch_id == "second"
    stored = spool.open(DIGEST, "MEN")
    assert (stored.name, stored.envelope) == ("acts.csv", first)
    before = list_files(folder)
    for _ in range(2):
        spool.write_envelope(resent)
        assert spool.open(DIGEST, "MEN") == resent
        assert list_files(folder) == before
    assert list((folder / "incoming").glob("*/*")) == []


def test_two_senders_may_send_the_same_bytes(spool: Spool) -> None:
    first = spool.receive(io.BytesIO(CSV), "acts.csv", Envelope(sender="MEN", count=1))
    other = spool.receive(io.BytesIO(CSV), "acts.csv", Envelope(sender="MINARM", count=2))
    assert first.path == other.path
    assert spool.open(DIGEST, "MEN") == first
    assert spool.open(DIGEST, "MINARM") == other
    with pytest.raises(FileUnreadable, match="2 senders"):
        spool.open(DIGEST)


def test_a_batch_without_id_is_named_by_its_hash(spool: Spool) -> None:
    assert (
        spool.receive(io.BytesIO(CSV), "acts.csv", Envelope(sender="MEN")).envelope.batch_id
        == DIGEST.hex()[:16]
    )


def test_a_missing_file_is_reported(spool: Spool, tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable, match=f"{DIGEST.hex()}: There is no such file"):
        spool.open(DIGEST)
    spool.receive(io.BytesIO(CSV), "acts.csv", SENDER)
    with pytest.raises(FileUnreadable, match="There is no such file"):
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


class InterruptedStream(io.BytesIO):
    """A connection that breaks in the middle of a file."""

    def read(self, size: int | None = -1) -> bytes:
        piece = super().read(size)
        if not piece:
            raise ConnectionResetError
        return piece


def test_an_interrupted_transfer_leaves_nothing(spool: Spool, folder: Path) -> None:
    with pytest.raises(ConnectionResetError):
        spool.receive(InterruptedStream(CSV), "acts.csv", SENDER)
    assert [path.name for path in folder.rglob("*")] == ["incoming"]


def test_progress_is_reported_in_bytes(spool: Spool, tmp_path: Path) -> None:
    content = CSV + b"A;1\n" * 600_000
    (tmp_path / "acts.csv").write_bytes(content)
    reports: list[tuple[int, int]] = []
    spool.receive(
        tmp_path / "acts.csv", "acts.csv", SENDER, progress=lambda done, total: reports.append((done, total))
    )
    assert reports[-1] == (len(content), len(content))
    assert len(reports) == 3
    assert reports == sorted(reports)


def test_changed_bytes_are_detected_and_replaced_by_sending_again(spool: Spool) -> None:
    spooled = spool.receive(io.BytesIO(CSV), "acts.csv", SENDER)
    spooled.path.write_bytes(CSV.replace(b"A", b"B"))
    with pytest.raises(FileUnreadable, match="its SHA-256 is now"):
        spool.open(DIGEST)
    spool.receive(io.BytesIO(CSV), "acts.csv", SENDER)
    assert spool.open(DIGEST) == spooled


@pytest.fixture
def receiver(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run another process that receives a file through a pipe, and reports when a part has arrived."""
    program = (
        "import sys; from pathlib import Path\n"
        "from ingest.spool.spool import Spool; from ingest.spool.envelope import Envelope\n"
        "report = lambda done, total: print(done, flush=True)\n"
        "source = sys.stdin.buffer.raw\n"
        f"Spool(Path({str(folder)!r})).receive(source, 'acts.csv', Envelope(sender='MEN'), progress=report)\n"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(CSV)
        process.stdin.flush()
        assert process.stdout.readline()
        yield process


def test_work_of_a_killed_process_is_removed(folder: Path, receiver: subprocess.Popen[bytes]) -> None:
    receiver.send_signal(signal.SIGKILL)
    receiver.wait()
    assert [path.name for path in (folder / "incoming").rglob("original")] == ["original"]
    Spool(folder)
    assert list((folder / "incoming").iterdir()) == []


def test_work_of_a_running_process_stays(folder: Path, receiver: subprocess.Popen[bytes]) -> None:
    Spool(folder)
    receiver.communicate()
    assert receiver.returncode == 0
    assert Spool(folder).open(DIGEST).path.read_bytes() == CSV


def test_a_work_folder_is_removed_on_exit(spool: Spool, folder: Path) -> None:
    with create_work_folder(folder) as work_folder:
        (work_folder / "half").write_bytes(b"done")
        Spool(folder)
        assert (work_folder / "half").exists()
    assert list((folder / "incoming").iterdir()) == []
