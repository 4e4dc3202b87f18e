"""Fingerprints of invoices compared with the plain model: the number as it counts, and its supplier."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.tables.columns import allocate_zeros, seal
from core.tables.invoices import Suppliers
from core.tables.journal import Fingerprints, Words
from kernels import invoices as kernel
from tests.kernels.execution_modes import allow_wrapping, run_examples, to_spans
from tests.oracle.invoices import fingerprint_invoices

Supplier = tuple[int, int]
"""Two words of a fingerprint."""

_words = st.integers(0, 2**64 - 1) | st.just(7)
numbers = st.text("aA1-/ é", max_size=8).map(str.encode) | st.binary(max_size=9) | st.just(b"F" * 71)
suppliers = st.tuples(_words, st.integers(0, 2**32 - 1) | st.just(7))


def _fingerprint(rows: list[tuple[bytes, Supplier]], secret: tuple[int, int]) -> list[tuple[int, int]]:
    spans, text = to_spans([number for number, _ in rows])
    types = enumerate((np.uint64, np.uint32))
    columns = Suppliers._make(np.array([supplier[at] for _, supplier in rows], dtype) for at, dtype in types)
    fingerprints = allocate_zeros(Fingerprints, len(rows))
    with allow_wrapping():
        kernel.fingerprint_invoices(
            spans, text, seal(columns), seal(Words(np.array(secret, np.uint64))), fingerprints
        )
    return list(zip(*(column.tolist() for column in fingerprints), strict=True))


@run_examples(300)
@given(st.lists(st.tuples(numbers, suppliers), min_size=1, max_size=8), st.tuples(_words, _words))
def test_fingerprints_equal_the_plain_model(
    rows: list[tuple[bytes, Supplier]], secret: tuple[int, int]
) -> None:
    own = [number for number, _ in rows], [supplier for _, supplier in rows]
    assert _fingerprint(rows, secret) == fingerprint_invoices(*own, *secret)


def test_one_invoice_may_be_spelled_in_many_ways() -> None:
    supplier = (5, 6)
    spellings = [b"F-2018/7", b"f 2018 7", b"F20187", b"f.2018_7"]
    assert len(set(_fingerprint([(text, supplier) for text in spellings], (1, 2)))) == 1


def test_supplier_and_number_tell_invoices_apart() -> None:
    rows = [(b"F7", (5, 6)), (b"F7", (5, 7)), (b"F7", (6, 6)), (b"F07", (5, 6))]
    assert len(set(_fingerprint(rows, (1, 2)))) == len(rows)


def test_a_number_without_letters_and_digits_is_none() -> None:
    rows = [(text, (5, 6)) for text in (b"", b"--", b" / ", b"F" * 71)]
    assert set(_fingerprint(rows, (1, 2))) == {(0, 0)}
