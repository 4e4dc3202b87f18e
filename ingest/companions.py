"""Which imputation file belongs to which payment file, by its name.  Light: whoever sends files loads no reader."""

from pathlib import Path

from core.errors import FileUnreadable

IMPUTATION_SUFFIXES = tuple(
    f".imputation.{suffix}" for suffix in ("csv", "parquet", "jsonl", "arrow", "arrows")
)
"""What stands behind the whole name of a payment file in that of its imputation file."""


def imputation_beside(path: Path) -> Path | None:
    """The imputation file beside a payment file; None when there is none.

    Raises
    ------
    FileUnreadable
        There are several.
    """
    found = [
        each for suffix in IMPUTATION_SUFFIXES if (each := path.with_name(f"{path.name}{suffix}")).exists()
    ]
    if len(found) > 1:
        told = " and ".join(each.name for each in found)
        raise FileUnreadable(path.name, f"Several imputation files: {told}", "Leave one")
    return found[0] if found else None


def described(name: str) -> str:
    """The name of the payment file to which an imputation file of that name belongs; empty when it is none."""
    return next((name.removesuffix(suffix) for suffix in IMPUTATION_SUFFIXES if name.endswith(suffix)), "")
