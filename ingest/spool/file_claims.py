"""Claims on spooled files: from the moment a file is in its place until it is registered or refused.

A claim is an empty file, named for the hash of the bytes and their sender, and locked by its owner.  So a refused file
can be removed at once without removing it from another request that sends the same bytes at that moment, and the files
that a crash left undecided are found at the next start; files without a claim need no check.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ingest.spool.work_folders import TOKEN_LETTERS, create_token, lock_path


class FileIdentity(NamedTuple):
    """The sender of a file and the hash of its bytes: what makes it one submission."""

    sender: str
    sha256: bytes


_NAME = re.compile(rf"([0-9a-f]{{64}})\.[0-9a-f]{{{TOKEN_LETTERS}}}\.(.+)")


class FileClaims:
    """The claims in ``folder``; callers lock that folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._locks: dict[FileIdentity, list[tuple[Path, int]]] = {}

    def claim(self, identity: FileIdentity) -> None:
        """Claim a file; several callers may claim the same one."""
        sender, sha256 = identity
        path = self._folder / f"{sha256.hex()}.{create_token()}.{sender}"
        path.touch()
        self._add(identity, path, lock_path(path))

    def is_last(self, identity: FileIdentity) -> bool:
        """Return whether a file has no claim but one, of this process or any other."""
        sender, sha256 = identity
        return len(list(self._folder.glob(f"{sha256.hex()}.{'?' * TOKEN_LETTERS}.{sender}"))) <= 1

    def release(self, identity: FileIdentity) -> None:
        """Release one of our claims on a file; any of them will do."""
        path, lock = self._take(identity)
        path.unlink()
        os.close(lock)

    def abandon(self, identity: FileIdentity) -> None:
        """Unlock one of our claims on a file and leave it, as the end of its owner would: it can be taken over."""
        _, lock = self._take(identity)
        os.close(lock)

    def _take(self, identity: FileIdentity) -> tuple[Path, int]:
        claim = self._locks[identity].pop()
        if not self._locks[identity]:
            del self._locks[identity]
        return claim

    def reclaim_abandoned_files(self) -> Iterator[FileIdentity]:
        """Take over the claims whose owner has ended."""
        for path in self._folder.iterdir():
            match = _NAME.fullmatch(path.name)
            if not match:
                continue
            try:
                lock = lock_path(path)
            except BlockingIOError:  # its owner is at work
                continue
            identity = FileIdentity(match[2], bytes.fromhex(match[1]))
            self._add(identity, path, lock)
            yield identity

    def _add(self, identity: FileIdentity, path: Path, lock: int) -> None:
        self._locks.setdefault(identity, []).append((path, lock))
