"""What can be set, read once: defaults, then a TOML file, then the environment, then the command line.

Nothing else reads the environment; each part is handed what it needs.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

from core.errors import CrescendoError

VARIABLE_PREFIX = "CRESCENDO_"


class UsageError(CrescendoError):
    """A command that cannot be understood, or settings that cannot be meant."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the engine works, and on which reference data."""

    data: Path = Path("crescendo-data")
    """The spool, and the database unless one is given."""
    database: str = ""
    """The address of a PostgreSQL; empty for the one kept in ``data``."""
    reference: Path | None = None
    """Folder of the calendar and of each year's nomenclature and chart; None for the ones shipped."""
    cut_off: str = ""
    """Until when what comes in still counts, as ``monitoring.cut_off`` reads it; empty where there is no such time."""
    command_seconds: Annotated[int, msgspec.Meta(ge=1)] = 60
    """A database that answers no command of a few rows within so long counts as gone."""
    server: dict[str, str] = {}
    """Parameters of the database kept in ``data``, laid over ours."""


def read_settings(
    config: Path | None, environment: Mapping[str, str], options: Mapping[str, Any]
) -> Settings:
    """The settings in force.  ``said`` holds what the command line says, None where it says nothing.

    Raises
    ------
    Misuse
        The file cannot be read, or a value is not what its name asks for.
    """
    values: dict[str, Any] = {}
    config = config or (
        Path(environment[f"{VARIABLE_PREFIX}CONFIG"]) if environment.get(f"{VARIABLE_PREFIX}CONFIG") else None
    )
    if config is not None:
        values |= _read_file(config)
    names = ("data", "database", "reference", "cut_off", "command_seconds")
    variables = {name: environment.get(f"{VARIABLE_PREFIX}{name.upper()}") for name in names}
    for source in (variables, options):
        values |= {name: value for name, value in source.items() if value}
    seconds = values.get("command_seconds")
    if isinstance(seconds, str) and seconds.isascii() and seconds.isdigit():
        values["command_seconds"] = int(seconds)
    try:
        return msgspec.convert(values, Settings, dec_hook=_convert_path)
    except msgspec.ValidationError as error:
        raise UsageError(f"{config or 'settings'}: {error}. See docs/settings.md") from error


def _read_file(config: Path) -> dict[str, Any]:
    """Paths in the file are taken from where the file stands."""
    try:
        values = tomllib.loads(config.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{config}: {error.strerror}. Name a settings file that can be read") from error
    except ValueError as error:
        raise UsageError(f"{config}: not TOML: {error}. Correct it there") from error
    for name in ("data", "reference"):
        if isinstance(values.get(name), str):
            values[name] = config.parent / values[name]
    return values


def _convert_path(kind: type, value: Any) -> Any:
    if kind is Path and isinstance(value, str | Path):
        return Path(value)
    raise TypeError(f"expected a path, got {value!r}")
