"""BICs, compared with the pattern of the schema."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from core.tables.columns import allocate_zeros
from core.tables.journal import Flags
from kernels import bic as kernel
from tests.kernels.execution_modes import run_examples, to_spans
from tests.oracle import bic as oracle

_valid = st.from_regex(rb"\A[A-Z]{6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3})?\Z")
_almost_valid = st.text("ABOZ0129@[/:a", min_size=7, max_size=12).map(str.encode)


@run_examples(300)
@given(st.lists(_valid | _almost_valid | st.binary(max_size=12), max_size=9))
@example(
    [b"BDFEFRPPCCT", b"BDFEFRPP", b"BDFEFR1P", b"BDFEFRPO", b"BDFEFRP1", b"BDFEFRPPCC", b"1DFEFRPP", b""]
)
def test_bics_are_flagged(texts: list[bytes]) -> None:
    flags = allocate_zeros(Flags, len(texts))
    kernel.check_bics(*to_spans(texts), flags)
    assert flags.flag.astype(np.bool_).tolist() == [oracle.is_bic(text) for text in texts]
