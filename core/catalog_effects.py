"""The effects of each kind in columns, as the kernels read them."""

from typing import NamedTuple

import numpy as np

from core.catalog import CATALOG
from core.tables.columns import Code
from core.tables.columns import Small as Sign


class Effects(NamedTuple):
    """The catalog as the kernels read it: columns, one row per kind."""

    family: Code
    follows: Code
    mirrors: Code
    budget: Code
    measure: Code
    ae_reserved: Sign
    ae_consumed: Sign
    cp_reserved: Sign
    cp_consumed: Sign
    draws: Code
    feeds: Code
    shortfall: Code
    debit: Code
    credit: Code
    pays: Code
    after: Code
    reaches: Code
    settles: Sign
    remits: Code
    change: Code
    whole: Code
    year_rule: Code
    inherits: Code
    refusal: Code
    check: Code
    before_service: Code
    undoes: Code
    opens: Code
    assigns: Code
    carries: Code
    pairs: Code
    requester: Code


def build_effects() -> Effects:
    """Return the catalog as columns."""
    signs = {"ae_reserved", "ae_consumed", "cp_reserved", "cp_consumed", "settles"}
    columns = ([getattr(kind, name) for kind in CATALOG] for name in Effects._fields)
    types = (np.int16 if name in signs else np.uint8 for name in Effects._fields)
    return Effects._make(np.array(column, dtype) for column, dtype in zip(columns, types, strict=True))
