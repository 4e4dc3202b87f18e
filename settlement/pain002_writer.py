"""pain.002: what became of a message, as ISO 20022 tells it; written as it is read, however many lines were refused.

A refused line is one transaction of the report, so that its figures add up to those of the receipt.  Identifiers go back
as they came, as far as XML can carry them: they are what the sender finds its act by.
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from lxml.etree import xmlfile

from core.errors import InputError
from core.iso20022 import CURRENCY, Status, file_reason
from core.money import AMOUNT_MAX, CENTS_PER_EURO
from settlement.orders.charset import identifier, remarks

ORIGINAL_MESSAGE = "crescendo.acts.1"
"""What the flat act format, version 1, is called where ISO asks for the name of the original message."""
PAYMENT_MESSAGE = "pain.001"
"""What a payment file is called of which nothing is known but that it should be one."""
CONTROL_CENTS_MAX = 10**18 - 1
"""A control sum has at most 18 digits."""
_ATTRIBUTES: Mapping[str, Mapping[str, str]] = {"InstdAmt": {"Ccy": CURRENCY}}
Node = tuple[str, "str | Sequence[Node]"]
"""An element: its name, and its text or its children."""


class Version(StrEnum):
    """Versions of pain.002.001 that are written."""

    V03 = "03"
    V10 = "10"
    V12 = "12"

    @property
    def namespace(self) -> str:
        """Its XML namespace."""
        return f"urn:iso:std:iso:20022:tech:xsd:pain.002.001.{self}"


class Count(NamedTuple):
    """Lines of one status."""

    status: Status
    lines: int
    cents: int


class Original(NamedTuple):
    """The message that is reported on."""

    number: int
    batch_id: str
    lines: int
    cents: int
    name: str = ORIGINAL_MESSAGE
    """Of the message, as ISO has it."""


class Lot(NamedTuple):
    """A payment information of the message, some of whose transfers were refused."""

    number: int
    identity: str
    transfers: int
    refused: int


class Standing(NamedTuple):
    """How a message stands."""

    original: Original
    batch: int
    """The batch that brought it there; 0 before the first."""
    at: datetime
    is_decided: bool
    accepted: Count
    pending: Count
    rejected: Count
    remarks: Sequence[str]
    reason: str = ""
    """Of the external code list, where the message was refused whole."""
    is_cancelled: bool = False
    """Taken back by its sender: all of it is rejected, and there are no lines to tell of."""

    @property
    def identity(self) -> str:
        """Of the report; what was refused whole has no number, and its moment tells it from others."""
        if self.reason:
            return f"CRSC-R-{self.at.astimezone(UTC):%Y%m%d%H%M%S%f}"
        return f"CRSC-{self.original.number}-{'C' if self.is_cancelled else self.batch}"

    @property
    def status(self) -> Status:
        """Of the message as a whole."""
        if self.reason or self.is_cancelled:
            return Status.REJECTED
        if not self.is_decided:
            return Status.PENDING if self.batch else Status.RECEIVED
        if not self.rejected.lines:
            return Status.ACCEPTED
        return Status.PARTLY if self.accepted.lines else Status.REJECTED


class Rejected(NamedTuple):
    """One line refused."""

    line: int
    reference: str
    cents: int
    reason: str
    """Of the external code list."""
    remarks: Sequence[str]
    lot: Lot | None = None
    """Where it stands in a payment file."""


class StatusReport:
    """One report on its way: its head, then lines as often as there are some, then its end."""

    def __init__(self, standing: Standing, version: Version) -> None:
        self._standing, self._namespace = standing, version.namespace
        self._sink, self._open = io.BytesIO(), ExitStack()
        self._lot, self._lots = ExitStack(), frozenset[int]()
        self._xml: Any = self._open.enter_context(xmlfile(self._sink, encoding="UTF-8"))

    def head(self) -> bytes:
        """What is said of the message as a whole."""
        self._xml.write_declaration()
        self._enter("Document", nsmap={None: self._namespace})
        self._enter("CstmrPmtStsRpt")
        standing = self._standing
        self._write(("GrpHdr", [("MsgId", standing.identity), ("CreDtTm", _moment(standing.at))]))
        self._write(("OrgnlGrpInfAndSts", _group(standing)))
        return self._taken()

    def rejected(self, lines: Iterable[Rejected]) -> bytes:
        """Some refused lines."""
        for line in lines:
            if (line.lot.number if line.lot else 0) not in self._lots:
                self._enter_lot(line.lot)
            self._write(_transaction(self._standing.original.number, line))
        return self._taken()

    def _enter_lot(self, lot: Lot | None) -> None:
        """Begin with another payment information; a file that has none is its own."""
        self._lot.close()
        self._lots = frozenset((lot.number if lot else 0,))
        self._lot.enter_context(self._xml.element(f"{{{self._namespace}}}OrgnlPmtInfAndSts"))
        self._write(("OrgnlPmtInfId", identifier(lot.identity if lot else self._standing.original.batch_id)))
        if lot:
            self._write(("OrgnlNbOfTxs", str(lot.transfers)))
            self._write(("PmtInfSts", Status.PARTLY if lot.refused < lot.transfers else Status.REJECTED))

    def end(self) -> bytes:
        """Close what is open."""
        self._lot.close()
        self._open.close()
        return self._sink.getvalue()

    def _enter(self, name: str, **more: Any) -> None:
        self._open.enter_context(self._xml.element(f"{{{self._namespace}}}{name}", **more))

    def _write(self, node: Node) -> None:
        name, content = node
        with self._xml.element(f"{{{self._namespace}}}{name}", _ATTRIBUTES.get(name)):
            if isinstance(content, str):
                self._xml.write(content)
            else:
                for each in content:
                    self._write(each)

    def _taken(self) -> bytes:
        self._xml.flush()
        found = self._sink.getvalue()
        self._sink.seek(0)
        self._sink.truncate()
        return found


def refused_whole(message: str, error: InputError, at: datetime, version: Version = Version.V10) -> bytes:
    """The report on a payment file of which nothing was taken; ``message`` is its MsgId, where that could be read."""
    nothing = Count(Status.REJECTED, 0, 0)
    standing = Standing(
        original=Original(0, message, 0, 0, PAYMENT_MESSAGE),
        batch=0,
        at=at,
        is_decided=True,
        accepted=nothing,
        pending=nothing,
        rejected=nothing,
        remarks=[error.place, error.found, error.remedy],
        reason=file_reason(error),
    )
    report = StatusReport(standing, version)
    return report.head() + report.end()


def _group(standing: Standing) -> list[Node]:
    original = standing.original
    nodes: list[Node] = [
        ("OrgnlMsgId", identifier(original.batch_id)),
        ("OrgnlMsgNmId", original.name),
    ]
    if not standing.reason:
        nodes.append(("OrgnlNbOfTxs", str(original.lines)))
        nodes += _control_sum("OrgnlCtrlSum", original.cents)
    nodes.append(("GrpSts", standing.status))
    if standing.remarks:
        coded: list[Node] = [("Rsn", [("Cd", standing.reason)])] if standing.reason else []
        nodes.append(("StsRsnInf", [*coded, *_remarks(standing.remarks)]))
    counts = (standing.accepted, standing.pending, standing.rejected)
    return [*nodes, *(_count(each) for each in counts if each.lines)]


def _count(count: Count) -> Node:
    nodes: list[Node] = [("DtldNbOfTxs", str(count.lines)), ("DtldSts", count.status)]
    return "NbOfTxsPerSts", [*nodes, *_control_sum("DtldCtrlSum", count.cents)]


def _transaction(submission: int, line: Rejected) -> Node:
    nodes: list[Node] = [
        ("StsId", f"{submission}-{line.line}"),
        ("OrgnlEndToEndId", identifier(line.reference)),
        ("TxSts", Status.REJECTED),
        ("StsRsnInf", [("Rsn", [("Cd", line.reason)]), *_remarks(line.remarks)]),
    ]
    if 0 < line.cents <= AMOUNT_MAX:
        nodes.append(("OrgnlTxRef", [("Amt", [("InstdAmt", _decimal(line.cents))])]))
    return "TxInfAndSts", nodes


def _remarks(texts: Sequence[str]) -> list[Node]:
    return [("AddtlInf", piece) for piece in remarks(texts)]


def _control_sum(name: str, cents: int) -> list[Node]:
    """A sum that fits the format, or none: the lines carry their amounts in any case."""
    return [(name, _decimal(cents))] if abs(cents) <= CONTROL_CENTS_MAX else []


def _decimal(cents: int) -> str:
    whole, rest = divmod(abs(cents), CENTS_PER_EURO)
    return f"{'-' if cents < 0 else ''}{whole}.{rest:02}"


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
