"""Files that belong to another file by its name: manifests and account assignment files.

Kept free of heavy imports: the client uses it without loading the decoders.
"""

from collections.abc import Iterable
from pathlib import Path

from core.errors import FileUnreadable

ASSIGNMENT_SUFFIXES = tuple(
    f".imputation.{suffix}" for suffix in ("csv", "parquet", "jsonl", "arrow", "arrows")
)
"""The name of an account assignment file is the whole name of its payment file plus one of these."""
MANIFEST_SUFFIX = ".manifest.json"
"""The name of a manifest is the whole name of its file plus this."""


def find_assignment_file(path: Path) -> Path | None:
    """Return the account assignment file beside a payment file, or None if there is none.

    Raises
    ------
    FileUnreadable
        There are several.
    """
    candidates = [
        candidate
        for suffix in ASSIGNMENT_SUFFIXES
        if (candidate := path.with_name(f"{path.name}{suffix}")).exists()
    ]
    if len(candidates) > 1:
        names = " and ".join(candidate.name for candidate in candidates)
        raise FileUnreadable(
            path.name, f"There are several account assignment files: {names}", "Keep only one"
        )
    return candidates[0] if candidates else None


def strip_assignment_suffix(name: str) -> str:
    """Return the name of the payment file that an account assignment file of this name belongs to, else ""."""
    return _strip_suffix(name, ASSIGNMENT_SUFFIXES)


def exclude_sidecars(paths: Iterable[Path]) -> list[Path]:
    """Return ``paths`` without the manifests and assignment files whose file exists: they are read with it."""
    suffixes = (MANIFEST_SUFFIX, *ASSIGNMENT_SUFFIXES)
    return [
        path
        for path in paths
        if not ((name := _strip_suffix(path.name, suffixes)) and path.with_name(name).exists())
    ]


def _strip_suffix(name: str, suffixes: tuple[str, ...]) -> str:
    return next((name.removesuffix(suffix) for suffix in suffixes if name.endswith(suffix)), "")
