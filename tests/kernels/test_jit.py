"""The guarantees of a kernel: exact types, sealed inputs, and one source that runs compiled or interpreted."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numba.core.errors import TypingError

from core.tables.book import OpenItems
from core.tables.columns import allocate_records, allocate_zeros, seal_array, to_record_dtype
from core.tables.journal import Acts, Flags, PackedCells, Words
from kernels.instructions import prefetch, seldom
from kernels.jit import borrow, fills, fills_records, kernel, reads, reads_records

ROOT = Path(__file__).parent.parent.parent


@kernel(reads(PackedCells), fills(Words))
def double_words(packed, words):
    for row in range(packed.word.size):
        words.word[row] = np.uint64(2 * packed.word[row])


@kernel(reads_records(OpenItems), fills_records(OpenItems))
def copy_items(items, others):
    items = borrow(items)
    for row in range(items.size):
        prefetch(items, row)
        others[row].open = items[row].open
        if seldom(items[row].open < 0):
            others[row].open += 1


def test_the_interpreted_kernels_pass_the_same_tests() -> None:
    """In a process of its own, because Numba decides on its first import whether to compile."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(Path(__file__).parent)]
    result = subprocess.run(
        [*command, f"--ignore={__file__}"],
        cwd=ROOT,
        check=False,
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_kernel_accepts_its_declared_types() -> None:
    words = allocate_zeros(Words, 2)
    double_words(PackedCells(seal_array(np.array([1, 2**62], np.int64))), words)
    assert words.word.tolist() == [2, 2**63]


@pytest.mark.parametrize(
    ("word", "words"),
    [
        (seal_array(np.zeros(2, np.int32)), np.zeros(2, np.uint64)),
        (seal_array(np.zeros(4, np.int64))[::2], np.zeros(2, np.uint64)),
        (np.zeros(2, np.int64), np.zeros(2, np.uint64)),
        (seal_array(np.zeros(2, np.int64)), seal_array(np.zeros(2, np.uint64))),
    ],
    ids=["another dtype", "not contiguous", "not sealed", "sealed output"],
)
def test_a_kernel_accepts_no_other_types(word: np.ndarray, words: np.ndarray) -> None:
    """It raises a TypeError rather than make a slow copy or compile again."""
    with pytest.raises(TypeError):
        double_words(PackedCells(word), Words(words))


def test_a_kernel_that_writes_to_what_it_reads_does_not_compile() -> None:
    def overwrite(flags):
        flags.flag[0] = 1

    with pytest.raises(TypingError, match="readonly"):
        kernel(reads(Flags))(overwrite)


def test_hints_to_the_compiler_change_nothing() -> None:
    """One drops reference counting, one only fills a cache, one orders the branches of a condition."""
    items, others = allocate_records(OpenItems, 3), allocate_records(OpenItems, 3)
    items["open"] = (1, -(2**63), 2**63 - 1)
    copy_items(seal_array(items), others)
    assert others["open"].tolist() == [1, -(2**63) + 1, 2**63 - 1]
    assert borrow(items) is items
    assert seldom(True)


def test_a_record_has_the_fields_of_its_table_aligned() -> None:
    assert to_record_dtype(Acts).names == Acts._fields
    dtype = to_record_dtype(Acts)
    assert all(dtype.fields[name][1] % dtype[name].alignment == 0 for name in Acts._fields)  # type: ignore[index]
