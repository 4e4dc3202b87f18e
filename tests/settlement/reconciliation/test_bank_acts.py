"""Movements to transfers, and transfers to acts: each line once, in the order that the journal can take."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest

from core import bank_reasons
from core.catalog import KIND_NUMBER
from core.tables.bank_messages import Format, Message, Movements, Sort, Statement, Verdict, end_to_end, packed
from core.tables.columns import sealed
from core.tables.journal import Bytes, Spans
from posting.pgcopy import TextCells
from settlement.orders.end_to_end import identifier
from settlement.reconciliation import bank_acts
from settlement.reconciliation.bank_acts import Answered
from settlement.reconciliation.bulk_rejections import expanded
from settlement.reconciliation.matching import matched, named
from settlement.reconciliation.mismatch import FINDINGS, Mismatch
from settlement.reconciliation.sent_transfers import Sent, Transfers, transfers

ACCOUNT = "FR7630001000641234567890174"
PAYMENT, REISSUE, DEBIT = (KIND_NUMBER[name] for name in ("payment", "reissue", "bank_debit"))
DAY = 17840  # 2018-11-05
Told = tuple[str, Sort, int, str]
"""End-to-end id, what the bank says, cents, reason."""


def sent(*lines: tuple[int, int, str, int]) -> Transfers:
    """Entries of the journal: number, cents, reference, kind."""
    pieces = [reference.encode() for *_, reference, _ in lines]
    ends = np.cumsum([0, *map(len, pieces)]).astype(np.int32)
    texts = TextCells(
        Spans(sealed(ends[:-1]), sealed(ends[1:])),
        Bytes(sealed(np.frombuffer(b"".join(pieces) or b"\0", np.uint8))),
    )
    count = len(lines)
    return transfers(
        Sent(
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


def message(*told: Told, day: int = DAY + 1, verdicts: Sequence[Verdict] = ()) -> Message:
    pieces = [each[0].encode() for each in told]
    ends = np.cumsum([0, *map(len, pieces)]).astype(np.int32)
    count = len(told)
    moved = Movements(
        np.zeros(count, np.int32), np.arange(1, count + 1, dtype=np.int32), ends[:-1].copy(), ends[1:].copy(),
        np.array([each[2] for each in told], np.int64), np.full(count, day, np.int32),
        np.array([packed(each[3]) for each in told], np.uint32), np.array([each[1] for each in told], np.uint8),
    )  # fmt: skip
    text = Bytes(sealed(np.frombuffer(b"".join(pieces) or b"\0", np.uint8)))
    return Message(Format.CAMT053, "M-1", [Statement("S-1", ACCOUNT, day, None, None)], moved, text, verdicts)


def answered(found: Message, known: Transfers, own: int = 0) -> Answered:
    accounts = np.full(known.head.size, own, np.int64)
    fits = matched(found, named(found), known, accounts)
    answer = Answered(found, fits, known, bank_reasons.load(), {}, {})
    codes = {number: f"P{number}" for number in bank_acts.payees_to_block(answer)}
    return answer._replace(payees=codes)


def rows(table: pa.Table | None) -> list[tuple]:
    assert table is not None
    names = ("reference", "line", "kind", "predecessor", "amount_cents")
    return [tuple(row[name] for name in names) for row in table.to_pylist()]


def test_a_debit_a_return_and_a_reject() -> None:
    known = sent((7, 100, "1-1", PAYMENT), (8, 200, "1-2", PAYMENT), (9, 300, "1-3", REISSUE))
    told = [
        (identifier(7), Sort.DEBIT, 100, ""),
        (identifier(8), Sort.RETURN, 200, "AC04"),
        (identifier(9), Sort.REJECT, 0, "TM01"),
    ]
    found = bank_acts.table(answered(message(*told), known), "S-1")
    assert rows(found) == [
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
    known = sent((7, 100, "1-1", PAYMENT), (8, 200, "1-1", PAYMENT), (9, 300, "1-9", PAYMENT))
    assert (known.entry.tolist(), known.amount.tolist()) == ([7, 9], [300, 300])
    found = bank_acts.table(
        answered(
            message((identifier(7), Sort.DEBIT, 300, ""), (identifier(7), Sort.RETURN, 300, "MS03")), known
        ),
        "S",
    )
    assert rows(found) == [
        ("D7", 1, "bank_debit", "@7", 100),
        ("D7", 2, "bank_debit", "@8", 200),
        ("R7", 1, "bank_return", "D7#1", 100),
        ("R7", 2, "bank_return", "D7#2", 200),
        ("R7", 3, "return_identified", "#1", 100),
        ("R7", 4, "return_identified", "#2", 200),
    ]


def test_a_return_too_long_for_one_act_is_identified_by_another() -> None:
    known = sent(*((n, 1, "1-1", PAYMENT) for n in range(1, 602)))
    found = rows(bank_acts.table(answered(message((identifier(1), Sort.RETURN, 601, "AC04")), known), "S"))
    assert len(found) == 1202
    assert found[600] == ("R1", 601, "bank_return", "D1#601", 1)
    assert found[601] == ("I1", 1, "return_identified", "R1#1", 1)
    assert found[1201] == ("I1", 601, "return_identified", "R1#601", 1)


@pytest.mark.parametrize("code", ["AM05", "FOCR"])
def test_a_debt_that_must_not_be_opened_stays_closed(code: str) -> None:
    known = sent((7, 100, "1-1", PAYMENT))
    for sort, letter, kind in ((Sort.RETURN, "R", "bank_return"), (Sort.REJECT, "X", "bank_reject")):
        found = rows(bank_acts.table(answered(message((identifier(7), sort, 100, code)), known), "S"))
        assert [row[:3] for row in found] == [(f"{letter}7", 1, kind)]


def test_a_payee_is_blocked_once_and_last() -> None:
    known = sent((7, 100, "1-1", PAYMENT), (14, 200, "1-2", PAYMENT), (15, 5, "1-3", PAYMENT))
    told = [
        (identifier(entry), Sort.REJECT, 0, code) for entry, code in ((7, "RR04"), (14, "RR04"), (15, "AC01"))
    ]
    found = bank_acts.table(answered(message(*told), known), "S")
    assert rows(found)[-1] == ("B7", 1, "payee_block", "", 0)
    assert [row["payee"] for row in found.to_pylist()][-1] == "P0"  # type: ignore[union-attr]
    assert sum(row[2] == "payee_block" for row in rows(found)) == 1


def test_a_credit_that_names_a_transfer_gives_it_back() -> None:
    known = sent((7, 100, "1-1", PAYMENT))
    found = rows(bank_acts.table(answered(message((identifier(7), Sort.CREDIT, 100, "")), known), "S"))
    assert [row[2] for row in found] == ["bank_return", "return_identified"]


@pytest.mark.parametrize(
    ("told", "own", "day", "why"),
    [
        (("", Sort.CREDIT, 5, ""), 0, DAY, Mismatch.NOT_OURS),
        (("salaries", Sort.DEBIT, 5, ""), 0, DAY, Mismatch.NOT_OURS),
        ((identifier(99), Sort.DEBIT, 100, ""), 0, DAY, Mismatch.UNKNOWN_TRANSFER),
        ((identifier(8), Sort.DEBIT, 100, ""), 0, DAY, Mismatch.UNKNOWN_TRANSFER),
        ((identifier(9), Sort.DEBIT, 100, ""), 0, DAY, Mismatch.UNKNOWN_TRANSFER),
        ((identifier(7), Sort.DEBIT, 101, ""), 0, DAY, Mismatch.AMOUNT_DIFFERS),
        ((identifier(7), Sort.REJECT, 1, ""), 0, DAY, Mismatch.AMOUNT_DIFFERS),
        ((identifier(7), Sort.DEBIT, 100, ""), -2, DAY, Mismatch.OTHER_ACCOUNT),
        ((identifier(7), Sort.DEBIT, 100, ""), 0, DAY - 1, Mismatch.BEFORE_ISSUE),
        ((identifier(7), Sort.DEBIT, 100, ""), 0, DAY, Mismatch.NONE),
        ((identifier(7), Sort.REJECT, 0, ""), -2, DAY, Mismatch.NONE),
    ],
)
def test_why_a_movement_is_not_posted(told: Told, own: int, day: int, why: Mismatch) -> None:
    known = sent((7, 60, "1-1", PAYMENT), (8, 40, "1-1", PAYMENT), (9, 100, "D1", DEBIT))
    answer = answered(message(told, day=day), known, own)
    assert Mismatch(int(answer.matched.why[0])) is why
    assert (bank_acts.table(answer, "S") is None) == (why is not Mismatch.NONE)


def test_a_movement_told_twice_in_one_message_is_posted_once() -> None:
    known = sent((7, 100, "1-1", PAYMENT))
    told = [
        (identifier(7), Sort.DEBIT, 100, ""),
        (identifier(7), Sort.RETURN, 100, "AC04"),
        (identifier(7), Sort.DEBIT, 100, ""),
    ]
    answer = answered(message(*told), known)
    assert answer.matched.why.tolist() == [Mismatch.NONE, Mismatch.NONE, Mismatch.TWICE]


def test_nothing_sent_matches_nothing() -> None:
    answer = answered(message((identifier(7), Sort.DEBIT, 100, "")), sent())
    assert answer.matched.why.tolist() == [Mismatch.UNKNOWN_TRANSFER]


def test_every_mismatch_says_what_to_do() -> None:
    assert FINDINGS.keys() == set(Mismatch)


# ------------------------------------------------------------------------------------------ whole messages


LOTS = {"L-1": ["E-1", "E-2"], "L-2": ["E-3"]}


def told_of(found: Message) -> list[tuple[str, int]]:
    return [
        (end_to_end(found, row), int(found.movements.reason[row]))
        for row in range(found.movements.amount.size)
    ]


@pytest.mark.parametrize(
    ("verdicts", "names"),
    [
        ([Verdict(0, "", "RJCT", "AM04")], ["E-1", "E-2", "E-3"]),
        ([Verdict(0, "", "PART", ""), Verdict(0, "L-2", "RJCT", "AM04")], ["E-3"]),
        ([Verdict(0, "", "ACCP", ""), Verdict(0, "L-1", "ACCP", "")], []),
    ],
)
def test_a_verdict_names_the_transfers_of_its_lot(verdicts: list[Verdict], names: list[str]) -> None:
    found = expanded(message(verdicts=verdicts), lambda _: LOTS)
    assert told_of(found.message) == [(name, packed("AM04")) for name in names]
    assert list(found.unknown) == []


def test_a_transfer_that_is_named_already_keeps_its_own_reason() -> None:
    found = expanded(
        message(("E-2", Sort.REJECT, 0, "AC01"), verdicts=[Verdict(0, "", "RJCT", "AM04")]), lambda _: LOTS
    )
    assert told_of(found.message) == [
        ("E-2", packed("AC01")),
        ("E-1", packed("AM04")),
        ("E-3", packed("AM04")),
    ]
    assert found.message.movements.item.tolist() == [1, 2, 3]


def test_a_verdict_on_what_is_not_ours_is_told() -> None:
    verdicts = [Verdict(0, "L-9", "RJCT", "")]
    assert list(expanded(message(verdicts=verdicts), lambda _: LOTS).unknown) == verdicts
    assert list(expanded(message(verdicts=verdicts), lambda _: None).unknown) == verdicts
