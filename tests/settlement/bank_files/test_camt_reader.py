"""camt.053 and camt.054: entries become movements, balances must add up, and faults are reported with their place."""

import pytest

from core.errors import EnvelopeMismatch, FileUnreadable, FormatUnknown
from core.tables.bank_messages import BankStatement
from settlement.bank_formats import BankFormat
from tests.settlement.camt_messages import (
    ACCOUNT,
    balance,
    detail,
    document,
    entry,
    list_movements,
    read_message,
    statement,
)

OPEN = balance("OPBD", "100.00")
DAY = 17879  # 2018-12-14


def closing_balance(amount: str) -> str:
    return balance("CLBD", amount)


def test_a_statement_of_one_account() -> None:
    message = read_message(
        document(statement(OPEN, closing_balance("89.50"), entry("10.50", "DBIT", [detail("E-1")])))
    )
    assert (message.format, message.identity) == (BankFormat.CAMT053, "M-1")
    assert message.statements == [BankStatement("S-1", ACCOUNT, DAY, 10000, 8950)]
    assert list_movements(message) == [("debit", 1050, "E-1", "")]
    assert message.movements.day.tolist() == [DAY]
    assert message.movements.item.tolist() == [1]


def test_a_batch_is_one_movement_per_detail() -> None:
    details = [detail("E-1", "4.00"), detail("E-2", "6.5")]
    message = read_message(
        document(statement(OPEN, closing_balance("89.50"), entry("10.50", "DBIT", details)))
    )
    assert list_movements(message) == [("debit", 400, "E-1", ""), ("debit", 650, "E-2", "")]
    assert message.movements.item.tolist() == [1, 1]


@pytest.mark.parametrize("amount", ["10.500", "10.5000", "10.50000"])
@pytest.mark.parametrize("zeros", ["", "0", "000"])
def test_zeros_behind_the_cents_are_whole_cents(amount: str, zeros: str) -> None:
    opening, closing = balance("OPBD", f"100.00{zeros}"), closing_balance(f"89.50{zeros}")
    details = [detail("E-1", f"4.00{zeros}"), detail("E-2", f"6.50{zeros}")]
    message = read_message(document(statement(opening, closing, entry(amount, "DBIT", details))))
    assert (message.statements[0].opening, message.statements[0].closing) == (10000, 8950)
    assert list_movements(message) == [("debit", 400, "E-1", ""), ("debit", 650, "E-2", "")]


def test_a_batch_of_both_directions_is_split_by_detail() -> None:
    details = [detail("E-1", "14.00", "DBIT"), detail("E-2", "3.50", "CRDT", "AC04")]
    message = read_message(
        document(statement(OPEN, closing_balance("89.50"), entry("10.50", "DBIT", details)))
    )
    assert list_movements(message) == [("debit", 1400, "E-1", ""), ("return", 350, "E-2", "AC04")]


@pytest.mark.parametrize(
    "details",
    [
        [detail("E-1", "4.00"), detail("E-2", "6.51")],
        [detail("E-1", "4.00"), detail("E-2")],
        [detail("E-1"), detail("E-2")],
        [detail("E-1", "4.00"), detail("E-2", "6.5000001")],
        [detail("E-1", "4.00"), detail("E-2", "6,50")],
    ],
)
def test_details_that_do_not_add_up_are_one_movement_without_id(details: list[str]) -> None:
    message = read_message(
        document(statement(OPEN, closing_balance("89.50"), entry("10.50", "DBIT", details)))
    )
    assert list_movements(message) == [("debit", 1050, "", "")]


def test_a_single_detail_has_the_amount_of_its_entry() -> None:
    message = read_message(
        document(statement(OPEN, closing_balance("89.50"), entry("10.50", "DBIT", [detail("E-1", "11.00")])))
    )
    assert list_movements(message) == [("debit", 1050, "E-1", "")]


def test_credits_are_returns_if_the_bank_says_so() -> None:
    entries = [
        entry("1.00", "CRDT", [detail("E-1", reason="AC04")]),
        entry("2.00", "CRDT", [detail("E-2")], extra="<RvslInd>true</RvslInd>"),
        entry("3.00", "CRDT", [detail("E-3")]),
        entry("4.00", "CRDT"),
        entry("5.00", "CRDT", ["<TxDtls><RtrInf><Rsn><Prtry>closed, sorry</Prtry></Rsn></RtrInf></TxDtls>"]),
    ]
    message = read_message(document(statement(OPEN, closing_balance("115.00"), *entries)))
    assert list_movements(message) == [
        ("return", 100, "E-1", "AC04"),
        ("return", 200, "E-2", ""),
        ("credit", 300, "E-3", ""),
        ("credit", 400, "", ""),
        ("return", 500, "", "NARR"),
    ]


@pytest.mark.parametrize("status", ["<Cd>PDNG</Cd>", "<Cd>INFO</Cd>", "<Cd>LATER</Cd>"])
def test_entries_that_are_not_booked_move_nothing(status: str) -> None:
    entries = [entry("7.00", "DBIT", [detail("E-1")], status=status), entry("1.00", "DBIT", [detail("E-2")])]
    message = read_message(document(statement(OPEN, closing_balance("99.00"), *entries)))
    assert list_movements(message) == [("debit", 100, "E-2", "")]
    assert message.statements[0].unbooked == 1
    assert message.movements.item.tolist() == [2]


def test_the_older_version_has_the_same_content() -> None:
    amount = '<AmtDtls><TxAmt><Amt Ccy="EUR">10.50</Amt></TxAmt></AmtDtls>'
    transfer = f"<TxDtls><Refs><EndToEndId>E-1</EndToEndId></Refs>{amount}</TxDtls>"
    text = document(
        statement(OPEN, closing_balance("89.50"), entry("10.50", "DBIT", [transfer], status="BOOK")),
        version="02",
    )
    assert list_movements(read_message(text)) == [("debit", 1050, "E-1", "")]


def test_previous_closing_counts_as_opening_and_other_balances_do_not_count() -> None:
    other = balance("CLAV", "5.00") + balance("ITBD", "77.00") + balance("FWAV", "not a number")
    message = read_message(
        document(statement(balance("PRCD", "100.00"), other, closing_balance("99.00"), entry("1.00", "DBIT")))
    )
    assert (message.statements[0].opening, message.statements[0].closing) == (10000, 9900)


def test_an_overdrawn_account_has_a_negative_balance() -> None:
    message = read_message(
        document(statement(OPEN, balance("CLBD", "20.00", "DBIT"), entry("120.00", "DBIT")))
    )
    assert message.statements[0].closing == -2000


def test_a_balance_may_be_zero() -> None:
    assert (
        read_message(document(statement(OPEN, closing_balance("0"), entry("100.00", "DBIT"))))
        .statements[0]
        .closing
        == 0
    )


def test_statements_of_one_account_are_continuous() -> None:
    second = statement(
        balance("OPBD", "99.00"), closing_balance("98.00"), entry("1.00", "DBIT"), identity="S-2"
    )
    first = statement(OPEN, closing_balance("99.00"), entry("1.00", "DBIT"))
    message = read_message(document(first, second))
    assert message.movements.statement.tolist() == [0, 1]
    assert message.movements.item.tolist() == [1, 1]
    with pytest.raises(
        EnvelopeMismatch, match=r"S-1 of .*opens with 100.00, and S-2 before it closed with 98.00"
    ):
        read_message(document(second, first))


def test_a_statement_that_does_not_add_up_is_refused() -> None:
    with pytest.raises(EnvelopeMismatch) as refused:
        read_message(
            document(statement(OPEN, closing_balance("89.49"), entry("10.50", "DBIT", [detail("E-1")])))
        )
    assert refused.value.place == f"bank.xml, statement S-1 of {ACCOUNT}"
    assert (
        "opens with 100.00, moves -10.50 and closes with 89.49: -0.01 is unexplained" in refused.value.finding
    )


def test_an_additional_or_missing_movement_is_detected() -> None:
    whole = document(
        statement(OPEN, closing_balance("79.00"), entry("10.50", "DBIT"), entry("10.50", "DBIT"))
    )
    assert len(list_movements(read_message(whole))) == 2
    for text in (
        whole.replace(entry("10.50", "DBIT"), "", 1),
        whole.replace("</Stmt>", entry("10.50", "DBIT") + "</Stmt>"),
    ):
        with pytest.raises(EnvelopeMismatch):
            read_message(text)


GOOD = document(statement(OPEN, closing_balance("89.50"), entry("10.50", "DBIT", [detail("E-1")])))


@pytest.mark.parametrize(
    ("old", "new", "element", "finding"),
    [
        ('<Amt Ccy="EUR">10.50', '<Amt Ccy="USD">10.50', "Ntry", "The amount is in USD, and these accounts"),
        ('<Amt Ccy="EUR">10.50', "<Amt>10.50", "Ntry", "The amount has no currency"),
        (">10.50<", ">10,50<", "Ntry", "The amount is not over 0"),
        (">10.50<", ">-10.50<", "Ntry", "The amount is not over 0"),
        (">10.50<", ">0.00<", "Ntry", "The amount is not over 0"),
        (">10.50<", ">10.505<", "Ntry", "The amount is not over 0"),
        (">10.50<", ">10.50001<", "Ntry", "The amount is not over 0"),
        (">10.50<", ">10.50100<", "Ntry", "The amount is not over 0"),
        (">10.50<", ">10.500000<", "Ntry", "The amount is not over 0"),
        (">10.50<", ">.500<", "Ntry", "The amount is not over 0"),
        (">10.50<", ">1e1<", "Ntry", "The amount is not over 0"),
        (">10.50<", "><", "Ntry", "The amount is not over 0"),
        (">10.50<", ">100000000000000000000<", "Ntry", "The amount is not over 0"),
        ("DBIT</CdtDbtInd><Sts>", "DEBT</CdtDbtInd><Sts>", "Ntry", "The sign is neither CRDT nor DBIT"),
        ("<CdtDbtInd>DBIT</CdtDbtInd><Sts>", "<Sts>", "Ntry", "The sign is neither CRDT nor DBIT"),
        ("<Sts><Cd>BOOK</Cd></Sts>", "", "Ntry", "The entry has no status"),
        ("<BookgDt><Dt>2018-12-14</Dt></BookgDt>", "", "Ntry", "The entry has no valid booking date"),
        ("<BookgDt><Dt>2018-12-14", "<BookgDt><Dt>2018-02-30", "Ntry", "The entry has no valid booking date"),
        ("<Id>S-1</Id>", "", "Stmt", "The statement has no identity"),
        (f"<IBAN>{ACCOUNT}</IBAN>", "", "Stmt", "The statement has no account"),
        (
            "<Ccy>EUR</Ccy>",
            "<Ccy>USD</Ccy>",
            "Stmt",
            "The account is in USD, and these accounts are kept in EUR",
        ),
        ("<Ccy>EUR</Ccy>", f"<Ccy>{'U' * 60000}</Ccy>", "Stmt", f"The account is in {'U' * 10}, and"),
        (OPEN, "", "Stmt", "The statement lacks a booked balance"),
        (closing_balance("89.50"), "", "Stmt", "The statement lacks a booked balance"),
        (">89.50<", ">89,50<", "Bal", "The balance is not an amount with two decimals"),
        (">89.50<", ">-89.50<", "Bal", "The balance is not an amount with two decimals"),
        (">89.50<", ">89.505<", "Bal", "The balance is not an amount with two decimals"),
        ('"EUR">89.50<', '"CHF">89.50<', "Bal", "The balance is in CHF, and these accounts are kept in EUR"),
        (
            "100.00</Amt><CdtDbtInd>CRDT",
            "100.00</Amt><CdtDbtInd>+",
            "Bal",
            "The sign is neither CRDT nor DBIT",
        ),
        (
            "<Dt><Dt>2018-12-14</Dt></Dt></Bal>",
            "<Dt><Dt>today</Dt></Dt></Bal>",
            "Bal",
            "The balance has no valid day",
        ),
    ],
)
def test_an_invalid_value_refuses_the_statement_at_its_byte(
    old: str, new: str, element: str, finding: str
) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    with pytest.raises(FileUnreadable) as refused:
        read_message(text)
    number = 2 if element == "Bal" and ">89" in old else 1
    start = -1
    for _ in range(number):
        start = text.index(f"<{element}>", start + 1)
    assert refused.value.place == f"bank.xml, byte {start}, {element} {number}"
    assert refused.value.finding.startswith(finding)


def test_a_message_without_a_statement_is_refused() -> None:
    with pytest.raises(FileUnreadable, match="contains no statement"):
        read_message(document())


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace("camt.053.001.08", "camt.053.001.99"),
        GOOD.replace("camt.053.001.08", "camt.052.001.08"),
        GOOD.replace(' xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"', ""),
        GOOD.replace("iso:20022", "iso:20023"),
        GOOD.replace("Document", "Documents"),
    ],
)
def test_another_message_is_refused(text: str) -> None:
    with pytest.raises(
        FormatUnknown,
        match=r"byte \d+: NAMESPACE_UNKNOWN.*Send one of: camt.053.001, camt.054.001, pain.002.001",
    ):
        read_message(text)
