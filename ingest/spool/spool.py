"""The spool: received files, durable before they are acknowledged, stored under the hash of their bytes.

``<folder>/<2 hex>/<sha256>/original``, with ``envelope-<sender>.json`` beside it, as two senders may send the same
bytes.  A file is assembled in ``incoming/`` and moved into place whole, so a file under a hash is complete; what a
crash leaves in ``incoming/`` is removed at the next start.  The receiver of a file owns a claim on it until it states
whether the file is needed; a file that nobody needs is removed.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from core.durability import flush_path
from core.errors import FileUnreadable, FormatUnknown, LimitExceeded
from core.reader_failures import refuse_on_failure
from ingest.formats.detection import (
    FILE_BYTES_MAX,
    PAYMENT_FORMATS,
    detect,
)
from ingest.pain001.archive import open_with_assignments
from ingest.spool.embedded_envelope import read_embedded_envelope
from ingest.spool.envelope import (
    Envelope,
    check_envelope,
    check_hash,
    check_message_id,
    merge_envelopes,
    read_manifest,
)
from ingest.spool.file_claims import FileClaims, FileIdentity
from ingest.spool.file_search import find_file, find_folder
from ingest.spool.spooled_file import (
    CONTENT_FILE,
    SpooledFile,
    SpoolRecord,
    build_spooled_file,
    check_bytes,
    check_name,
    format_record_name,
)
from ingest.spool.work_folders import (
    INCOMING_FOLDER,
    create_work_folder,
    lock_folder,
    remove_abandoned_folder,
    write_all,
)

ReportProgress = Callable[[int, int], None]
"""Called with bytes done and total bytes; the total is 0 if unknown."""

_CHUNK_BYTES = 2**20


class Spool:
    """The files under ``folder``, which is created if it does not exist."""

    def __init__(self, folder: Path, bytes_max: int = FILE_BYTES_MAX) -> None:
        self._folder, self._bytes_max = folder, bytes_max
        self._incoming = folder / INCOMING_FOLDER
        self._incoming.mkdir(parents=True, exist_ok=True)
        self._claims = FileClaims(self._incoming)
        with lock_folder(self._incoming):
            for entry in self._incoming.iterdir():
                if entry.is_dir():
                    remove_abandoned_folder(entry)

    def receive(
        self,
        source: Path | BinaryIO,
        name: str,
        declared: Envelope | None = None,
        *,
        progress: ReportProgress | None = None,
    ) -> SpooledFile:
        """Copy ``source`` into the spool, durably, and identify it; the same bytes are stored once.

        ``declared`` has precedence over the manifest and the embedded envelope.  From the return on the file survives a crash,
        until ``release`` states whether it is needed.

        Raises
        ------
        LimitExceeded
            More bytes than the spool accepts.
        EnvelopeMismatch
            The bytes have another hash than their sender stated.
        FileUnreadable, FormatUnknown
            No file, no known format, or an envelope that is invalid or names no sender.
        """
        check_name(name)
        envelopes = [check_envelope(declared or Envelope(), name)]
        total = 0
        if isinstance(source, Path):
            with refuse_on_failure(name):
                envelopes.append(read_manifest(source))
            total = source.stat().st_size if source.is_file() else 0
        with create_work_folder(self._folder) as work_folder, open_with_assignments(source, name) as file:
            original = work_folder / CONTENT_FILE
            digest = self._copy(file, original, name, report=lambda done: progress and progress(done, total))
            return self._identify(work_folder, digest, name, envelopes=envelopes)

    def adopt(self, original: Path, name: str, declared: Envelope) -> SpooledFile:
        """Take over a file that was assembled, durably, on the spool's own disk, without copying it.

        ``original`` stays where it is and its owner removes it: a crash in between leaves it whole.

        Raises
        ------
        EnvelopeMismatch, FileUnreadable, FormatUnknown
            As for ``receive``.
        """
        with create_work_folder(self._folder) as work_folder:
            (work_folder / CONTENT_FILE).hardlink_to(original)
            with original.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").digest()
            return self._identify(work_folder, digest, name, envelopes=[declared])

    def release(self, identity: FileIdentity, *, is_needed: bool) -> None:
        """Release a claim on a file; a file that is not needed is removed with its last claim."""
        with lock_folder(self._incoming):
            if not is_needed and self._claims.is_last(identity):
                self._remove(identity)
            self._claims.release(identity)

    def abandon(self, identity: FileIdentity) -> None:
        """Give a claim up without stating whether the file is needed: it stays, and ``reclaim_undecided_files`` returns it."""
        with lock_folder(self._incoming):
            self._claims.abandon(identity)

    def write_envelope(self, spooled: SpooledFile) -> None:
        """Store the present envelope of a file beside it, durably: it counts also after a crash."""
        record = SpoolRecord(spooled.size_bytes, spooled.format, spooled.name, spooled.envelope)
        path = spooled.folder / format_record_name(spooled.envelope.sender)
        content = msgspec.json.encode(record)
        if path.exists() and path.read_bytes() == content:
            return
        with create_work_folder(self._folder) as work_folder:
            temporary = work_folder / path.name
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        flush_path(spooled.folder)

    def reclaim_undecided_files(self) -> list[FileIdentity]:
        """Take over the claims of receivers that ended before they decided; the caller must release them."""
        with lock_folder(self._incoming):
            return list(self._claims.reclaim_abandoned_files())

    @contextmanager
    def open_temporary(self, bytes_max: int) -> Iterator["Spool"]:
        """Open a spool that is removed on exit with all its files."""
        with create_work_folder(self._folder) as work_folder:
            yield Spool(work_folder, bytes_max)

    def open(self, sha256: bytes, sender: str | None = None) -> SpooledFile:
        """Return the file with that hash as ``sender`` sent it (optional if only one sender did).

        Its bytes are hashed again: the caller gets what was acknowledged, or an error.

        Raises
        ------
        FileUnreadable
            The file is missing, or its bytes have changed.
        """
        spooled = self.find(sha256, sender)
        check_bytes(spooled)
        return spooled

    def has_file(self, sender: str, sha256: bytes) -> bool:
        """Return whether the spool has the file with that hash as ``sender`` sent it, with the bytes that were received."""
        try:
            self.open(sha256, sender)
        except FileUnreadable:
            return False
        return True

    def find(self, sha256: bytes, sender: str | None = None) -> SpooledFile:
        """Return the file as ``open`` does, without reading its bytes: they are hashed when it is processed."""
        return find_file(self._folder, sha256, sender)

    def find_folder(self, sha256: bytes) -> Path:
        """Return the folder that has, or would have, a file with that hash."""
        return find_folder(self._folder, sha256)

    def _copy(self, file: BinaryIO, target: Path, name: str, *, report: Callable[[int], object]) -> bytes:
        """Copy, hash and flush a file; return the SHA-256 of what was written."""
        digest, size = hashlib.sha256(), 0
        with target.open("wb", buffering=0) as copy:
            while chunk := file.read(_CHUNK_BYTES):
                size += len(chunk)
                if size > self._bytes_max:
                    raise LimitExceeded(
                        name, f"The file has more than {self._bytes_max:,} bytes", "Split the file"
                    )
                digest.update(chunk)
                write_all(copy, chunk)
                report(size)
            os.fsync(copy.fileno())
        return digest.digest()

    def _identify(self, folder: Path, digest: bytes, name: str, *, envelopes: list[Envelope]) -> SpooledFile:
        """Identify the complete file in ``folder``, and move it into place."""
        original = folder / CONTENT_FILE
        outer_envelope = merge_envelopes(envelopes)
        check_hash(outer_envelope, digest, name)
        with refuse_on_failure(name):
            file_format = detect(original, name, outer_envelope.charset)
            embedded = read_embedded_envelope(original, file_format, name)
        envelope = merge_envelopes([*envelopes, embedded])
        if file_format in PAYMENT_FORMATS:
            check_message_id(envelope, embedded, name)
        size = original.stat().st_size
        envelope = _complete_envelope(envelope, digest, name)
        return self._move_into_place(folder, digest, SpoolRecord(size, file_format, name, envelope))

    def _move_into_place(self, folder: Path, digest: bytes, record: SpoolRecord) -> SpooledFile:
        """Move the file assembled in ``folder`` under its hash; existing bytes are replaced by the same."""
        target = self.find_folder(digest)
        record_name = format_record_name(record.envelope.sender)
        with (folder / record_name).open("wb") as file:
            file.write(msgspec.json.encode(record))
            file.flush()
            os.fsync(file.fileno())
        flush_path(folder)
        with lock_folder(self._incoming):
            self._claims.claim(FileIdentity(record.envelope.sender, digest))
            target.parent.mkdir(exist_ok=True)
            try:
                folder.rename(target)
            except OSError:  # it exists already
                (folder / CONTENT_FILE).replace(target / CONTENT_FILE)
                if not (
                    target / record_name
                ).exists():  # else the stored envelope counts until it is replaced
                    (folder / record_name).replace(target / record_name)
        flush_path(target)
        flush_path(target.parent)
        flush_path(self._folder)
        return build_spooled_file(target, digest, record)

    def _remove(self, identity: FileIdentity) -> None:
        """Remove the file of one sender; the bytes are removed with the last sender of them."""
        sender, sha256 = identity
        folder = self.find_folder(sha256)
        (folder / format_record_name(sender)).unlink(missing_ok=True)
        if folder.exists() and not any(folder.glob("envelope-*.json")):
            shutil.rmtree(folder)


def _complete_envelope(envelope: Envelope, digest: bytes, name: str) -> Envelope:
    """Return the envelope if it has a sender; without batch id, the file's hash names the batch."""
    if not envelope.sender:
        remedy = "State the sender with the command or request, in a .manifest.json beside the file, or in the file"
        raise FormatUnknown(name, "No sender is stated", remedy)
    return msgspec.structs.replace(envelope, batch_id=envelope.batch_id or digest.hex()[:16])
