"""What payment files ask: whom to pay what, from which account, on which day; as a bank reads pain.001."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.errors import FileUnreadable
from core.tables.xml import Message
from settlement.bank_files.message_schemas import HEADER, NAMESPACE, amount, holds, value
from settlement.bank_files.xml_columns import Leaves
from settlement.bank_files.xml_columns import read as read_leaves
from settlement.bank_files.xml_positions import Places

LOT, TRANSFER = "lot", "transfer"


def _pain001(version: int) -> Message:
    day = (
        holds("ReqdExctnDt", value("Dt", "day"), value("DtTm", "day"))
        if version >= 9
        else value("ReqdExctnDt", "day")
    )
    transfer = holds(
        "CdtTrfTxInf",
        holds("PmtId", value("EndToEndId", "end_to_end")),
        holds("Amt", amount("amount", "currency", "InstdAmt")),
        holds("Cdtr", value("Nm", "name")),
        holds("CdtrAcct", holds("Id", value("IBAN", "account"))),
        many=True,
        record=TRANSFER,
    )
    lot = holds(
        "PmtInf", value("PmtInfId", "identity"), day, holds("DbtrAcct", holds("Id", value("IBAN", "account"))), transfer,
        many=True, record=LOT,
    )  # fmt: skip
    header = holds("GrpHdr", value("MsgId", "identity"), record=HEADER)
    namespace = f"{NAMESPACE}pain.001.001.{version:02}"
    return Message(namespace, holds("Document", holds("CstmrCdtTrfInitn", header, lot)))


_MESSAGES: Mapping[str, Message] = {each.namespace: each for each in map(_pain001, (3, 9))}
_NAMES: Mapping[str, str] = {LOT: "PmtInf", TRANSFER: "CdtTrfTxInf"}


class Lot(NamedTuple):
    """Transfers from one account on one day."""

    message: str
    identity: str
    account: str
    day: int


class Orders(NamedTuple):
    """Transfers asked for, in the order of the files; ``lot`` counts through all of them."""

    lots: Sequence[Lot]
    lot: NDArray[np.int32]
    amount: NDArray[np.int64]
    end_to_end: Sequence[str]
    names: Sequence[str]
    accounts: Sequence[str]


def read(paths: Sequence[Path]) -> Orders:
    """Read payment files.

    Raises
    ------
    FileUnreadable, FormatUnknown, LimitExceeded
        One of them is no pain.001, or lacks an account, a day, an amount or an end-to-end id.
    """
    found = Orders([], np.zeros(0, np.int32), np.zeros(0, np.int64), [], [], [])
    for path in paths:
        found = _joined(found, _read(path))
    return found


def _read(path: Path) -> Orders:
    leaves = read_leaves(path, _MESSAGES, path.name)
    places = Places(leaves, path, path.name)
    for record, columns in ((LOT, ("identity", "account", "day")), (TRANSFER, ("end_to_end", "amount"))):
        for column in columns:
            places.refuse(
                record, ~leaves.given(record, column), f"No {column}", "The bank would refuse the file"
            )
    amounts = leaves.cents(TRANSFER, "amount")
    places.refuse(TRANSFER, amounts.fault != 0, "No amount", "The bank would refuse the file")
    lots = _lots(leaves, path.name)
    texts = (leaves.texts(TRANSFER, column) for column in ("end_to_end", "name", "account"))
    return Orders(lots, leaves.tables[TRANSFER].parent, amounts.value, *texts)


def _lots(leaves: Leaves, name: str) -> list[Lot]:
    messages = leaves.texts(HEADER, "identity")
    if not messages:
        raise FileUnreadable(name, "No GrpHdr", "The bank would refuse the file")
    days = leaves.days(LOT, "day").value.tolist()
    told = zip(leaves.texts(LOT, "identity"), leaves.texts(LOT, "account"), days, strict=True)
    return [Lot(messages[0], *each) for each in told]


def _joined(first: Orders, second: Orders) -> Orders:
    shifted = (second.lot + len(first.lots)).astype(np.int32)
    return Orders(
        [*first.lots, *second.lots],
        np.concatenate((first.lot, shifted)),
        np.concatenate((first.amount, second.amount)),
        [*first.end_to_end, *second.end_to_end],
        [*first.names, *second.names],
        [*first.accounts, *second.accounts],
    )


def by_lot(orders: Orders) -> dict[str, list[str]]:
    """The end-to-end ids of each lot, by its name."""
    found: dict[str, list[str]] = {lot.identity: [] for lot in orders.lots}
    for number, name in zip(orders.lot.tolist(), orders.end_to_end, strict=True):
        found[orders.lots[number].identity].append(name)
    return found
