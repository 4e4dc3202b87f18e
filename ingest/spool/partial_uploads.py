"""Uploads in pieces: what has arrived survives disconnections and crashes until the file is complete or expires.

``<folder>/<sender>/<sha256>/``: ``declared.json`` describes the complete file, ``original`` contains what has arrived.
An upload belongs to its sender and is named for the hash of its bytes, so a client that resumes needs no identifier.
"""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from core.durability import flush_path
from core.errors import CrescendoError, DiskFull
from ingest.spool.envelope import Envelope, check_envelope
from ingest.spool.file_claims import FileIdentity
from ingest.spool.work_folders import lock_folder, lock_path, remove_abandoned_folder, write_all

SENDER_UPLOADS_MAX = 16
"""Unfinished uploads of one sender at once."""
SENDER_FILES_MAX = 4
"""The declared bytes of one sender's unfinished uploads, in units of the largest file."""
EXPIRY_SECONDS = 3 * 86_400
"""An upload expires so long after its last bytes."""
_PIECE_BYTES = 2**18
_FLUSH_BYTES = 64 * 2**20
"""The content is flushed to disk after so many bytes, and whenever a connection ends."""
_CONTENT_FILE, _DECLARATION_FILE = "original", "declared.json"


class UploadQuotaExceeded(CrescendoError):
    """A sender has as many unfinished uploads as allowed."""


class UploadDiffers(CrescendoError):
    """An upload of these bytes exists with another declared size."""


class UploadBusy(CrescendoError):
    """Another connection is adding to this upload."""


class UploadTooLong(CrescendoError):
    """More bytes arrived than were declared; those beyond are dropped."""


class UploadDeclaration(msgspec.Struct, frozen=True, kw_only=True):
    """What the complete file will be."""

    size_bytes: int
    name: str
    media: str
    envelope: Envelope
    """Always has a sender and a hash."""
    again: bool = False
    """Process the file once more although it was decided before."""

    @property
    def identity(self) -> FileIdentity:
        """The sender, and the hash that the bytes must have."""
        return FileIdentity(self.envelope.sender, self.envelope.sha256 or b"")


@dataclass(frozen=True, slots=True)
class PartialUpload:
    """One upload and what has arrived of it."""

    folder: Path
    declaration: UploadDeclaration

    @property
    def original(self) -> Path:
        """The file of the bytes that have arrived."""
        return self.folder / _CONTENT_FILE

    @property
    def offset(self) -> int:
        """The number of bytes that have arrived."""
        return self.original.stat().st_size

    @property
    def is_whole(self) -> bool:
        """Whether the file is complete."""
        return self.offset == self.declaration.size_bytes

    @property
    def expires_at(self) -> float:
        """When the upload expires if nothing more arrives, in seconds since 1970."""
        return self.original.stat().st_mtime + EXPIRY_SECONDS

    def append(self, source: BinaryIO) -> None:
        """Append what ``source`` yields, durably even if it breaks off; only the owner of the lock may.

        Raises
        ------
        UploadTooLong
            More bytes arrived than were declared.
        """
        with self.original.open("ab", buffering=0) as file:
            try:
                self._add(source, file)
            finally:
                os.fsync(file.fileno())

    def _add(self, source: BinaryIO, file: BinaryIO) -> None:
        remaining, unflushed = self.declaration.size_bytes - self.offset, 0
        while piece := source.read(_PIECE_BYTES):
            write_all(file, piece[:remaining])
            if len(piece) > remaining:
                raise UploadTooLong("More bytes arrived than were declared")
            remaining, unflushed = remaining - len(piece), unflushed + len(piece)
            if unflushed >= _FLUSH_BYTES:
                os.fsync(file.fileno())
                unflushed = 0


class BegunUpload(NamedTuple):
    """An upload that may be continued, and whether it is new."""

    upload: PartialUpload
    is_new: bool


class PartialUploads:
    """The uploads under ``folder``, which is created if it does not exist."""

    def __init__(self, folder: Path, file_bytes_max: int) -> None:
        self._folder, self._bytes_max = folder, SENDER_FILES_MAX * file_bytes_max
        folder.mkdir(parents=True, exist_ok=True)

    def begin(self, declaration: UploadDeclaration) -> BegunUpload:
        """Begin the upload of a declared file, or continue one; the latest declaration replaces earlier ones.

        Raises
        ------
        UploadQuotaExceeded, DiskFull
            One upload too many, in number or in bytes; or the disk does not have enough free space.
        UploadDiffers
            It was begun with another size.
        UploadBusy
            It was begun, and another connection is adding to it.
        """
        with lock_folder(self._folder):
            upload = self._load(self._find_folder(declaration.identity))
            if upload is None:
                self._check_quota(declaration)
                return BegunUpload(self._create(declaration), is_new=True)
        if upload.declaration.size_bytes != declaration.size_bytes:
            raise UploadDiffers(f"The upload was begun for a file of {upload.declaration.size_bytes:,} bytes")
        with self.lock_upload(upload):
            _write_declaration(upload.folder, declaration)
        return BegunUpload(PartialUpload(upload.folder, declaration), is_new=False)

    def find(self, identity: FileIdentity) -> PartialUpload | None:
        """Return a sender's upload of the bytes with that hash; None if there is none, or it expired."""
        return self._load(self._find_folder(identity))

    def list_uploads(self, sender: str) -> list[PartialUpload]:
        """Return a sender's uploads, in the order of their hashes."""
        return [
            upload
            for folder in sorted(self._find_sender_folder(sender).glob("*/"))
            if (upload := self._load(folder))
        ]

    def is_uploaded_by_another(self, identity: FileIdentity) -> bool:
        """Return whether another sender is uploading bytes with that hash."""
        sender, sha256 = identity
        return any(folder.parent.name != sender for folder in self._folder.glob(f"*/{sha256.hex()}"))

    @contextmanager
    def lock_upload(self, upload: PartialUpload) -> Iterator[None]:
        """Lock an upload against all other work on it, in this process and in others.

        Raises
        ------
        UploadBusy
            It is locked.
        """
        try:
            lock = lock_path(upload.folder)
        except (BlockingIOError, FileNotFoundError):
            raise UploadBusy("Another connection is adding bytes to this upload") from None
        try:
            if not _is_locked_folder(upload.folder, lock):
                raise UploadBusy("Another connection has just ended this upload")
            yield
        finally:
            os.close(lock)

    def remove(self, upload: PartialUpload) -> None:
        """Remove an upload; only the owner of its lock may."""
        with lock_folder(self._folder):
            _remove_folder(upload.folder)

    def remove_expired_uploads(self, now: float | None = None) -> int:
        """Remove uploads that have expired or were never completely begun; return how many."""
        with lock_folder(self._folder):
            expired = [folder for folder in self._folder.glob("*/*/") if not self._load(folder, now)]
            for folder in expired:
                remove_abandoned_folder(folder)
                _remove_empty(folder.parent)
        return len(expired)

    def _find_folder(self, identity: FileIdentity) -> Path:
        sender, sha256 = identity
        return self._find_sender_folder(sender) / sha256.hex()

    def _find_sender_folder(self, sender: str) -> Path:
        """Return a sender's folder; a sender's name cannot lead to any other place."""
        return self._folder / check_envelope(Envelope(sender=sender), "sender").sender

    def _load(self, folder: Path, now: float | None = None) -> PartialUpload | None:
        try:
            content = (folder / _DECLARATION_FILE).read_bytes()
            upload = PartialUpload(folder, msgspec.json.decode(content, type=UploadDeclaration))
            is_current = upload.expires_at > (time.time() if now is None else now)
        except (OSError, msgspec.DecodeError):
            return None
        return upload if is_current else None

    def _check_quota(self, declaration: UploadDeclaration) -> None:
        """Check that another upload may begin: declared sizes count whole, however much has arrived."""
        sizes = [upload.declaration.size_bytes for upload in self.list_uploads(declaration.envelope.sender)]
        if len(sizes) >= SENDER_UPLOADS_MAX:
            raise UploadQuotaExceeded(
                f"{len(sizes)} uploads are unfinished; at most {SENDER_UPLOADS_MAX} are allowed"
            )
        if sum(sizes) + declaration.size_bytes > self._bytes_max:
            raise UploadQuotaExceeded(
                f"Unfinished uploads would have more than {self._bytes_max:,} bytes in total"
            )
        if shutil.disk_usage(self._folder).free < declaration.size_bytes:
            raise DiskFull("The disk does not have enough free space for a file of this size at present")

    def _create(self, declaration: UploadDeclaration) -> PartialUpload:
        folder = self._find_folder(declaration.identity)
        if folder.exists():  # expired, or never completely begun
            _remove_folder(folder)
        folder.mkdir(parents=True)
        (folder / _CONTENT_FILE).touch()
        _write_declaration(folder, declaration)
        for changed in (folder, folder.parent, self._folder):
            flush_path(changed)
        return PartialUpload(folder, declaration)


def _write_declaration(folder: Path, declaration: UploadDeclaration) -> None:
    temporary = folder / f"{_DECLARATION_FILE}.new"
    with temporary.open("wb") as file:
        file.write(msgspec.json.encode(declaration))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(folder / _DECLARATION_FILE)


def _remove_folder(folder: Path) -> None:
    shutil.rmtree(folder)
    _remove_empty(folder.parent)


def _remove_empty(folder: Path) -> None:
    with suppress(OSError):  # the sender has other uploads
        folder.rmdir()


def _is_locked_folder(folder: Path, lock: int) -> bool:
    """Return whether the locked folder is still the one at ``folder``."""
    try:
        return os.path.samestat(folder.stat(), os.fstat(lock))
    except FileNotFoundError:
        return False
