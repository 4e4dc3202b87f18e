"""How often acts are changed, and how often changes must be refused: the rates of ``change_rates.csv``, all assumptions."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.reference.files import read_rows

MILLION = 1_000_000


def load_rates() -> Mapping[str, int]:
    """Load by change how many of a million there are."""
    rows = read_rows(Path(__file__).with_name("change_rates.csv"), ("change", "per_million", "of"))
    return {row.cells["change"]: int(row.cells["per_million"]) for row in rows}


def draw_rate(rows: NDArray[np.int64], per_million: int, *, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw so many of a million of the rows, at least one if there are any, in order."""
    count = min(len(rows), max(1, len(rows) * per_million // MILLION))
    return np.sort(rng.choice(rows, count, replace=False))


def take_evenly(rows: NDArray[np.int64], per_million: int) -> NDArray[np.int64]:
    """Take so many of a million of the rows, at equal steps, the first among them."""
    return rows[:: max(1, MILLION // per_million)]
