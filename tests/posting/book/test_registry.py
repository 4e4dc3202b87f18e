"""Numbers of codes: their limits, and the refusal of too many codes."""

from pathlib import Path

import asyncpg
import pytest

from core.errors import ReferenceDataError
from posting.book.code_numbers import NUMBERS_MAX, CodeKind, NumbersByCode, number_codes
from posting.book.registry import ReferenceData
from tests.file_strategies import REFERENCE
from tests.posting.loaded_engines import process_rows
from tests.reference_years import copy_reference, copy_year, replace_text
from tests.reporting.journals import ASPR, BUDGET, act, grant

_CODES = {
    CodeKind.CENTRE: "programmes.csv, centres.csv",
    CodeKind.AREA: "areas.csv",
    CodeKind.ITEM: "items.csv, receipts.csv",
    CodeKind.FUND: "funds.csv",
    CodeKind.ACCOUNT: "accounts.csv",
    CodeKind.ACCOUNTANT: "accountants.csv",
}


@pytest.mark.parametrize("kind", list(_CODES), ids=lambda kind: kind.name)
def test_the_greatest_number_of_each_kind_fits(kind: CodeKind) -> None:
    """In all years together: the last number that fits is assigned, and one more code is refused."""
    numbers: NumbersByCode = {}
    half = NUMBERS_MAX[kind] // 2
    number_codes(numbers, {kind: map(str, range(half))})
    rows = number_codes(numbers, {kind: map(str, range(NUMBERS_MAX[kind]))})
    assert rows[-1] == (kind, NUMBERS_MAX[kind], str(NUMBERS_MAX[kind] - 1))
    with pytest.raises(ReferenceDataError) as refused:
        number_codes(numbers, {kind: ["one more"]})
    message = f"{_CODES[kind]}: there are {NUMBERS_MAX[kind] + 1:,} codes, including those of earlier starts"
    assert str(refused.value).startswith(message)
    assert f"Use at most {NUMBERS_MAX[kind]:,} in all years together" in str(refused.value)


def test_senders_are_not_codes_of_files() -> None:
    numbers: NumbersByCode = {}
    assert len(number_codes(numbers, {CodeKind.SENDER: map(str, range(40_000))})) == 40_000


async def test_a_fund_at_the_end_of_a_long_file_is_numbered_correctly(dsn: str, tmp_path: Path) -> None:
    """Fund 1,100 of 3,000 has its own programme, account assignment and credits."""
    reference = copy_reference(tmp_path)
    with reference.joinpath("2018", "funds.csv").open("a") as funds:
        funds.writelines(f"1-1-{code},contribution,0217\n" for code in range(10_000, 13_000))
    fund = {"fund": "1-1-11100"}
    centres = ("0217", "0217-SGAC", "0217-SGAC-ASPR")
    budget = [
        grant(
            f"{'allotment' if '-' in centre else 'budget_opening'}_{measure}",
            f"F{measure}{centre}",
            "50.00",
            centre,
            **fund,
            **({} if "-" in centre else {"origin": "carry_over"}),
        )
        for measure in ("ae", "cp")
        for centre in centres
    ]
    await process_rows(dsn, tmp_path, reference, [*BUDGET, *budget], "TREASURY")
    await process_rows(dsn, tmp_path, reference, [act("commitment", "C1", "50.00", ASPR, fund)])
    connection = await asyncpg.connect(dsn)
    try:
        code = """select t.code from entry e join cell c using (cell)
                  join reference_text t on t.kind = 4 and t.id = c.fund where e.reference = 'C1'"""
        assert await connection.fetchval(code) == "1-1-11100"
    finally:
        await connection.close()


def test_reference_data_without_the_item_of_late_interest_are_refused(tmp_path: Path) -> None:
    reference = copy_reference(tmp_path)
    replace_text(reference, "late_interest.toml", 'item = "31"', 'item = "33"')
    with pytest.raises(ReferenceDataError, match=r'late_interest\.toml: item is "33" in 2018'):
        ReferenceData.load(reference)


async def test_too_many_codes_are_refused_and_nothing_is_stored(dsn: str, tmp_path: Path) -> None:
    """Two years whose accounts are too many only together: the start fails, and the former files work again."""
    await process_rows(dsn, tmp_path, REFERENCE, BUDGET, "TREASURY")
    reference = copy_reference(tmp_path)
    copy_year(reference)
    for year, first in ((2018, 1000), (2019, 2000)):
        with reference.joinpath(str(year), "accounts.csv").open("a") as accounts:
            accounts.writelines(
                f"99{code:08},account,debit,line,chart\n" for code in range(first, first + 600)
            )
    with pytest.raises(ReferenceDataError, match=r"accounts\.csv: there are 1,2\d\d codes"):
        await process_rows(dsn, tmp_path, reference, [act("commitment", "C1", "1.00", ASPR)])
    await process_rows(dsn, tmp_path, REFERENCE, [act("commitment", "C1", "1.00", ASPR)])
    assert ReferenceData.load(reference).calendar.exercises.keys() == {2018, 2019}
