"""Statements of the bank, read and matched: megabytes a second, verified before they are timed.

``python -m bench.payments.statement_benchmark [TRANSFERS]``: a statement of so many transfers,
as the simulated bank writes it, in both formats.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core import bank_reasons
from core.tables.bank_messages import Sort
from core.tables.columns import sealed
from core.tables.journal import Bytes, Spans
from core.target_calendar import first_open
from posting.pgcopy import TextCells
from settlement.bank_files import bank_file_reader
from settlement.orders.end_to_end import formed
from settlement.reconciliation.matching import Matched, matched, named
from settlement.reconciliation.sent_transfers import Sent, Transfers, transfers
from settlement.simulated_bank import camt_writer, cfonb120_writer
from settlement.simulated_bank.accounts import Standing, days
from settlement.simulated_bank.camt_writer import Bank, Version
from settlement.simulated_bank.pain001_reader import Lot, Orders
from settlement.simulated_bank.transfer_outcomes import Chances, fates

TRANSFERS = 300_000
RUNS = 3
ACCOUNT = "FR7630001000641234567890174"
_DAY = first_open(np.array([17870], np.int32))
_PAYMENT = "payment"


class Figure(NamedTuple):
    """How a statement was read and matched."""

    what: str
    size_bytes: int
    transfers: int
    seconds: float

    @property
    def megabytes_a_second(self) -> float:
        """Of the file."""
        return self.size_bytes / self.seconds / 1e6


def measure(count: int = TRANSFERS) -> list[Figure]:
    """Write statements of ``count`` transfers, read and match each, and time the best of a few runs.

    Raises
    ------
    RuntimeError
        A transfer was not found, or the sums differ.
    """
    orders = _orders(count)
    fate = fates(orders, {}, bank_reasons.load(), Chances(1, 0))
    bank = Bank(orders, fate, Version.V08)
    (day,) = days(orders, fate, {ACCOUNT: Standing(int(orders.amount.sum()), 0, 0)})
    sent, found = _sent(orders), []
    with tempfile.TemporaryDirectory() as folder:
        for name, writer in (("camt.053", camt_writer.statement), ("cfonb.120", cfonb120_writer.statement)):
            path = Path(folder) / name
            with path.open("w", encoding="utf-8", newline="\n") as file:
                file.writelines(writer(bank, [day]))
            found.append(_timed(name, path, sent))
    return found


def _timed(what: str, path: Path, sent: Transfers) -> Figure:
    best = float("inf")
    for _ in range(RUNS):
        began = time.perf_counter()
        fits = _read_and_matched(path, sent)
        best = min(best, time.perf_counter() - began)
        _check(fits, sent)
    return Figure(what, path.stat().st_size, sent.head.size, best)


def _read_and_matched(path: Path, sent: Transfers) -> Matched:
    message = bank_file_reader.read(path)
    return matched(message, named(message), sent, np.zeros(sent.head.size, np.int64))


def _check(fits: Matched, sent: Transfers) -> None:
    """Every transfer is debited once, and nothing else was found."""
    is_debited = fits.fits & (fits.sort == Sort.DEBIT)
    if not is_debited.all() or (np.sort(fits.place) != np.arange(sent.head.size)).any():
        raise RuntimeError("not every transfer was found once")


def _orders(count: int) -> Orders:
    entries = np.arange(1, count + 1, dtype=np.int64)
    names = [row.tobytes().decode("ascii") for row in formed(entries)]
    cents = 100 + entries * 7 % 100_003
    lot = Lot("RUN-1", "RUN-1-1", ACCOUNT, int(_DAY[0]))
    return Orders(
        [lot],
        np.zeros(count, np.int32),
        cents,
        names,
        ["Entreprise de travaux publics"] * count,
        [ACCOUNT] * count,
    )


def _sent(orders: Orders) -> Transfers:
    """The same transfers as the journal has them, an act each."""
    from core.catalog import KIND_NUMBER

    count = orders.amount.size
    entries = np.arange(1, count + 1, dtype=np.int64)
    pieces = [b"1-%d" % number for number in range(1, count + 1)]
    ends = np.cumsum([0, *map(len, pieces)]).astype(np.int32)
    references = TextCells(
        Spans(sealed(ends[:-1]), sealed(ends[1:])), Bytes(sealed(np.frombuffer(b"".join(pieces), np.uint8)))
    )
    same = np.ones(count, np.int32)
    kind = np.full(count, KIND_NUMBER[_PAYMENT], np.int16)
    return transfers(
        Sent(entries, orders.amount, same, same, same, kind, same.astype(np.int16), same, same), references
    )


def main() -> None:
    """Print the figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else TRANSFERS
    for each in measure(count):
        print(
            f"{each.what}: {each.transfers:,} transfers, {each.size_bytes / 1e6:.0f} MB in {each.seconds:.2f} s: "
            f"{each.megabytes_a_second:.0f} MB/s"
        )


if __name__ == "__main__":
    main()
