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
from ingest.spool.envelope import Envelope, checked
from ingest.spool.file_claims import Identity
from ingest.spool.work_folders import flush_folder, locked, remove_abandoned, taken, write_whole

SENDER_UPLOADS_MAX = 16
"""Unfinished uploads of one sender at once."""
SENDER_FILES_MAX = 4
"""How often the largest file they may declare together."""
EXPIRY_SECONDS = 3 * 86_400
"""An upload to which nothing was added for so long is gone."""
_PIECE_BYTES = 2**18
_MARK_BYTES = 64 * 2**20
"""What has arrived is made durable after so many bytes, and whenever a connection ends."""
_ORIGINAL, _DECLARED = "original", "declared.json"


class Full(CrescendoError):
    """A sender has as many unfinished uploads as it may have."""


class NoRoom(CrescendoError):
    """The disk has no room for it."""


class Differs(CrescendoError):
    """An upload of these bytes was begun, and was to have another size."""


class Busy(CrescendoError):
    """Somebody is adding to this upload."""


class Overlong(CrescendoError):
    """More bytes came than were declared; those are there, and no more."""


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """What a file is to be once it is whole."""

    size_bytes: int
    name: str
    media: str
    envelope: Envelope
    """With sender and hash for certain."""
    again: bool = False
    """To be presented anew although it was decided before."""

    @property
    def identity(self) -> Identity:
        """Who sends it, and the hash that its bytes must have."""
        return self.envelope.sender, self.envelope.sha256 or b""


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload, as far as it is."""

    place: Path
    declared: Declared

    @property
    def original(self) -> Path:
        """The bytes that are there."""
        return self.place / _ORIGINAL

    @property
    def offset(self) -> int:
        """How many those are."""
        return self.original.stat().st_size

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing."""
        return self.offset == self.declared.size_bytes

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
        left, mark = self.declared.size_bytes - self.offset, 0
        while piece := source.read(_PIECE_BYTES):
            write_whole(file, piece[:left])
            if len(piece) > left:
                raise Overlong("More bytes came than were declared")
            left, mark = left - len(piece), mark + len(piece)
            if mark >= _MARK_BYTES:
                os.fsync(file.fileno())
                mark = 0


class Uploads:
    """The uploads under ``folder``, which is made if need be."""

    def __init__(self, folder: Path, file_bytes_max: int) -> None:
        self._folder, self._bytes_max = folder, SENDER_FILES_MAX * file_bytes_max
        folder.mkdir(parents=True, exist_ok=True)

    def begin(self, declared: Declared) -> tuple[Upload, bool]:
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
        with locked(self._folder):
            found = self._at(self._place(declared.identity))
            if found is None:
                self._check_room(declared)
                return self._made(declared), True
        if found.declared.size_bytes != declared.size_bytes:
            raise Differs(f"It was begun with {found.declared.size_bytes:,} bytes")
        with self.held(found):
            _declare(found.place, declared)
        return Upload(found.place, declared), False

    def find(self, identity: Identity) -> Upload | None:
        """A sender's upload of the bytes with that hash; None when there is none, or none any more."""
        return self._at(self._place(identity))

    def of(self, sender: str) -> list[Upload]:
        """A sender's uploads, in the order of their hashes."""
        return [found for place in sorted(self._home(sender).glob("*/")) if (found := self._at(place))]

    def is_anothers(self, identity: Identity) -> bool:
        """Tell whether another sender is uploading bytes with that hash."""
        sender, sha256 = identity
        return any(place.parent.name != sender for place in self._folder.glob(f"*/{sha256.hex()}"))

    @contextmanager
    def held(self, upload: Upload) -> Iterator[None]:
        """Be the only one who works on an upload, of this process or of any other.

        Raises
        ------
        Busy
            Somebody else is.
        """
        try:
            lock = taken(upload.place)
        except (BlockingIOError, FileNotFoundError):
            raise Busy("Another connection is at it") from None
        try:
            if not _is_there(upload.place, lock):
                raise Busy("Another connection has just ended it")
            yield
        finally:
            os.close(lock)

    def remove(self, upload: Upload) -> None:
        """Take it out; only the holder may."""
        with locked(self._folder):
            _remove(upload.place)

    def sweep(self, now: float | None = None) -> int:
        """Remove what has expired, and what was never quite begun; how many that were."""
        with locked(self._folder):
            left = [place for place in self._folder.glob("*/*/") if not self._at(place, now)]
            for place in left:
                remove_abandoned(place)
                _remove_empty(place.parent)
        return len(left)

    def _place(self, identity: Identity) -> Path:
        sender, sha256 = identity
        return self._home(sender) / sha256.hex()

    def _home(self, sender: str) -> Path:
        """A sender's folder; whatever names a sender, it leads nowhere else."""
        return self._folder / checked(Envelope(sender=sender), "sender").sender

    def _at(self, place: Path, now: float | None = None) -> Upload | None:
        try:
            found = Upload(place, msgspec.json.decode((place / _DECLARED).read_bytes(), type=Declared))
            is_good = found.expires_at > (time.time() if now is None else now)
        except (OSError, msgspec.DecodeError):
            return None
        return found if is_good else None

    def _check_room(self, declared: Declared) -> None:
        """Whether another upload may be begun: what a sender declares counts whole, wherever it is by now."""
        others = [each.declared.size_bytes for each in self.of(declared.envelope.sender)]
        if len(others) >= SENDER_UPLOADS_MAX:
            raise Full(f"{len(others)} uploads are unfinished, and {SENDER_UPLOADS_MAX} may be")
        if sum(others) + declared.size_bytes > self._bytes_max:
            raise Full(f"Unfinished uploads would have over {self._bytes_max:,} bytes together")
        if shutil.disk_usage(self._folder).free < declared.size_bytes:
            raise NoRoom("There is no room for so large a file just now")

    def _made(self, declared: Declared) -> Upload:
        place = self._place(declared.identity)
        if place.exists():  # expired, or never quite begun
            _remove(place)
        place.mkdir(parents=True)
        (place / _ORIGINAL).touch()
        _declare(place, declared)
        for folder in (place, place.parent, self._folder):
            flush_folder(folder)
        return Upload(place, declared)


def _declare(place: Path, declared: Declared) -> None:
    new = place / f"{_DECLARED}.new"
    with new.open("wb") as file:
        file.write(msgspec.json.encode(declared))
        file.flush()
        os.fsync(file.fileno())
    new.replace(place / _DECLARED)


def _remove(place: Path) -> None:
    shutil.rmtree(place)
    _remove_empty(place.parent)


def _remove_empty(folder: Path) -> None:
    with suppress(OSError):  # others of the same sender are there
        folder.rmdir()


def _is_there(place: Path, lock: int) -> bool:
    """Tell whether what is locked is still what stands at ``place``."""
    try:
        return os.path.samestat(place.stat(), os.fstat(lock))
    except FileNotFoundError:
        return False
