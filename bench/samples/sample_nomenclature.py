"""Write the generated part of the sample nomenclature: ``python -m bench.samples.sample_nomenclature``.

The programmes, items, funds and accounts are written by hand.  BOPs, UOs, operations and functional areas are generated:
they are too many, and the real ones are not public.  The same programmes give the same files, byte for byte.
"""

import csv
import random
import sys
from collections.abc import Iterable, Iterator, Mapping
from math import sqrt
from pathlib import Path
from typing import NamedTuple

from core.reference.files import SAMPLE_FOLDER, read_rows

BOPS, UOS, OPERATIONS = 1800, 9000, 200
SEED = 2018

BUILDERS = (
    "0107", "0123", "0129", "0135", "0146", "0150", "0152", "0161", "0166", "0172",
    "0174", "0175", "0176", "0178", "0181", "0203", "0205", "0212", "0214", "0217",
)  # fmt: skip
"""The programmes with investment operations."""

_SECOND_BOPS: Mapping[str, str] = {"0174": "CLIM", "0217": "SGAC", "0218": "CAJU"}
"""The second central BOP of programmes for which public extracts show one."""

_PUBLIC_AREAS: Mapping[str, tuple[int, int]] = {"0177": (12, 8), "0203": (4, 2)}
"""The numbers of actions and sub-actions that public extracts show, as in 0177-12-08."""

_OFFICES = (
    "DD", "DR", "SG", "PR", "UT", "CR", "AC", "DI", "PJ", "RE", "EC", "CP", "ST", "CS", "GE", "MU",
    "BA", "LA", "CI", "SD", "TR", "FO", "IN", "LO", "EQ", "HA", "JU", "PA", "RH", "SA", "SP", "TE",
)  # fmt: skip
"""The first letters of territorial UOs; the number of the département follows, as in 0177-D013-DD13."""


class ProgrammeSize(NamedTuple):
    """The spending of a programme in a year, and the share of pay in it."""

    consumed_meur: int
    staff_percent: int


def load_programme_sizes() -> dict[str, ProgrammeSize]:
    """Load the size of each programme, by code."""
    path = Path(__file__).with_name("year_programmes.csv")
    return {
        row.cells["programme"]: ProgrammeSize(
            int(row.cells["consumed_meur"]), int(row.cells["staff_percent"])
        )
        for row in read_rows(path, ("programme", "consumed_meur", "staff_percent", "source"))
    }


def write_sample(folder: Path) -> None:
    """Write ``centres.csv`` and ``areas.csv`` into ``folder``."""
    rng = random.Random(SEED)
    sizes = {code: weight.consumed_meur for code, weight in load_programme_sizes().items()}
    centres = list(_generate_centres(sizes, rng))
    _write_csv(folder.joinpath("centres.csv"), ("code", "parent", "level", "label"), centres)
    _write_csv(folder.joinpath("areas.csv"), ("code", "programme", "label"), _generate_areas(sizes, rng))


def _generate_centres(sizes: dict[str, int], rng: random.Random) -> Iterator[tuple[str, str, str, str]]:
    bops = [bop for code, count in _split_total(sizes, BOPS, 99).items() for bop in _list_bops(code, count)]
    bop_sizes = {bop: rng.randint(1, 30) ** 2 for bop in bops}
    units: list[str] = []
    for bop, count in _split_total(bop_sizes, UOS, len(_OFFICES)).items():
        yield bop, bop[:4], "bop", f"BOP {bop[5:]} (exemple)"
        for unit in _list_units(bop, count):
            units.append(unit)
            yield unit, bop, "uo", f"UO {unit[5:]} (exemple)"
    sites = sorted(rng.sample([unit for unit in units if unit[:4] in BUILDERS], OPERATIONS))
    for number, site in enumerate(sites, 1):
        yield f"OP-{site[:4]}-{number:06}", site, "operation", f"Opération {number} (exemple)"


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


def _generate_areas(sizes: dict[str, int], rng: random.Random) -> Iterator[tuple[str, str, str]]:
    for programme in sizes:
        public_actions, public_subactions = _PUBLIC_AREAS.get(programme, (0, 0))
        for action in range(1, max(public_actions, rng.randint(3, 12)) + 1):
            code = f"{programme}-{action:02}"
            subactions = rng.choice((0, 0, 0, 2, 3, 8))
            yield code, programme, f"Action {action} (exemple)"
            for subaction in range(1, (public_subactions if action == public_actions else subactions) + 1):
                yield (
                    f"{code}-{subaction:02}",
                    programme,
                    f"Action {action}, sous-action {subaction} (exemple)",
                )


def _write_csv(path: Path, header: tuple[str, ...], lines: Iterable[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as text:
        csv.writer(text, lineterminator="\n").writerows([header, *lines])


if __name__ == "__main__":
    write_sample(Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLE_FOLDER.joinpath("2018"))
