"""Writer of pain.002: the status of a message in ISO 20022, streamed, so that its size does not matter.

Each refused line is one transaction of the report, so that its totals agree with those of the receipt.  Identifiers are
returned unchanged as far as XML allows: the sender finds its act by them.
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from lxml.etree import xmlfile

from core.errors import InputError
from core.iso20022 import CURRENCY, MessageStatus, find_file_reason
from core.money import AMOUNT_MAX, CENTS_PER_EURO
from settlement.orders.charset import clean_identifier, wrap_remarks

ACTS_MESSAGE_NAME = "crescendo.acts.1"
"""Name of the original message for the flat act format, version 1."""
PAYMENT_MESSAGE_NAME = "pain.001"
"""Name of the original message for a payment file whose namespace is unknown."""
CONTROL_SUM_CENTS_MAX = 10**18 - 1
"""A control sum has at most 18 digits."""
_NO_LOT = -1
"""Before the first payment information: numbers start at 0."""
_ATTRIBUTES: Mapping[str, Mapping[str, str]] = {"InstdAmt": {"Ccy": CURRENCY}}
XmlNode = tuple[str, "str | Sequence[XmlNode]"]
"""An element: its name, and its text or its children."""


class Pain002Version(StrEnum):
    """The versions of pain.002.001 that can be written."""

    V03 = "03"
    V10 = "10"
    V12 = "12"

    @property
    def namespace(self) -> str:
        """The XML namespace."""
        return f"urn:iso:std:iso:20022:tech:xsd:pain.002.001.{self}"


class StatusCount(NamedTuple):
    """The number and the sum of the lines with one status."""

    status: MessageStatus
    lines: int
    cents: int


class OriginalMessage(NamedTuple):
    """The message that the report is about."""

    number: int
    batch_id: str
    lines: int
    cents: int
    name: str = ACTS_MESSAGE_NAME
    """ISO 20022 name of the message."""


class ReportedLot(NamedTuple):
    """A payment information (``PmtInf``) of the message, with at least one refused transfer."""

    number: int
    identity: str
    transfers: int
    refused: int


class MessageReport(NamedTuple):
    """The status of a message after a batch."""

    original: OriginalMessage
    batch: int
    """The last batch that decided lines of the message; 0 before the first."""
    created: datetime
    is_decided: bool
    accepted: StatusCount
    pending: StatusCount
    rejected: StatusCount
    remarks: Sequence[str]
    reason: str = ""
    """Code of the external code list if the whole message was refused, else empty."""
    is_cancelled: bool = False
    """Whether its sender cancelled it: everything is rejected, and no line is reported."""

    @property
    def identity(self) -> str:
        """Identifier of the report; of a message refused whole, which has no number, the time of the report."""
        if self.reason:
            return f"CRSC-R-{self.created.astimezone(UTC):%Y%m%d%H%M%S%f}"
        return f"CRSC-{self.original.number}-{'C' if self.is_cancelled else self.batch}"

    @property
    def status(self) -> MessageStatus:
        """Status of the message as a whole."""
        if self.reason or self.is_cancelled:
            return MessageStatus.REJECTED
        if not self.is_decided:
            return MessageStatus.PENDING if self.batch else MessageStatus.RECEIVED
        if not self.rejected.lines:
            return MessageStatus.ACCEPTED
        return MessageStatus.PARTLY_ACCEPTED if self.accepted.lines else MessageStatus.REJECTED


class RejectedLine(NamedTuple):
    """A refused line."""

    line: int
    reference: str
    cents: int
    reason: str
    """Code of the external code list."""
    remarks: Sequence[str]
    lot: ReportedLot | None = None
    """The payment information of the line, in a payment file."""


class StatusReportWriter:
    """A report written in steps: the head, any number of groups of refused lines, the end.  Each returns its bytes."""

    def __init__(self, message: MessageReport, version: Pain002Version) -> None:
        self._message, self._namespace = message, version.namespace
        self._sink, self._open = io.BytesIO(), ExitStack()
        self._lot, self._lot_number = ExitStack(), _NO_LOT
        self._xml: Any = self._open.enter_context(xmlfile(self._sink, encoding="UTF-8"))

    def write_head(self) -> bytes:
        """Write the status of the message as a whole."""
        self._xml.write_declaration()
        self._open_element("Document", nsmap={None: self._namespace})
        self._open_element("CstmrPmtStsRpt")
        message = self._message
        self._write_node(
            ("GrpHdr", [("MsgId", message.identity), ("CreDtTm", _format_moment(message.created))])
        )
        self._write_node(("OrgnlGrpInfAndSts", _build_group(message)))
        return self._take_output()

    def write_rejected_lines(self, lines: Iterable[RejectedLine]) -> bytes:
        """Write refused lines."""
        for line in lines:
            if (line.lot.number if line.lot else 0) != self._lot_number:
                self._open_lot(line.lot)
            self._write_node(_build_transaction(self._message.original.number, line))
        return self._take_output()

    def _open_lot(self, lot: ReportedLot | None) -> None:
        """Start the next payment information; the lines of a file without any form one."""
        self._lot.close()
        self._lot_number = lot.number if lot else 0
        self._lot.enter_context(self._xml.element(f"{{{self._namespace}}}OrgnlPmtInfAndSts"))
        self._write_node(
            ("OrgnlPmtInfId", clean_identifier(lot.identity if lot else self._message.original.batch_id))
        )
        if lot:
            self._write_node(("OrgnlNbOfTxs", str(lot.transfers)))
            is_partly_accepted = lot.refused < lot.transfers
            status = MessageStatus.PARTLY_ACCEPTED if is_partly_accepted else MessageStatus.REJECTED
            self._write_node(("PmtInfSts", status))

    def write_end(self) -> bytes:
        """Close all open elements."""
        self._lot.close()
        self._open.close()
        return self._sink.getvalue()

    def _open_element(self, name: str, **options: Any) -> None:
        self._open.enter_context(self._xml.element(f"{{{self._namespace}}}{name}", **options))

    def _write_node(self, node: XmlNode) -> None:
        name, content = node
        with self._xml.element(f"{{{self._namespace}}}{name}", _ATTRIBUTES.get(name)):
            if isinstance(content, str):
                self._xml.write(content)
            else:
                for child in content:
                    self._write_node(child)

    def _take_output(self) -> bytes:
        self._xml.flush()
        output = self._sink.getvalue()
        self._sink.seek(0)
        self._sink.truncate()
        return output


def write_whole_refusal(
    message_id: str, error: InputError, created: datetime, *, version: Pain002Version = Pain002Version.V10
) -> bytes:
    """Write the report on a payment file that was refused whole; ``message_id`` is empty if it could not be read."""
    no_lines = StatusCount(MessageStatus.REJECTED, 0, 0)
    message = MessageReport(
        original=OriginalMessage(0, message_id, 0, 0, PAYMENT_MESSAGE_NAME),
        batch=0,
        created=created,
        is_decided=True,
        accepted=no_lines,
        pending=no_lines,
        rejected=no_lines,
        remarks=[error.place, error.finding, error.remedy],
        reason=find_file_reason(error),
    )
    report = StatusReportWriter(message, version)
    return report.write_head() + report.write_end()


def _build_group(message: MessageReport) -> list[XmlNode]:
    original = message.original
    nodes: list[XmlNode] = [
        ("OrgnlMsgId", clean_identifier(original.batch_id)),
        ("OrgnlMsgNmId", original.name),
    ]
    if not message.reason:
        nodes.append(("OrgnlNbOfTxs", str(original.lines)))
        nodes += _build_control_sum("OrgnlCtrlSum", original.cents)
    nodes.append(("GrpSts", message.status))
    if message.remarks:
        coded: list[XmlNode] = [("Rsn", [("Cd", message.reason)])] if message.reason else []
        nodes.append(("StsRsnInf", [*coded, *_build_remarks(message.remarks)]))
    counts = (message.accepted, message.pending, message.rejected)
    return [*nodes, *(_build_count(count) for count in counts if count.lines)]


def _build_count(count: StatusCount) -> XmlNode:
    nodes: list[XmlNode] = [("DtldNbOfTxs", str(count.lines)), ("DtldSts", count.status)]
    return "NbOfTxsPerSts", [*nodes, *_build_control_sum("DtldCtrlSum", count.cents)]


def _build_transaction(submission: int, line: RejectedLine) -> XmlNode:
    nodes: list[XmlNode] = [
        ("StsId", f"{submission}-{line.line}"),
        ("OrgnlEndToEndId", clean_identifier(line.reference)),
        ("TxSts", MessageStatus.REJECTED),
        ("StsRsnInf", [("Rsn", [("Cd", line.reason)]), *_build_remarks(line.remarks)]),
    ]
    if 0 < line.cents <= AMOUNT_MAX:
        nodes.append(("OrgnlTxRef", [("Amt", [("InstdAmt", _format_cents(line.cents))])]))
    return "TxInfAndSts", nodes


def _build_remarks(texts: Sequence[str]) -> list[XmlNode]:
    return [("AddtlInf", piece) for piece in wrap_remarks(texts)]


def _build_control_sum(name: str, cents: int) -> list[XmlNode]:
    """Build a control sum; none if it exceeds the format, as the lines carry their amounts in any case."""
    return [(name, _format_cents(cents))] if abs(cents) <= CONTROL_SUM_CENTS_MAX else []


def _format_cents(cents: int) -> str:
    whole, rest = divmod(abs(cents), CENTS_PER_EURO)
    return f"{'-' if cents < 0 else ''}{whole}.{rest:02}"


def _format_moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
