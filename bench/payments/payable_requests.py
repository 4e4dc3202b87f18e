"""Requests to be paid, as files: credits, third parties, and direct requests that nothing but their payment follows."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from bench.year import act_files
from core.iban import with_check_digits
from core.nomenclature import Level, Nomenclature
from core.tables.columns import sealed
from posting.book.registry import Reference

YEAR = 2018
SENDER = "BENCH"
BIC = "BDFEFRPPCCT"
DAY = date(YEAR, 5, 2)
_UNITS = 3_000
_PAYEES_MAX = 200_000
_FILE_LINES = 1_000_000
_CENTS_MAX = 1_000_000
_CREDITS: Mapping[Level, int] = {Level.PROGRAMME: 9 * 10**13, Level.BOP: 7 * 10**11, Level.UO: 2 * 10**10}
"""Cents of each level: enough for all below it, and for ten million requests."""


class Size(NamedTuple):
    """How many requests; the same seed gives the same ones."""

    requests: int
    seed: int = 1

    @property
    def payees(self) -> int:
        """Third parties, several requests each."""
        return max(1, min(self.requests // 4, _PAYEES_MAX))


def write(folder: Path, size: Size, reference: Reference) -> tuple[list[Path], int]:
    """Write the files; their paths in order, and the cents that are to be paid."""
    known, units = reference.nomenclatures[YEAR], spending_units(reference)
    paths = opening(folder, size, reference)
    cents = 0
    for first, table in requests(size, units, known):
        paths.append(_saved(table, folder / f"requests-{first:09}.arrow"))
        cents += int(table["amount_cents"].to_numpy().sum())
    return paths, cents


def opening(folder: Path, size: Size, reference: Reference) -> list[Path]:
    """Write what must be there before: credits and third parties."""
    return [
        _saved(budget(spending_units(reference)), folder / "credits.arrow"),
        _saved(payees(size.payees), folder / "payees.arrow"),
    ]


def spending_units(reference: Reference) -> list[str]:
    """Units of programmes whose credits are not estimated."""
    known = reference.nomenclatures[YEAR]
    return [
        centre.code
        for centre in known.centres.values()
        if centre.level is Level.UO and not known.programmes[centre.code[:4]].estimated
    ][:_UNITS]


def _saved(table: pa.Table, path: Path) -> Path:
    act_files.write(table, path, SENDER)
    return path


def budget(units: list[str]) -> pa.Table:
    """Credits of units and of all above them."""
    centres = {
        Level.PROGRAMME: sorted({code[:4] for code in units}),
        Level.BOP: sorted({code[:9] for code in units}),
        Level.UO: units,
    }
    rows = [
        (f"{'budget_opening' if level is Level.PROGRAMME else 'allotment'}_{measure}", code, _CREDITS[level])
        for measure in ("ae", "cp")
        for level, codes in centres.items()
        for code in codes
    ]
    kinds, codes, cents = zip(*rows, strict=True)
    own = {
        "fund_centre": pa.array(codes),
        "commitment_item": _same("HT2", len(rows)),
        "amount_cents": pa.array(cents),
    }
    return pa.table({**_common("B", 0, len(rows)), "kind": pa.array(kinds), **own})


def payee_names(count: int) -> list[str]:
    """Names of third parties, in the order of their numbers."""
    return [f"Société Générale d'Équipement n° {at}" for at in range(count)]


def ibans(count: int) -> list[str]:
    """Their accounts."""
    return [with_check_digits("FR", f"{at:023}") for at in range(count)]


def payees(count: int) -> pa.Table:
    """The registration of third parties."""
    own = {
        "payee": _numbered("P", 0, count),
        "payee_name": pa.array(payee_names(count)),
        "iban": pa.array(ibans(count)),
        "bic": _same(BIC, count),
    }
    return pa.table({**_common("T", 0, count), "kind": _same("third_party", count), **own})


def requests(size: Size, units: list[str], known: Nomenclature) -> Iterator[tuple[int, pa.Table]]:
    """Requests in shares, with the number of the first of each."""
    areas: dict[str, str] = {}
    for area in known.areas.values():
        areas.setdefault(area.programme, area.code)
    draw = np.random.default_rng(size.seed)
    for first in range(0, size.requests, _FILE_LINES):
        count = min(_FILE_LINES, size.requests - first)
        unit = pa.array(draw.integers(0, len(units), count, dtype=np.int32))
        payee = pa.array(draw.integers(0, size.payees, count, dtype=np.int32))
        own = {
            "fund_centre": pa.DictionaryArray.from_arrays(unit, units),
            "functional_area": pa.DictionaryArray.from_arrays(unit, [areas[code[:4]] for code in units]),
            "commitment_item": _same("31", count),
            "payee": pa.DictionaryArray.from_arrays(payee, _numbered("P", 0, size.payees)),
            "amount_cents": pa.array(sealed(draw.integers(1, _CENTS_MAX, count))),
        }
        yield (
            first,
            pa.table(
                {**_common("DP-2018-", first, count), "kind": _same("direct_payment_request", count), **own}
            ),
        )


def _common(prefix: str, first: int, count: int) -> dict[str, pa.Array]:
    days = pa.array([DAY], pa.date32()).take(pa.array(np.zeros(count, np.int32)))
    exercise = pa.array(np.full(count, YEAR, np.int32))
    return {"reference": _numbered(prefix, first, count), "exercise": exercise, "date": days}


def _numbered(prefix: str, first: int, count: int) -> pa.Array:
    return pa.array([f"{prefix}{number}" for number in range(first, first + count)])


def _same(text: str, count: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int8)), [text])
