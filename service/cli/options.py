"""Options that several commands have."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from service.configuration.settings import Settings, read_settings

FILES_HELP = (
    "Parquet, Arrow IPC, CSV or JSON Lines, in the flat act format; or payment files, pain.001, with their imputations "
    "in FILE.imputation.csv (or .parquet, .jsonl, .arrow) beside them."
)
"""Which files are taken."""

JsonOption = Annotated[
    bool,
    Parameter(
        name="--json", negative="", show_default=False, help="Write one JSON document to standard output."
    ),
]


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class DataOptions:
    """Where the engine works."""

    data: Annotated[
        Path | None,
        Parameter(
            help="Folder of the spool and, unless --database is given, of a PostgreSQL of our own. "
            "./crescendo-data unless CRESCENDO_DATA says otherwise."
        ),
    ] = None
    database: Annotated[
        str | None,
        Parameter(
            help="Address of a PostgreSQL server to use: postgresql://user:password@host:port/name. "
            "Also CRESCENDO_DATABASE, which keeps the password out of sight."
        ),
    ] = None
    config: Annotated[Path | None, Parameter(help="Settings file (TOML). Also CRESCENDO_CONFIG.")] = None

    def read_settings(self, **overrides: str | None) -> Settings:
        """The settings in force; ``said`` are those that a command has options of its own for."""
        return read_settings(
            self.config, os.environ, {"data": self.data, "database": self.database, **overrides}
        )


DEFAULT_DATA = DataOptions()
"""What the settings say."""
