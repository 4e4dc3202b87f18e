"""The hashes of documents that lines state are read from the spool, in every format; what cannot be read is said."""

from pathlib import Path

import pytest

from core.document_findings import DocumentFinding
from ingest.spool.envelope import Envelope
from ingest.spool.spool import Spool
from ingest.spool.spooled_file import SpooledFile
from ingest.validation.document_hashes import read_document_hashes
from tests.ingest import payment_files
from tests.ingest.format_writers import SENDER, SUFFIXES, build_acts, build_table, write_file

LINES = 10_000
HASHES = [f"{line:064x}" if line % 3 else None for line in range(LINES)]


def spool_file(path: Path, folder: Path) -> SpooledFile:
    return Spool(folder).receive(path, path.name, Envelope(sender=SENDER.sender))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_lines_of_every_format_are_read(suffix: str, tmp_path: Path, folder: Path) -> None:
    acts = build_table({"reference": [f"EJ{line}" for line in range(LINES)], "document_hash": HASHES})
    spooled = spool_file(write_file(acts, tmp_path / f"acts{suffix}"), folder)
    lines = [0, 1, 2, 3, 5_000, LINES - 1]
    hashes = read_document_hashes(folder, spooled.identity, [*lines, 2])
    assert {line: hashes.by_line.get(line) for line in lines} == {line: HASHES[line] for line in lines}
    assert [hashes.find(line) for line in (0, 1)] == [DocumentFinding.WITHOUT_HASH, DocumentFinding.WITH_HASH]
    assert hashes.bytes_read == spooled.path.stat().st_size
    later = read_document_hashes(folder, spooled.identity, [7_000, 9_001])
    assert later.by_line == {7_000: HASHES[7_000], 9_001: HASHES[9_001]}


def test_the_assignments_of_a_payment_file_state_them(tmp_path: Path, folder: Path) -> None:
    rows = [("DP-1", "10.00"), ("DP-2", "10.00")]
    path = tmp_path / "payments.xml"
    lot = payment_files.build_lot([payment_files.build_transfer(reference) for reference, _ in rows])
    path.write_bytes(payment_files.build_message(lot, count=2))
    assignments = payment_files.build_assignments(rows, document_hash="ab12")
    path.with_name(f"{path.name}.imputation.csv").write_bytes(assignments)
    spooled = spool_file(path, folder)
    assert read_document_hashes(folder, spooled.identity, [0, 1]).by_line == {0: "ab12", 1: "ab12"}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_without_the_column_states_none(suffix: str, tmp_path: Path, folder: Path) -> None:
    spooled = spool_file(write_file(build_acts(10), tmp_path / f"acts{suffix}"), folder)
    hashes = read_document_hashes(folder, spooled.identity, [3])
    assert (hashes.find(3), hashes.by_line) == (DocumentFinding.WITHOUT_HASH, {})


def test_a_file_that_cannot_be_read_is_said_to_be_so(tmp_path: Path, folder: Path) -> None:
    spooled = spool_file(write_file(build_acts(10), tmp_path / "acts.csv"), folder)
    identity, size = spooled.identity, spooled.size_bytes
    assert read_document_hashes(folder, identity, [0], bytes_max=size).fault is None
    small = read_document_hashes(folder, identity, [0], bytes_max=size - 1)
    assert (small.find(0), small.bytes_read) == (DocumentFinding.FILE_TOO_LARGE, 0)
    for other in (identity._replace(sender="OTHER"), identity._replace(sha256=bytes(32))):
        assert read_document_hashes(folder, other, [0]).fault is DocumentFinding.FILE_MISSING
    assert not (tmp_path / "none").exists()
    assert read_document_hashes(tmp_path / "none", identity, [0]).fault is DocumentFinding.FILE_MISSING
    assert not (tmp_path / "none").exists(), "a look at a spool creates none"
    spooled.path.write_bytes(spooled.path.read_bytes().replace(b"0177", b"0178", 1))
    assert read_document_hashes(folder, identity, [0]).fault is DocumentFinding.FILE_CHANGED
    spooled.path.unlink()
    spooled.path.mkdir()  # what the system cannot read has not changed
    assert read_document_hashes(folder, identity, [0]).fault is DocumentFinding.FILE_UNREADABLE
