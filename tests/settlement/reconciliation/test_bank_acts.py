"""Movements to transfers, and transfers to acts: each line once, in the order that the journal can take."""

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
"""End-to-end id, what the bank says, cents, reason."""


def build_transfers(*lines: tuple[int, int, str, int]) -> SentTransfers:
    """Entries of the journal: number, cents, reference, kind."""
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
            cell=np.ones(count, np.int32),
            payee=np.array([line[0] % 7 for line in lines], np.int32),
            kind=np.array([line[3] for line in lines], np.int16),
            exercise=np.full(count, 2018, np.int16),
            submission=np.ones(count, np.int32),
            line=np.arange(count, dtype=np.int32),
        ),
        texts,
    )


def build_message(*told: MovementRow, day: int = DAY + 1, verdicts: Sequence[BulkStatus] = ()) -> BankMessage:
    pieces = [each[0].encode() for each in told]
    ends = np.cumsum([0, *map(len, pieces)]).astype(np.int32)
    count = len(told)
    moved = Movements(
        np.zeros(count, np.int32), np.arange(1, count + 1, dtype=np.int32), ends[:-1].copy(), ends[1:].copy(),
        np.array([each[2] for each in told], np.int64), np.full(count, day, np.int32),
        np.array([pack_code(each[3]) for each in told], np.uint32), np.array([each[1] for each in told], np.uint8),
    )  # fmt: skip
    text = Bytes(seal_array(np.frombuffer(b"".join(pieces) or b"\0", np.uint8)))
    return BankMessage(
        BankFormat.CAMT053, "M-1", [BankStatement("S-1", ACCOUNT, day, None, None)], moved, text, verdicts
    )


def match_message(found: BankMessage, known: SentTransfers, own: int = 0) -> MatchedMessage:
    accounts = np.full(known.head.size, own, np.int64)
    fits = match_movements(found, parse_entries(found), known, accounts)
    answer = MatchedMessage(found, fits, known, bank_reasons.load(), {}, {})
    codes = {number: f"P{number}" for number in bank_acts.list_payees_to_block(answer)}
    return answer._replace(payees=codes)


def list_acts(table: pa.Table | None) -> list[tuple]:
    assert table is not None
    names = ("reference", "line", "kind", "predecessor", "amount_cents")
    return [tuple(row[name] for name in names) for row in table.to_pylist()]


def test_a_debit_a_return_and_a_reject() -> None:
    known = build_transfers((7, 100, "1-1", PAYMENT), (8, 200, "1-2", PAYMENT), (9, 300, "1-3", REISSUE))
    told = [
        (format_identifier(7), MovementType.DEBIT, 100, ""),
        (format_identifier(8), MovementType.RETURN, 200, "AC04"),
        (format_identifier(9), MovementType.REJECT, 0, "TM01"),
    ]
    found = bank_acts.build_acts_table(match_message(build_message(*told), known), "S-1")
    assert list_acts(found) == [
        ("D7", 1, "bank_debit", "@7", 100),
        ("R8", 1, "bank_return", "D8#1", 200),
        ("R8", 2, "return_identified", "#1", 200),
        ("X9", 1, "bank_reject", "@9", 300),
        ("X9", 2, "return_identified", "#1", 300),
    ]
    assert found is not None
    assert found.schema.metadata[b"crescendo.sender"] == b"bank"
    assert found.schema.metadata[b"crescendo.control_sum"] == b"11.00"
    assert set(found["date"].to_pylist()) == {np.datetime64(DAY + 1, "D").item()}


def test_a_transfer_of_several_lines_is_answered_line_by_line() -> None:
    known = build_transfers((7, 100, "1-1", PAYMENT), (8, 200, "1-1", PAYMENT), (9, 300, "1-9", PAYMENT))
    assert (known.entry.tolist(), known.amount.tolist()) == ([7, 9], [300, 300])
    found = bank_acts.build_acts_table(
        match_message(
            build_message(
                (format_identifier(7), MovementType.DEBIT, 300, ""),
                (format_identifier(7), MovementType.RETURN, 300, "MS03"),
            ),
            known,
        ),
        "S",
    )
    assert list_acts(found) == [
        ("D7", 1, "bank_debit", "@7", 100),
        ("D7", 2, "bank_debit", "@8", 200),
        ("R7", 1, "bank_return", "D7#1", 100),
        ("R7", 2, "bank_return", "D7#2", 200),
        ("R7", 3, "return_identified", "#1", 100),
        ("R7", 4, "return_identified", "#2", 200),
    ]


def test_a_return_too_long_for_one_act_is_identified_by_another() -> None:
    known = build_transfers(*((n, 1, "1-1", PAYMENT) for n in range(1, 602)))
    found = list_acts(
        bank_acts.build_acts_table(
            match_message(build_message((format_identifier(1), MovementType.RETURN, 601, "AC04")), known), "S"
        )
    )
    assert len(found) == 1202
    assert found[600] == ("R1", 601, "bank_return", "D1#601", 1)
    assert found[601] == ("I1", 1, "return_identified", "R1#1", 1)
    assert found[1201] == ("I1", 601, "return_identified", "R1#601", 1)


@pytest.mark.parametrize("code", ["AM05", "FOCR"])
def test_a_debt_that_must_not_be_opened_stays_closed(code: str) -> None:
    known = build_transfers((7, 100, "1-1", PAYMENT))
    for sort, letter, kind in (
        (MovementType.RETURN, "R", "bank_return"),
        (MovementType.REJECT, "X", "bank_reject"),
    ):
        found = list_acts(
            bank_acts.build_acts_table(
                match_message(build_message((format_identifier(7), sort, 100, code)), known), "S"
            )
        )
        assert [row[:3] for row in found] == [(f"{letter}7", 1, kind)]


def test_a_payee_is_blocked_once_and_last() -> None:
    known = build_transfers((7, 100, "1-1", PAYMENT), (14, 200, "1-2", PAYMENT), (15, 5, "1-3", PAYMENT))
    told = [
        (format_identifier(entry), MovementType.REJECT, 0, code)
        for entry, code in ((7, "RR04"), (14, "RR04"), (15, "AC01"))
    ]
    found = bank_acts.build_acts_table(match_message(build_message(*told), known), "S")
    assert list_acts(found)[-1] == ("B7", 1, "payee_block", "", 0)
    assert [row["payee"] for row in found.to_pylist()][-1] == "P0"  # type: ignore[union-attr]
    assert sum(row[2] == "payee_block" for row in list_acts(found)) == 1


def test_a_credit_that_names_a_transfer_gives_it_back() -> None:
    known = build_transfers((7, 100, "1-1", PAYMENT))
    found = list_acts(
        bank_acts.build_acts_table(
            match_message(build_message((format_identifier(7), MovementType.CREDIT, 100, "")), known), "S"
        )
    )
    assert [row[2] for row in found] == ["bank_return", "return_identified"]


@pytest.mark.parametrize(
    ("told", "own", "day", "why"),
    [
        (("", MovementType.CREDIT, 5, ""), 0, DAY, Mismatch.NOT_OURS),
        (("salaries", MovementType.DEBIT, 5, ""), 0, DAY, Mismatch.NOT_OURS),
        ((format_identifier(99), MovementType.DEBIT, 100, ""), 0, DAY, Mismatch.UNKNOWN_TRANSFER),
        ((format_identifier(8), MovementType.DEBIT, 100, ""), 0, DAY, Mismatch.UNKNOWN_TRANSFER),
        ((format_identifier(9), MovementType.DEBIT, 100, ""), 0, DAY, Mismatch.UNKNOWN_TRANSFER),
        ((format_identifier(7), MovementType.DEBIT, 101, ""), 0, DAY, Mismatch.AMOUNT_DIFFERS),
        ((format_identifier(7), MovementType.REJECT, 1, ""), 0, DAY, Mismatch.AMOUNT_DIFFERS),
        ((format_identifier(7), MovementType.DEBIT, 100, ""), -2, DAY, Mismatch.OTHER_ACCOUNT),
        ((format_identifier(7), MovementType.DEBIT, 100, ""), 0, DAY - 1, Mismatch.BEFORE_ISSUE),
        ((format_identifier(7), MovementType.DEBIT, 100, ""), 0, DAY, Mismatch.NONE),
        ((format_identifier(7), MovementType.REJECT, 0, ""), -2, DAY, Mismatch.NONE),
    ],
)
def test_why_a_movement_is_not_posted(told: MovementRow, own: int, day: int, why: Mismatch) -> None:
    known = build_transfers((7, 60, "1-1", PAYMENT), (8, 40, "1-1", PAYMENT), (9, 100, "D1", DEBIT))
    answer = match_message(build_message(told, day=day), known, own)
    assert Mismatch(int(answer.matches.mismatch[0])) is why
    assert (bank_acts.build_acts_table(answer, "S") is None) == (why is not Mismatch.NONE)


def test_a_movement_told_twice_in_one_message_is_posted_once() -> None:
    known = build_transfers((7, 100, "1-1", PAYMENT))
    told = [
        (format_identifier(7), MovementType.DEBIT, 100, ""),
        (format_identifier(7), MovementType.RETURN, 100, "AC04"),
        (format_identifier(7), MovementType.DEBIT, 100, ""),
    ]
    answer = match_message(build_message(*told), known)
    assert answer.matches.mismatch.tolist() == [Mismatch.NONE, Mismatch.NONE, Mismatch.TWICE]


def test_nothing_sent_matches_nothing() -> None:
    answer = match_message(
        build_message((format_identifier(7), MovementType.DEBIT, 100, "")), build_transfers()
    )
    assert answer.matches.mismatch.tolist() == [Mismatch.UNKNOWN_TRANSFER]


def test_every_mismatch_says_what_to_do() -> None:
    assert MISMATCH_TEXTS.keys() == set(Mismatch)


# ------------------------------------------------------------------------------------------ whole messages


LOTS = {"L-1": ["E-1", "E-2"], "L-2": ["E-3"]}


def list_rejections(found: BankMessage) -> list[tuple[str, int]]:
    return [
        (read_end_to_end_id(found, row), int(found.movements.reason[row]))
        for row in range(found.movements.amount.size)
    ]


@pytest.mark.parametrize(
    ("verdicts", "names"),
    [
        ([BulkStatus(0, "", "RJCT", "AM04")], ["E-1", "E-2", "E-3"]),
        ([BulkStatus(0, "", "PART", ""), BulkStatus(0, "L-2", "RJCT", "AM04")], ["E-3"]),
        ([BulkStatus(0, "", "ACCP", ""), BulkStatus(0, "L-1", "ACCP", "")], []),
    ],
)
def test_a_verdict_names_the_transfers_of_its_lot(verdicts: list[BulkStatus], names: list[str]) -> None:
    found = expand_bulk_rejections(build_message(verdicts=verdicts), lambda _: LOTS)
    assert list_rejections(found.message) == [(name, pack_code("AM04")) for name in names]
    assert list(found.unknown) == []


def test_a_transfer_that_is_named_already_keeps_its_own_reason() -> None:
    found = expand_bulk_rejections(
        build_message(("E-2", MovementType.REJECT, 0, "AC01"), verdicts=[BulkStatus(0, "", "RJCT", "AM04")]),
        lambda _: LOTS,
    )
    assert list_rejections(found.message) == [
        ("E-2", pack_code("AC01")),
        ("E-1", pack_code("AM04")),
        ("E-3", pack_code("AM04")),
    ]
    assert found.message.movements.item.tolist() == [1, 2, 3]


def test_a_verdict_on_what_is_not_ours_is_told() -> None:
    verdicts = [BulkStatus(0, "L-9", "RJCT", "")]
    assert list(expand_bulk_rejections(build_message(verdicts=verdicts), lambda _: LOTS).unknown) == verdicts
    assert list(expand_bulk_rejections(build_message(verdicts=verdicts), lambda _: None).unknown) == verdicts
