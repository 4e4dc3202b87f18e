"""The invoice services of a year: which fund centres they serve, and what is refused with its place and remedy."""

from datetime import date
from pathlib import Path

import pytest

from core import nomenclature
from core.errors import ReferenceDataError
from core.invoice_services import read
from core.reference.files import SAMPLE_FOLDER
from tests.file_strategies import REFERENCE

_HEAD = "centre,first_day,source\n"
_CODES = nomenclature.load(REFERENCE / "2018")


def _read(folder: Path, *rows: str) -> dict[str, date]:
    path = folder / "invoice_services.csv"
    path.write_text(_HEAD + "".join(f"{row}\n" for row in rows))
    return read(path, _CODES)


def test_a_service_serves_the_fund_centres_below_its_own(tmp_path: Path) -> None:
    """The row of a fund centre counts before that of the one above it."""
    days = _read(tmp_path, "0217,2018-07-01,x", "0217-SGAC-ASPR,2018-03-01,x")
    assert days == {
        "0217": date(2018, 7, 1),
        "0217-SGAC": date(2018, 7, 1),
        "0217-SGAC-ASPR": date(2018, 3, 1),
        "0217-SGAC-IMMO": date(2018, 7, 1),
        "OP-0217-000001": date(2018, 7, 1),
        "OP-0217-000002": date(2018, 7, 1),
    }


def test_without_a_file_there_is_none(tmp_path: Path) -> None:
    assert read(tmp_path / "invoice_services.csv", _CODES) == {}
    sample = SAMPLE_FOLDER / "2018"
    assert read(sample / "invoice_services.csv", nomenclature.load(sample)) == {}


@pytest.mark.parametrize(
    ("row", "finding"),
    [
        ("0999,2018-07-01,x", "'0999' is no programme, BOP or UO"),
        ("OP-0217-000001,2018-07-01,x", "'OP-0217-000001' is no programme, BOP or UO"),
        ("0217,,x", "first_day is ''"),
        ("0217,01/07/2018,x", "first_day is '01/07/2018'"),
        ("0217,20180701,x", "first_day is '20180701'"),
        ("0217,2018-02-30,x", "first_day is '2018-02-30'"),
        ("0217,1970-01-01,x", "first_day is '1970-01-01'"),
        ("0217,2018-07-01,", "the invoice service has no source"),
        ("0177,2018-07-01,x", "fund centre 0177 is listed twice"),
    ],
)
def test_a_row_that_is_wrong_is_refused_with_its_place(row: str, finding: str, tmp_path: Path) -> None:
    with pytest.raises(ReferenceDataError) as refused:
        _read(tmp_path, "0177,2018-06-01,x", row)
    assert "invoice_services.csv, line 3" in str(refused.value)
    assert finding in str(refused.value)
