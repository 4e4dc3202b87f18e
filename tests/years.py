"""Reference data that a test may change, and those of two years that say different things of the same codes."""

import shutil
from pathlib import Path

from tests.files import REFERENCE


def copied(folder: Path) -> Path:
    """The small reference data, to be changed."""
    target = folder / "reference"
    shutil.copytree(REFERENCE, target)
    return target


def changed(reference: Path, file: str, old: str, new: str) -> None:
    """Write ``new`` where ``old`` stands in a file, which must be there."""
    path = reference / file
    text = path.read_text()
    assert old in text, f"{file} does not say {old!r}"
    path.write_text(text.replace(old, new))


def without(reference: Path, file: str, start: str) -> None:
    """Take out the lines of a file that begin with ``start``."""
    path = reference / file
    lines = path.read_text().splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(start)]
    assert len(kept) < len(lines), f"no line of {file} begins with {start!r}"
    path.write_text("".join(kept))


def own_year(reference: Path, year: int = 2019, model: int = 2018) -> None:
    """Give ``year`` files of its own, which say what those of ``model`` do."""
    shutil.rmtree(reference / str(year))
    shutil.copytree(reference / str(model), reference / str(year))
    (reference / str(year) / "year.toml").write_text(f"year = {year}\n")
