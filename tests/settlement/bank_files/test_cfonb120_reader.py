"""CFONB 120 statements: read as the oracle reads them, and refused at the invalid record."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import EnvelopeMismatch, FileUnreadable
from core.iban import is_iban
from core.tables.bank_messages import BankMessage, BankStatement, MovementType, read_end_to_end_id
from settlement.bank_files import bank_file_reader, cfonb120_reader, statement_checks
from tests.oracle import cfonb120

BANK, BRANCH, ACCOUNT = "30001", "00064", "12345678901"
IBAN = "FR7630001000641234567890174"
SIGNS = ("{ABCDEFGHI", "}JKLMNOPQR")


def amount(cents: int) -> str:
    return f"{abs(cents):014}"[:-1] + SIGNS[cents < 0][abs(cents) % 10]


def record(
    code: str, day: str, cents: int | None, *, zone: str = "  ", account: str = ACCOUNT, label: str = ""
) -> str:
    head = f"{code}{BANK}    {BRANCH}EUR2 {account}06{day}{zone}"
    if cents is None:
        return f"{head}   {label}".ljust(120)
    return f"{head.ljust(90)}{amount(cents)}".ljust(120)


def reference(day: str, text: str, qualifier: str = "RCN") -> str:
    return record("05", day, None, label=f"{qualifier}{text:35}purpose")


SOUND = [
    record("01", "131218", 100000),
    record("04", "141218", -1050),
    reference("141218", "E-1"),
    record("05", "141218", None, label="LIBrent of December"),
    record("04", "141218", 2000, zone="01"),
    reference("141218", "E-2"),
    record("04", "141218", 5),
    record("07", "141218", 100955),
]


def read(text: str) -> BankMessage:
    message = cfonb120_reader.read_message(np.frombuffer(text.encode("latin-1"), np.uint8), "bank.txt")
    statement_checks.check_statements(message, "bank.txt")
    return message


def list_movements(message: BankMessage) -> list[tuple[MovementType, int, str]]:
    movements = message.movements
    return [
        (MovementType(int(number)), int(movements.amount[row]), read_end_to_end_id(message, row))
        for row, number in enumerate(movements.sort)
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n", "\r\n\r\n"])
def test_a_statement_with_any_line_ends(end: str) -> None:
    for text in (end.join(SOUND), end.join(SOUND) + end):
        message = read(text)
        assert message.statements == [BankStatement(f"{IBAN[-23:]}-2018-12-14", IBAN, 17879, 100000, 100955)]
        assert list_movements(message) == [
            (MovementType.DEBIT, 1050, "E-1"),
            (MovementType.RETURN, 2000, "E-2"),
            (MovementType.CREDIT, 5, ""),
        ]
        assert message.movements.day.tolist() == [17879] * 3
        assert message.movements.item.tolist() == [1, 2, 3]


def test_records_without_any_line_end_are_read() -> None:
    assert len(list_movements(read("".join(SOUND)))) == 3


def test_the_account_is_given_as_iban() -> None:
    assert is_iban(IBAN)
    with_letters = "\n".join(line.replace(ACCOUNT, "0AJ2BKS3CLT") for line in SOUND)
    account = read(with_letters).statements[0].account
    assert is_iban(account)
    assert account[14:25] == "0AJ2BKS3CLT"


def test_statements_of_several_accounts_and_days() -> None:
    other = [line.replace(ACCOUNT, "99999999999") for line in SOUND]
    following = [record("01", "141218", 100955), record("07", "171218", 100955)]
    message = read("\n".join([*SOUND, *other, *following]))
    assert [statement.closing for statement in message.statements] == [100955, 100955, 100955]
    assert message.movements.statement.tolist() == [0, 0, 0, 1, 1, 1]
    assert message.movements.item.tolist() == [1, 2, 3, 1, 2, 3]


def change_record(at: int, start: int, text: str) -> str:
    records = list(SOUND)
    records[at] = f"{records[at][:start]}{text}{records[at][start + len(text) :]}"
    return "\n".join(records)


@pytest.mark.parametrize(
    ("text", "number", "finding"),
    [
        (change_record(1, 0, "03"), 2, "a record of type 03"),
        (change_record(1, 0, "xx"), 2, "a record of type xx"),
        ("\n".join(SOUND[1:]), 1, "a record 04 after 07"),
        ("\n".join([SOUND[0], *SOUND[2:]]), 2, "a record 05 after 01"),
        ("\n".join([SOUND[0], SOUND[0], *SOUND[1:]]), 2, "a record 01 after 01"),
        ("\n".join(SOUND[:-1]), 7, "no closing balance"),
        ("\n".join([*SOUND, SOUND[2]]), 9, "a record 05 after 07"),
        (change_record(4, 16, "USD"), 5, "The account is in USD, and these accounts are kept in EUR"),
        (change_record(4, 19, "3"), 5, "with 3 decimals"),
        (change_record(4, 90, "x"), 5, "amount 'x"),
        (change_record(4, 103, "5"), 5, "amount '00000000002005'"),
        (change_record(4, 103, " "), 5, "amount '"),
        (change_record(4, 90, "0" * 13 + "{"), 5, "a movement of 0.00"),
        (change_record(4, 34, "310618"), 5, "date '310618'"),
        (change_record(4, 34, "300218"), 5, "date '300218'"),
        (change_record(4, 34, "000118"), 5, "date '000118'"),
        (change_record(4, 34, "011318"), 5, "date '011318'"),
        (change_record(4, 34, "0a1218"), 5, "date '0a1218'"),
        (change_record(7, 34, "      "), 8, "date '      '"),
        (change_record(4, 21, "9"), 5, "account '92345678901'"),
        (change_record(4, 2, "9"), 5, "account '90001'"),
        (change_record(0, 90, "-"), 1, "amount '-"),
    ],
)
def test_an_invalid_record_refuses_the_file_at_its_byte(text: str, number: int, finding: str) -> None:
    with pytest.raises(FileUnreadable) as refused:
        read(text)
    assert refused.value.place == f"bank.txt, record {number} at byte {(number - 1) * 121}"
    assert finding in refused.value.finding


@pytest.mark.parametrize("bytes_removed", [1, 50, 119, 121, 130, 500])
def test_a_truncated_or_shifted_file_is_refused(bytes_removed: int) -> None:
    text = "\n".join(SOUND)
    for part in (text[:-bytes_removed], text[bytes_removed:], text[:121] + text[121 + bytes_removed :]):
        with pytest.raises((FileUnreadable, EnvelopeMismatch)):
            read(part)


def test_a_statement_that_does_not_add_up_is_refused() -> None:
    with pytest.raises(EnvelopeMismatch, match=r"closes with 1,009.56: 0.01 is unexplained"):
        read("\n".join([*SOUND[:-1], record("07", "141218", 100956)]))


def test_the_format_is_detected_by_the_first_bytes(tmp_path: Path) -> None:
    path = tmp_path / "releve.txt"
    path.write_bytes("\r\n".join(SOUND).encode("latin-1"))
    assert len(list_movements(bank_file_reader.read_bank_file(path))) == 3
    path.write_text("hello")
    with pytest.raises(FileUnreadable, match="5 characters"):
        bank_file_reader.read_bank_file(path)


MOVES = st.lists(
    st.tuples(
        st.integers(-(10**13), 10**13).filter(bool),
        st.text("ABCXYZ0189/-?:().,'+ ", max_size=35).filter(lambda text: text == text.strip()),
        st.booleans(),
    ),
    max_size=8,
)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-(10**13), 10**13), MOVES), min_size=1, max_size=4),
    st.sampled_from(["\n", "\r\n"]),
)
def test_any_statement_is_read_as_by_the_oracle(statements: list, end: str) -> None:
    records = []
    for opening, moves in statements:
        account = f"{len(records):011}"
        records.append(record("01", "010203", opening, account=account))
        for cents, text, is_return in moves:
            records.append(record("04", "280224", cents, zone="07" if is_return else "  ", account=account))
            records.append(reference("280224", text).replace(ACCOUNT, account))
        records.append(record("07", "280224", opening + sum(move[0] for move in moves), account=account))
    text = end.join(records)
    message, expected = read(text), cfonb120.read_statements(text)
    assert [(statement.opening, statement.closing) for statement in message.statements] == [
        (account.opening, account.closing) for account in expected
    ]
    movements = iter(list_movements(message))
    for account in expected:
        for line in account.lines:
            movement_type = (
                MovementType.DEBIT
                if line.cents < 0
                else MovementType.RETURN
                if line.came_back
                else MovementType.CREDIT
            )
            assert next(movements) == (movement_type, abs(line.cents), line.end_to_end)
    assert next(movements, None) is None
