"""Claims on spooled files: from the moment a file stands in its place until it is registered or refused.

A claim is an empty file, named for the bytes and their sender, and locked by who holds it.  So a file that is
refused can be removed at once without taking it from somebody who sends the same bytes at that moment, and what
a crash left undecided is known at the next start, file by file: a file without a claim is never looked at.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from ingest.spool.work_folders import TOKEN_LETTERS, create_token, lock_path

FileIdentity = tuple[str, bytes]
"""Who sent a file, and the hash of its bytes."""

_NAME = re.compile(rf"([0-9a-f]{{64}})\.[0-9a-f]{{{TOKEN_LETTERS}}}\.(.+)")


class FileClaims:
    """The claims in ``folder``; whoever calls holds that folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._locks: dict[FileIdentity, list[tuple[Path, int]]] = {}

    def claim(self, identity: FileIdentity) -> None:
        """Claim a file; the same one may be claimed by many."""
        sender, sha256 = identity
        path = self._folder / f"{sha256.hex()}.{create_token()}.{sender}"
        path.touch()
        self._add(identity, path, lock_path(path))

    def is_last(self, identity: FileIdentity) -> bool:
        """Tell whether one claim is all there is on a file, of this process or of any other."""
        sender, sha256 = identity
        return len(list(self._folder.glob(f"{sha256.hex()}.{'?' * TOKEN_LETTERS}.{sender}"))) <= 1

    def release(self, identity: FileIdentity) -> None:
        """Give up one claim of ours; which one makes no difference."""
        path, lock = self._locks[identity].pop()
        if not self._locks[identity]:
            del self._locks[identity]
        path.unlink()
        os.close(lock)

    def reclaim_abandoned(self) -> Iterator[FileIdentity]:
        """Claims whose holder is no more, which are ours from now on."""
        for path in self._folder.iterdir():
            found = _NAME.fullmatch(path.name)
            if not found:
                continue
            try:
                lock = lock_path(path)
            except BlockingIOError:  # its holder is at work
                continue
            identity = found[2], bytes.fromhex(found[1])
            self._add(identity, path, lock)
            yield identity

    def _add(self, identity: FileIdentity, path: Path, lock: int) -> None:
        self._locks.setdefault(identity, []).append((path, lock))
