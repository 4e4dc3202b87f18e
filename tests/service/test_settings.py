"""Settings: their sources and precedence."""

from pathlib import Path

import pytest

from service.configuration.settings import Settings, UsageError, read_settings


def write_settings(folder: Path, text: str) -> Path:
    path = folder / "settings.toml"
    path.write_text(text)
    return path


def test_defaults_apply_without_any_setting() -> None:
    assert read_settings(None, {}, {"data": None, "database": None}) == Settings()


def test_command_line_overrides_environment_overrides_file(tmp_path: Path) -> None:
    config = write_settings(tmp_path, 'data = "of-file"\ndatabase = "of-file"\nreference = "of-file"\n')
    environment = dict.fromkeys(
        ["CRESCENDO_DATA", "CRESCENDO_DATABASE", "CRESCENDO_CUT_OFF"], "of-environment"
    )
    settings = read_settings(
        config, environment, {"data": Path("of-command"), "database": None, "cut_off": None}
    )
    assert settings.cut_off == "of-environment"
    assert settings.data == Path("of-command")
    assert settings.database == "of-environment"
    assert settings.reference == tmp_path / "of-file"


def test_environment_may_name_the_file(tmp_path: Path) -> None:
    config = write_settings(tmp_path, '[server]\nshared_buffers = "1GB"\n')
    assert read_settings(None, {"CRESCENDO_CONFIG": str(config)}, {}).server == {"shared_buffers": "1GB"}


def test_unrelated_variables_are_ignored() -> None:
    assert read_settings(None, {"CRESCENDO_SERVICE_HOST": "10.0.0.1"}, {}) == Settings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('dta = "x"', "dta"),
        ("data = 3", "data"),
        ("server = 3", "server"),
        ("data = ", "not valid TOML"),
    ],
)
def test_an_invalid_setting_is_refused_by_name(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=message):
        read_settings(write_settings(tmp_path, text), {}, {})


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        read_settings(tmp_path / "nowhere.toml", {}, {})
