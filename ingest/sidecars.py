"""What stands beside a file and is read with it, by its name.  Light: whoever sends files loads no reader."""

from collections.abc import Iterable
from pathlib import Path

from core.errors import FileUnreadable

ASSIGNMENT_SUFFIXES = tuple(
    f".imputation.{suffix}" for suffix in ("csv", "parquet", "jsonl", "arrow", "arrows")
)
"""What stands behind the whole name of a payment file in that of its imputation file."""
MANIFEST_SUFFIX = ".manifest.json"
"""What stands behind the whole name of any file in that of its envelope."""


def find_assignment_file(path: Path) -> Path | None:
    """The imputation file beside a payment file; None when there is none.

    Raises
    ------
    FileUnreadable
        There are several.
    """
    found = [
        each for suffix in ASSIGNMENT_SUFFIXES if (each := path.with_name(f"{path.name}{suffix}")).exists()
    ]
    if len(found) > 1:
        told = " and ".join(each.name for each in found)
        raise FileUnreadable(path.name, f"Several imputation files: {told}", "Leave one")
    return found[0] if found else None


def strip_assignment_suffix(name: str) -> str:
    """The name of the payment file to which an imputation file of that name belongs; empty when it is none."""
    return _strip_suffix(name, ASSIGNMENT_SUFFIXES)


def exclude_sidecars(paths: Iterable[Path]) -> list[Path]:
    """All but the manifests and imputation files that stand beside their file: they go with it."""
    suffixes = (MANIFEST_SUFFIX, *ASSIGNMENT_SUFFIXES)
    return [
        path
        for path in paths
        if not ((name := _strip_suffix(path.name, suffixes)) and path.with_name(name).exists())
    ]


def _strip_suffix(name: str, suffixes: tuple[str, ...]) -> str:
    return next((name.removesuffix(suffix) for suffix in suffixes if name.endswith(suffix)), "")
