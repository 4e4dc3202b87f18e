"""What a payment file says that it adds up to: NbOfTxs and CtrlSum, of the whole and of each payment information.

Sums are exact: amounts of two decimals are added as cents, in two halves so that none wraps; the few that are written
otherwise (a third decimal, a sign) one by one, as fractions.
"""

import re
from collections import defaultdict
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
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

_REMEDY = "Send the whole file, with the totals that belong to it"
_HALF_BITS = 32
_HALF = 2**_HALF_BITS - 1
_DECIMAL = re.compile(r"[-+]?(?:[0-9]{1,30}\.?[0-9]{0,20}|\.[0-9]{1,20})")
_DIGITS_MAX = 15


def parse_cents(texts: pa.Array) -> ParsedNumbers:
    """The amounts of a column."""
    return _parse(parsing.parse_amounts, texts)


def _parse(kernel: Any, texts: pa.Array) -> ParsedNumbers:
    values, parsed = (
        DistinctTexts.from_arrow(texts, with_empty=False),
        allocate_zeros(ParsedNumbers, len(texts)),
    )
    kernel(values.spans, values.text, parsed)
    return parsed


def _is_exact(parsed: ParsedNumbers) -> NDArray[np.bool_]:
    """Whether an amount was read to the cent, whatever is wrong with it besides."""
    over = (parsed.fault == Outcome.AMOUNT_OVER_LIMIT) & (parsed.value == 0)
    return (parsed.fault != Outcome.AMOUNT_INVALID) & ~over


def _to_fraction(text: str) -> Fraction:
    """Cents, or parts of one; 0 for what is no number."""
    return Fraction(text) * CENTS_PER_EURO if _DECIMAL.fullmatch(text) else Fraction(0)


class _LotSums(NamedTuple):
    """Of some lots: one row each."""

    lot: NDArray[np.int32]
    transfers: NDArray[np.int64]
    high: NDArray[np.int64]
    low: NDArray[np.int64]

    def take_range(self, start: int, stop: int) -> "_LotSums":
        """Of some of them."""
        part = slice(start, stop)
        return _LotSums(self.lot[part], self.transfers[part], self.high[part], self.low[part])


class TotalsCheck:
    """Adds up a file, and holds it against what it says of itself."""

    def __init__(self, name: str) -> None:
        self._name, self._count, self._cents = name, 0, Fraction(0)
        self._irregular_cents: dict[int, Fraction] = defaultdict(Fraction)
        """By lot: what was added one by one."""
        self._open_sums: _LotSums | None = None
        self._open_lot: pa.RecordBatch | None = None
        """Of the lot under way."""

    def add(self, groups: LotGroups, lots: pa.RecordBatch, amounts: tuple[pa.Array, ParsedNumbers]) -> None:
        """Take in the next transfers, and judge the lots that end before the last of them."""
        texts, parsed = amounts
        ends = np.append(groups.start[1:], len(texts))
        self._count += len(texts)
        exact = np.where(_is_exact(parsed), parsed.value, 0)
        for place in np.flatnonzero(~_is_exact(parsed)).tolist():
            lot = int(groups.lot[np.searchsorted(ends, place, "right")])
            self._irregular_cents[lot] += _to_fraction(texts[place].as_py())
        sums = _LotSums(
            groups.lot,
            (ends - groups.start).astype(np.int64),
            np.add.reduceat(exact >> _HALF_BITS, groups.start),
            np.add.reduceat(exact & _HALF, groups.start),
        )
        self._check_ended_lots(self._continue_open_lot(sums), lots)

    def check_file(self, count: str, control_sum: str) -> None:
        """Judge the last lot, and the file by what its header says.

        Raises
        ------
        EnvelopeMismatch
            Something differs.
        """
        if self._open_sums and self._open_lot:
            self._check_lots(self._open_sums, self._open_lot)
        self._check_declared(self._name, (count, control_sum), (self._count, self._cents))

    def _continue_open_lot(self, sums: _LotSums) -> _LotSums:
        """With what came before of the first lot; a lot that ended with the transfers before is judged."""
        before = self._open_sums
        if before is None:
            return sums
        if before.lot[0] != sums.lot[0]:
            if self._open_lot:
                self._check_lots(before, self._open_lot)
            return sums
        for now, then in zip(sums[1:], before[1:], strict=True):
            now[0] += then[0]
        return sums

    def _check_ended_lots(self, sums: _LotSums, lots: pa.RecordBatch) -> None:
        last = len(sums.lot) - 1
        self._check_lots(sums.take_range(0, last), lots.slice(0, last))
        self._open_sums, self._open_lot = sums.take_range(last, last + 1), lots.slice(last)

    def _check_lots(self, sums: _LotSums, lots: pa.RecordBatch) -> None:
        """Hold lots that are whole against their own totals."""
        if not len(sums.lot):
            return
        high, low = sums.high + (sums.low >> _HALF_BITS), sums.low & _HALF
        self._cents += (int(high.sum()) << _HALF_BITS) + int(low.sum())
        counts, stated = (
            _parse(parsing.parse_whole_numbers, lots.column("count")),
            parse_cents(lots.column("sum")),
        )
        agrees = (counts.value == sums.transfers) | (_measure_lengths(lots.column("count")) == 0)
        same = _is_exact(stated) & (stated.value >> _HALF_BITS == high) & (stated.value & _HALF == low)
        agrees &= same | (_measure_lengths(lots.column("sum")) == 0)
        odd = np.isin(sums.lot, np.fromiter(self._irregular_cents, np.int32, len(self._irregular_cents)))
        for row in np.flatnonzero(~agrees | odd).tolist():
            more = self._irregular_cents.pop(int(sums.lot[row]), Fraction(0))
            self._cents += more
            total = (int(high[row]) << _HALF_BITS) + int(low[row]) + more
            said = (lots.column("count")[row].as_py(), lots.column("sum")[row].as_py())
            where = f"{self._name}, PmtInf {sums.lot[row] + 1} {lots.column('lot')[row].as_py()[:35]!r}"
            self._check_declared(where, said, (int(sums.transfers[row]), total))

    def _check_declared(self, where: str, said: tuple[str, str], found: tuple[int, Fraction]) -> None:
        (count, control_sum), (transfers, total) = said, found
        is_number = count.isascii() and count.isdigit() and len(count) <= _DIGITS_MAX
        if count and not (is_number and int(count) == transfers):
            told = f"{COUNT_DIFFERS}: NbOfTxs is {count[:40]!r}, and there are {transfers:,} transfers"
            raise EnvelopeMismatch(where, told, _REMEDY)
        if control_sum and not (_DECIMAL.fullmatch(control_sum) and _to_fraction(control_sum) == total):
            told = f"{SUM_DIFFERS}: CtrlSum is {control_sum[:40]!r}, and the amounts add up to {_format_euros(total)}"
            raise EnvelopeMismatch(where, told, _REMEDY)


def _measure_lengths(texts: pa.Array) -> NDArray[np.int32]:
    spans = DistinctTexts.from_arrow(texts, with_empty=False).spans
    return spans.end - spans.start


def _format_euros(total: Fraction) -> str:
    """In euros, with as many decimals as it takes, two at least."""
    decimals = 2
    while (total * 10 ** (decimals - 2)).denominator != 1 and decimals < 20:
        decimals += 1
    digits = int(abs(total) * 10 ** (decimals - 2))
    whole, rest = divmod(digits, 10**decimals)
    return f"{'-' if total < 0 else ''}{whole}.{rest:0{decimals}}"
