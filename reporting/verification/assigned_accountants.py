"""The accountant of every fund centre in every year, and the first day of its invoice service, as the reference files say."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from core import accountants
from core.accountants import Accountants
from core.nomenclature import Nomenclature

_SCHEMA = pa.schema(
    {"year": pa.int32(), "code": pa.string(), "accountant": pa.string(), "invoice_service": pa.date32()}
)


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
    """Return the accountant of every fund centre, by year, and the first day of its invoice service; null for none."""
    assigned = [
        (year, centre, accountant, of_year.invoice_services.get(centre))
        for year, of_year in years.items()
        for centre, accountant in of_year.by_centre.items()
    ]
    columns = ([row[place] for row in assigned] for place in range(len(_SCHEMA)))
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, _SCHEMA, strict=True)], _SCHEMA
    )
