"""The programmes that follow others by an order, as the kernels read them."""

import numpy as np

from core.periods import YEAR_FIRST
from core.successions import list_followers
from core.tables.columns import allocate_records, seal_array
from core.tables.followers import Followers
from posting.book.code_numbers import CodeKind
from posting.book.registry import Registry


def build_followers(registry: Registry) -> np.ndarray:
    """Return the rows of ``Book.followers``."""
    numbers = registry.numbers[CodeKind.CENTRE]
    pairs = list_followers(registry.reference.nomenclatures)
    rows = allocate_records(Followers, len(pairs))
    rows["year"] = [before.year - YEAR_FIRST for before, _ in pairs]
    rows["later_year"] = [after.year - YEAR_FIRST for _, after in pairs]
    rows["programme"] = [numbers[before.programme] for before, _ in pairs]
    rows["follower"] = [numbers[after.programme] for _, after in pairs]
    return seal_array(rows)
