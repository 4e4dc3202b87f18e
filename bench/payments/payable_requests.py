"""Files with payable requests: credits, third parties, and direct payment requests."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from bench.year import act_files
from core.iban import add_check_digits
from core.nomenclature import CentreLevel, Nomenclature
from core.tables.columns import seal_array
from posting.book.registry import ReferenceData

YEAR = 2018
SENDER = "BENCH"
BIC = "BDFEFRPPCCT"
DAY = date(YEAR, 5, 2)
_UNITS = 3_000
_PAYEES_MAX = 200_000
_FILE_LINES = 1_000_000
_CENTS_MAX = 1_000_000
_CREDITS: Mapping[CentreLevel, int] = {
    CentreLevel.PROGRAMME: 9 * 10**13,
    CentreLevel.BOP: 7 * 10**11,
    CentreLevel.UO: 2 * 10**10,
}
"""The credits of a node of each level in cents: enough for all nodes below it, and for ten million requests."""


class Size(NamedTuple):
    """The number of requests; the same seed gives the same requests."""

    requests: int
    seed: int = 1

    @property
    def payees(self) -> int:
        """The number of third parties; each has several requests."""
        return max(1, min(self.requests // 4, _PAYEES_MAX))


class RequestFiles(NamedTuple):
    """The written files in order, and the sum of the requests in cents."""

    paths: list[Path]
    cents: int


def write_files(folder: Path, size: Size, reference: ReferenceData) -> RequestFiles:
    """Write the setup files and the files of requests."""
    nomenclature, units = reference.nomenclatures[YEAR], list_spending_units(reference)
    paths = write_setup_files(folder, size, reference)
    cents = 0
    for first, table in build_requests(size, units, nomenclature):
        paths.append(_write_file(table, folder / f"requests-{first:09}.arrow"))
        cents += int(table["amount_cents"].to_numpy().sum())
    return RequestFiles(paths, cents)


def write_setup_files(folder: Path, size: Size, reference: ReferenceData) -> list[Path]:
    """Write the files that must be processed first: credits and third parties."""
    return [
        _write_file(build_credits(list_spending_units(reference)), folder / "credits.arrow"),
        _write_file(build_payees(size.payees), folder / "payees.arrow"),
    ]


def list_spending_units(reference: ReferenceData) -> list[str]:
    """List units of programmes whose credits are a ceiling."""
    nomenclature = reference.nomenclatures[YEAR]
    return [
        centre.code
        for centre in nomenclature.centres.values()
        if centre.level is CentreLevel.UO and not nomenclature.programmes[centre.code[:4]].estimated
    ][:_UNITS]


def _write_file(table: pa.Table, path: Path) -> Path:
    act_files.write_file(table, path, SENDER)
    return path


def build_credits(units: list[str]) -> pa.Table:
    """Build the credits of units and of all nodes above them."""
    centres = {
        CentreLevel.PROGRAMME: sorted({code[:4] for code in units}),
        CentreLevel.BOP: sorted({code[:9] for code in units}),
        CentreLevel.UO: units,
    }
    rows = [
        (
            f"{'budget_opening' if level is CentreLevel.PROGRAMME else 'allotment'}_{measure}",
            code,
            _CREDITS[level],
        )
        for measure in ("ae", "cp")
        for level, codes in centres.items()
        for code in codes
    ]
    kinds, codes, cents = zip(*rows, strict=True)
    columns = {
        "fund_centre": pa.array(codes),
        "commitment_item": _repeat_text("HT2", len(rows)),
        "amount_cents": pa.array(cents),
    }
    return pa.table({**_build_common_columns("B", 0, len(rows)), "kind": pa.array(kinds), **columns})


def list_payee_names(count: int) -> list[str]:
    """List the names of third parties, in the order of their numbers."""
    return [f"Société Générale d'Équipement n° {number}" for number in range(count)]


def list_ibans(count: int) -> list[str]:
    """List the accounts of third parties, in the order of their numbers."""
    return [add_check_digits("FR", f"{number:023}") for number in range(count)]


def build_payees(count: int) -> pa.Table:
    """Build the registration of third parties."""
    columns = {
        "payee": _build_references("P", 0, count),
        "payee_name": pa.array(list_payee_names(count)),
        "iban": pa.array(list_ibans(count)),
        "bic": _repeat_text(BIC, count),
    }
    return pa.table(
        {**_build_common_columns("T", 0, count), "kind": _repeat_text("third_party", count), **columns}
    )


class RequestShare(NamedTuple):
    """Some of the requests, for one file."""

    first: int
    """Number of the first request."""
    table: pa.Table


def build_requests(size: Size, units: list[str], nomenclature: Nomenclature) -> Iterator[RequestShare]:
    """Yield the requests in shares."""
    areas: dict[str, str] = {}
    for area in nomenclature.areas.values():
        areas.setdefault(area.programme, area.code)
    rng = np.random.default_rng(size.seed)
    for first in range(0, size.requests, _FILE_LINES):
        count = min(_FILE_LINES, size.requests - first)
        unit = pa.array(rng.integers(0, len(units), count, dtype=np.int32))
        payee = pa.array(rng.integers(0, size.payees, count, dtype=np.int32))
        columns = {
            "fund_centre": pa.DictionaryArray.from_arrays(unit, units),
            "functional_area": pa.DictionaryArray.from_arrays(unit, [areas[code[:4]] for code in units]),
            "commitment_item": _repeat_text("31", count),
            "payee": pa.DictionaryArray.from_arrays(payee, _build_references("P", 0, size.payees)),
            "amount_cents": pa.array(seal_array(rng.integers(1, _CENTS_MAX, count))),
        }
        yield RequestShare(
            first,
            pa.table(
                {
                    **_build_common_columns("DP-2018-", first, count),
                    "kind": _repeat_text("direct_payment_request", count),
                    **columns,
                }
            ),
        )


def _build_common_columns(prefix: str, first: int, count: int) -> dict[str, pa.Array]:
    days = pa.array([DAY], pa.date32()).take(pa.array(np.zeros(count, np.int32)))
    exercise = pa.array(np.full(count, YEAR, np.int32))
    return {"reference": _build_references(prefix, first, count), "exercise": exercise, "date": days}


def _build_references(prefix: str, first: int, count: int) -> pa.Array:
    return pa.array([f"{prefix}{number}" for number in range(first, first + count)])


def _repeat_text(text: str, count: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int8)), [text])
