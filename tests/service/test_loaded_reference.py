"""The loaded reference data: found whole or not at all, by the settings that name no folder."""

from pathlib import Path

import pytest

from core.reference.files import digest_hashes, hash_files
from posting.book.registry import ReferenceData
from service.configuration.loaded_reference import find_loaded_folder, place_folder, use_folder
from service.configuration.settings import Settings, UsageError, follow_loaded_reference, read_settings
from tests.file_strategies import REFERENCE
from tests.reference_years import copy_reference


def _digest(folder: Path) -> str:
    return digest_hashes(hash_files(folder)).hex()


def _load(folder: Path, data: Path) -> Path:
    target = place_folder(folder, data, _digest(folder))
    use_folder(data, _digest(folder))
    return target


def _read(data: Path, reference: str = "") -> Settings:
    return read_settings(None, {"CRESCENDO_DATA": str(data), "CRESCENDO_REFERENCE": reference}, {})


def test_nothing_is_loaded_at_first(tmp_path: Path) -> None:
    assert (find_loaded_folder(tmp_path), _read(tmp_path).reference) == (None, None)


def test_the_settings_name_what_was_loaded_last(tmp_path: Path) -> None:
    changed = copy_reference(tmp_path)
    first = _load(REFERENCE, tmp_path / "data")
    with (changed / "calendar.toml").open("a") as file:
        file.write("# later\n")
    settings = _read(tmp_path / "data")
    second = _load(changed, tmp_path / "data")
    assert (settings.reference, _read(tmp_path / "data").reference) == (first, second)
    assert first != second
    assert _digest(first) == first.name == _digest(REFERENCE)
    assert ReferenceData.load(second).calendar.exercises.keys() == {2018, 2019}
    assert follow_loaded_reference(settings).reference == second


def test_a_setting_has_precedence(tmp_path: Path) -> None:
    _load(REFERENCE, tmp_path)
    settings = _read(tmp_path, "/srv/reference")
    assert settings.reference == Path("/srv/reference")
    assert follow_loaded_reference(settings) == settings


def test_what_is_placed_is_not_in_use_yet(tmp_path: Path) -> None:
    place_folder(REFERENCE, tmp_path, _digest(REFERENCE))
    assert find_loaded_folder(tmp_path) is None


def test_a_damaged_copy_is_replaced_and_a_whole_one_stays(tmp_path: Path) -> None:
    target = _load(REFERENCE, tmp_path)
    number = target.stat().st_ino
    assert place_folder(REFERENCE, tmp_path, target.name).stat().st_ino == number
    (target / "calendar.toml").write_text("damaged")
    assert _digest(_load(REFERENCE, tmp_path)) == target.name
    assert [path.name for path in sorted((tmp_path / "reference").iterdir())] == [target.name, "in_use"]


@pytest.mark.parametrize("text", ["", "..", "0" * 64, "\n", "x" * 500])
def test_a_pointer_to_nothing_is_an_error(text: str, tmp_path: Path) -> None:
    _load(REFERENCE, tmp_path)
    (tmp_path / "reference" / "in_use").write_text(text)
    with pytest.raises(UsageError, match="the reference data that it names are missing"):
        _read(tmp_path)


def test_a_setting_that_names_a_loaded_folder_is_a_setting(tmp_path: Path) -> None:
    first = _load(REFERENCE, tmp_path / "data")
    named, unnamed = _read(tmp_path / "data", str(first)), _read(tmp_path / "data")
    assert (named.reference, named.is_reference_loaded) == (first, False)
    assert (unnamed.reference, unnamed.is_reference_loaded) == (first, True)
    changed = copy_reference(tmp_path)
    with (changed / "calendar.toml").open("a") as file:
        file.write("# later\n")
    second = _load(changed, tmp_path / "data")
    assert follow_loaded_reference(named) == named
    assert follow_loaded_reference(unnamed).reference == second


def test_no_setting_states_that_it_was_loaded(tmp_path: Path) -> None:
    config = tmp_path / "settings.toml"
    config.write_text("is_reference_loaded = true\n")
    with pytest.raises(UsageError, match="unknown field `is_reference_loaded`"):
        read_settings(config, {}, {})


def test_a_pointer_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """A link to itself is there, and cannot be opened: the sample must not be used in place of what was loaded."""
    _load(REFERENCE, tmp_path)
    pointer = tmp_path / "reference" / "in_use"
    pointer.unlink()
    pointer.symlink_to(pointer)
    with pytest.raises(UsageError, match="the file cannot be read"):
        _read(tmp_path)


def test_nothing_is_loaded_where_the_data_folder_is_a_file(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.touch()
    assert find_loaded_folder(data) is None
