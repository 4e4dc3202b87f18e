"""The numbering of account assignments, and the validation of IBANs."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from core.tables.columns import allocate_zeros, seal_array
from core.tables.journal import Flags, Numbers, PackedCells
from kernels import cells as cell_kernel
from kernels import iban as iban_kernel
from tests.kernels.execution_modes import allow_wrapping, draw_lists, run_examples, to_spans
from tests.oracle import cells, iban

_words = st.integers(0, 5) | st.integers(0, 2**63 - 1) | st.sampled_from((-1, -(2**63), 2**63 - 1))


@run_examples(300)
@given(st.lists(_words, max_size=12), st.lists(_words, max_size=12))
@example([], [])
def test_cells_are_numbered_in_order_of_first_occurrence(first: list[int], second: list[int]) -> None:
    """In two calls, as the second continues the table of the first; half of the slots may be in use."""
    slots, words = np.zeros(64, np.uint64), np.full(24, -1, np.int64)
    count, cell_words = np.zeros(1, np.int64), []
    for packed in (first, second):
        numbers = allocate_zeros(Numbers, len(packed))
        with allow_wrapping():
            cell_kernel.number_cells(
                PackedCells(seal_array(np.array(packed, np.int64))), slots, words, count, numbers
            )
        assert numbers.number.tolist() == cells.number_cells(packed, cell_words)
        assert words[: count[0]].tolist() == cell_words
    assert np.count_nonzero(slots) == len(cell_words)


@st.composite
def _draw_ibans(draw: st.DrawFn) -> bytes:
    """Draw an IBAN, or one with a character changed, added or removed."""
    country = draw(st.sampled_from(sorted(iban.LENGTHS)) | st.text("AZ", min_size=2, max_size=2))
    size = iban.LENGTHS.get(country, 20) - 4
    valid = iban.add_check_digits(
        country, draw(st.text("0123456789AZ", min_size=size, max_size=size))
    ).encode()
    at, other = (
        draw(st.integers(0, len(valid))),
        draw(st.sampled_from([b"", b"", b"", b"0", b"a", b" ", b"\xc3"])),
    )
    return valid[:at] + other + valid[at + draw(st.integers(0, 1)) * (other != b"") :]


@run_examples(400)
@given(draw_lists(_draw_ibans() | st.binary(max_size=36)))
@example(
    [b"F", b"FR", b"FR7", b"FR76", b"GB82WEST12345698765432", b"GB82WEST1234569876543", b"FR" + b"7" * 32]
)
@example([b"@A00", b"[A00", b"/" * 5, b":" * 27])
def test_ibans_are_flagged(texts: list[bytes]) -> None:
    flags = allocate_zeros(Flags, len(texts))
    iban_kernel.check_ibans(*to_spans(texts), flags)
    assert flags.flag.tolist() == [iban.is_iban(text.decode("latin-1")) for text in texts]
