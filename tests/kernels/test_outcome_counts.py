"""Decided lines grouped by outcome."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.catalog import CATALOG, KIND_NUMBERS
from core.money import AMOUNT_MAX
from core.outcome_codes import Outcome
from core.tables.columns import allocate_records, seal, seal_array
from core.tables.journal import Acts, Decisions
from kernels import outcome_counts as kernel
from tests.kernels.execution_modes import run_examples, to_spans
from tests.oracle import outcome_counts

_kinds = st.sampled_from([KIND_NUMBERS[name] for name in ("third_party", "commitment", "payment_request")])
_outcomes = st.sampled_from((Outcome.ACCEPTED, Outcome.DUPLICATE, Outcome.HELD)) | st.sampled_from(Outcome)
_amounts = st.integers(0, AMOUNT_MAX)
_lines = st.tuples(_kinds, _amounts, _outcomes, st.integers(-1, 2**53), st.text(max_size=9))

Line = tuple[int, int, Outcome, int, str]


@run_examples(300)
@given(st.lists(_lines, max_size=12))
def test_lines_are_grouped_by_outcome(lines: list[Line]) -> None:
    acts, decisions = allocate_records(Acts, len(lines)), allocate_records(Decisions, len(lines))
    for row, (kind, amount, outcome, _, _) in enumerate(lines):
        acts[row]["kind"], acts[row]["amount"], decisions[row]["outcome"] = kind, amount, outcome
    spans, _ = to_spans([reference.encode() for *_, reference in lines])
    line_amounts = kernel.LineAmounts(np.array([cents for *_, cents, _ in lines], np.int64), *spans)
    totals = np.zeros(kernel.KIND_TOTALS_START + len(CATALOG), np.int64)
    order = np.full(len(lines), -1, np.int32)
    kernel.group_outcomes(seal_array(acts), seal_array(decisions), seal(line_amounts), totals, order)
    by_group, kind_cents = np.split(totals, [kernel.KIND_TOTALS_START])
    plain_lines: list[outcome_counts.Line] = [
        ({"kind": kind, "amount": amount}, {"outcome": outcome}, cents, reference)
        for kind, amount, outcome, cents, reference in lines
    ]
    expected = outcome_counts.group_outcomes(plain_lines)
    assert by_group.reshape(kernel.GROUP_COUNT, kernel.TOTAL_COUNT).tolist() == [
        sums for sums, _ in expected.values()
    ]
    assert {kind: cents for kind, cents in enumerate(kind_cents.tolist()) if cents} == {
        kind: cents for kind, cents in outcome_counts.sum_kinds(plain_lines).items() if cents
    }
    assert order.tolist() == [row for _, rows in expected.values() for row in rows]
