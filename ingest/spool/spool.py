"""Where files wait, durable before they are acknowledged, under the name of their own bytes.

``<folder>/<2 hex>/<sha256>/original``, with ``envelope-<sender>.json`` beside it, as two senders may send the
same bytes.  A file is put together in ``incoming/`` and moved into place whole, so what stands under a hash
is complete; what a crash leaves in ``incoming/`` is removed at the next opening.  Whoever receives a file holds a
claim on it until it says whether the file is needed: one that nobody needs is removed.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from core.errors import FileUnreadable, FormatUnknown, LimitExceeded
from ingest.formats.detection import (
    FILE_BYTES_MAX,
    PAYMENT_FORMATS,
    FileFormat,
    detect,
    translate_decoder_errors,
)
from ingest.pain001.archive import open_with_assignments
from ingest.sidecars import strip_assignment_suffix
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
from ingest.spool.work_folders import (
    INCOMING_FOLDER,
    create_work_folder,
    flush_folder,
    lock_folder,
    remove_abandoned,
    write_all,
)

ReportProgress = Callable[[int, int], None]
"""Called with bytes done and bytes in all; 0 in all when that is not known."""

_CHUNK_BYTES = 2**20
_NAME_CHARACTERS_MAX = 255
_CONTENT_FILE = "original"


class SpooledFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file in the spool, as one sender sent it."""

    path: Path
    sha256: bytes
    size_bytes: int
    format: FileFormat
    name: str
    """What the sender calls the file."""
    envelope: Envelope

    @property
    def folder(self) -> Path:
        """The file's own folder, for what is derived from it."""
        return self.path.parent

    @property
    def identity(self) -> FileIdentity:
        """Who sent it, and the hash of its bytes: what makes it one submission."""
        return self.envelope.sender, self.sha256


class _SpoolRecord(msgspec.Struct, frozen=True):
    """What is kept beside the bytes."""

    size_bytes: int
    format: FileFormat
    name: str
    envelope: Envelope


class Spool:
    """The files under ``folder``, which is made if need be."""

    def __init__(self, folder: Path, bytes_max: int = FILE_BYTES_MAX) -> None:
        self._folder, self._bytes_max = folder, bytes_max
        self._incoming = folder / INCOMING_FOLDER
        self._incoming.mkdir(parents=True, exist_ok=True)
        self._claims = FileClaims(self._incoming)
        with lock_folder(self._incoming):
            for left in self._incoming.iterdir():
                if left.is_dir():
                    remove_abandoned(left)

    def receive(
        self,
        source: Path | BinaryIO,
        name: str,
        declared: Envelope | None = None,
        progress: ReportProgress | None = None,
    ) -> SpooledFile:
        """Copy ``source`` into the spool, durably, and say what it is; the same bytes are kept once.

        ``declared`` comes before what stands beside or inside the file.  Once this returns no crash loses it, until
        ``release`` says whether it is needed.

        Raises
        ------
        LimitExceeded
            More bytes than the spool takes.
        EnvelopeMismatch
            The bytes are not those that the sender hashed.
        FileUnreadable, FormatUnknown
            No file, no known format, or an envelope that cannot be understood or names no sender.
        """
        check_name(name)
        said = [check_envelope(declared or Envelope(), name)]
        total = 0
        if isinstance(source, Path):
            said.append(read_manifest(source))
            total = source.stat().st_size if source.is_file() else 0
        with create_work_folder(self._folder) as place, open_with_assignments(source, name) as file:
            original = place / _CONTENT_FILE
            digest = self._copy(file, original, name, lambda done: progress and progress(done, total))
            return self._identify(place, digest, name, said)

    def adopt(self, original: Path, name: str, declared: Envelope) -> SpooledFile:
        """Take in a file that was put together, durably, on the spool's own disk; it costs no second copy.

        ``original`` stays where it is for its owner to remove: a crash on the way leaves it whole.

        Raises
        ------
        EnvelopeMismatch, FileUnreadable, FormatUnknown
            As for ``receive``.
        """
        with create_work_folder(self._folder) as place:
            (place / _CONTENT_FILE).hardlink_to(original)
            with original.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").digest()
            return self._identify(place, digest, name, [declared])

    def release(self, identity: FileIdentity, *, is_needed: bool) -> None:
        """Give up a claim on a file; one that nobody needs, and nobody else claims, is removed."""
        with lock_folder(self._incoming):
            if not is_needed and self._claims.is_last(identity):
                self._remove(identity)
            self._claims.release(identity)

    def write_envelope(self, spooled: SpooledFile) -> None:
        """Let what was said of a file now stand beside it, durably: it is to be decided by this, also after a crash."""
        record = _SpoolRecord(spooled.size_bytes, spooled.format, spooled.name, spooled.envelope)
        path, content = (
            spooled.folder / _format_record_name(spooled.envelope.sender),
            msgspec.json.encode(record),
        )
        if path.exists() and path.read_bytes() == content:
            return
        with create_work_folder(self._folder) as place:
            written = place / path.name
            with written.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            written.replace(path)
        flush_folder(spooled.folder)

    def reclaim_undecided(self) -> list[FileIdentity]:
        """Files whose receiver ended before it said whether they are needed: claimed anew, to be released."""
        with lock_folder(self._incoming):
            return list(self._claims.reclaim_abandoned())

    @contextmanager
    def open_temporary(self, bytes_max: int) -> Iterator["Spool"]:
        """A spool for what is not kept: gone afterwards with all that it holds."""
        with create_work_folder(self._folder) as place:
            yield Spool(place, bytes_max)

    def open(self, sha256: bytes, sender: str | None = None) -> SpooledFile:
        """The file of that hash, as ``sender`` sent it (who may be left out when only one did).

        Its bytes are hashed again: whoever comes back to a file gets what was acknowledged, or an error.

        Raises
        ------
        FileUnreadable
            Not there, or no longer the bytes that came.
        """
        found = self.find(sha256, sender)
        check_bytes(found)
        return found

    def find(self, sha256: bytes, sender: str | None = None) -> SpooledFile:
        """As ``open``, without a look at the bytes of the file: they are hashed when its turn has come."""
        folder, where = self.find_folder(sha256), f"spool, {sha256.hex()}"
        records = sorted(folder.glob("envelope-*.json"))
        if sender is not None:
            records = [path for path in records if path.name == _format_record_name(sender)]
        if len(records) != 1:
            found = "No such file" if not records else f"{len(records)} senders sent this file"
            raise FileUnreadable(where, found, "Send it again" if not records else "Name the sender")
        with translate_decoder_errors(where):
            record = msgspec.json.decode(records[0].read_bytes(), type=_SpoolRecord)
            (folder / _CONTENT_FILE).stat()
        return _build_spooled_file(folder, sha256, record)

    def find_folder(self, sha256: bytes) -> Path:
        """Where a file of that hash is, or would be."""
        return self._folder / sha256.hex()[:2] / sha256.hex()

    def _copy(self, file: BinaryIO, target: Path, name: str, report: Callable[[int], object]) -> bytes:
        """Copy, hash and flush; the SHA-256 of what was written."""
        digest, size = hashlib.sha256(), 0
        with target.open("wb", buffering=0) as copy:
            while chunk := file.read(_CHUNK_BYTES):
                size += len(chunk)
                if size > self._bytes_max:
                    raise LimitExceeded(name, f"More than {self._bytes_max:,} bytes", "Split the file")
                digest.update(chunk)
                write_all(copy, chunk)
                report(size)
            os.fsync(copy.fileno())
        return digest.digest()

    def _identify(self, folder: Path, digest: bytes, name: str, envelopes: list[Envelope]) -> SpooledFile:
        """Say what a file is that stands whole in ``place``, and settle it."""
        original = folder / _CONTENT_FILE
        check_hash(merge_envelopes(envelopes), digest, name)
        found = detect(original, name)
        named = read_embedded_envelope(original, found, name)
        envelope = merge_envelopes([*envelopes, named])
        if found in PAYMENT_FORMATS:
            check_message_id(envelope, named, name)
        size = original.stat().st_size
        return self._move_into_place(
            folder, digest, _SpoolRecord(size, found, name, _complete_envelope(envelope, digest, name))
        )

    def _move_into_place(self, folder: Path, digest: bytes, record: _SpoolRecord) -> SpooledFile:
        """Move what was put together in ``place`` under its hash; known bytes are replaced by the same."""
        home = self.find_folder(digest)
        envelope = _format_record_name(record.envelope.sender)
        with (folder / envelope).open("wb") as file:
            file.write(msgspec.json.encode(record))
            file.flush()
            os.fsync(file.fileno())
        flush_folder(folder)
        with lock_folder(self._incoming):
            self._claims.claim((record.envelope.sender, digest))
            home.parent.mkdir(exist_ok=True)
            try:
                folder.rename(home)
            except OSError:  # it stands there already
                (folder / _CONTENT_FILE).replace(home / _CONTENT_FILE)
                if not (
                    home / envelope
                ).exists():  # else what was said of it stands, until it is decided anew
                    (folder / envelope).replace(home / envelope)
        flush_folder(home)
        flush_folder(home.parent)
        flush_folder(self._folder)
        return _build_spooled_file(home, digest, record)

    def _remove(self, identity: FileIdentity) -> None:
        """Take out what one sender sent; the bytes go with the last sender of them."""
        sender, sha256 = identity
        home = self.find_folder(sha256)
        (home / _format_record_name(sender)).unlink(missing_ok=True)
        if home.exists() and not any(home.glob("envelope-*.json")):
            shutil.rmtree(home)


def _complete_envelope(envelope: Envelope, digest: bytes, name: str) -> Envelope:
    """With a sender for certain, and a batch id: the file's own hash names it when nobody did."""
    if not envelope.sender:
        remedy = "Say it with the command or request, in a .manifest.json beside the file, or inside the file"
        raise FormatUnknown(name, "No sender is stated", remedy)
    return msgspec.structs.replace(envelope, batch_id=envelope.batch_id or digest.hex()[:16])


def check_bytes(spooled: SpooledFile) -> None:
    """Raise ``FileUnreadable`` unless the bytes of a file are those that came."""
    where = f"spool, {spooled.sha256.hex()}"
    with translate_decoder_errors(where), spooled.path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").digest()
    if digest != spooled.sha256:
        raise FileUnreadable(where, f"The bytes now hash to {digest.hex()}", "Send the file again")


def check_name(name: str) -> None:
    """Raise ``FormatUnknown`` unless a file may be called ``name``."""
    if not name or len(name) > _NAME_CHARACTERS_MAX or not name.isprintable():
        raise FormatUnknown(
            repr(name)[:80], "Not a file name", f"Up to {_NAME_CHARACTERS_MAX} printable characters"
        )
    if strip_assignment_suffix(name):
        remedy = "Send both as one archive: tar --format=ustar -cf FILE.tar FILE.xml FILE.xml.imputation.csv"
        raise FormatUnknown(name, "Imputations without their payment file", remedy)


def _format_record_name(sender: str) -> str:
    return f"envelope-{sender}.json"


def _build_spooled_file(folder: Path, digest: bytes, record: _SpoolRecord) -> SpooledFile:
    return SpooledFile(
        path=folder / _CONTENT_FILE,
        sha256=digest,
        size_bytes=record.size_bytes,
        format=record.format,
        name=record.name,
        envelope=record.envelope,
    )
