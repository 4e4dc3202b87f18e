"""The generated part of the sample nomenclature equals the output of its script."""

from pathlib import Path

import pytest

from bench.samples.finance_bill import load_bill, load_special_accounts
from bench.samples.sample_nomenclature import BOPS, OPERATIONS, UOS, list_builders, write_sample
from core import nomenclature
from core.nomenclature import CentreLevel
from core.reference.files import SAMPLE_FOLDER

FOLDER = SAMPLE_FOLDER / "2018"


@pytest.mark.parametrize("name", ["centres.csv", "areas.csv"])
def test_the_script_writes_the_shipped_file(name: str, tmp_path: Path) -> None:
    write_sample(tmp_path)
    assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes()


def test_the_nomenclature_has_the_declared_sizes() -> None:
    levels = [centre.level for centre in nomenclature.load(FOLDER).centres.values()]
    special = len({line.programme for line in load_special_accounts()})
    assert special == 42
    assert levels.count(CentreLevel.BOP) == BOPS + special
    assert levels.count(CentreLevel.UO) == UOS + special
    assert levels.count(CentreLevel.OPERATION) == OPERATIONS


def test_programmes_are_those_of_the_bill_and_have_units() -> None:
    codes = nomenclature.load(FOLDER)
    with_units = {code[:4] for code, centre in codes.centres.items() if centre.level is CentreLevel.UO}
    assert (
        {line.programme for line in load_bill() + load_special_accounts()}
        == codes.programmes.keys()
        == with_units
    )


def test_areas_are_the_actions_of_the_bill_and_public_subactions() -> None:
    codes = nomenclature.load(FOLDER)
    actions = {f"{line.programme}-{line.action}" for line in load_bill() + load_special_accounts()}
    assert {code for code in codes.areas if len(code) == 7} == actions
    assert {code for code in codes.areas if len(code) > 7} == {"0177-12-08", "0203-04-02"}


def test_codes_of_public_extracts_exist() -> None:
    codes = nomenclature.load(FOLDER)
    assert {"0177-D013-DD13", "0218-CAJU-C001", "0217-SGAC", "0174-CLIM"} <= codes.centres.keys()
    assert {"0177-12-08", "0203-04-02"} <= codes.areas.keys()
    assert "1-1-00733" in codes.funds


def test_operations_belong_to_programmes_with_investments() -> None:
    centres = nomenclature.load(FOLDER).centres.values()
    assert {centre.parent[:4] for centre in centres if centre.level is CentreLevel.OPERATION} <= set(
        list_builders()
    )
