"""Reader of pain.001 as a bank reads it: the ordered transfers, with account and execution day."""

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
from settlement.bank_files.xml_columns import read_message_tables
from settlement.bank_files.xml_positions import XmlBankFile

LOT, TRANSFER = "lot", "transfer"
_DAY_ELEMENT_VERSION_MIN = 9
"""The first version with the execution day within its element."""
_REMEDY = "The bank would refuse the file"


def _define_pain001(version: int) -> XmlMessage:
    day = (
        define_container("ReqdExctnDt", define_text("Dt", "day"), define_text("DtTm", "day"))
        if version >= _DAY_ELEMENT_VERSION_MIN
        else define_text("ReqdExctnDt", "day")
    )
    transfer = define_container(
        "CdtTrfTxInf",
        define_container("PmtId", define_text("EndToEndId", "end_to_end")),
        define_container("Amt", define_amount("amount", "currency", "InstdAmt")),
        define_container("Cdtr", define_text("Nm", "name")),
        define_container("CdtrAcct", define_container("Id", define_text("IBAN", "account"))),
        is_repeatable=True,
        record=TRANSFER,
    )
    lot = define_container(
        "PmtInf",
        define_text("PmtInfId", "identity"),
        day,
        define_container("DbtrAcct", define_container("Id", define_text("IBAN", "account"))),
        transfer,
        is_repeatable=True,
        record=LOT,
    )
    header = define_container("GrpHdr", define_text("MsgId", "identity"), record=HEADER)
    namespace = f"{NAMESPACE}pain.001.001.{version:02}"
    return XmlMessage(
        namespace, define_container("Document", define_container("CstmrCdtTrfInitn", header, lot))
    )


_SCHEMAS: Mapping[str, XmlMessage] = {schema.namespace: schema for schema in map(_define_pain001, (3, 9))}


class OrderLot(NamedTuple):
    """Transfers from one account on one day: a payment information of a file."""

    message: str
    identity: str
    account: str
    day: int


class PaymentOrders(NamedTuple):
    """The ordered transfers, one per row, in the order of the files."""

    lots: Sequence[OrderLot]
    """Of all files."""
    lot: NDArray[np.int32]
    """Position in ``lots``."""
    amount: NDArray[np.int64]
    end_to_end: Sequence[str]
    names: Sequence[str]
    accounts: Sequence[str]


def read_payment_files(paths: Sequence[Path]) -> PaymentOrders:
    """Read payment files.

    Raises
    ------
    FileUnreadable, FormatUnknown, LimitExceeded
        A file is not a pain.001, or an account, day, amount or end-to-end id is missing.
    """
    orders = PaymentOrders([], np.zeros(0, np.int32), np.zeros(0, np.int64), [], [], [])
    for path in paths:
        orders = _concat(orders, _read_file(path))
    return orders


def _read_file(path: Path) -> PaymentOrders:
    file = XmlBankFile(read_message_tables(path, _SCHEMAS, path.name), path, path.name)
    tables = file.tables
    for record, columns in ((LOT, ("identity", "account", "day")), (TRANSFER, ("end_to_end", "amount"))):
        for column in columns:
            file.reject_first(
                record, ~tables.has_text(record, column), f"The {column} is missing", remedy=_REMEDY
            )
    amounts = tables.parse_cents(TRANSFER, "amount")
    file.reject_first(TRANSFER, amounts.fault != 0, "The amount is not valid", remedy=_REMEDY)
    texts = (tables.read_texts(TRANSFER, column) for column in ("end_to_end", "name", "account"))
    return PaymentOrders(_read_lots(file), tables.get_parents(TRANSFER), amounts.value, *texts)


def _read_lots(file: XmlBankFile) -> list[OrderLot]:
    tables = file.tables
    messages = tables.read_texts(HEADER, "identity")
    if not messages:
        raise FileUnreadable(file.name, "The element GrpHdr is missing", _REMEDY)
    identities, accounts = tables.read_texts(LOT, "identity"), tables.read_texts(LOT, "account")
    days = tables.parse_days(LOT, "day").value.tolist()
    return [OrderLot(messages[0], *lot) for lot in zip(identities, accounts, days, strict=True)]


def _concat(first: PaymentOrders, second: PaymentOrders) -> PaymentOrders:
    second_lot = (second.lot + len(first.lots)).astype(np.int32)
    return PaymentOrders(
        [*first.lots, *second.lots],
        np.concatenate((first.lot, second_lot)),
        np.concatenate((first.amount, second.amount)),
        [*first.end_to_end, *second.end_to_end],
        [*first.names, *second.names],
        [*first.accounts, *second.accounts],
    )


def list_ids_by_lot(orders: PaymentOrders) -> dict[str, list[str]]:
    """Return the end-to-end ids of each lot, by the identity of the lot."""
    ids: dict[str, list[str]] = {lot.identity: [] for lot in orders.lots}
    for lot, end_to_end in zip(orders.lot.tolist(), orders.end_to_end, strict=True):
        ids[orders.lots[lot].identity].append(end_to_end)
    return ids
