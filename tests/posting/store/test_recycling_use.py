"""Recycling cases in use: a start with files that list them otherwise is refused."""

from pathlib import Path

import pytest

from core.errors import ReferenceDataError
from posting.book.registry import ReferenceData
from reporting.verification import verify
from tests.file_strategies import REFERENCE
from tests.posting.loaded_engines import process_rows
from tests.reference_years import copy_reference, copy_year, remove_lines, replace_text
from tests.reporting.journals import ASPR, BUDGET, PAID, SPENDING, act

_LATER = {"exercise": "2019", "date": "2019-01-15"}


async def _use_case(dsn: str, folder: Path) -> None:
    """Withdraw a part of a commitment of 2018 in 2019, by a case."""
    committed = act("commitment", "C1", "100.00", ASPR)
    await process_rows(dsn, folder, REFERENCE, BUDGET, "TREASURY")
    await process_rows(dsn, folder, REFERENCE, [SPENDING[0], committed])
    entry = len(BUDGET) + 2
    columns = {"predecessor": f"@{entry}", "recycling_case": "arrete"}
    await process_rows(dsn, folder, REFERENCE, [act("prior_withdrawal", "RA1", "10.00", _LATER, columns)])
    assert (await verify(dsn, folder=REFERENCE)).rows["entry"] == entry + 1


@pytest.mark.parametrize(("old", "new"), [("arrete,2,0", "arrete,3,0"), ("arrete,2,0", "arrete,2,1")])
async def test_a_case_in_use_keeps_its_number_and_scope(dsn: str, tmp_path: Path, old: str, new: str) -> None:
    await _use_case(dsn, tmp_path)
    reference = copy_reference(tmp_path)
    replace_text(reference, "2018/recycling.csv", old, new)
    with pytest.raises(
        ReferenceDataError, match=r"recycling\.csv of 2019: the case with number 2 is missing or"
    ):
        await process_rows(
            dsn, tmp_path, reference, [act("direct_payment_request", "D1", "1.00", ASPR, PAID)]
        )


async def test_only_the_cases_of_years_that_use_them_stay(dsn: str, tmp_path: Path) -> None:
    await _use_case(dsn, tmp_path)
    reference = copy_reference(tmp_path)
    copy_year(reference)
    remove_lines(reference, "2018/recycling.csv", "arrete,")
    request = act("direct_payment_request", "D1", "1.00", ASPR, PAID)
    await process_rows(dsn, tmp_path, reference, [request])
    assert (await verify(dsn, folder=reference)).findings == []
    remove_lines(reference, "2019/recycling.csv", "arrete,")
    with pytest.raises(ReferenceDataError, match=r"recycling\.csv of 2019"):
        await process_rows(dsn, tmp_path, reference, [request | {"reference": "D2"}])
    assert ReferenceData.load(reference).nomenclatures[2018].recycling_cases.keys() == {"affectation"}
