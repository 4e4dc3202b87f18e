"""Codes to numbers: how many there may be, and what stays when there are too many."""

from pathlib import Path

import asyncpg
import pytest

from core.errors import ReferenceDataError
from posting.book.registry import NUMBERS_MAX, CodeKind, NumbersByCode, ReferenceData, number_codes
from tests.file_strategies import REFERENCE
from tests.posting.loaded_engines import process_rows
from tests.reference_years import copy_reference, copy_year
from tests.reporting.journals import ASPR, BUDGET, act, grant

_CODES = {
    CodeKind.CENTRE: "programmes.csv, centres.csv",
    CodeKind.AREA: "areas.csv",
    CodeKind.ITEM: "items.csv",
    CodeKind.FUND: "funds.csv",
    CodeKind.ACCOUNT: "accounts.csv",
}


@pytest.mark.parametrize("kind", list(_CODES), ids=lambda kind: kind.name)
def test_every_number_fits_where_it_is_packed(kind: CodeKind) -> None:
    """All years together: the last that fits is given, and one more is refused."""
    known: NumbersByCode = {}
    half = NUMBERS_MAX[kind] // 2
    number_codes(known, {kind: map(str, range(half))})
    rows = number_codes(known, {kind: map(str, range(NUMBERS_MAX[kind]))})
    assert rows[-1] == (kind, NUMBERS_MAX[kind], str(NUMBERS_MAX[kind] - 1))
    with pytest.raises(ReferenceDataError) as refused:
        number_codes(known, {kind: ["one more"]})
    told = f"{_CODES[kind]}: {NUMBERS_MAX[kind] + 1:,} codes, including those of earlier starts"
    assert str(refused.value).startswith(told)
    assert f"Keep to {NUMBERS_MAX[kind]:,} in all years together" in str(refused.value)


def test_senders_are_not_codes_of_files() -> None:
    known: NumbersByCode = {}
    assert len(number_codes(known, {CodeKind.SENDER: map(str, range(40_000))})) == 40_000


async def test_a_fund_far_down_its_file_is_itself(dsn: str, tmp_path: Path) -> None:
    """Fund 1,100 of 3,000: its own programme, its own assignment, its own credits."""
    reference = copy_reference(tmp_path)
    with reference.joinpath("2018", "funds.csv").open("a") as funds:
        funds.writelines(f"1-1-{code},contribution,0217\n" for code in range(10_000, 13_000))
    fund = {"fund": "1-1-11100"}
    centres = ("0217", "0217-SGAC", "0217-SGAC-ASPR")
    given = [
        grant(
            f"{'allotment' if '-' in centre else 'budget_opening'}_{measure}",
            f"F{measure}{centre}",
            "50.00",
            centre,
            **fund,
        )
        for measure in ("ae", "cp")
        for centre in centres
    ]
    await process_rows(dsn, tmp_path, reference, [*BUDGET, *given], "TREASURY")
    await process_rows(dsn, tmp_path, reference, [act("commitment", "C1", "50.00", ASPR, fund)])
    connection = await asyncpg.connect(dsn)
    try:
        code = """select t.code from entry e join cell c using (cell)
                  join reference_text t on t.kind = 4 and t.id = c.fund where e.reference = 'C1'"""
        assert await connection.fetchval(code) == "1-1-11100"
    finally:
        await connection.close()


async def test_too_many_codes_change_nothing(dsn: str, tmp_path: Path) -> None:
    """Two years whose accounts are too many only together: the start ends, and the one before works again."""
    await process_rows(dsn, tmp_path, REFERENCE, BUDGET, "TREASURY")
    reference = copy_reference(tmp_path)
    copy_year(reference)
    for year, first in ((2018, 1000), (2019, 2000)):
        with reference.joinpath(str(year), "accounts.csv").open("a") as accounts:
            accounts.writelines(f"99{code:08},account\n" for code in range(first, first + 600))
    with pytest.raises(ReferenceDataError, match=r"accounts\.csv: 1,2\d\d codes"):
        await process_rows(dsn, tmp_path, reference, [act("commitment", "C1", "1.00", ASPR)])
    await process_rows(dsn, tmp_path, REFERENCE, [act("commitment", "C1", "1.00", ASPR)])
    assert ReferenceData.load(reference).calendar.exercises.keys() == {2018, 2019}
