"""A spooled file stays until everybody who claims it has said that it is not needed, and no longer."""

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


def test_what_nobody_needs_is_gone_with_its_folder(spool: Spool, folder: Path) -> None:
    spool.release(receive_file(spool), is_needed=False)
    assert list_files(folder) == []
    assert not (folder / DIGEST.hex()[:2] / DIGEST.hex()).exists()
    with pytest.raises(FileUnreadable, match="No such file"):
        spool.open(DIGEST)


def test_what_is_needed_stays_and_nothing_else(spool: Spool, folder: Path) -> None:
    spool.release(receive_file(spool), is_needed=True)
    assert list_files(folder) == ["envelope-MEN.json", "original"]


def test_what_is_derived_from_a_file_goes_with_it(spool: Spool, folder: Path) -> None:
    identity = receive_file(spool)
    (spool.open(DIGEST).folder / "normalised.arrow").write_bytes(b"derived")
    spool.release(identity, is_needed=False)
    assert list_files(folder) == []


def test_another_senders_same_bytes_stay(spool: Spool) -> None:
    mine, theirs = receive_file(spool), receive_file(spool, "MINARM")
    spool.release(theirs, is_needed=True)
    spool.release(mine, is_needed=False)
    assert spool.open(DIGEST, "MINARM").path.read_bytes() == CSV
    with pytest.raises(FileUnreadable, match="No such file"):
        spool.open(DIGEST, "MEN")


@pytest.mark.parametrize("needed", [True, False])
def test_the_last_of_those_who_claim_the_same_file_decides(needed: bool, spool: Spool, folder: Path) -> None:
    first, second = receive_file(spool), receive_file(spool)
    spool.release(first, is_needed=False)
    assert spool.open(DIGEST).path.read_bytes() == CSV
    spool.release(second, is_needed=needed)
    assert bool(list_files(folder)) == needed


def test_a_sender_whose_name_begins_like_another_is_another(spool: Spool) -> None:
    receive_file(spool, "A.B")
    spool.release(receive_file(spool, "A"), is_needed=False)
    with pytest.raises(FileUnreadable, match="No such file"):
        spool.open(DIGEST, "A")
    assert spool.open(DIGEST, "A.B")


def test_a_claim_of_another_spool_on_the_folder_counts(spool: Spool, folder: Path) -> None:
    other = Spool(folder)
    receive_file(other)
    spool.release(receive_file(spool), is_needed=False)
    assert spool.open(DIGEST).path.read_bytes() == CSV


@pytest.fixture
def receiver(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that has received a file and not said yet whether it is needed."""
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


def test_what_a_living_process_has_not_decided_is_left_alone(
    folder: Path, receiver: subprocess.Popen[bytes]
) -> None:
    assert Spool(folder).reclaim_undecided() == []


@pytest.mark.parametrize("needed", [True, False])
def test_what_a_killed_process_has_not_decided_is_decided_once(
    needed: bool, folder: Path, receiver: subprocess.Popen[bytes]
) -> None:
    receiver.send_signal(signal.SIGKILL)
    receiver.wait()
    spool = Spool(folder)
    assert spool.reclaim_undecided() == [OURS]
    assert spool.reclaim_undecided() == []
    spool.release(OURS, is_needed=needed)
    assert bool(list_files(folder)) == needed
    assert Spool(folder).reclaim_undecided() == []


def test_files_without_a_claim_are_never_looked_at(spool: Spool, folder: Path) -> None:
    """They were given a number once: by this database, or by one that was put back to an earlier day."""
    spool.release(receive_file(spool), is_needed=True)
    assert Spool(folder).reclaim_undecided() == []
    assert spool.open(DIGEST)
