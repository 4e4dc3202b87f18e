"""Movements are matched with transfers, and turned into acts: each line once, in an order that the journal accepts."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest

from core import bank_reasons
from core.catalog import KIND_NUMBERS
from core.tables.bank_messages import (
    BankMessage,
    BankStatement,
    BulkStatus,
    Movements,
    MovementType,
    pack_code,
    read_end_to_end_id,
)
from core.tables.columns import seal_array
from core.tables.journal import Bytes, Spans
from posting.pgcopy import TextCells
from settlement.bank_formats import BankFormat
from settlement.orders.end_to_end import format_identifier
from settlement.reconciliation import bank_acts
from settlement.reconciliation.bank_acts import MatchedMessage
from settlement.reconciliation.bulk_rejections import expand_bulk_rejections
from settlement.reconciliation.matching import match_movements, parse_entries
from settlement.reconciliation.mismatch import MISMATCH_TEXTS, Mismatch
from settlement.reconciliation.sent_transfers import SentLines, SentTransfers, group_transfers

ACCOUNT = "FR7630001000641234567890174"
PAYMENT, REISSUE, DEBIT = (KIND_NUMBERS[name] for name in ("payment", "reissue", "bank_debit"))
DAY = 17840  # 2018-11-05
MovementRow = tuple[str, MovementType, int, str]
"""End-to-end id, type, cents, reason."""


def build_transfers(*lines: tuple[int, int, str, int]) -> SentTransfers:
    """Build sent transfers from entries: number, cents, reference, kind."""
    pieces = [reference.encode() for *_, reference, _ in lines]
    ends = np.cumsum([0, *map(len, pieces)]).astype(np.int32)
    texts = TextCells(
        Spans(seal_array(ends[:-1]), seal_array(ends[1:])),
        Bytes(seal_array(np.frombuffer(b"".join(pieces) or b"\0", np.uint8))),
    )
    count = len(lines)
    return group_transfers(
        SentLines(
            entry_id=np.array([line[0] for line in lines], np.int64),
            amount=np.array([line[1] for line in lines], np.int64),
            day=np.full(count, DAY, np.int32),
            accountant=np.ones(count, np.int16),
            payee=np.array([line[0] % 7 for line in lines], np.int32),
            kind=np.array([line[3] for line in lines], np.int16),
            exercise=np.full(count, 2018, np.int16),
            submission=np.ones(count, np.int32),
            line=np.arange(count, dtype=np.int32),
        ),
        texts,
    )


def build_message(
    *rows: MovementRow, day: int = DAY + 1, bulk_statuses: Sequence[BulkStatus] = ()
) -> BankMessage:
    encoded = [row[0].encode() for row in rows]
    ends = np.cumsum([0, *map(len, encoded)]).astype(np.int32)
    count = len(rows)
    movements = Movements(
        statement=np.zeros(count, np.int32),
        item=np.arange(1, count + 1, dtype=np.int32),
        start=ends[:-1].copy(),
        end=ends[1:].copy(),
        amount=np.array([row[2] for row in rows], np.int64),
        day=np.full(count, day, np.int32),
        reason=np.array([pack_code(row[3]) for row in rows], np.uint32),
        sort=np.array([row[1] for row in rows], np.uint8),
    )
    text = Bytes(seal_array(np.frombuffer(b"".join(encoded) or b"\0", np.uint8)))
    statements = [BankStatement("S-1", ACCOUNT, day, None, None)]
    return BankMessage(BankFormat.CAMT053, "M-1", statements, movements, text, bulk_statuses)


def match_message(message: BankMessage, sent: SentTransfers, account: int = 0) -> MatchedMessage:
    accounts = np.full(sent.head.size, account, np.int64)
    matches = match_movements(message, parse_entries(message, ledger=1), sent, accounts=accounts)
    matched = MatchedMessage(message, matches, sent, bank_reasons.load(), {}, {})
    codes = {number: f"P{number}" for number in bank_acts.list_payees_to_block(matched)}
    return matched._replace(payees=codes)


def build_acts(sent: SentTransfers, *rows: MovementRow) -> pa.Table | None:
    return bank_acts.build_acts_table(match_message(build_message(*rows), sent), "S-1")


def list_acts(table: pa.Table | None) -> list[tuple]:
    assert table is not None
    names = ("reference", "line", "kind", "predecessor", "amount_cents")
    return [tuple(row[name] for name in names) for row in table.to_pylist()]


def test_a_debit_a_return_and_a_reject() -> None:
    sent = build_transfers((7, 100, "1-1", PAYMENT), (8, 200, "1-2", PAYMENT), (9, 300, "1-3", REISSUE))
    rows = [
        (format_identifier(7, ledger=1), MovementType.DEBIT, 100, ""),
        (format_identifier(8, ledger=1), MovementType.RETURN, 200, "AC04"),
        (format_identifier(9, ledger=1), MovementType.REJECT, 0, "TM01"),
    ]
    acts = build_acts(sent, *rows)
    assert list_acts(acts) == [
        ("D7", 1, "bank_debit", "@7", 100),
        ("R8", 1, "bank_return", "D8#1", 200),
        ("R8", 2, "return_identified", "#1", 200),
        ("X9", 1, "bank_reject", "@9", 300),
        ("X9", 2, "return_identified", "#1", 300),
    ]
    assert acts is not None
    assert acts.schema.metadata[b"crescendo.sender"] == b"bank"
    assert acts.schema.metadata[b"crescendo.control_sum"] == b"11.00"
    assert set(acts["date"].to_pylist()) == {np.datetime64(DAY + 1, "D").item()}


def test_a_transfer_of_several_lines_is_posted_line_by_line() -> None:
    sent = build_transfers((7, 100, "1-1", PAYMENT), (8, 200, "1-1", PAYMENT), (9, 300, "1-9", PAYMENT))
    assert (sent.entry.tolist(), sent.amount.tolist()) == ([7, 9], [300, 300])
    acts = build_acts(
        sent,
        (format_identifier(7, ledger=1), MovementType.DEBIT, 300, ""),
        (format_identifier(7, ledger=1), MovementType.RETURN, 300, "MS03"),
    )
    assert list_acts(acts) == [
        ("D7", 1, "bank_debit", "@7", 100),
        ("D7", 2, "bank_debit", "@8", 200),
        ("R7", 1, "bank_return", "D7#1", 100),
        ("R7", 2, "bank_return", "D7#2", 200),
        ("R7", 3, "return_identified", "#1", 100),
        ("R7", 4, "return_identified", "#2", 200),
    ]


def test_a_return_too_long_for_one_act_is_identified_by_another_act() -> None:
    sent = build_transfers(*((n, 1, "1-1", PAYMENT) for n in range(1, 602)))
    acts = list_acts(build_acts(sent, (format_identifier(1, ledger=1), MovementType.RETURN, 601, "AC04")))
    assert len(acts) == 1202
    assert acts[600] == ("R1", 601, "bank_return", "D1#601", 1)
    assert acts[601] == ("I1", 1, "return_identified", "R1#1", 1)
    assert acts[1201] == ("I1", 601, "return_identified", "R1#601", 1)


@pytest.mark.parametrize("code", ["AM05", "FOCR"])
def test_a_debt_that_must_not_be_reopened_stays_closed(code: str) -> None:
    sent = build_transfers((7, 100, "1-1", PAYMENT))
    for movement_type, letter, kind in (
        (MovementType.RETURN, "R", "bank_return"),
        (MovementType.REJECT, "X", "bank_reject"),
    ):
        acts = list_acts(build_acts(sent, (format_identifier(7, ledger=1), movement_type, 100, code)))
        assert [row[:3] for row in acts] == [(f"{letter}7", 1, kind)]


def test_a_payee_is_blocked_once_and_last() -> None:
    sent = build_transfers((7, 100, "1-1", PAYMENT), (14, 200, "1-2", PAYMENT), (15, 5, "1-3", PAYMENT))
    rows = [
        (format_identifier(entry, ledger=1), MovementType.REJECT, 0, code)
        for entry, code in ((7, "RR04"), (14, "RR04"), (15, "AC01"))
    ]
    acts = build_acts(sent, *rows)
    assert list_acts(acts)[-1] == ("B7", 1, "payee_block", "", 0)
    assert [row["payee"] for row in acts.to_pylist()][-1] == "P0"  # type: ignore[union-attr]
    assert sum(row[2] == "payee_block" for row in list_acts(acts)) == 1


def test_a_credit_with_the_id_of_a_transfer_is_a_return() -> None:
    sent = build_transfers((7, 100, "1-1", PAYMENT))
    acts = list_acts(build_acts(sent, (format_identifier(7, ledger=1), MovementType.CREDIT, 100, "")))
    assert [row[2] for row in acts] == ["bank_return", "return_identified"]


@pytest.mark.parametrize(
    ("row", "account", "day", "mismatch"),
    [
        (("", MovementType.CREDIT, 5, ""), 0, DAY, Mismatch.NOT_OURS),
        (("salaries", MovementType.DEBIT, 5, ""), 0, DAY, Mismatch.NOT_OURS),
        ((format_identifier(99, ledger=1), MovementType.DEBIT, 100, ""), 0, DAY, Mismatch.UNKNOWN_TRANSFER),
        ((format_identifier(8, ledger=1), MovementType.DEBIT, 100, ""), 0, DAY, Mismatch.UNKNOWN_TRANSFER),
        ((format_identifier(9, ledger=1), MovementType.DEBIT, 100, ""), 0, DAY, Mismatch.UNKNOWN_TRANSFER),
        ((format_identifier(7, ledger=1), MovementType.DEBIT, 101, ""), 0, DAY, Mismatch.AMOUNT_DIFFERS),
        ((format_identifier(7, ledger=1), MovementType.REJECT, 1, ""), 0, DAY, Mismatch.AMOUNT_DIFFERS),
        ((format_identifier(7, ledger=1), MovementType.DEBIT, 100, ""), -2, DAY, Mismatch.OTHER_ACCOUNT),
        ((format_identifier(7, ledger=1), MovementType.DEBIT, 100, ""), 0, DAY - 1, Mismatch.BEFORE_ISSUE),
        ((format_identifier(7, ledger=1), MovementType.DEBIT, 100, ""), 0, DAY, Mismatch.NONE),
        ((format_identifier(7, ledger=1), MovementType.REJECT, 0, ""), -2, DAY, Mismatch.NONE),
    ],
)
def test_the_reason_why_a_movement_is_not_posted(
    row: MovementRow, account: int, day: int, mismatch: Mismatch
) -> None:
    sent = build_transfers((7, 60, "1-1", PAYMENT), (8, 40, "1-1", PAYMENT), (9, 100, "D1", DEBIT))
    matched = match_message(build_message(row, day=day), sent, account)
    assert Mismatch(int(matched.matches.mismatch[0])) is mismatch
    assert (bank_acts.build_acts_table(matched, "S") is None) == (mismatch is not Mismatch.NONE)


def test_a_movement_repeated_in_one_message_is_posted_once() -> None:
    sent = build_transfers((7, 100, "1-1", PAYMENT))
    rows = [
        (format_identifier(7, ledger=1), MovementType.DEBIT, 100, ""),
        (format_identifier(7, ledger=1), MovementType.RETURN, 100, "AC04"),
        (format_identifier(7, ledger=1), MovementType.DEBIT, 100, ""),
    ]
    matched = match_message(build_message(*rows), sent)
    assert matched.matches.mismatch.tolist() == [Mismatch.NONE, Mismatch.NONE, Mismatch.TWICE]


def test_without_sent_transfers_nothing_matches() -> None:
    matched = match_message(
        build_message((format_identifier(7, ledger=1), MovementType.DEBIT, 100, "")), build_transfers()
    )
    assert matched.matches.mismatch.tolist() == [Mismatch.UNKNOWN_TRANSFER]


def test_every_mismatch_has_a_text() -> None:
    assert MISMATCH_TEXTS.keys() == set(Mismatch)


# ------------------------------------------------------------------------------------------ whole messages


LOTS = {"L-1": ["E-1", "E-2"], "L-2": ["E-3"]}


def list_rejections(message: BankMessage) -> list[tuple[str, int]]:
    return [
        (read_end_to_end_id(message, row), int(message.movements.reason[row]))
        for row in range(message.movements.amount.size)
    ]


@pytest.mark.parametrize(
    ("bulk_statuses", "names"),
    [
        ([BulkStatus(0, "", "RJCT", "AM04")], ["E-1", "E-2", "E-3"]),
        ([BulkStatus(0, "", "PART", ""), BulkStatus(0, "L-2", "RJCT", "AM04")], ["E-3"]),
        ([BulkStatus(0, "", "ACCP", ""), BulkStatus(0, "L-1", "ACCP", "")], []),
    ],
)
def test_a_bulk_rejection_lists_the_transfers_of_its_lot(
    bulk_statuses: list[BulkStatus], names: list[str]
) -> None:
    expanded = expand_bulk_rejections(build_message(bulk_statuses=bulk_statuses), lambda _: LOTS)
    assert list_rejections(expanded.message) == [(name, pack_code("AM04")) for name in names]
    assert list(expanded.unknown) == []


def test_a_listed_transfer_keeps_its_own_reason() -> None:
    expanded = expand_bulk_rejections(
        build_message(
            ("E-2", MovementType.REJECT, 0, "AC01"), bulk_statuses=[BulkStatus(0, "", "RJCT", "AM04")]
        ),
        lambda _: LOTS,
    )
    assert list_rejections(expanded.message) == [
        ("E-2", pack_code("AC01")),
        ("E-1", pack_code("AM04")),
        ("E-3", pack_code("AM04")),
    ]
    assert expanded.message.movements.item.tolist() == [1, 2, 3]


def test_a_bulk_rejection_of_a_message_that_is_not_ours_is_returned() -> None:
    bulk_statuses = [BulkStatus(0, "L-9", "RJCT", "")]
    assert (
        list(expand_bulk_rejections(build_message(bulk_statuses=bulk_statuses), lambda _: LOTS).unknown)
        == bulk_statuses
    )
    assert (
        list(expand_bulk_rejections(build_message(bulk_statuses=bulk_statuses), lambda _: None).unknown)
        == bulk_statuses
    )
