"""Partial files: what has arrived stays, is bounded, is locked by one connection at a time, and expires."""

import hashlib
import io
import os
from pathlib import Path

import pytest

from core.errors import DiskFull, EnvelopeMismatch, FormatUnknown
from ingest.spool.envelope import Envelope
from ingest.spool.file_claims import FileIdentity
from ingest.spool.partial_uploads import (
    EXPIRY_SECONDS,
    SENDER_UPLOADS_MAX,
    PartialUploads,
    UploadBusy,
    UploadDeclaration,
    UploadDiffers,
    UploadQuotaExceeded,
    UploadTooLong,
)
from ingest.spool.spool import Spool

CSV = b"reference;line\nA;1\n"
LARGEST = 1000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool" / "uploads"


@pytest.fixture
def uploads(folder: Path) -> PartialUploads:
    return PartialUploads(folder, LARGEST)


def build_declaration(
    content: bytes = CSV, sender: str = "MEN", size: int | None = None
) -> UploadDeclaration:
    envelope = Envelope(sender=sender, sha256=hashlib.sha256(content).digest())
    size = len(content) if size is None else size
    return UploadDeclaration(size_bytes=size, name="acts.csv", media="text/csv", envelope=envelope)


class InterruptedStream(io.BytesIO):
    """A connection that breaks after its content."""

    def read(self, size: int | None = -1) -> bytes:
        piece = super().read(size)
        if not piece:
            raise ConnectionResetError
        return piece


def test_pieces_are_assembled(uploads: PartialUploads, folder: Path) -> None:
    upload, is_new = uploads.begin(build_declaration())
    assert (is_new, upload.offset, upload.is_whole) == (True, 0, False)
    for n in range(len(CSV)):
        with uploads.lock_upload(upload):
            upload.append(io.BytesIO(CSV[n : n + 1]))
    assert upload.is_whole
    assert upload.original.read_bytes() == CSV
    spooled = Spool(folder.parent).adopt(upload.original, "acts.csv", upload.declaration.envelope)
    uploads.remove(upload)
    assert spooled.path.read_bytes() == CSV
    assert list(folder.iterdir()) == []


def test_bytes_before_a_break_stay(uploads: PartialUploads, folder: Path) -> None:
    upload, _ = uploads.begin(build_declaration())
    with uploads.lock_upload(upload), pytest.raises(ConnectionResetError):
        upload.append(InterruptedStream(CSV[:7]))
    resumed, is_new = PartialUploads(folder, LARGEST).begin(build_declaration())
    assert (is_new, resumed.offset) == (False, 7)
    resumed.append(io.BytesIO(CSV[7:]))
    assert resumed.original.read_bytes() == CSV


def test_the_last_declaration_counts(uploads: PartialUploads) -> None:
    uploads.begin(build_declaration())
    declaration = UploadDeclaration(
        size_bytes=len(CSV), name="b.csv", media="text/csv", envelope=build_declaration().envelope, again=True
    )
    uploads.begin(declaration)
    upload = uploads.find(declaration.identity)
    assert upload
    assert upload.declaration == declaration


def test_another_size_is_refused(uploads: PartialUploads) -> None:
    uploads.begin(build_declaration())
    with pytest.raises(UploadDiffers, match="19 bytes"):
        uploads.begin(build_declaration(size=20))


def test_bytes_beyond_the_declared_size_are_dropped(uploads: PartialUploads) -> None:
    upload, _ = uploads.begin(build_declaration())
    with pytest.raises(UploadTooLong):
        upload.append(io.BytesIO(CSV + b"B;1\n"))
    assert upload.original.read_bytes() == CSV


def test_only_one_connection_at_a_time(uploads: PartialUploads, folder: Path) -> None:
    upload, _ = uploads.begin(build_declaration())
    other = PartialUploads(folder, LARGEST)
    with uploads.lock_upload(upload):
        for instance in (uploads, other):
            with pytest.raises(UploadBusy), instance.lock_upload(upload):
                pass
            with pytest.raises(UploadBusy):
                instance.begin(build_declaration())
    with other.lock_upload(upload):
        pass


def test_a_late_connection_to_an_ended_upload_is_refused(uploads: PartialUploads) -> None:
    upload, _ = uploads.begin(build_declaration())
    with uploads.lock_upload(upload):
        uploads.remove(upload)
        uploads.begin(build_declaration())
        # the locked folder is not the one that exists now
        with uploads.lock_upload(upload):
            pass
    uploads.remove(upload)
    with pytest.raises(UploadBusy), uploads.lock_upload(upload):
        pass


def test_the_number_of_uploads_is_limited_by_sender(uploads: PartialUploads) -> None:
    for n in range(SENDER_UPLOADS_MAX):
        uploads.begin(build_declaration(b"%d" % n))
    with pytest.raises(UploadQuotaExceeded, match=str(SENDER_UPLOADS_MAX)):
        uploads.begin(build_declaration())
    uploads.begin(build_declaration(sender="MINARM"))
    uploads.begin(build_declaration(b"3"))  # an existing upload is not a further one
    uploads.remove(uploads.list_uploads("MEN")[0])
    uploads.begin(build_declaration())


def test_declared_bytes_count_before_they_arrive(uploads: PartialUploads) -> None:
    for n in range(4):
        uploads.begin(build_declaration(b"%d" % n, size=LARGEST))
    with pytest.raises(UploadQuotaExceeded, match="4,000 bytes"):
        uploads.begin(build_declaration(size=1))


def test_a_full_disk_is_reported_before_the_upload(folder: Path) -> None:
    with pytest.raises(DiskFull):
        PartialUploads(folder, 2**60).begin(build_declaration(size=2**60))
    assert list(folder.iterdir()) == []


def test_uploads_of_another_sender_are_invisible(uploads: PartialUploads) -> None:
    uploads.begin(build_declaration(sender="MINARM"))
    ours = build_declaration().identity
    assert uploads.find(ours) is None
    assert uploads.list_uploads("MEN") == []
    assert uploads.is_uploaded_by_another(ours)
    assert not uploads.is_uploaded_by_another(build_declaration(sender="MINARM").identity)
    assert not uploads.is_uploaded_by_another(FileIdentity("MEN", bytes(32)))


def test_an_abandoned_upload_expires(uploads: PartialUploads, folder: Path) -> None:
    old, _ = uploads.begin(build_declaration())
    fresh, _ = uploads.begin(build_declaration(b"fresh"))
    old.append(io.BytesIO(CSV[:3]))
    assert uploads.remove_expired_uploads(now=old.expires_at - 1) == 0
    before = old.expires_at - 2 * EXPIRY_SECONDS
    os.utime(old.original, (before, before))
    assert uploads.find(build_declaration().identity) is None, "gone even before it is swept"
    assert uploads.remove_expired_uploads() == 1
    assert not old.folder.exists()
    assert uploads.find(fresh.declaration.identity) == fresh


def test_a_locked_upload_does_not_expire(uploads: PartialUploads) -> None:
    upload, _ = uploads.begin(build_declaration())
    with uploads.lock_upload(upload):
        uploads.remove_expired_uploads(now=upload.expires_at + 1)
        assert upload.folder.exists()
    uploads.remove_expired_uploads(now=upload.expires_at + 1)
    assert not upload.folder.exists()


@pytest.mark.parametrize("sender", ["..", "../MEN", "/etc", "a/b", "*", "\0", "x" * 300])
def test_no_sender_name_leads_out_of_the_folder(sender: str, uploads: PartialUploads) -> None:
    with pytest.raises(FormatUnknown):
        uploads.find(FileIdentity(sender, bytes(32)))
    with pytest.raises(FormatUnknown):
        uploads.list_uploads(sender)
    with pytest.raises(FormatUnknown):
        uploads.begin(build_declaration(sender=sender))


def test_an_expired_upload_begins_anew(uploads: PartialUploads) -> None:
    old, _ = uploads.begin(build_declaration())
    old.append(io.BytesIO(CSV[:3]))
    os.utime(old.original, (0, 0))
    new, is_new = uploads.begin(build_declaration())
    assert (is_new, new.offset) == (True, 0)


def test_an_incompletely_begun_upload_is_removed_and_may_begin(uploads: PartialUploads, folder: Path) -> None:
    upload, _ = uploads.begin(build_declaration())
    (upload.folder / "declared.json").unlink()
    assert uploads.find(build_declaration().identity) is None
    assert uploads.begin(build_declaration())[1]
    (upload.folder / "declared.json").write_bytes(b"{")
    assert uploads.remove_expired_uploads() == 1
    assert list(folder.iterdir()) == []


def test_other_bytes_than_declared_are_refused(uploads: PartialUploads, folder: Path) -> None:
    upload, _ = uploads.begin(build_declaration())
    upload.append(io.BytesIO(CSV.replace(b"A", b"B")))
    with pytest.raises(EnvelopeMismatch):
        Spool(folder.parent).adopt(upload.original, "acts.csv", upload.declaration.envelope)
    assert upload.original.exists(), "it is its owner's to remove"
    assert [path.name for path in folder.parent.iterdir() if path != folder] == ["incoming"]


def test_a_known_file_is_adopted(uploads: PartialUploads, folder: Path) -> None:
    spool = Spool(folder.parent)
    first = spool.receive(io.BytesIO(CSV), "acts.csv", build_declaration().envelope)
    upload, _ = uploads.begin(build_declaration())
    upload.append(io.BytesIO(CSV))
    assert spool.adopt(upload.original, "acts.csv", upload.declaration.envelope) == first
    uploads.remove(upload)
    assert first.path.read_bytes() == CSV
