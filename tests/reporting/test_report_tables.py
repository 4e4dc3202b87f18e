"""One description of a table, drawn four ways."""

import io

from rich.console import Console

from reporting.report_tables import Column, Grid, Kind

GRID = Grid(
    "Accounts",
    [Column("account"), Column("lines", Kind.COUNT), Column("balance", Kind.MONEY)],
    [["4010, [bold]suppliers", 1_234, -123_456_789], ["6280", 5, None]],
    ["all", 1_239, -123_456_789],
)


def test_plain_text_is_aligned() -> None:
    assert GRID.plain().splitlines() == [
        "Accounts",
        "account                lines        balance",
        "---------------------  -----  -------------",
        "4010, [bold]suppliers  1,234  -1,234,567.89",
        "6280                       5",
        "---------------------  -----  -------------",
        "all                    1,239  -1,234,567.89",
    ]


def test_csv_is_for_programs() -> None:
    assert GRID.csv().splitlines() == [
        "account,lines,balance",
        '"4010, [bold]suppliers",1234,-1234567.89',
        "6280,5,",
    ]


def test_drawn_on_a_terminal_as_it_is() -> None:
    """What looks like markup in a code or a label is shown, not obeyed."""
    console = Console(width=100, file=io.StringIO())
    with console.capture() as captured:
        console.print(GRID.drawn())
    text = captured.get()
    assert "4010, [bold]suppliers" in text
    assert "1,239" in text


def test_no_rows_and_no_title() -> None:
    empty = Grid("", [Column("account")], [])
    assert empty.plain() == "account\n-------"
    assert empty.foot_texts() == []
    assert empty.csv() == "account\n"
