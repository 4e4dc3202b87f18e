"""Options that several commands share."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

from cyclopts import Parameter

from core.errors import InputError
from service.configuration.input_files import check_output_folder
from service.configuration.settings import Settings, UsageError, read_settings

if TYPE_CHECKING:
    from reporting.refusals import Language

_LOCALE_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
FILES_HELP = (
    "Parquet, Arrow IPC, CSV or JSON Lines files in the flat act format; or payment files (pain.001), each with its "
    "account assignments in FILE.imputation.csv (or .parquet, .jsonl, .arrow, .arrows) beside it."
)

JsonOption = Annotated[
    bool,
    Parameter(
        name="--json", negative="", show_default=False, help="Write one JSON document to standard output."
    ),
]
AgainOption = Annotated[
    bool,
    Parameter(
        negative="",
        show_default=False,
        help="Process again the files that were processed before: refused lines may be accepted now, "
        "accepted lines stay as they are.",
    ),
]
ExistingOption = Annotated[
    bool,
    Parameter(
        negative="",
        show_default=False,
        help="End with an error if there is no ledger, rather than create one.",
    ),
]
AtomicOption = Annotated[
    bool,
    Parameter(
        negative="",
        show_default=False,
        help="Accept all acts of a file or none, separately for each file; up to 50,000 lines.",
    ),
]
CharsetOption = Annotated[
    str,
    Parameter(
        show_default=False,
        help="Charset of CSV files: utf-8, windows-1252, utf-16, utf-16le or utf-16be. "
        "Default: UTF-16 if the file begins with its mark, otherwise UTF-8.",
    ),
]
ExtraColumnsOption = Annotated[
    bool,
    Parameter(
        negative="",
        show_default=False,
        help="Allow columns that are not those of the format: they are not read, and the receipt lists them.",
    ),
]
MomentOption = Annotated[
    str,
    Parameter(
        name="--at",
        show_default=False,
        help="Date and time that the command takes as the present, in Paris time, as in 2018-12-20T14:00. Default: now.",
    ),
]


def find_language() -> "Language":
    """Return the language of the user's locale if it is French, else English."""
    locale = next((text for name in _LOCALE_VARIABLES if (text := os.environ.get(name))), "")
    return "fr" if locale.lower().startswith("fr") else "en"


def check_charset(charset: str) -> str:
    """Return the charset that ``--charset`` names; empty if it names none."""
    from ingest.formats.charsets import parse_charset

    try:
        return parse_charset(charset, "--charset") if charset else ""
    except InputError as error:
        raise UsageError(str(error)) from error


def parse_moment(text: str, option: str = "--at") -> datetime:
    """Parse the value of ``option``: Paris time unless it has an offset; now if it is empty."""
    from core.payment_rules import TIME_ZONE

    if not text:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"{option} {text!r} is not a date and time; write it as in 2018-12-20T14:00"
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(TIME_ZONE))


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class DataOptions:
    """Data folder and database."""

    data: Annotated[
        Path | None,
        Parameter(
            help="Folder of the spool and, unless --database is given, of the embedded PostgreSQL. "
            "Default: ./crescendo-data. Also CRESCENDO_DATA."
        ),
    ] = None
    database: Annotated[
        str | None,
        Parameter(
            help="Address of a PostgreSQL server to use: postgresql://user:password@host:port/name. "
            "Also CRESCENDO_DATABASE, which keeps the password out of the process list."
        ),
    ] = None
    migrate_database: Annotated[
        str | None,
        Parameter(
            help="Address of the same database for the role that owns its tables, by which it is created and migrated. "
            "Also CRESCENDO_MIGRATE_DATABASE."
        ),
    ] = None
    ledger: Annotated[
        str | None,
        Parameter(
            help="Name that the ledger must have: the command ends if it is another one, or missing. "
            "Also CRESCENDO_LEDGER."
        ),
    ] = None
    config: Annotated[Path | None, Parameter(help="Settings file (TOML). Also CRESCENDO_CONFIG.")] = None

    def read_settings(self, **overrides: str | None) -> Settings:
        """Return the settings in force. ``overrides`` are settings for which a command has its own options."""
        options = {
            "data": self.data,
            "database": self.database,
            "migrate_database": self.migrate_database,
            "ledger": self.ledger,
            **overrides,
        }
        settings = read_settings(self.config, os.environ, options)
        check_output_folder("the data folder", settings.data)
        return settings


DEFAULT_DATA = DataOptions()
"""No options: the settings decide."""
