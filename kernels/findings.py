"""Findings: the result of checking a line, finding = (outcome, node, cents missing), each of them 64 bits wide."""

import numpy as np

from core.outcome_codes import Outcome
from kernels.jit import part


@part
def refused(outcome, node, missing):
    """Return the finding of a line that breaks a rule; node -1 where the rule concerns no node."""
    return np.int64(outcome), np.int64(node), np.int64(missing)


@part
def accepted():
    """Return the finding of a line that breaks no rule."""
    return refused(Outcome.ACCEPTED.value, -1, 0)
