"""The settings, read once: defaults, then a TOML file, then the environment, then the command line.

Nothing else reads the environment; every part receives the values it needs.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

from core.errors import CrescendoError
from service.configuration.file_owners import find_file_fault
from service.configuration.loaded_reference import LoadedFolderMissing, find_loaded_folder

VARIABLE_PREFIX = "CRESCENDO_"


class UsageError(CrescendoError):
    """A command line or a setting that is not valid."""


class StatedSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The database and data folder the engine works on, and its reference data, as they are stated."""

    data: Path = Path("crescendo-data")
    """Folder of the spool and, unless ``database`` is given, of the embedded database."""
    database: str = ""
    """The address of a PostgreSQL server; empty for the embedded one in ``data``."""
    migrate_database: str = ""
    """The same database as ``database``, by the role that owns its tables; empty if ``database`` names that role."""
    ledger: str = ""
    """The name that the ledger must have; empty for any."""
    reference: Path | None = None
    """Folder of the calendar and of each year's nomenclature and chart; None for those shipped.

    If no setting names one, it is the folder that ``crescendo reference load`` put in the data folder.
    """
    cut_off: str = ""
    """The time by which work must be done, in the form ``monitoring.cut_off`` reads; empty if there is none."""
    command_seconds: Annotated[int, msgspec.Meta(ge=1)] = 60
    """Time limit of a command on a few rows; a database that takes longer counts as gone."""
    server: dict[str, str] = {}
    """Server parameters of the embedded database; they override the defaults."""


class Settings(StatedSettings, frozen=True, kw_only=True):
    """The settings in force."""

    is_reference_loaded: bool = False
    """Whether ``reference`` is what was loaded into the data folder, and no setting names it."""


def read_settings(
    config: Path | None, environment: Mapping[str, str], options: Mapping[str, Any]
) -> Settings:
    """Return the settings in force. ``options`` are those of the command line; None means the option was not given.

    Raises
    ------
    UsageError
        The file cannot be read, or a value has the wrong type.
    """
    values: dict[str, Any] = {}
    if config is None and (variable := environment.get(f"{VARIABLE_PREFIX}CONFIG")):
        config = Path(variable)
    if config is not None:
        values |= _read_file(config)
    names = ("data", "database", "migrate_database", "ledger", "reference", "cut_off", "command_seconds")
    variables = {name: environment.get(f"{VARIABLE_PREFIX}{name.upper()}") for name in names}
    for source in (variables, options):
        values |= {name: value for name, value in source.items() if value}
    seconds = values.get("command_seconds")
    if isinstance(seconds, str) and seconds.isascii() and seconds.isdigit():
        values["command_seconds"] = int(seconds)
    try:
        inputs = msgspec.convert(values, StatedSettings, dec_hook=_convert_path)
    except msgspec.ValidationError as error:
        raise UsageError(f"{config or 'settings'}: {error}. See docs/settings.md") from error
    settings = Settings(**msgspec.structs.asdict(inputs))
    return settings if settings.reference else _use_loaded_reference(settings)


def follow_loaded_reference(settings: Settings) -> Settings:
    """Return the settings with the reference data that were loaded last, unless a setting names a folder.

    Raises
    ------
    UsageError
        The loaded reference data are missing.
    """
    names_folder = settings.reference is not None and not settings.is_reference_loaded
    return settings if names_folder else _use_loaded_reference(settings)


def _use_loaded_reference(settings: Settings) -> Settings:
    """Return the settings with the reference data that were loaded, if there are any."""
    try:
        folder = find_loaded_folder(settings.data)
    except LoadedFolderMissing as error:
        raise UsageError(str(error)) from error
    return msgspec.structs.replace(settings, reference=folder, is_reference_loaded=folder is not None)


def _read_file(config: Path) -> dict[str, Any]:
    """Read the settings file. Relative paths in it start at the folder of the file."""
    if fault := find_file_fault(config):
        raise UsageError(f"Settings file {fault}")
    try:
        values = tomllib.loads(config.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UsageError(f"{config} is not valid TOML: {error}. Correct the file") from error
    for name in ("data", "reference"):
        if isinstance(values.get(name), str):
            values[name] = config.parent / values[name]
    return values


def _convert_path(kind: type, value: Any) -> Any:
    if kind is Path and isinstance(value, str | Path):
        return Path(value)
    raise TypeError(f"expected a path, got {value!r}")
