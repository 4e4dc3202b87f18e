"""Detect which files of a folder are complete.

A sender's SFTP server writes slowly and does not announce when it is done. So a file counts as complete once its
signature or manifest arrived after it and neither changed for a moment, or once it has not changed for a while.
Time is measured here, between two readings of the folder: the clocks of senders are not trusted.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ingest.result_names import is_plain
from ingest.sidecars import MANIFEST_SUFFIX
from service.dropfolders.file_names import SIGNATURE_SUFFIX, is_sidecar, is_unfinished
from service.dropfolders.folder import FolderEntry

PATIENCE_SECONDS = 3600
"""How long a file that must be signed waits for its signature."""
STILL_SECONDS_MIN = 1
"""How long a file with a later sidecar must be unchanged: enough for the few bytes of a signature or manifest."""


class StableFile(NamedTuple):
    """A complete file, and its sidecars."""

    entry: FolderEntry
    sidecars: Sequence[FolderEntry] = ()
    """Its signature and its manifest, if they exist."""

    @property
    def has_signature(self) -> bool:
        """Whether there is a signature."""
        return self._has(SIGNATURE_SUFFIX)

    @property
    def has_manifest(self) -> bool:
        """Whether there is a manifest."""
        return self._has(MANIFEST_SUFFIX)

    def _has(self, suffix: str) -> bool:
        return any(sidecar.name == f"{self.entry.name}{suffix}" for sidecar in self.sidecars)


@dataclass(slots=True)
class StableFiles:
    """The files of one folder over several readings. Tests pass another clock, so that they do not wait."""

    settle_seconds: float
    clock: Callable[[], float] = time.monotonic
    _since: dict[tuple[FolderEntry, ...], float] = field(default_factory=dict)
    """When each file, with its sidecars, was first seen in its present state."""

    def select_stable(self, entries: Iterable[FolderEntry], *, must_sign: bool) -> list[StableFile]:
        """Return the complete files, in the order in which they arrived."""
        named = {entry.name: entry for entry in entries if not is_unfinished(entry.name)}
        groups = [_group_with_sidecars(named, name) for name in named if not is_sidecar(name)]
        previous, now = self._since, self.clock()
        self._since = {group: previous.get(group, now) for group in groups}
        ready = [group for group in groups if group in previous and self._is_stable(group, must_sign)]
        ready.sort(key=lambda group: (group[0].changed_ns, group[0].name))
        return [_to_stable_file(group) for group in ready]

    def _is_stable(self, group: Sequence[FolderEntry], must_sign: bool) -> bool:
        unchanged_seconds = self.clock() - self._since[tuple(group)]
        file, *sidecars = group
        signed = [sidecar for sidecar in sidecars if sidecar.name.endswith(SIGNATURE_SUFFIX)]
        if must_sign and not signed and file.is_file and is_plain(file.name):
            return unchanged_seconds >= PATIENCE_SECONDS
        last = signed or sidecars
        is_last = bool(last) and last[0].changed_ns >= file.changed_ns
        settle_seconds = min(STILL_SECONDS_MIN, self.settle_seconds) if is_last else self.settle_seconds
        return unchanged_seconds >= settle_seconds


def _group_with_sidecars(named: dict[str, FolderEntry], name: str) -> tuple[FolderEntry, ...]:
    sidecars = (named.get(f"{name}{suffix}") for suffix in (SIGNATURE_SUFFIX, MANIFEST_SUFFIX))
    return (named[name], *(sidecar for sidecar in sidecars if sidecar is not None))


def _to_stable_file(group: Sequence[FolderEntry]) -> StableFile:
    file, *sidecars = group
    return StableFile(file, sidecars)
