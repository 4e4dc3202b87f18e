"""The totals that a payment file declares, NbOfTxs and CtrlSum, of the file and of each payment information.

Sums are exact: amounts with two decimals are added as cents, in two halves so that neither overflows; the few written
otherwise (a third decimal, a sign) are added one by one, as fractions.
"""

import re
from collections import defaultdict
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.errors import EnvelopeMismatch
from core.iso20022 import COUNT_DIFFERS, SUM_DIFFERS
from core.money import CENTS_PER_EURO
from core.outcome_codes import Outcome
from core.tables.columns import allocate_zeros
from core.tables.journal import ParsedNumbers
from ingest.pain001.lots import LotGroups
from ingest.resolution.text_columns import DistinctTexts
from kernels import parsing
from markup.zero_decimals import DECIMALS_MAX, cut_zero_decimals

_REMEDY = "Send the whole file, with the totals that belong to it"
_HALF_BITS = 32
_HALF = 2**_HALF_BITS - 1
_DECIMAL = re.compile(r"[-+]?(?:[0-9]{1,30}\.?[0-9]{0,20}|\.[0-9]{1,20})")
_DIGITS_MAX = 15


class Amounts(NamedTuple):
    """A column of amounts: the texts, and the cents and faults that they parse to."""

    texts: pa.Array
    parsed: ParsedNumbers


def parse_amounts(texts: pa.Array) -> Amounts:
    """Parse the amounts of a column."""
    return Amounts(texts, _parse(parsing.parse_amounts, texts))


def cut_zeros(amounts: pa.Array) -> pa.Array:
    """Return the amounts without zeros behind the cents."""
    values = DistinctTexts.from_arrow(amounts, with_empty=False)
    if cut_zero_decimals(values.spans, values.text) is values.spans:
        return amounts
    pattern = rf"(\.[0-9]{{2}})0{{1,{DECIMALS_MAX - 2}}}$"
    options = pc.ReplaceSubstringOptions(pattern, r"\1")
    return pc.call_function("replace_substring_regex", [amounts], options)


def _parse(kernel: Any, texts: pa.Array) -> ParsedNumbers:
    values = DistinctTexts.from_arrow(texts, with_empty=False)
    parsed = allocate_zeros(ParsedNumbers, len(texts))
    kernel(values.spans, values.text, parsed)
    return parsed


def _is_exact(parsed: ParsedNumbers) -> NDArray[np.bool_]:
    """Return whether an amount was parsed to the cent, even if it is faulty otherwise."""
    overflows = (parsed.fault == Outcome.AMOUNT_OVER_LIMIT) & (parsed.value == 0)
    return (parsed.fault != Outcome.AMOUNT_INVALID) & ~overflows


def _to_fraction(text: str) -> Fraction:
    """Return cents, or fractions of one; 0 if the text is not a number."""
    return Fraction(text) * CENTS_PER_EURO if _DECIMAL.fullmatch(text) else Fraction(0)


class _LotSums(NamedTuple):
    """Sums of lots: one row a lot."""

    lot: NDArray[np.int32]
    transfers: NDArray[np.int64]
    high: NDArray[np.int64]
    low: NDArray[np.int64]

    def take_range(self, start: int, stop: int) -> "_LotSums":
        """Return the rows from ``start`` to ``stop``."""
        part = slice(start, stop)
        return _LotSums(self.lot[part], self.transfers[part], self.high[part], self.low[part])


class TotalsCheck:
    """Adds up a file, and compares the sums with the totals that it declares."""

    def __init__(self, name: str) -> None:
        self._name, self._count, self._cents = name, 0, Fraction(0)
        self._irregular_cents: dict[int, Fraction] = defaultdict(Fraction)
        """By lot: the sum of amounts that were added one by one."""
        self._open_sums: _LotSums | None = None
        self._open_lot: pa.RecordBatch | None = None
        """The declared totals of the lot whose transfers are being added."""

    def add(self, groups: LotGroups, lots: pa.RecordBatch, amounts: Amounts) -> None:
        """Add the next transfers, and check the lots that end before the last of them."""
        texts, parsed = amounts
        ends = np.append(groups.start[1:], len(texts))
        self._count += len(texts)
        exact = np.where(_is_exact(parsed), parsed.value, 0)
        for position in np.flatnonzero(~_is_exact(parsed)).tolist():
            lot = int(groups.lot[np.searchsorted(ends, position, "right")])
            self._irregular_cents[lot] += _to_fraction(texts[position].as_py())
        sums = _LotSums(
            groups.lot,
            (ends - groups.start).astype(np.int64),
            np.add.reduceat(exact >> _HALF_BITS, groups.start),
            np.add.reduceat(exact & _HALF, groups.start),
        )
        self._check_ended_lots(self._continue_open_lot(sums), lots)

    def check_file(self, count: str, control_sum: str) -> None:
        """Check the last lot, and the file against the totals of its header.

        Raises
        ------
        EnvelopeMismatch
            A declared total differs.
        """
        if self._open_sums and self._open_lot:
            self._check_lots(self._open_sums, self._open_lot)
        self._check_declaration(self._name, count, control_sum, transfers=self._count, total=self._cents)

    def _continue_open_lot(self, sums: _LotSums) -> _LotSums:
        """Add the sums of the open lot to its continuation; if another lot begins, check the open one."""
        open_sums = self._open_sums
        if open_sums is None:
            return sums
        if open_sums.lot[0] != sums.lot[0]:
            if self._open_lot:
                self._check_lots(open_sums, self._open_lot)
            return sums
        for column, open_column in zip(sums[1:], open_sums[1:], strict=True):
            column[0] += open_column[0]
        return sums

    def _check_ended_lots(self, sums: _LotSums, lots: pa.RecordBatch) -> None:
        last = len(sums.lot) - 1
        self._check_lots(sums.take_range(0, last), lots.slice(0, last))
        self._open_sums, self._open_lot = sums.take_range(last, last + 1), lots.slice(last)

    def _check_lots(self, sums: _LotSums, lots: pa.RecordBatch) -> None:
        """Compare complete lots with the totals that they declare."""
        if not len(sums.lot):
            return
        high, low = sums.high + (sums.low >> _HALF_BITS), sums.low & _HALF
        self._cents += (int(high.sum()) << _HALF_BITS) + int(low.sum())
        counts, declared = (
            _parse(parsing.parse_whole_numbers, lots.column("count")),
            parse_amounts(lots.column("sum")).parsed,
        )
        is_count_right = (counts.value == sums.transfers) | (_measure_lengths(lots.column("count")) == 0)
        is_sum_right = (
            _is_exact(declared) & (declared.value >> _HALF_BITS == high) & (declared.value & _HALF == low)
        )
        is_right = is_count_right & (is_sum_right | (_measure_lengths(lots.column("sum")) == 0))
        is_irregular = np.isin(
            sums.lot, np.fromiter(self._irregular_cents, np.int32, len(self._irregular_cents))
        )
        for row in np.flatnonzero(~is_right | is_irregular).tolist():
            irregular = self._irregular_cents.pop(int(sums.lot[row]), Fraction(0))
            self._cents += irregular
            total = (int(high[row]) << _HALF_BITS) + int(low[row]) + irregular
            count, control_sum = (lots.column(name)[row].as_py() for name in ("count", "sum"))
            position = f"{self._name}, PmtInf {sums.lot[row] + 1} {lots.column('lot')[row].as_py()[:35]!r}"
            transfers = int(sums.transfers[row])
            self._check_declaration(position, count, control_sum, transfers=transfers, total=total)

    def _check_declaration(
        self, position: str, count: str, control_sum: str, *, transfers: int, total: Fraction
    ) -> None:
        is_number = count.isascii() and count.isdigit() and len(count) <= _DIGITS_MAX
        if count and not (is_number and int(count) == transfers):
            difference = f"{COUNT_DIFFERS}: NbOfTxs is {count[:40]!r}, and there are {transfers:,} transfers"
            raise EnvelopeMismatch(position, difference, _REMEDY)
        if control_sum and not (_DECIMAL.fullmatch(control_sum) and _to_fraction(control_sum) == total):
            amounts = f"the amounts add up to {_format_euros(total)}"
            difference = f"{SUM_DIFFERS}: CtrlSum is {control_sum[:40]!r}, and {amounts}"
            raise EnvelopeMismatch(position, difference, _REMEDY)


def _measure_lengths(texts: pa.Array) -> NDArray[np.int32]:
    spans = DistinctTexts.from_arrow(texts, with_empty=False).spans
    return spans.end - spans.start


def _format_euros(total: Fraction) -> str:
    """Format cents as euros, with as many decimals as needed, at least two."""
    decimals = 2
    while (total * 10 ** (decimals - 2)).denominator != 1 and decimals < 20:
        decimals += 1
    digits = int(abs(total) * 10 ** (decimals - 2))
    whole, rest = divmod(digits, 10**decimals)
    return f"{'-' if total < 0 else ''}{whole}.{rest:0{decimals}}"
