"""The sums of amounts taken up, and the compaction of texts."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.tables.columns import allocate_zeros, seal, seal_array
from core.tables.journal import Flags, Spans
from core.tables.payment_runs import Payables
from kernels import open_amounts, text_compaction
from tests.kernels.execution_modes import draw_lists, run_examples, to_spans
from tests.oracle import open_amounts as oracle
from tests.oracle import text_compaction as gathering_oracle

_rows = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9), st.integers(0, 10**14)), max_size=12)


@run_examples(200)
@given(_rows, st.sets(st.integers(0, 4)), st.dictionaries(st.integers(0, 9), st.integers(1, 10**14)))
def test_amounts_taken_up_are_summed(
    rows: list[tuple[int, int, int]], kinds: set[int], before: dict[int, int]
) -> None:
    table = allocate_zeros(Payables, len(rows))
    for name, place in (("kind", 0), ("predecessor", 1), ("amount", 2)):
        getattr(table, name)[:] = [row[place] for row in rows]
    flags = Flags(seal_array(np.array([kind in kinds for kind in range(5)], np.uint8)))
    cents = np.array([before.get(entry, 0) for entry in range(10)], np.int64)
    open_amounts.sum_taken_up(seal(table), flags, cents)
    sums = {entry: amount for entry, amount in enumerate(cents.tolist()) if amount}
    assert sums == {
        entry: cents for entry, cents in oracle.sum_taken_up(rows, kinds, before).items() if cents
    }


@run_examples(200)
@given(draw_lists(st.binary(max_size=9)))
def test_texts_are_copied_next_to_each_other(texts: list[bytes]) -> None:
    spans, out = allocate_zeros(Spans, len(texts)), np.zeros(sum(map(len, texts)), np.uint8)
    text_compaction.gather_texts(*to_spans(texts), spans, out)
    expected, joined = gathering_oracle.gather_texts(texts)
    assert list(zip(spans.start.tolist(), spans.end.tolist(), strict=True)) == expected
    assert out.tobytes() == joined
