"""The nomenclature: the sample is consistent, and inconsistent files are refused with the place of the error."""

import shutil
from itertools import islice, product
from pathlib import Path

import pytest

from core import nomenclature, nomenclature_years
from core.act_fields import FORMATS, Field
from core.errors import ReferenceDataError
from core.nomenclature import CENTRES_MAX, CentreLevel, FundFamily, Nomenclature
from core.reference.files import SAMPLE_FOLDER

FILES = (
    "programmes.csv",
    "centres.csv",
    "areas.csv",
    "items.csv",
    "funds.csv",
    "before_service.csv",
    "year.toml",
)

SMALL = {
    "year.toml": "year = 2018\n",
    "programmes.csv": (
        "code,label,mission,ministry,estimated\n"
        "0177,Hébergement,Ville,Logement,0\n0117,Dette,Dette,Finances,1\n"
    ),
    "centres.csv": (
        "code,parent,level,label\n0177-D013,0177,bop,\n0177-D013-DD13,0177-D013,uo,\n"
        "OP-0177-000001,0177-D013-DD13,operation,\n"
    ),
    "areas.csv": "code,programme,label\n0177-12,0177,\n0177-12-08,0177,\n",
    "items.csv": "code,label,title,staff,budget_only\nT2,,2,1,1\nHT2,,0,0,1\n31,,3,0,0\n21,,2,1,0\n",
    "before_service.csv": "category,code,label,source\nnature,location,,order\n",
    "funds.csv": "code,family,programme\nN/A,ordinary,\n1-1-00733,contribution,0177\n",
}


@pytest.fixture(scope="module")
def sample() -> Nomenclature:
    return nomenclature.load(SAMPLE_FOLDER / "2018")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    year = tmp_path / "2018"
    year.mkdir()
    for name, text in SMALL.items():
        (year / name).write_text(text, encoding="utf-8")
    return year


def test_parents_come_before_children(sample: Nomenclature) -> None:
    earlier: set[str] = set()
    for code, centre in sample.centres.items():
        assert centre.level is CentreLevel.PROGRAMME or centre.parent in earlier
        earlier.add(code)


def test_programmes_are_the_first_centres(sample: Nomenclature) -> None:
    assert list(sample.centres)[: len(sample.programmes)] == list(sample.programmes)


def test_codes_keep_the_order_of_the_file(sample: Nomenclature) -> None:
    lines = (SAMPLE_FOLDER / "2018/areas.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert list(sample.areas) == [line.split(",")[0] for line in lines]


def test_the_programmes_with_estimated_credits(sample: Nomenclature) -> None:
    assert [code for code, programme in sample.programmes.items() if programme.estimated] == [
        "0114",
        "0117",
        "0200",
        "0201",
    ]


def test_every_code_fits_its_field(sample: Nomenclature) -> None:
    fields = {
        Field.FUND_CENTRE: sample.centres,
        Field.FUNCTIONAL_AREA: sample.areas,
        Field.COMMITMENT_ITEM: sample.items,
        Field.FUND: sample.funds,
    }
    for field, codes in fields.items():
        assert max(map(len, codes)) <= FORMATS[field].bytes_max


def test_the_sample_has_funds_of_every_family(sample: Nomenclature) -> None:
    assert {fund.family for fund in sample.funds.values()} == set(FundFamily)
    assert all(
        bool(fund.programme) == (fund.family is not FundFamily.ORDINARY) for fund in sample.funds.values()
    )


def test_years_that_share_files_are_as_if_each_were_read() -> None:
    years = nomenclature_years.load_years(SAMPLE_FOLDER, (2019, 2018))
    assert list(years) == [2018, 2019]
    assert years == {year: nomenclature.load(SAMPLE_FOLDER / str(year)) for year in years}


def test_a_year_may_share_the_files_of_another(sample: Nomenclature) -> None:
    later = nomenclature.load(SAMPLE_FOLDER / "2019")
    assert later.year == 2019
    assert (later.centres, later.areas, later.items) == (sample.centres, sample.areas, sample.items)


def test_a_small_nomenclature_loads(folder: Path) -> None:
    codes_of_year = nomenclature.load(folder)
    assert list(codes_of_year.centres) == ["0177", "0117", "0177-D013", "0177-D013-DD13", "OP-0177-000001"]
    assert codes_of_year.centres["OP-0177-000001"].level is CentreLevel.OPERATION
    assert codes_of_year.items["21"].staff
    assert codes_of_year.programmes["0117"].estimated


def test_a_file_saved_by_a_spreadsheet_loads(folder: Path) -> None:
    path = folder / "funds.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert "1-1-00733" in nomenclature.load(folder).funds


INVALID_LINES = {
    "unknown parent": ("centres.csv", "0177-D014-DD14,0177-D014,uo,", "line 5: parent '0177-D014'"),
    "parent two levels up": ("centres.csv", "0177-D014-DD14,0177,uo,", "is not one level above"),
    "code of another BOP": ("centres.csv", "0177-D014-DD14,0177-D013,uo,", "is not a code of 0177-D013"),
    "operation of another programme": ("centres.csv", "OP-0203-000002,0177-D013-DD13,operation,", "OP-0177-"),
    "centre twice": ("centres.csv", "0177-D013,0177,bop,", "0177-D013 is listed twice"),
    "level": ("centres.csv", "0177-D014,0177,BOP,", "level 'BOP' is unknown"),
    "shape": ("centres.csv", "0177-d014,0177,bop,", "'0177-d014' is not a bop code"),
    "cells": ("centres.csv", "0177-D014,0177,bop", "3 cells"),
    "programme shape": ("programmes.csv", "177,Ville,Ville,Ville,0", "'177' is not a programme code"),
    "flag": ("programmes.csv", "0178,Armées,Défense,Armées,yes", "contains 'yes', not 0 or 1"),
    "area of no programme": ("areas.csv", "0203-04,0203,", "programme '0203' is unknown"),
    "area of another programme": ("areas.csv", "0117-04,0177,", "is not a code of 0177"),
    "title": ("items.csv", "81,,8,0,0", "title '8' is unknown"),
    "staff outside title 2": ("items.csv", "32,,3,1,0", "32 has title 3 and staff 1"),
    "fund family": ("funds.csv", "1-1-00734,gift,0177", "family 'gift' is unknown"),
    "fund of no programme": ("funds.csv", "1-1-00734,contribution,", "programme '' is unknown"),
    "ordinary fund of a programme": ("funds.csv", "1-1-00734,ordinary,0177", "programme '0177' is unknown"),
}


@pytest.mark.parametrize("case", INVALID_LINES)
def test_an_invalid_line_is_refused_by_place(case: str, folder: Path) -> None:
    name, line, message = INVALID_LINES[case]
    with (folder / name).open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    with pytest.raises(ReferenceDataError) as refused:
        nomenclature.load(folder)
    assert message in str(refused.value)
    assert f"{name}, line " in str(refused.value)


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("items.csv", "HT2,,0,0,1\n", "", "no budget-only item HT2"),
        ("items.csv", "T2,,2,1,1\n", "T2,,2,1,0\n", "no budget-only item T2"),
        ("funds.csv", "N/A,ordinary,\n", "", "no ordinary fund N/A"),
        ("areas.csv", "code,programme,label", "code;programme;label", "columns are code;programme;label"),
        ("areas.csv", SMALL["areas.csv"], "", "columns are "),
        ("year.toml", "2018", '"2018"', "year is '2018'"),
        ("year.toml", "year = 2018", "year 2018", "is not TOML"),
        ("year.toml", "year = 2018", "year = 2018\nsame_as = 2018", "has no files of its own"),
        ("year.toml", "year = 2018", 'year = 2018\nsame_as = "2017"', "same_as is '2017'. Name a year"),
        ("year.toml", "year = 2018", 'year = 2018\nsame_as = "../x"', "same_as is '../x'"),
        ("year.toml", "2018", "2019", "year is 2019 in the folder 2018. Write year = 2018"),
        ("year.toml", "year = 2018", "year = true", "year is True"),
    ],
)
def test_an_incomplete_file_is_refused(name: str, old: str, new: str, message: str, folder: Path) -> None:
    path = folder / name
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(ReferenceDataError, match=message):
        nomenclature.load(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(name: str, folder: Path) -> None:
    (folder / name).unlink()
    with pytest.raises(ReferenceDataError, match=f"{name}: the file cannot be read"):
        nomenclature.load(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_file_in_another_encoding_is_named(name: str, folder: Path) -> None:
    (folder / name).write_bytes((folder / name).read_bytes() + "# exercice fermé\n".encode("latin-1"))
    with pytest.raises(ReferenceDataError, match=f"{name}.* is not (CSV|TOML) in UTF-8"):
        nomenclature.load(folder)


def test_years_that_share_the_files_of_each_other_are_refused(tmp_path: Path) -> None:
    for year, other in ((2018, 2019), (2019, 2018)):
        shutil.copytree(SAMPLE_FOLDER / "2019", tmp_path / str(year))
        (tmp_path / str(year) / "year.toml").write_text(f"year = {year}\nsame_as = {other}\n")
    with pytest.raises(ReferenceDataError, match="has no files of its own"):
        nomenclature.load(tmp_path / "2018")


def test_a_shared_year_must_name_itself(tmp_path: Path) -> None:
    """The shared folder may be a copy whose year was not edited."""
    for year in (2018, 2019):
        shutil.copytree(SAMPLE_FOLDER / str(year), tmp_path / str(year))
    (tmp_path / "2018" / "year.toml").write_text("year = 2017\n")
    with pytest.raises(ReferenceDataError, match="year is 2017 in the folder 2018") as refused:
        nomenclature.load(tmp_path / "2019")
    assert str(tmp_path / "2018" / "year.toml") in str(refused.value)


def test_more_centres_than_a_node_number_can_count_are_refused(folder: Path) -> None:
    codes = ("".join(letters) for letters in product("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", repeat=4))
    lines = "".join(f"0177-{code},0177,bop,\n" for code in islice(codes, CENTRES_MAX - 1))
    (folder / "centres.csv").write_text(f"code,parent,level,label\n{lines}")
    with pytest.raises(ReferenceDataError, match="131072 fund centres"):
        nomenclature.load(folder)
