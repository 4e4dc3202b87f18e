"""The accountant of every fund centre in every year, as the reference files assign it."""

from pathlib import Path

import pyarrow as pa

from core import accountants, calendar, nomenclature

_SCHEMA = pa.schema({"year": pa.int32(), "code": pa.string(), "accountant": pa.string()})


def read_table(folder: Path) -> pa.Table:
    """Read the assignments of every exercise that the calendar of ``folder`` names.

    Raises
    ------
    ReferenceDataError
        The files contradict each other.
    """
    rows = [
        {"year": year, "code": centre, "accountant": accountant}
        for year in sorted(calendar.load(folder.joinpath("calendar.toml")).exercises)
        for centre, accountant in _read_year(folder.joinpath(str(year))).items()
    ]
    return pa.Table.from_pylist(rows, _SCHEMA)


def _read_year(folder: Path) -> dict[str, str]:
    return dict(accountants.load(folder, nomenclature.load(folder)).by_centre)
