"""Files on their way in pieces: what has arrived stays, whatever is cut or killed, until it is whole or expires.

``<folder>/<sender>/<sha256>/``: ``declared.json`` says what the file is to be, ``original`` holds what is there.  An
upload is its sender's and is named for the hash of its bytes, so whoever comes back needs to remember nothing.
"""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from core.errors import CrescendoError
from ingest.spool.envelope import Envelope, check_envelope
from ingest.spool.file_claims import FileIdentity
from ingest.spool.work_folders import flush_folder, lock_folder, lock_path, remove_abandoned, write_all

SENDER_UPLOADS_MAX = 16
"""Unfinished uploads of one sender at once."""
SENDER_FILES_MAX = 4
"""How often the largest file they may declare together."""
EXPIRY_SECONDS = 3 * 86_400
"""An upload to which nothing was added for so long is gone."""
_PIECE_BYTES = 2**18
_FLUSH_BYTES = 64 * 2**20
"""What has arrived is made durable after so many bytes, and whenever a connection ends."""
_CONTENT_FILE, _DECLARATION_FILE = "original", "declared.json"


class UploadQuotaExceeded(CrescendoError):
    """A sender has as many unfinished uploads as it may have."""


class DiskFull(CrescendoError):
    """The disk has no room for it."""


class UploadDiffers(CrescendoError):
    """An upload of these bytes was begun, and was to have another size."""


class UploadBusy(CrescendoError):
    """Somebody is adding to this upload."""


class UploadTooLong(CrescendoError):
    """More bytes came than were declared; those are there, and no more."""


class UploadDeclaration(msgspec.Struct, frozen=True, kw_only=True):
    """What a file is to be once it is whole."""

    size_bytes: int
    name: str
    media: str
    envelope: Envelope
    """With sender and hash for certain."""
    again: bool = False
    """To be presented anew although it was decided before."""

    @property
    def identity(self) -> FileIdentity:
        """Who sends it, and the hash that its bytes must have."""
        return self.envelope.sender, self.envelope.sha256 or b""


@dataclass(frozen=True, slots=True)
class PartialUpload:
    """One upload, as far as it is."""

    folder: Path
    declaration: UploadDeclaration

    @property
    def original(self) -> Path:
        """The bytes that are there."""
        return self.folder / _CONTENT_FILE

    @property
    def offset(self) -> int:
        """How many those are."""
        return self.original.stat().st_size

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing."""
        return self.offset == self.declaration.size_bytes

    @property
    def expires_at(self) -> float:
        """When it is gone unless something comes, in seconds since 1970."""
        return self.original.stat().st_mtime + EXPIRY_SECONDS

    def append(self, source: BinaryIO) -> None:
        """Add what ``source`` brings, durably, also when it breaks off; only the holder may.

        Raises
        ------
        Overlong
            More came than was declared.
        """
        with self.original.open("ab", buffering=0) as file:
            try:
                self._add(source, file)
            finally:
                os.fsync(file.fileno())

    def _add(self, source: BinaryIO, file: BinaryIO) -> None:
        left, mark = self.declaration.size_bytes - self.offset, 0
        while piece := source.read(_PIECE_BYTES):
            write_all(file, piece[:left])
            if len(piece) > left:
                raise UploadTooLong("More bytes came than were declared")
            left, mark = left - len(piece), mark + len(piece)
            if mark >= _FLUSH_BYTES:
                os.fsync(file.fileno())
                mark = 0


class PartialUploads:
    """The uploads under ``folder``, which is made if need be."""

    def __init__(self, folder: Path, file_bytes_max: int) -> None:
        self._folder, self._bytes_max = folder, SENDER_FILES_MAX * file_bytes_max
        folder.mkdir(parents=True, exist_ok=True)

    def begin(self, declaration: UploadDeclaration) -> tuple[PartialUpload, bool]:
        """The upload of what is ``declared``, and whether it is new; what is said last of one begun before holds.

        Raises
        ------
        Full, NoRoom
            Another one is one too many, in number or in bytes; or the disk has no room for it.
        Differs
            It was begun with another size.
        Busy
            It was begun, and somebody is adding to it.
        """
        with lock_folder(self._folder):
            found = self._load(self._find_folder(declaration.identity))
            if found is None:
                self._check_quota(declaration)
                return self._create(declaration), True
        if found.declaration.size_bytes != declaration.size_bytes:
            raise UploadDiffers(f"It was begun with {found.declaration.size_bytes:,} bytes")
        with self.lock_upload(found):
            _write_declaration(found.folder, declaration)
        return PartialUpload(found.folder, declaration), False

    def find(self, identity: FileIdentity) -> PartialUpload | None:
        """A sender's upload of the bytes with that hash; None when there is none, or none any more."""
        return self._load(self._find_folder(identity))

    def list_uploads(self, sender: str) -> list[PartialUpload]:
        """A sender's uploads, in the order of their hashes."""
        return [
            found
            for place in sorted(self._find_sender_folder(sender).glob("*/"))
            if (found := self._load(place))
        ]

    def is_uploaded_by_another(self, identity: FileIdentity) -> bool:
        """Tell whether another sender is uploading bytes with that hash."""
        sender, sha256 = identity
        return any(place.parent.name != sender for place in self._folder.glob(f"*/{sha256.hex()}"))

    @contextmanager
    def lock_upload(self, upload: PartialUpload) -> Iterator[None]:
        """Be the only one who works on an upload, of this process or of any other.

        Raises
        ------
        Busy
            Somebody else is.
        """
        try:
            lock = lock_path(upload.folder)
        except (BlockingIOError, FileNotFoundError):
            raise UploadBusy("Another connection is at it") from None
        try:
            if not _is_locked_folder(upload.folder, lock):
                raise UploadBusy("Another connection has just ended it")
            yield
        finally:
            os.close(lock)

    def remove(self, upload: PartialUpload) -> None:
        """Take it out; only the holder may."""
        with lock_folder(self._folder):
            _remove_folder(upload.folder)

    def remove_expired(self, now: float | None = None) -> int:
        """Remove what has expired, and what was never quite begun; how many that were."""
        with lock_folder(self._folder):
            left = [place for place in self._folder.glob("*/*/") if not self._load(place, now)]
            for place in left:
                remove_abandoned(place)
                _remove_empty(place.parent)
        return len(left)

    def _find_folder(self, identity: FileIdentity) -> Path:
        sender, sha256 = identity
        return self._find_sender_folder(sender) / sha256.hex()

    def _find_sender_folder(self, sender: str) -> Path:
        """A sender's folder; whatever names a sender, it leads nowhere else."""
        return self._folder / check_envelope(Envelope(sender=sender), "sender").sender

    def _load(self, place: Path, now: float | None = None) -> PartialUpload | None:
        try:
            found = PartialUpload(
                place, msgspec.json.decode((place / _DECLARATION_FILE).read_bytes(), type=UploadDeclaration)
            )
            is_good = found.expires_at > (time.time() if now is None else now)
        except (OSError, msgspec.DecodeError):
            return None
        return found if is_good else None

    def _check_quota(self, declaration: UploadDeclaration) -> None:
        """Whether another upload may be begun: what a sender declares counts whole, wherever it is by now."""
        others = [each.declaration.size_bytes for each in self.list_uploads(declaration.envelope.sender)]
        if len(others) >= SENDER_UPLOADS_MAX:
            raise UploadQuotaExceeded(
                f"{len(others)} uploads are unfinished, and {SENDER_UPLOADS_MAX} may be"
            )
        if sum(others) + declaration.size_bytes > self._bytes_max:
            raise UploadQuotaExceeded(
                f"Unfinished uploads would have over {self._bytes_max:,} bytes together"
            )
        if shutil.disk_usage(self._folder).free < declaration.size_bytes:
            raise DiskFull("There is no room for so large a file just now")

    def _create(self, declaration: UploadDeclaration) -> PartialUpload:
        place = self._find_folder(declaration.identity)
        if place.exists():  # expired, or never quite begun
            _remove_folder(place)
        place.mkdir(parents=True)
        (place / _CONTENT_FILE).touch()
        _write_declaration(place, declaration)
        for folder in (place, place.parent, self._folder):
            flush_folder(folder)
        return PartialUpload(place, declaration)


def _write_declaration(place: Path, declaration: UploadDeclaration) -> None:
    new = place / f"{_DECLARATION_FILE}.new"
    with new.open("wb") as file:
        file.write(msgspec.json.encode(declaration))
        file.flush()
        os.fsync(file.fileno())
    new.replace(place / _DECLARATION_FILE)


def _remove_folder(place: Path) -> None:
    shutil.rmtree(place)
    _remove_empty(place.parent)


def _remove_empty(folder: Path) -> None:
    with suppress(OSError):  # others of the same sender are there
        folder.rmdir()


def _is_locked_folder(place: Path, lock: int) -> bool:
    """Tell whether what is locked is still what stands at ``place``."""
    try:
        return os.path.samestat(place.stat(), os.fstat(lock))
    except FileNotFoundError:
        return False
