"""The generated part of the sample nomenclature equals the output of its script."""

from pathlib import Path

import pytest

from bench.samples.sample_nomenclature import (
    BOPS,
    BUILDERS,
    OPERATIONS,
    UOS,
    load_programme_sizes,
    write_sample,
)
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
    assert levels.count(CentreLevel.BOP) == BOPS
    assert levels.count(CentreLevel.UO) == UOS
    assert levels.count(CentreLevel.OPERATION) == OPERATIONS


def test_every_programme_has_a_size_units_and_areas() -> None:
    codes = nomenclature.load(FOLDER)
    with_units = {code[:4] for code, centre in codes.centres.items() if centre.level is CentreLevel.UO}
    assert load_programme_sizes().keys() == codes.programmes.keys() == with_units
    assert {area.programme for area in codes.areas.values()} == codes.programmes.keys()


def test_codes_of_public_extracts_exist() -> None:
    codes = nomenclature.load(FOLDER)
    assert {"0177-D013-DD13", "0218-CAJU-C001", "0217-SGAC", "0174-CLIM"} <= codes.centres.keys()
    assert {"0177-12-08", "0203-04-02"} <= codes.areas.keys()
    assert "1-1-00733" in codes.funds


def test_operations_belong_to_programmes_with_investments() -> None:
    centres = nomenclature.load(FOLDER).centres.values()
    assert {centre.parent[:4] for centre in centres if centre.level is CentreLevel.OPERATION} <= set(BUILDERS)
