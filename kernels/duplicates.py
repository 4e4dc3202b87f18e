"""Duplicates: an act whose reference was accepted before, or waits, is answered without a check of its content.

The same reference with the same content is a duplicate; with other content it is a conflict.
"""

import numpy as np

from core.outcome_codes import Outcome
from kernels import key_index
from kernels.jit import as_position, part

_LAST_UNKEYED = Outcome.ACT_TOO_LONG.value


@part
def answer_act(decisions, span, outcome):
    """Give every line of an act the same outcome."""
    for line in range(span[0], span[1]):
        decisions[line].outcome = outcome
        decisions[line].entry = 0
        decisions[line].node = -1
        decisions[line].missing = 0


@part
def refuse_act(acts, decisions, span, finding):
    """Record the finding on the line that broke a rule, and ACT_REFUSED on the other lines of the act."""
    line, (outcome, node, missing) = finding
    answer_act(decisions, span, Outcome.ACT_REFUSED.value)
    decisions[line].outcome = outcome
    decisions[line].node = node
    decisions[line].missing = missing


@part
def _answer_waiting(acts, book, decisions, span):
    row, _ = span
    key_row = key_index.find_key(book.waiting_slots, book.waiting, acts[row].key_high, acts[row].key_low)
    if key_row < 0:
        return False
    is_same = book.waiting[key_row].content == acts[row].content
    answer_act(decisions, span, Outcome.HELD.value if is_same else Outcome.REFERENCE_CONFLICT.value)
    return True


@part
def answer_known_act(acts, book, decisions, context, key_row):
    """Answer an act without checking it: it has no key, or its key is accepted already or, while holding, waits.

    Return whether it was answered; ``context`` = (span of the act, whether early acts are held).
    """
    span, holding = context
    row, end = span
    for line in range(row, end):
        line = as_position(line)
        if Outcome.HELD.value < acts[line].fault <= _LAST_UNKEYED:
            refuse_act(acts, decisions, span, (line, (np.int64(acts[line].fault), -1, 0)))
            return True
    if key_row >= 0:
        is_same = book.keys[key_row].content == acts[row].content
        answer_act(decisions, span, Outcome.DUPLICATE.value if is_same else Outcome.REFERENCE_CONFLICT.value)
        for line in range(row, end):
            # the lines of another act name the first entry of the one that stands
            decisions[line].entry = np.int64(book.keys[key_row].value) + (line - row if is_same else 0)
        return True
    return holding and book.counters[0].waiting > 0 and _answer_waiting(acts, book, decisions, span)
