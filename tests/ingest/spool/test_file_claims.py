"""A spooled file stays until all its claims are released as not needed, and no longer."""

import hashlib
import io
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import FileUnreadable
from ingest.spool.envelope import Envelope
from ingest.spool.file_claims import FileIdentity
from ingest.spool.spool import Spool

ROOT = Path(__file__).parents[3]
CSV = b"reference;line\nA;1\n"
DIGEST = hashlib.sha256(CSV).digest()
OURS = FileIdentity("MEN", DIGEST)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def spool(folder: Path) -> Spool:
    return Spool(folder)


def receive_file(spool: Spool, sender: str = "MEN") -> FileIdentity:
    return spool.receive(io.BytesIO(CSV), "acts.csv", Envelope(sender=sender)).identity


def list_files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_file_that_is_not_needed_is_removed_with_its_folder(spool: Spool, folder: Path) -> None:
    spool.release(receive_file(spool), is_needed=False)
    assert list_files(folder) == []
    assert not (folder / DIGEST.hex()[:2] / DIGEST.hex()).exists()
    with pytest.raises(FileUnreadable, match="no such file"):
        spool.open(DIGEST)


def test_only_the_needed_file_stays(spool: Spool, folder: Path) -> None:
    spool.release(receive_file(spool), is_needed=True)
    assert list_files(folder) == ["envelope-MEN.json", "original"]


def test_derived_files_are_removed_with_their_file(spool: Spool, folder: Path) -> None:
    identity = receive_file(spool)
    (spool.open(DIGEST).folder / "normalised.arrow").write_bytes(b"derived")
    spool.release(identity, is_needed=False)
    assert list_files(folder) == []


def test_the_same_bytes_of_another_sender_stay(spool: Spool) -> None:
    mine, theirs = receive_file(spool), receive_file(spool, "MINARM")
    spool.release(theirs, is_needed=True)
    spool.release(mine, is_needed=False)
    assert spool.open(DIGEST, "MINARM").path.read_bytes() == CSV
    with pytest.raises(FileUnreadable, match="no such file"):
        spool.open(DIGEST, "MEN")


@pytest.mark.parametrize("needed", [True, False])
def test_the_last_claim_decides(needed: bool, spool: Spool, folder: Path) -> None:
    first, second = receive_file(spool), receive_file(spool)
    spool.release(first, is_needed=False)
    assert spool.open(DIGEST).path.read_bytes() == CSV
    spool.release(second, is_needed=needed)
    assert bool(list_files(folder)) == needed


def test_a_sender_name_that_is_a_prefix_of_another_is_distinct(spool: Spool) -> None:
    receive_file(spool, "A.B")
    spool.release(receive_file(spool, "A"), is_needed=False)
    with pytest.raises(FileUnreadable, match="no such file"):
        spool.open(DIGEST, "A")
    assert spool.open(DIGEST, "A.B")


def test_a_claim_of_another_spool_on_the_folder_counts(spool: Spool, folder: Path) -> None:
    other = Spool(folder)
    receive_file(other)
    spool.release(receive_file(spool), is_needed=False)
    assert spool.open(DIGEST).path.read_bytes() == CSV


@pytest.fixture
def receiver(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run another process that has received a file and not yet stated whether it is needed."""
    program = (
        "import io, sys; from pathlib import Path\n"
        "from ingest.spool.spool import Spool; from ingest.spool.envelope import Envelope\n"
        f"spool = Spool(Path({str(folder)!r}))\n"
        f"spool.receive(io.BytesIO({CSV!r}), 'acts.csv', Envelope(sender='MEN'))\n"
        "print('received', flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        yield process


def test_undecided_files_of_a_running_process_stay(folder: Path, receiver: subprocess.Popen[bytes]) -> None:
    assert Spool(folder).reclaim_undecided_files() == []


@pytest.mark.parametrize("needed", [True, False])
def test_undecided_files_of_a_killed_process_are_reclaimed_once(
    needed: bool, folder: Path, receiver: subprocess.Popen[bytes]
) -> None:
    receiver.send_signal(signal.SIGKILL)
    receiver.wait()
    spool = Spool(folder)
    assert spool.reclaim_undecided_files() == [OURS]
    assert spool.reclaim_undecided_files() == []
    spool.release(OURS, is_needed=needed)
    assert bool(list_files(folder)) == needed
    assert Spool(folder).reclaim_undecided_files() == []


def test_files_without_a_claim_are_not_reclaimed(spool: Spool, folder: Path) -> None:
    """They have a number, in this database or in one that was restored to an earlier day."""
    spool.release(receive_file(spool), is_needed=True)
    assert Spool(folder).reclaim_undecided_files() == []
    assert spool.open(DIGEST)
