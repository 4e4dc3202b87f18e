"""The accountant of every fund centre in every year, as the reference files assign it."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from core import accountants
from core.accountants import Accountants
from core.nomenclature import Nomenclature

_SCHEMA = pa.schema({"year": pa.int32(), "code": pa.string(), "accountant": pa.string()})


def load_years(folder: Path, nomenclatures: Mapping[int, Nomenclature]) -> dict[int, Accountants]:
    """Load the accountants of every year of ``nomenclatures``.

    Raises
    ------
    ReferenceDataError
        The files contradict each other.
    """
    return {
        year: accountants.load(folder.joinpath(str(year)), nomenclature)
        for year, nomenclature in nomenclatures.items()
    }


def build_table(years: Mapping[int, Accountants]) -> pa.Table:
    """Return the accountant of every fund centre, by year."""
    assigned = [(year, of_year.by_centre) for year, of_year in years.items()]
    columns = (
        [year for year, by_centre in assigned for _ in by_centre],
        [centre for _, by_centre in assigned for centre in by_centre],
        [accountant for _, by_centre in assigned for accountant in by_centre.values()],
    )
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, _SCHEMA, strict=True)], _SCHEMA
    )
