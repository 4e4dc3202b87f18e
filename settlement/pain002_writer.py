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
from core.iso20022 import CURRENCY, MessageStatus, find_file_reason
from core.money import AMOUNT_MAX, CENTS_PER_EURO
from settlement.orders.charset import clean_identifier, wrap_remarks

ACTS_MESSAGE_NAME = "crescendo.acts.1"
"""What the flat act format, version 1, is called where ISO asks for the name of the original message."""
PAYMENT_MESSAGE_NAME = "pain.001"
"""What a payment file is called of which nothing is known but that it should be one."""
CONTROL_SUM_CENTS_MAX = 10**18 - 1
"""A control sum has at most 18 digits."""
_ATTRIBUTES: Mapping[str, Mapping[str, str]] = {"InstdAmt": {"Ccy": CURRENCY}}
Node = tuple[str, "str | Sequence[Node]"]
"""An element: its name, and its text or its children."""


class Pain002Version(StrEnum):
    """Versions of pain.002.001 that are written."""

    V03 = "03"
    V10 = "10"
    V12 = "12"

    @property
    def namespace(self) -> str:
        """Its XML namespace."""
        return f"urn:iso:std:iso:20022:tech:xsd:pain.002.001.{self}"


class StatusCount(NamedTuple):
    """Lines of one status."""

    status: MessageStatus
    lines: int
    cents: int


class OriginalMessage(NamedTuple):
    """The message that is reported on."""

    number: int
    batch_id: str
    lines: int
    cents: int
    name: str = ACTS_MESSAGE_NAME
    """Of the message, as ISO has it."""


class ReportedLot(NamedTuple):
    """A payment information of the message, some of whose transfers were refused."""

    number: int
    identity: str
    transfers: int
    refused: int


class MessageReport(NamedTuple):
    """How a message stands."""

    original: OriginalMessage
    batch: int
    """The batch that brought it there; 0 before the first."""
    created: datetime
    is_decided: bool
    accepted: StatusCount
    pending: StatusCount
    rejected: StatusCount
    remarks: Sequence[str]
    reason: str = ""
    """Of the external code list, where the message was refused whole."""
    is_cancelled: bool = False
    """Taken back by its sender: all of it is rejected, and there are no lines to tell of."""

    @property
    def identity(self) -> str:
        """Of the report; what was refused whole has no number, and its moment tells it from others."""
        if self.reason:
            return f"CRSC-R-{self.created.astimezone(UTC):%Y%m%d%H%M%S%f}"
        return f"CRSC-{self.original.number}-{'C' if self.is_cancelled else self.batch}"

    @property
    def status(self) -> MessageStatus:
        """Of the message as a whole."""
        if self.reason or self.is_cancelled:
            return MessageStatus.REJECTED
        if not self.is_decided:
            return MessageStatus.PENDING if self.batch else MessageStatus.RECEIVED
        if not self.rejected.lines:
            return MessageStatus.ACCEPTED
        return MessageStatus.PARTLY_ACCEPTED if self.accepted.lines else MessageStatus.REJECTED


class RejectedLine(NamedTuple):
    """One line refused."""

    line: int
    reference: str
    cents: int
    reason: str
    """Of the external code list."""
    remarks: Sequence[str]
    lot: ReportedLot | None = None
    """Where it stands in a payment file."""


class StatusReportWriter:
    """One report on its way: its head, then lines as often as there are some, then its end."""

    def __init__(self, message: MessageReport, version: Pain002Version) -> None:
        self._message, self._namespace = message, version.namespace
        self._sink, self._open = io.BytesIO(), ExitStack()
        self._lot, self._lots = ExitStack(), frozenset[int]()
        self._xml: Any = self._open.enter_context(xmlfile(self._sink, encoding="UTF-8"))

    def write_head(self) -> bytes:
        """What is said of the message as a whole."""
        self._xml.write_declaration()
        self._open_element("Document", nsmap={None: self._namespace})
        self._open_element("CstmrPmtStsRpt")
        standing = self._message
        self._write_node(
            ("GrpHdr", [("MsgId", standing.identity), ("CreDtTm", _format_moment(standing.created))])
        )
        self._write_node(("OrgnlGrpInfAndSts", _build_group(standing)))
        return self._take_output()

    def write_rejected(self, lines: Iterable[RejectedLine]) -> bytes:
        """Some refused lines."""
        for line in lines:
            if (line.lot.number if line.lot else 0) not in self._lots:
                self._open_lot(line.lot)
            self._write_node(_build_transaction(self._message.original.number, line))
        return self._take_output()

    def _open_lot(self, lot: ReportedLot | None) -> None:
        """Begin with another payment information; a file that has none is its own."""
        self._lot.close()
        self._lots = frozenset((lot.number if lot else 0,))
        self._lot.enter_context(self._xml.element(f"{{{self._namespace}}}OrgnlPmtInfAndSts"))
        self._write_node(
            ("OrgnlPmtInfId", clean_identifier(lot.identity if lot else self._message.original.batch_id))
        )
        if lot:
            self._write_node(("OrgnlNbOfTxs", str(lot.transfers)))
            self._write_node(
                (
                    "PmtInfSts",
                    MessageStatus.PARTLY_ACCEPTED if lot.refused < lot.transfers else MessageStatus.REJECTED,
                )
            )

    def write_end(self) -> bytes:
        """Close what is open."""
        self._lot.close()
        self._open.close()
        return self._sink.getvalue()

    def _open_element(self, name: str, **more: Any) -> None:
        self._open.enter_context(self._xml.element(f"{{{self._namespace}}}{name}", **more))

    def _write_node(self, node: Node) -> None:
        name, content = node
        with self._xml.element(f"{{{self._namespace}}}{name}", _ATTRIBUTES.get(name)):
            if isinstance(content, str):
                self._xml.write(content)
            else:
                for each in content:
                    self._write_node(each)

    def _take_output(self) -> bytes:
        self._xml.flush()
        found = self._sink.getvalue()
        self._sink.seek(0)
        self._sink.truncate()
        return found


def write_whole_refusal(
    message_id: str, error: InputError, created: datetime, version: Pain002Version = Pain002Version.V10
) -> bytes:
    """The report on a payment file of which nothing was taken; ``message`` is its MsgId, where that could be read."""
    nothing = StatusCount(MessageStatus.REJECTED, 0, 0)
    standing = MessageReport(
        original=OriginalMessage(0, message_id, 0, 0, PAYMENT_MESSAGE_NAME),
        batch=0,
        created=created,
        is_decided=True,
        accepted=nothing,
        pending=nothing,
        rejected=nothing,
        remarks=[error.place, error.finding, error.remedy],
        reason=find_file_reason(error),
    )
    report = StatusReportWriter(standing, version)
    return report.write_head() + report.write_end()


def _build_group(standing: MessageReport) -> list[Node]:
    original = standing.original
    nodes: list[Node] = [
        ("OrgnlMsgId", clean_identifier(original.batch_id)),
        ("OrgnlMsgNmId", original.name),
    ]
    if not standing.reason:
        nodes.append(("OrgnlNbOfTxs", str(original.lines)))
        nodes += _build_control_sum("OrgnlCtrlSum", original.cents)
    nodes.append(("GrpSts", standing.status))
    if standing.remarks:
        coded: list[Node] = [("Rsn", [("Cd", standing.reason)])] if standing.reason else []
        nodes.append(("StsRsnInf", [*coded, *_build_remarks(standing.remarks)]))
    counts = (standing.accepted, standing.pending, standing.rejected)
    return [*nodes, *(_build_count(each) for each in counts if each.lines)]


def _build_count(count: StatusCount) -> Node:
    nodes: list[Node] = [("DtldNbOfTxs", str(count.lines)), ("DtldSts", count.status)]
    return "NbOfTxsPerSts", [*nodes, *_build_control_sum("DtldCtrlSum", count.cents)]


def _build_transaction(submission: int, line: RejectedLine) -> Node:
    nodes: list[Node] = [
        ("StsId", f"{submission}-{line.line}"),
        ("OrgnlEndToEndId", clean_identifier(line.reference)),
        ("TxSts", MessageStatus.REJECTED),
        ("StsRsnInf", [("Rsn", [("Cd", line.reason)]), *_build_remarks(line.remarks)]),
    ]
    if 0 < line.cents <= AMOUNT_MAX:
        nodes.append(("OrgnlTxRef", [("Amt", [("InstdAmt", _format_cents(line.cents))])]))
    return "TxInfAndSts", nodes


def _build_remarks(texts: Sequence[str]) -> list[Node]:
    return [("AddtlInf", piece) for piece in wrap_remarks(texts)]


def _build_control_sum(name: str, cents: int) -> list[Node]:
    """A sum that fits the format, or none: the lines carry their amounts in any case."""
    return [(name, _format_cents(cents))] if abs(cents) <= CONTROL_SUM_CENTS_MAX else []


def _format_cents(cents: int) -> str:
    whole, rest = divmod(abs(cents), CENTS_PER_EURO)
    return f"{'-' if cents < 0 else ''}{whole}.{rest:02}"


def _format_moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
