"""What payment files ask: whom to pay what, from which account, on which day; as a bank reads pain.001."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.errors import FileUnreadable
from core.tables.xml import XmlMessage
from settlement.bank_files.message_schemas import (
    HEADER,
    NAMESPACE,
    define_amount,
    define_container,
    define_text,
)
from settlement.bank_files.xml_columns import MessageTables
from settlement.bank_files.xml_columns import read_message_tables as read_leaves
from settlement.bank_files.xml_positions import MessageLocator

LOT, TRANSFER = "lot", "transfer"


def _define_pain001(version: int) -> XmlMessage:
    day = (
        define_container("ReqdExctnDt", define_text("Dt", "day"), define_text("DtTm", "day"))
        if version >= 9
        else define_text("ReqdExctnDt", "day")
    )
    transfer = define_container(
        "CdtTrfTxInf",
        define_container("PmtId", define_text("EndToEndId", "end_to_end")),
        define_container("Amt", define_amount("amount", "currency", "InstdAmt")),
        define_container("Cdtr", define_text("Nm", "name")),
        define_container("CdtrAcct", define_container("Id", define_text("IBAN", "account"))),
        many=True,
        record=TRANSFER,
    )
    lot = define_container(
        "PmtInf", define_text("PmtInfId", "identity"), day, define_container("DbtrAcct", define_container("Id", define_text("IBAN", "account"))), transfer,
        many=True, record=LOT,
    )  # fmt: skip
    header = define_container("GrpHdr", define_text("MsgId", "identity"), record=HEADER)
    namespace = f"{NAMESPACE}pain.001.001.{version:02}"
    return XmlMessage(
        namespace, define_container("Document", define_container("CstmrCdtTrfInitn", header, lot))
    )


_MESSAGES: Mapping[str, XmlMessage] = {each.namespace: each for each in map(_define_pain001, (3, 9))}
_NAMES: Mapping[str, str] = {LOT: "PmtInf", TRANSFER: "CdtTrfTxInf"}


class OrderLot(NamedTuple):
    """Transfers from one account on one day."""

    message: str
    identity: str
    account: str
    day: int


class PaymentOrders(NamedTuple):
    """Transfers asked for, in the order of the files; ``lot`` counts through all of them."""

    lots: Sequence[OrderLot]
    lot: NDArray[np.int32]
    amount: NDArray[np.int64]
    end_to_end: Sequence[str]
    names: Sequence[str]
    accounts: Sequence[str]


def read_payment_files(paths: Sequence[Path]) -> PaymentOrders:
    """Read payment files.

    Raises
    ------
    FileUnreadable, FormatUnknown, LimitExceeded
        One of them is no pain.001, or lacks an account, a day, an amount or an end-to-end id.
    """
    found = PaymentOrders([], np.zeros(0, np.int32), np.zeros(0, np.int64), [], [], [])
    for path in paths:
        found = _concat(found, _read_file(path))
    return found


def _read_file(path: Path) -> PaymentOrders:
    leaves = read_leaves(path, _MESSAGES, path.name)
    places = MessageLocator(leaves, path, path.name)
    for record, columns in ((LOT, ("identity", "account", "day")), (TRANSFER, ("end_to_end", "amount"))):
        for column in columns:
            places.reject_first(
                record, ~leaves.has_text(record, column), f"No {column}", "The bank would refuse the file"
            )
    amounts = leaves.parse_cents(TRANSFER, "amount")
    places.reject_first(TRANSFER, amounts.fault != 0, "No amount", "The bank would refuse the file")
    lots = _read_lots(leaves, path.name)
    texts = (leaves.read_texts(TRANSFER, column) for column in ("end_to_end", "name", "account"))
    return PaymentOrders(lots, leaves.tables[TRANSFER].parent, amounts.value, *texts)


def _read_lots(leaves: MessageTables, name: str) -> list[OrderLot]:
    messages = leaves.read_texts(HEADER, "identity")
    if not messages:
        raise FileUnreadable(name, "No GrpHdr", "The bank would refuse the file")
    days = leaves.parse_days(LOT, "day").value.tolist()
    told = zip(leaves.read_texts(LOT, "identity"), leaves.read_texts(LOT, "account"), days, strict=True)
    return [OrderLot(messages[0], *each) for each in told]


def _concat(first: PaymentOrders, second: PaymentOrders) -> PaymentOrders:
    shifted = (second.lot + len(first.lots)).astype(np.int32)
    return PaymentOrders(
        [*first.lots, *second.lots],
        np.concatenate((first.lot, shifted)),
        np.concatenate((first.amount, second.amount)),
        [*first.end_to_end, *second.end_to_end],
        [*first.names, *second.names],
        [*first.accounts, *second.accounts],
    )


def list_ids_by_lot(orders: PaymentOrders) -> dict[str, list[str]]:
    """The end-to-end ids of each lot, by its name."""
    found: dict[str, list[str]] = {lot.identity: [] for lot in orders.lots}
    for number, name in zip(orders.lot.tolist(), orders.end_to_end, strict=True):
        found[orders.lots[number].identity].append(name)
    return found
