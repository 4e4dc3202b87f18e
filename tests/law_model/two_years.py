"""The reference data of a random sequence: 2019 is open all year, and in every third one a programme is suppressed in it."""

import csv
import random
from collections.abc import Iterator
from pathlib import Path

from tests.reference_years import copy_reference, replace_text
from tests.succession_years import SUPPRESSED, suppress_programme, write_successions

_ORDER = "Arrêté du 2 janvier 2019,2019-01-02"
WITH_ORDERS = 3
_NAMED_ACTS = 300
_ROWS = (
    (0.6, "0177-D013,,,,0203-D013,,"),
    (0.4, "0177-D013-DR13,,,,0135-D013-DD13,,"),
    (0.5, "0177,0177-12-08,,,0203,0203-12,"),
    (0.2, "0177-D075-DD75,,,,0135-D013-DD13,,"),
    (0.4, "0217-SGAC-IMMO,,,,0203-SGAC-IMMO,,"),
    (0.3, "OP-0217-000002,,,,OP-0203-000001,,"),
    (0.7, "0177,,,,0135,,"),
)
"""Rows of orders, each with the share of sequences that have it: to two programmes, by area, to another accountant."""
_SETTLEMENT_ACT = "act,date,account,source\nLoi de règlement de 2018,2019-02-20,1100000000,invented\n"
_CARRY_OVERS = (
    "order,date,minister,budget_minister,measure,programme,envelope,fund,new_programme,amount,lifting_law\n"
)
_ORDER_OF_CREDITS = "Arrêté du 15 février 2019,2019-02-15,Écologie,Comptes publics,cp,{},HT2,N/A,{},{},{}\n"


def write_reference(folder: Path, seed: int) -> Path:
    """Write the reference data of a sequence below ``folder``."""
    reference = copy_reference(folder)
    replace_text(reference, "calendar.toml", "[1, 2, 3]", "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]")
    if seed % WITH_ORDERS == 0:
        _write_orders(reference, random.Random(seed))
    _write_year_end(reference, random.Random(seed))
    return reference


def _write_year_end(reference: Path, source: random.Random) -> None:
    """Write the settlement act and orders of carry-overs, of which some lift the ceiling by a finance law (LOLF 15)."""
    folder = reference / "2019"
    (folder / "settlement_act.csv").write_text(_SETTLEMENT_ACT, encoding="utf-8")
    rows = [_ORDER_OF_CREDITS.format(*place, *_draw_law(source)) for place in _list_carried(folder)]
    rows = [row for row in rows if source.random() < 0.7]
    (folder / "carry_overs.csv").write_text(_CARRY_OVERS + "".join(rows), encoding="utf-8")


def _draw_law(source: random.Random) -> tuple[int, str]:
    return source.randint(100, 100_000), source.choice(("", "Loi de finances rectificative"))


def _list_carried(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield programmes whose credits an order carries, each with the one they come to, empty if it goes on."""
    yield "0217", ""
    orders = folder / "successions.csv"
    rows = csv.DictReader(orders.read_text(encoding="utf-8").splitlines() if orders.exists() else ())
    followers = sorted(
        {row["new_fund_centre"][:4] for row in rows if row["fund_centre"].startswith(SUPPRESSED)}
    )
    if followers or not (folder / "programmes.csv").exists():  # a year of its own files suppresses it
        yield SUPPRESSED, followers[0] if followers else ""


def _write_orders(reference: Path, source: random.Random) -> None:
    suppress_programme(reference)
    rows = [row for share, row in _ROWS if source.random() < share]
    if source.random() < 0.6:
        numbers = source.sample(range(1, 1_200), _NAMED_ACTS)
        place = source.choice(("0203-D013-DR13,0203-12", "0135-D075-DD75,", "0203,"))
        rows += [f"0177,,{source.choice(('CSP-A', 'SP-B'))},EJ-{number:06},{place}," for number in numbers]
    path = reference / "2019" / "assigned.csv"
    path.write_text(path.read_text(encoding="utf-8") + "0203-SGAC,ECOL\n", encoding="utf-8")
    write_successions(reference, *(row + _ORDER for row in rows))
