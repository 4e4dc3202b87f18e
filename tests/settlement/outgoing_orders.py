"""Transfer orders for tests, built from plain texts."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple

import numpy as np

from core.iban import add_check_digits
from core.payment_rules import TransferMethod
from core.tables.columns import seal
from core.tables.journal import Bytes, Spans
from posting.pgcopy import TextCells
from settlement.orders.pain001_writer import Debtor, Pain001Version, PaymentFileHeader
from settlement.orders.transfer_texts import TransferOrders, transliterate_names, transliterate_texts

IBAN = add_check_digits("FR", "30001000641234567890185")
BIC = "BDFEFRPPCCT"


class Order(NamedTuple):
    """One transfer as plain values."""

    entry: int = 1
    cents: int = 100
    name: str = "Entreprise"
    iban: str = IBAN
    bic: str = BIC
    remittance: str = "EJ 2103955300"


def build_cells(texts: Sequence[str]) -> TextCells:
    encoded = [text.encode() for text in texts]
    ends = np.cumsum([0, *map(len, encoded)]).astype(np.int32)
    data = np.frombuffer(b"".join(encoded), np.uint8)
    return TextCells(seal(Spans(ends[:-1].copy(), ends[1:].copy())), seal(Bytes(data)))


def build_orders(rows: Sequence[Order]) -> TransferOrders:
    entry, amount = (np.array([row[column] for row in rows], np.int64) for column in (0, 1))
    name, account, bank, remittance = (
        build_cells([str(row[column]) for row in rows]) for column in range(2, 6)
    )
    return TransferOrders(
        entry, amount, transliterate_names(name), account, bank, transliterate_texts(remittance)
    )


def build_header(
    version: Pain001Version = Pain001Version.V09,
    *,
    method: TransferMethod = TransferMethod.SEPA,
    holder: str = "DRFiP (exemple)",
    initiator: str = "DGFiP",
) -> PaymentFileHeader:
    return PaymentFileHeader(
        ledger=1,
        message_id="CRSC-01-7-PACA-SEPA-1",
        created=datetime(2018, 12, 21, 14, 2, 11, 94_000, UTC),
        initiator=initiator,
        debtor=Debtor(holder, IBAN, BIC),
        method=method,
        execution_day=date(2018, 12, 24),
        batch_booking=True,
        version=version,
    )
