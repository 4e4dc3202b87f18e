"""Which files of a folder are whole.

A sender's SFTP server writes slowly, and tells nobody when it is done.  So a file counts once the signature or manifest
that belongs to it came after it and neither changed for a moment, or once it stood still for a while.
Time is what passed here between looks: what senders say about their clocks means nothing.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ingest.sidecars import MANIFEST_SUFFIX
from service.dropfolders.file_names import SIGNATURE_SUFFIX, is_sidecar, is_unfinished
from service.dropfolders.folder import FolderEntry
from service.results.result_names import is_plain

PATIENCE_SECONDS = 3600
"""A file that must be signed waits so long for its signature."""
STILL_SECONDS_MIN = 1
"""Of a file with what came after it: long enough for the few bytes of a signature or manifest."""


class StableFile(NamedTuple):
    """A file that is whole, and what stands beside it."""

    entry: FolderEntry
    sidecars: Sequence[FolderEntry] = ()
    """Its signature, its manifest, as far as they are there."""

    @property
    def has_signature(self) -> bool:
        """Whether its signature stands beside it."""
        return self._has(SIGNATURE_SUFFIX)

    @property
    def has_manifest(self) -> bool:
        """Whether its manifest does."""
        return self._has(MANIFEST_SUFFIX)

    def _has(self, suffix: str) -> bool:
        return any(each.name == f"{self.entry.name}{suffix}" for each in self.sidecars)


@dataclass(slots=True)
class StableFiles:
    """The files of one folder from look to look.  The clock may be another, so that nobody has to wait for it."""

    settle_seconds: float
    clock: Callable[[], float] = time.monotonic
    _since: dict[tuple[FolderEntry, ...], float] = field(default_factory=dict)
    """When each file, with what stands beside it, was first seen as it is."""

    def select_stable(self, entries: Iterable[FolderEntry], *, must_sign: bool) -> list[StableFile]:
        """Those that may be taken, in the order in which they came."""
        named = {each.name: each for each in entries if not is_unfinished(each.name)}
        groups = [_group_with_sidecars(named, name) for name in named if not is_sidecar(name)]
        before, now = self._since, self.clock()
        self._since = {group: before.get(group, now) for group in groups}
        ready = [group for group in groups if group in before and self._is_stable(group, must_sign)]
        ready.sort(key=lambda group: (group[0].changed_ns, group[0].name))
        return [_to_stable_file(group) for group in ready]

    def _is_stable(self, group: Sequence[FolderEntry], must_sign: bool) -> bool:
        still = self.clock() - self._since[tuple(group)]
        file, *beside = group
        signed = [each for each in beside if each.name.endswith(SIGNATURE_SUFFIX)]
        if must_sign and not signed and file.is_file and is_plain(file.name):
            return still >= PATIENCE_SECONDS
        last = signed or beside
        comes_last = bool(last) and last[0].changed_ns >= file.changed_ns
        return still >= (min(STILL_SECONDS_MIN, self.settle_seconds) if comes_last else self.settle_seconds)


def _group_with_sidecars(named: dict[str, FolderEntry], name: str) -> tuple[FolderEntry, ...]:
    beside = (named.get(f"{name}{suffix}") for suffix in (SIGNATURE_SUFFIX, MANIFEST_SUFFIX))
    return (named[name], *(each for each in beside if each is not None))


def _to_stable_file(group: Sequence[FolderEntry]) -> StableFile:
    file, *beside = group
    return StableFile(file, beside)
