"""The accountant of every fund centre, and the errors of inconsistent files."""

from pathlib import Path

import pytest

from bench.samples.sample_accountants import write_sample
from core import accountants, nomenclature
from core.errors import ReferenceDataError
from core.iban import add_check_digits
from core.reference.files import SAMPLE_FOLDER
from tests.core.test_nomenclature import SMALL
from tests.file_strategies import REFERENCE
from tests.oracle import iban as oracle

FIRST_ACCOUNT, SECOND_ACCOUNT = (add_check_digits("FR", f"{number:023}") for number in (1, 2))
HEAD = "code,label,holder,iban,bic\n"
GOOD = (
    f"{HEAD}COHE,CBCM,Cohésion,{FIRST_ACCOUNT},BDFEFRPPCCT\nPACA,DRFiP,Provence,{SECOND_ACCOUNT},BDFEFRPP\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    year = tmp_path / "2018"
    year.mkdir()
    for name, text in SMALL.items():
        (year / name).write_text(text, encoding="utf-8")
    return year


def load_files(folder: Path, files: dict[str, str]) -> accountants.Accountants:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return accountants.load(folder, nomenclature.load(folder))


def test_a_centre_has_the_accountant_of_its_nearest_assigned_ancestor() -> None:
    table = accountants.load(REFERENCE / "2018", nomenclature.load(REFERENCE / "2018"))
    assert table.year == 2018
    assert {
        code: table.by_centre[code] for code in ("0177", "0177-D075-DD75", "0177-D013", "0177-D013-DD13")
    } == {
        "0177": "COHE",
        "0177-D075-DD75": "COHE",
        "0177-D013": "PACA",
        "0177-D013-DD13": "PACA",
    }
    assert table.by_centre["OP-0217-000001"] == "ECOL"


def test_the_main_centre_of_an_accountant_is_the_first_that_is_no_operation() -> None:
    codes = nomenclature.load(REFERENCE / "2018")
    table = accountants.load(REFERENCE / "2018", codes)
    for accountant, centre in table.main_centres.items():
        own = [code for code, other in table.by_centre.items() if other == accountant]
        assert centre == next(code for code in own if not code.startswith("OP-"))
    assert table.main_centres["PACA"] == "0177-D013"


def test_the_sample_assigns_every_fund_centre() -> None:
    codes = nomenclature.load(SAMPLE_FOLDER / "2018")
    table = accountants.load(SAMPLE_FOLDER / "2018", codes)
    assert table.by_centre.keys() == codes.centres.keys()
    assert set(table.by_centre.values()) == table.accountants.keys()
    assert len(table.accountants) == 45
    assert all(oracle.is_iban(accountant.iban) for accountant in table.accountants.values())
    assert all(
        "exemple" in accountant.label and "EXEMPLE" in accountant.iban
        for accountant in table.accountants.values()
    )


@pytest.mark.parametrize("name", ["accountants.csv", "assigned.csv"])
def test_the_script_writes_the_sample_file(name: str, tmp_path: Path) -> None:
    write_sample(tmp_path)
    assert (tmp_path / name).read_bytes() == (SAMPLE_FOLDER / "2018" / name).read_bytes()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{HEAD}", "no accountant"),
        (
            f"{HEAD}cohe,CBCM,Cohésion,{FIRST_ACCOUNT},BDFEFRPP\n",
            "line 2: 'cohe' is not the code of an accountant",
        ),
        (f"{HEAD}COHE,CBCM,,{FIRST_ACCOUNT},BDFEFRPP\n", "holder is ''"),
        (f"{HEAD}COHE,CBCM,{'x' * 71},{FIRST_ACCOUNT},BDFEFRPP\n", "holder is 'x"),
        (f"{HEAD}COHE,CBCM,Cohésion,FR00,BDFEFRPP\n", "'FR00' is not a valid IBAN"),
        (f"{HEAD}COHE,CBCM,Cohésion,{FIRST_ACCOUNT},BDF\n", "'BDF' is not a valid BIC"),
        (f"{GOOD}COHE,CBCM,Autre,{add_check_digits('FR', '3' * 23)},BDFEFRPP\n", "is listed twice"),
        (f"{GOOD}ECOL,CBCM,Autre,{FIRST_ACCOUNT},BDFEFRPP\n", "is listed twice"),
        ("code,label\n", "columns are"),
    ],
)
def test_invalid_accountants_are_refused(folder: Path, text: str, message: str) -> None:
    with pytest.raises(ReferenceDataError, match=message):
        load_files(
            folder, {"accountants.csv": text, "assigned.csv": "centre,accountant\n0177,COHE\n0217,COHE\n"}
        )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "programme 0177 has no accountant"),
        ("0177,COHE\n0117,COHE\n0999,COHE\n", "'0999' is unknown"),
        ("0177,COHE\n0117,XXXX\n", "'XXXX' is unknown"),
        ("0177,COHE\n0177,PACA\n", "0177 is listed twice"),
    ],
)
def test_invalid_assignments_are_refused(folder: Path, text: str, message: str) -> None:
    with pytest.raises(ReferenceDataError, match=message):
        load_files(folder, {"accountants.csv": GOOD, "assigned.csv": f"centre,accountant\n{text}"})
