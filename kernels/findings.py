"""finding = (outcome, node, cents missing): what a rule says of a line, each 64 bits wide whatever was compared."""

import numpy as np

from core.outcome_codes import Outcome
from kernels.jit import part


@part
def refused(outcome, node, missing):
    """The finding of a line that breaks a rule; node -1 where none is to blame."""
    return np.int64(outcome), np.int64(node), np.int64(missing)


@part
def accepted():
    """The finding of a line that breaks none."""
    return refused(Outcome.ACCEPTED.value, -1, 0)
