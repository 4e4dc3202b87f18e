"""Settings: who says what, and who wins."""

from pathlib import Path

import pytest

from service.configuration.settings import Settings, UsageError, read_settings


def write(folder: Path, text: str) -> Path:
    path = folder / "settings.toml"
    path.write_text(text)
    return path


def test_without_a_word_the_defaults_hold() -> None:
    assert read_settings(None, {}, {"data": None, "database": None}) == Settings()


def test_the_command_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    config = write(tmp_path, 'data = "of-file"\ndatabase = "of-file"\nreference = "of-file"\n')
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


def test_the_file_may_be_named_by_the_environment(tmp_path: Path) -> None:
    config = write(tmp_path, '[server]\nshared_buffers = "1GB"\n')
    assert read_settings(None, {"CRESCENDO_CONFIG": str(config)}, {}).server == {"shared_buffers": "1GB"}


def test_variables_of_others_are_left_alone() -> None:
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
def test_a_setting_that_cannot_be_meant_is_refused_by_name(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=message):
        read_settings(write(tmp_path, text), {}, {})


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        read_settings(tmp_path / "nowhere.toml", {}, {})
