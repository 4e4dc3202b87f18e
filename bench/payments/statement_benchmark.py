"""The speed of reading and matching bank statements in megabytes a second, verified before it is timed.

``python -m bench.payments.statement_benchmark [TRANSFERS]`` measures a statement of so many transfers in both formats, as
the simulated bank writes it.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core import bank_reasons
from core.tables.bank_messages import MovementType
from core.tables.columns import seal_array
from core.tables.journal import Bytes, Spans
from core.target_calendar import find_open_day
from posting.pgcopy import TextCells
from settlement.bank_files import bank_file_reader
from settlement.orders.end_to_end import format_identifiers
from settlement.reconciliation.matching import Matches, match_movements, parse_entries
from settlement.reconciliation.sent_transfers import SentLines, SentTransfers, group_transfers
from settlement.simulated_bank import camt_writer, cfonb120_writer
from settlement.simulated_bank.accounts import AccountState, book_days
from settlement.simulated_bank.camt_writer import BankActivity, CamtVersion
from settlement.simulated_bank.pain001_reader import OrderLot, PaymentOrders
from settlement.simulated_bank.transfer_outcomes import OutcomeRates, decide_outcomes

TRANSFERS = 300_000
ROUNDS = 3
ACCOUNT = "FR7630001000641234567890174"
_LEDGER = 1
_DAY = find_open_day(np.array([17870], np.int32))
_PAYMENT = "payment"


class StatementFigures(NamedTuple):
    """The figures of reading and matching one statement."""

    name: str
    size_bytes: int
    transfers: int
    seconds: float

    @property
    def megabytes_a_second(self) -> float:
        """The speed by the size of the statement."""
        return self.size_bytes / self.seconds / 1e6


def measure(count: int = TRANSFERS) -> list[StatementFigures]:
    """Write statements of ``count`` transfers, read and match each, and time the best of a few rounds.

    Raises
    ------
    RuntimeError
        A transfer was not matched exactly once.
    """
    orders = _build_orders(count)
    outcomes = decide_outcomes(orders, {}, bank_reasons.load(), rates=OutcomeRates(1, 0))
    bank = BankActivity(orders, outcomes, CamtVersion.V08)
    (day,) = book_days(orders, outcomes, {ACCOUNT: AccountState(int(orders.amount.sum()), 0, 0)})
    sent, figures = _build_transfers(orders), []
    with tempfile.TemporaryDirectory() as folder:
        for name, writer in (
            ("camt.053", camt_writer.write_statement),
            ("cfonb.120", cfonb120_writer.write_statement),
        ):
            path = Path(folder) / name
            with path.open("w", encoding="utf-8", newline="\n") as file:
                file.writelines(writer(bank, [day]))
            figures.append(_time_statement(name, path, sent))
    return figures


def _time_statement(name: str, path: Path, sent: SentTransfers) -> StatementFigures:
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        matches = _read_and_match(path, sent)
        best = min(best, time.perf_counter() - start)
        _check_matches(matches, sent)
    return StatementFigures(name, path.stat().st_size, sent.head.size, best)


def _read_and_match(path: Path, sent: SentTransfers) -> Matches:
    message = bank_file_reader.read_bank_file(path)
    return match_movements(
        message, parse_entries(message, _LEDGER), sent, accounts=np.zeros(sent.head.size, np.int64)
    )


def _check_matches(matches: Matches, sent: SentTransfers) -> None:
    """Check that every transfer is debited once, and that nothing else was matched."""
    is_debited = matches.is_matched & (matches.movement_type == MovementType.DEBIT)
    if not is_debited.all() or (np.sort(matches.transfer) != np.arange(sent.head.size)).any():
        raise RuntimeError("not every transfer was matched exactly once")


def _build_orders(count: int) -> PaymentOrders:
    entries = np.arange(1, count + 1, dtype=np.int64)
    names = [row.tobytes().decode("ascii") for row in format_identifiers(entries, _LEDGER)]
    cents = 100 + entries * 7 % 100_003
    lot = OrderLot("RUN-1", "RUN-1-1", ACCOUNT, int(_DAY[0]))
    return PaymentOrders(
        [lot],
        np.zeros(count, np.int32),
        cents,
        names,
        ["Entreprise de travaux publics"] * count,
        [ACCOUNT] * count,
    )


def _build_transfers(orders: PaymentOrders) -> SentTransfers:
    """Build the same transfers as the journal contains them, each with one act."""
    from core.catalog import KIND_NUMBERS

    count = orders.amount.size
    entries = np.arange(1, count + 1, dtype=np.int64)
    texts = [b"1-%d" % number for number in range(1, count + 1)]
    ends = np.cumsum([0, *map(len, texts)]).astype(np.int32)
    references = TextCells(
        Spans(seal_array(ends[:-1]), seal_array(ends[1:])),
        Bytes(seal_array(np.frombuffer(b"".join(texts), np.uint8))),
    )
    ones = np.ones(count, np.int32)
    kind = np.full(count, KIND_NUMBERS[_PAYMENT], np.int16)
    return group_transfers(
        SentLines(
            entries, orders.amount, ones, ones.astype(np.int16), ones, kind, ones.astype(np.int16), ones, ones
        ),
        references,
    )


def main() -> None:
    """Print the figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else TRANSFERS
    for figures in measure(count):
        print(
            f"{figures.name}: {figures.transfers:,} transfers, {figures.size_bytes / 1e6:.0f} MB in {figures.seconds:.2f} s: "
            f"{figures.megabytes_a_second:.0f} MB/s"
        )


if __name__ == "__main__":
    main()
