"""The files of a folder of reference data: which ones the engine reads, and a copy of the folder to work on.

What is checked and what is loaded later is the copy, so that a change of the folder meanwhile has no effect.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path

from core import carry_overs, merges, settlement_acts, successions
from core.errors import ReferenceDataError

FILES_MAX = 2_000
BYTES_MAX = 256 * 1024 * 1024
PATHS_MAX = 50_000
"""Limits of a folder: the sample has 33 files and a megabyte. Of paths that are no such files more may lie beside them."""

CALENDAR, YEAR_SETTINGS = "calendar.toml", "year.toml"
COMMON_FILES = (
    CALENDAR,
    *("payments.toml", "late_interest.toml", "prescription.toml", "bank_reasons.csv"),
    merges.FILE,
)
"""The files of all years, which lie beside the folders of years."""

SUCCESSIONS, CARRY_OVERS, SETTLEMENT_ACT = successions.FILE, carry_overs.FILE, settlement_acts.FILE
KEY_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "programmes.csv": ("code",),
    "centres.csv": ("code",),
    "areas.csv": ("code",),
    "items.csv": ("code",),
    "receipts.csv": ("nature",),
    "restorations.csv": ("nature",),
    "before_service.csv": ("category", "code"),
    "recycling.csv": ("case",),
    "visas.csv": ("ministry", "title"),
    "special_accounts.csv": ("account",),
    "special_sections.csv": ("programme",),
    "special_balances.csv": ("account", "section", "year"),
    "state_payees.csv": ("payee", "account"),
    "funds.csv": ("code",),
    "accounts.csv": ("number",),
    "roles.csv": ("item",),
    "creditors.csv": ("expense",),
    "treasury.csv": ("role",),
    "restricted.csv": ("account",),
    "liaison.csv": ("account",),
    "suspense.csv": ("account",),
    "assets.csv": ("account",),
    "opening.csv": ("account",),
    "result.csv": ("account",),
    "inventory.csv": ("kind", "accounts"),
    "statements.csv": ("line",),
    "statement_words.csv": ("words", "accounts", "side"),
    "accountants.csv": ("code",),
    "assigned.csv": ("centre",),
    "invoice_services.csv": ("centre",),
    SUCCESSIONS: ("fund_centre", "functional_area", "sender", "reference"),
    CARRY_OVERS: ("order", "measure", "programme", "envelope", "fund", "new_programme"),
    SETTLEMENT_ACT: ("act",),
}
"""The CSV files of a year, each with the columns that name a row."""

FILES_OF_ONE_YEAR = frozenset({SUCCESSIONS, CARRY_OVERS, SETTLEMENT_ACT})
"""Those that are read from the year's own folder, also where it shares the other files of another year."""

NOUNS: Mapping[str, str] = {
    "programmes.csv": "programme",
    "centres.csv": "fund centre",
    "areas.csv": "functional area",
    "items.csv": "commitment item",
    "receipts.csv": "nature of receipt",
    "restorations.csv": "rule of restorations",
    "before_service.csv": "expense before service",
    "recycling.csv": "recycling case",
    "visas.csv": "threshold of visas",
    "special_accounts.csv": "special account",
    "special_sections.csv": "section of special account",
    "special_balances.csv": "balance of special account",
    "state_payees.csv": "third party that is the State",
    "funds.csv": "fund",
    "accounts.csv": "account",
    "roles.csv": "accounts of item",
    "creditors.csv": "creditor of expense account",
    "treasury.csv": "shared account",
    "restricted.csv": "restricted account",
    "liaison.csv": "account between accountants",
    "suspense.csv": "suspense account",
    "assets.csv": "account of assets",
    "opening.csv": "technical account of openings",
    "result.csv": "accounts of the result",
    "inventory.csv": "counterpart of the inventory",
    "statements.csv": "line of the statements",
    "statement_words.csv": "words of the chart for a line",
    "accountants.csv": "accountant",
    "assigned.csv": "assignment of fund centre",
    "invoice_services.csv": "invoice service",
    SUCCESSIONS: "succession",
    CARRY_OVERS: "carry-over of credits",
    SETTLEMENT_ACT: "settlement act",
    "bank_reasons.csv": "reason code of banks",
    merges.FILE: "merge of third parties",
    CALENDAR: "value of the calendar",
    "payments.toml": "payment rule",
    "late_interest.toml": "rule of late interest",
    "prescription.toml": "rule of prescription",
    YEAR_SETTINGS: "value of the year",
}
"""What a row of each file is."""

_SUFFIXES = frozenset({".csv", ".toml"})


def copy_folder(folder: Path, target: Path) -> None:
    """Copy the CSV and TOML files of a folder, and nothing else, to ``target``, which does not exist yet.

    Raises
    ------
    ReferenceDataError
        The folder has too many files or bytes, or a file cannot be read.
    """
    target.mkdir(parents=True)
    byte_count = 0
    for path in list_files(folder):
        copy = target / path.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            byte_count += path.stat().st_size
            if byte_count > BYTES_MAX:
                raise _describe_limits(folder)
            shutil.copyfile(path, copy)
        except OSError as error:
            raise ReferenceDataError(
                str(path.relative_to(folder)),
                f"the file cannot be read ({error.strerror})",
                "Store a readable file at this path.",
            ) from error


def list_files(folder: Path) -> list[Path]:
    """Return the CSV and TOML files of a folder and of the folders in it, in order; the walk ends at the limits.

    Raises
    ------
    ReferenceDataError
        The folder has too many files.
    """
    files: list[Path] = []
    for number, path in enumerate(folder.rglob("*"), 1):
        if path.suffix in _SUFFIXES and not path.is_dir():
            files.append(path)
        if number > PATHS_MAX or len(files) > FILES_MAX:
            raise _describe_limits(folder)
    return sorted(files)


def _describe_limits(folder: Path) -> ReferenceDataError:
    return ReferenceDataError(
        str(folder),
        f"the folder has more than {FILES_MAX:,} files, or {BYTES_MAX // 1024**2:,} MiB, or {PATHS_MAX:,} paths of any kind",
        "Name the folder that contains calendar.toml, and remove what does not belong to it.",
    )
