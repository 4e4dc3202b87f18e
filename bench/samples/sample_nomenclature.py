"""Write the generated part of the sample nomenclature: ``python -m bench.samples.sample_nomenclature``.

The programmes, items, funds and accounts are written by hand.  Functional areas are the actions of the finance bill.  BOPs,
UOs and operations are generated: they are too many, and the real ones are not public.  A programme of a special account has
one UO.  The same bill gives the same files, byte for byte.
"""

import csv
import random
import sys
from collections.abc import Iterable, Iterator, Mapping
from math import sqrt
from pathlib import Path

from bench.samples.finance_bill import BillLine, load_bill, load_special_accounts, sum_programmes
from core.reference.files import SAMPLE_FOLDER

BOPS, UOS, OPERATIONS = 1800, 9000, 200
SEED = 2018

BUILDERS = 20
"""The programmes with investment operations: those with most CP for fixed assets."""

_SECOND_BOPS: Mapping[str, str] = {"0174": "CLIM", "0217": "SGAC", "0218": "CAJU"}
"""The second central BOP of programmes for which public extracts show one."""

_PUBLIC_AREAS: Mapping[str, str] = {"0177-12": "08", "0203-04": "02"}
"""The sub-actions that public extracts show, as in 0177-12-08; the bill has none."""
_FIXED_ASSETS = "51"

_OFFICES = (
    "DD", "DR", "SG", "PR", "UT", "CR", "AC", "DI", "PJ", "RE", "EC", "CP", "ST", "CS", "GE", "MU",
    "BA", "LA", "CI", "SD", "TR", "FO", "IN", "LO", "EQ", "HA", "JU", "PA", "RH", "SA", "SP", "TE",
)  # fmt: skip
"""The first letters of territorial UOs; the number of the département follows, as in 0177-D013-DD13."""


def list_builders() -> list[str]:
    """List the programmes with investment operations."""
    assets = sum_programmes(load_bill(), _FIXED_ASSETS)
    return sorted(sorted(assets, key=lambda code: (-assets[code], code))[:BUILDERS])


def write_sample(folder: Path) -> None:
    """Write ``centres.csv`` and ``areas.csv`` into ``folder``."""
    rng = random.Random(SEED)
    bill = load_bill()
    sizes = {code: max(1, euros // 1_000_000) for code, euros in sum_programmes(bill).items()}
    special = load_special_accounts()
    centres = [*_generate_centres(sizes, rng), *_list_special_centres(special)]
    _write_csv(folder.joinpath("centres.csv"), ("code", "parent", "level", "label"), centres)
    _write_csv(folder.joinpath("areas.csv"), ("code", "programme", "label"), _list_areas(bill + special))


def _generate_centres(sizes: dict[str, int], rng: random.Random) -> Iterator[tuple[str, str, str, str]]:
    bops = [bop for code, count in _split_total(sizes, BOPS, 99).items() for bop in _list_bops(code, count)]
    bop_sizes = {bop: rng.randint(1, 30) ** 2 for bop in bops}
    units: list[str] = []
    for bop, count in _split_total(bop_sizes, UOS, len(_OFFICES)).items():
        yield bop, bop[:4], "bop", f"BOP {bop[5:]} (exemple)"
        for unit in _list_units(bop, count):
            units.append(unit)
            yield unit, bop, "uo", f"UO {unit[5:]} (exemple)"
    builders = set(list_builders())
    sites = sorted(rng.sample([unit for unit in units if unit[:4] in builders], OPERATIONS))
    for number, site in enumerate(sites, 1):
        yield f"OP-{site[:4]}-{number:06}", site, "operation", f"Opération {number} (exemple)"


def _list_special_centres(lines: list[BillLine]) -> Iterator[tuple[str, str, str, str]]:
    """List one central BOP with one UO for each programme of a special account."""
    for programme in dict.fromkeys(line.programme for line in lines):
        bop = f"{programme}-CENT"
        yield bop, programme, "bop", f"BOP {bop[5:]} (exemple)"
        (unit,) = _list_units(bop, 1)
        yield unit, bop, "uo", f"UO {unit[5:]} (exemple)"


def _split_total(sizes: dict[str, int], total: int, share_max: int) -> dict[str, int]:
    """Split ``total`` in proportion to the square roots of the sizes, each share from 1 to ``share_max``.

    Square roots, because a programme a hundred times larger does not have a hundred times as many offices.
    """
    root_sum = sum(sqrt(size) for size in sizes.values())
    counts = {
        code: min(share_max, max(1, round(total * sqrt(size) / root_sum))) for code, size in sizes.items()
    }
    step = 1 if sum(counts.values()) < total else -1
    by_size = sorted(counts, key=lambda code: (-sizes[code], code))
    while sum(counts.values()) != total:
        movable = [code for code in by_size if 1 <= counts[code] + step <= share_max]
        for code in movable[: abs(total - sum(counts.values()))]:
            counts[code] += step
    return counts


def _list_bops(programme: str, count: int) -> Iterator[str]:
    names = ["CENT", *(_SECOND_BOPS[programme] for _ in range(programme in _SECOND_BOPS))]
    yield from (f"{programme}-{name}" for name in names)
    # Marseille and Paris come first, so that small programmes have them too.
    numbers = [13, 75, *(number for number in range(1, 100) if number not in (13, 75))]
    yield from (f"{programme}-D{number:03}" for number in sorted(numbers[: count - len(names)]))


def _list_units(bop: str, count: int) -> Iterator[str]:
    if bop[5] != "D" or not bop[6:].isdigit():
        return (f"{bop}-C{number:03}" for number in range(1, count + 1))
    return (f"{bop}-{office}{bop[-2:]}" for office in _OFFICES[:count])


def _list_areas(bill: list[BillLine]) -> Iterator[tuple[str, str, str]]:
    """List the actions of the bill, and the sub-actions that are public."""
    for programme, action in dict.fromkeys((line.programme, line.action) for line in bill):
        code = f"{programme}-{action}"
        yield code, programme, f"Action {action}"
        if code in _PUBLIC_AREAS:
            number = _PUBLIC_AREAS[code]
            yield f"{code}-{number}", programme, f"Action {action}, sous-action {number}"


def _write_csv(path: Path, header: tuple[str, ...], lines: Iterable[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as text:
        csv.writer(text, lineterminator="\n").writerows([header, *lines])


if __name__ == "__main__":
    write_sample(Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLE_FOLDER.joinpath("2018"))
