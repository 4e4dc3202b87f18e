"""Partial files: what has arrived stays, is bounded, is one connection's at a time, and expires."""

import hashlib
import io
import os
from pathlib import Path

import pytest

from core.errors import EnvelopeMismatch, FormatUnknown
from ingest.spool.envelope import Envelope
from ingest.spool.partial_uploads import (
    EXPIRY_SECONDS,
    SENDER_UPLOADS_MAX,
    Busy,
    Declared,
    Differs,
    Full,
    NoRoom,
    Overlong,
    Uploads,
)
from ingest.spool.spool import Spool

CSV = b"reference;line\nA;1\n"
LARGEST = 1000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool" / "uploads"


@pytest.fixture
def uploads(folder: Path) -> Uploads:
    return Uploads(folder, LARGEST)


def declared(content: bytes = CSV, sender: str = "MEN", size: int | None = None) -> Declared:
    envelope = Envelope(sender=sender, sha256=hashlib.sha256(content).digest())
    size = len(content) if size is None else size
    return Declared(size_bytes=size, name="acts.csv", media="text/csv", envelope=envelope)


class Torn(io.BytesIO):
    """A connection that breaks after what it brings."""

    def read(self, size: int | None = -1) -> bytes:
        found = super().read(size)
        if not found:
            raise ConnectionResetError
        return found


def test_pieces_become_the_whole(uploads: Uploads, folder: Path) -> None:
    upload, is_new = uploads.begin(declared())
    assert (is_new, upload.offset, upload.is_whole) == (True, 0, False)
    for n in range(len(CSV)):
        with uploads.held(upload):
            upload.append(io.BytesIO(CSV[n : n + 1]))
    assert upload.is_whole
    assert upload.original.read_bytes() == CSV
    spooled = Spool(folder.parent).adopt(upload.original, "acts.csv", upload.declared.envelope)
    uploads.remove(upload)
    assert spooled.path.read_bytes() == CSV
    assert list(folder.iterdir()) == []


def test_what_came_before_a_break_stays_for_whoever_looks_anew(uploads: Uploads, folder: Path) -> None:
    upload, _ = uploads.begin(declared())
    with uploads.held(upload), pytest.raises(ConnectionResetError):
        upload.append(Torn(CSV[:7]))
    again, is_new = Uploads(folder, LARGEST).begin(declared())
    assert (is_new, again.offset) == (False, 7)
    again.append(io.BytesIO(CSV[7:]))
    assert again.original.read_bytes() == CSV


def test_what_is_said_last_holds(uploads: Uploads) -> None:
    uploads.begin(declared())
    said = Declared(
        size_bytes=len(CSV), name="b.csv", media="text/csv", envelope=declared().envelope, again=True
    )
    uploads.begin(said)
    found = uploads.find(said.identity)
    assert found
    assert found.declared == said


def test_another_size_is_another_file_and_is_told(uploads: Uploads) -> None:
    uploads.begin(declared())
    with pytest.raises(Differs, match="19 bytes"):
        uploads.begin(declared(size=20))


def test_more_than_was_declared_is_not_kept(uploads: Uploads) -> None:
    upload, _ = uploads.begin(declared())
    with pytest.raises(Overlong):
        upload.append(io.BytesIO(CSV + b"B;1\n"))
    assert upload.original.read_bytes() == CSV


def test_only_one_at_a_time(uploads: Uploads, folder: Path) -> None:
    upload, _ = uploads.begin(declared())
    other = Uploads(folder, LARGEST)
    with uploads.held(upload):
        for each in (uploads, other):
            with pytest.raises(Busy), each.held(upload):
                pass
            with pytest.raises(Busy):
                each.begin(declared())
    with other.held(upload):
        pass


def test_who_comes_late_to_one_that_ended_is_told(uploads: Uploads) -> None:
    upload, _ = uploads.begin(declared())
    with uploads.held(upload):
        uploads.remove(upload)
        uploads.begin(declared())
        # what is locked here is not what stands there now
        with uploads.held(upload):
            pass
    uploads.remove(upload)
    with pytest.raises(Busy), uploads.held(upload):
        pass


def test_a_sender_has_so_many_and_others_have_theirs(uploads: Uploads) -> None:
    for n in range(SENDER_UPLOADS_MAX):
        uploads.begin(declared(b"%d" % n))
    with pytest.raises(Full, match=str(SENDER_UPLOADS_MAX)):
        uploads.begin(declared())
    uploads.begin(declared(sender="MINARM"))
    uploads.begin(declared(b"3"))  # one that is there is no other one
    uploads.remove(uploads.of("MEN")[0])
    uploads.begin(declared())


def test_what_is_declared_counts_before_it_comes(uploads: Uploads) -> None:
    for n in range(4):
        uploads.begin(declared(b"%d" % n, size=LARGEST))
    with pytest.raises(Full, match="4,000 bytes"):
        uploads.begin(declared(size=1))


def test_a_disk_without_room_is_told_before_anything_comes(folder: Path) -> None:
    with pytest.raises(NoRoom):
        Uploads(folder, 2**60).begin(declared(size=2**60))
    assert list(folder.iterdir()) == []


def test_another_senders_is_not_there(uploads: Uploads) -> None:
    uploads.begin(declared(sender="MINARM"))
    ours = declared().identity
    assert uploads.find(ours) is None
    assert uploads.of("MEN") == []
    assert uploads.is_anothers(ours)
    assert not uploads.is_anothers(declared(sender="MINARM").identity)
    assert not uploads.is_anothers(("MEN", bytes(32)))


def test_what_nobody_goes_on_with_expires(uploads: Uploads, folder: Path) -> None:
    old, _ = uploads.begin(declared())
    fresh, _ = uploads.begin(declared(b"fresh"))
    old.append(io.BytesIO(CSV[:3]))
    assert uploads.sweep(now=old.expires_at - 1) == 0
    before = old.expires_at - 2 * EXPIRY_SECONDS
    os.utime(old.original, (before, before))
    assert uploads.find(declared().identity) is None, "gone even before it is swept"
    assert uploads.sweep() == 1
    assert not old.place.exists()
    assert uploads.find(fresh.declared.identity) == fresh


def test_one_that_somebody_is_at_is_not_swept(uploads: Uploads) -> None:
    upload, _ = uploads.begin(declared())
    with uploads.held(upload):
        uploads.sweep(now=upload.expires_at + 1)
        assert upload.place.exists()
    uploads.sweep(now=upload.expires_at + 1)
    assert not upload.place.exists()


@pytest.mark.parametrize("sender", ["..", "../MEN", "/etc", "a/b", "*", "\0", "x" * 300])
def test_no_sender_leads_out_of_the_folder(sender: str, uploads: Uploads) -> None:
    with pytest.raises(FormatUnknown):
        uploads.find((sender, bytes(32)))
    with pytest.raises(FormatUnknown):
        uploads.of(sender)
    with pytest.raises(FormatUnknown):
        uploads.begin(declared(sender=sender))


def test_an_expired_one_begins_anew(uploads: Uploads) -> None:
    old, _ = uploads.begin(declared())
    old.append(io.BytesIO(CSV[:3]))
    os.utime(old.original, (0, 0))
    new, is_new = uploads.begin(declared())
    assert (is_new, new.offset) == (True, 0)


def test_one_that_was_never_quite_begun_is_swept_and_may_be_begun(uploads: Uploads, folder: Path) -> None:
    upload, _ = uploads.begin(declared())
    (upload.place / "declared.json").unlink()
    assert uploads.find(declared().identity) is None
    assert uploads.begin(declared())[1]
    (upload.place / "declared.json").write_bytes(b"{")
    assert uploads.sweep() == 1
    assert list(folder.iterdir()) == []


def test_other_bytes_than_declared_are_not_taken(uploads: Uploads, folder: Path) -> None:
    upload, _ = uploads.begin(declared())
    upload.append(io.BytesIO(CSV.replace(b"A", b"B")))
    with pytest.raises(EnvelopeMismatch):
        Spool(folder.parent).adopt(upload.original, "acts.csv", upload.declared.envelope)
    assert upload.original.exists(), "it is its owner's to remove"
    assert [path.name for path in folder.parent.iterdir() if path != folder] == ["incoming"]


def test_a_known_file_is_adopted_as_well(uploads: Uploads, folder: Path) -> None:
    spool = Spool(folder.parent)
    first = spool.receive(io.BytesIO(CSV), "acts.csv", declared().envelope)
    upload, _ = uploads.begin(declared())
    upload.append(io.BytesIO(CSV))
    assert spool.adopt(upload.original, "acts.csv", upload.declared.envelope) == first
    uploads.remove(upload)
    assert first.path.read_bytes() == CSV
