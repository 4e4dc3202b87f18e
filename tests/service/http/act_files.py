"""Acts for small files, on the reference data of the scenarios."""

from tests.file_strategies import PLACES, File, build_openings

CREDITS = build_openings()
"""Credits for all places."""

_PLACE = PLACES[0]
_CELL = {"fund_centre": _PLACE.unit, "functional_area": _PLACE.area, "commitment_item": _PLACE.items[0]}


def build_commitment(reference: str, euros: str = "10.00", unit: str = _PLACE.unit) -> dict[str, str]:
    """Return a commitment on a unit with credits of 600 euros."""
    named = {"reference": reference, "kind": "commitment", "exercise": "2018", "date": "2018-05-02"}
    return {**named, **_CELL, "fund_centre": unit, "amount": euros}


def build_service(reference: str, predecessor: str, euros: str = "5.00") -> dict[str, str]:
    """Return a certification of service on a commitment."""
    named = {"reference": reference, "kind": "service", "exercise": "2018", "date": "2018-05-03"}
    return {**named, "predecessor": predecessor, "amount": euros}


def build_unknown_centres(lines: int, prefix: str = "U") -> File:
    """Return commitments on a unit that does not exist, which are refused."""
    return [build_commitment(f"{prefix}{n}", "1.00", "0177-D013-XXXX") for n in range(lines)]
