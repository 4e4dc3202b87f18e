"""A report table in its output formats."""

from reporting.report_tables import CellType, Column, ReportTable

GRID = ReportTable(
    "Accounts",
    [Column("account"), Column("lines", CellType.COUNT), Column("balance", CellType.MONEY)],
    [["4010, [bold]suppliers", 1_234, -123_456_789], ["6280", 5, None]],
    ["all", 1_239, -123_456_789],
)


def test_plain_text_is_aligned() -> None:
    assert GRID.to_text().splitlines() == [
        "Accounts",
        "account                lines        balance",
        "---------------------  -----  -------------",
        "4010, [bold]suppliers  1,234  -1,234,567.89",
        "6280                       5",
        "---------------------  -----  -------------",
        "all                    1,239  -1,234,567.89",
    ]


def test_csv_is_for_programs() -> None:
    assert GRID.to_csv().splitlines() == [
        "account,lines,balance",
        '"4010, [bold]suppliers",1234,-1234567.89',
        "6280,5,",
    ]


def test_no_rows_and_no_title() -> None:
    empty = ReportTable("", [Column("account")], [])
    assert empty.to_text() == "account\n-------"
    assert empty.format_footer() == []
    assert empty.to_csv() == "account\n"
