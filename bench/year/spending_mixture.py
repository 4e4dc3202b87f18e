"""The State's spending in figures: what sort of act, how often, how much, when.

Source: the 2018 figures of the Chorus agency (10.1 million acts, 223 billion euros); the shares of classes,
the amount laws and the month weights are assumptions, calibrated so that these classes add up to that total.
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

ACTS = 10_100_000
CENTS = 22_300_000_000_000
COMMITMENTS = 1_457_000
PAYEES = 900_000
"""Payment request lines, their sum in cents, commitment lines and active payees of the full year."""

FIRST_DAY = 17_532
"""2018-01-01 in days since 1970; days of the year count from 0 here."""

SLOTS_BITS = 17
"""A law over units or days is drawn from a table of slots: one random number, one look-up."""


class SpendingFlow(IntEnum):
    """Which chain an act follows: none, a service between commitment and request, or no separate service."""

    DIRECT = 0
    SERVICED = 1
    UNSERVICED = 2


class Spending(NamedTuple):
    """A class of acts.  Amounts are lognormal; every hundredth follows the flow and names the item listed."""

    name: str
    label: str
    """What its remittance texts begin with."""
    share: int
    """Of 10,000 acts."""
    median_euros: int
    sigma: float
    cap_euros: int
    unserviced: int
    """Percent on a commitment without separate service; the rest is direct, or all serviced if negative."""
    items: tuple[tuple[str, int], ...]


ALL_SERVICED = -1

CLASSES: tuple[Spending, ...] = (
    Spending("missions, agent refunds", "MISS", 2400, 95, 1.0, 20_000, 0, (("31", 100),)),
    Spending("justice fees, experts", "JUST", 1400, 140, 1.1, 100_000, 0, (("31", 100),)),
    Spending("utilities, telecom, rent", "ABON", 1600, 260, 1.6, 5_000_000, 50, (("31", 100),)),
    Spending("small purchases", "FACT", 2700, 620, 1.5, 1_000_000, ALL_SERVICED,
             (("31", 90), ("51", 8), ("52", 2))),
    Spending("purchasing cards", "CART", 150, 1_900, 1.2, 200_000, 0, (("31", 100),)),
    Spending("works, large contracts", "MARC", 350, 14_000, 2.1, 1_500_000_000, ALL_SERVICED,
             (("51", 60), ("52", 10), ("31", 30))),
    Spending("grants, local bodies", "SUBV", 750, 6_000, 1.7, 200_000_000, 100,
             (("63", 50), ("64", 45), ("53", 5))),
    Spending("household aid", "AIDE", 550, 480, 0.9, 20_000, 0, (("61", 100),)),
    Spending("other, refunds", "DIVE", 95, 800, 1.6, 10_000_000, 0, (("31", 50), ("23", 20), ("62", 30))),
    Spending("mass transfers", "VERS", 5, 2_900_000, 2.15, 9_000_000_000, 50,
             (("32", 30), ("63", 30), ("62", 20), ("64", 15), ("72", 5))),
)  # fmt: skip

JUSTICE, WORKS, OTHER, MASS = 1, 5, 8, 9

_MONTHS = (40, 65, 83, 80, 78, 88, 88, 63, 82, 90, 108, 135)
"""Of 1,000 acts.  The first days of January take almost none: the budget is being set up."""

_DAYS_OFF = frozenset(
    {"01-01", "04-02", "05-01", "05-08", "05-10", "05-21", "08-15", "11-01", "11-11", "12-25"}
)


def split_exactly(total: int, weights: NDArray[np.floating] | tuple[int, ...]) -> NDArray[np.int64]:
    """Whole shares of ``total`` after ``weights``: largest remainders, exact in sum."""
    exact = total * np.asarray(weights, np.float64) / np.sum(weights)
    shares = np.floor(exact).astype(np.int64)
    left = np.argsort(-(exact - shares), kind="stable")[: total - int(shares.sum())]
    shares[left] += 1
    return shares


def build_slots(weights: NDArray[np.floating]) -> NDArray[np.int16]:
    """A table of ``2**SLOTS_BITS`` positions in which each appears after its weight."""
    return np.repeat(np.arange(len(weights), dtype=np.int16), split_exactly(1 << SLOTS_BITS, weights))


def draw_classes(acts: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The class of each act: exact shares, at least one mass transfer, in random order."""
    counts = split_exactly(acts, tuple(each.share for each in CLASSES))
    if counts[MASS] == 0:
        counts[MASS], counts[0] = 1, counts[0] - 1
    drawn = np.repeat(np.arange(len(CLASSES), dtype=np.uint8), counts)
    rng.shuffle(drawn)
    return drawn


def list_months(acts: int) -> NDArray[np.uint8]:
    """The month (0 to 11) of each act, in order of time."""
    return np.repeat(np.arange(12, dtype=np.uint8), split_exactly(acts, _MONTHS))


def build_day_tables() -> list[NDArray[np.int16]]:
    """For each month, the table its days of the year are drawn from."""
    year = np.arange("2018-01-01", "2019-01-01", dtype="M8[D]")
    month = year.astype("M8[M]").astype(int) % 12
    weights = np.array([_weigh_day(day) for day in year.astype(str)])
    return [build_slots(np.where(month == each, weights, 0)) for each in range(12)]


def _weigh_day(day: str) -> float:
    """Working days count 1; mid-December swells to three times the mean, then offices close."""
    of_year, (month, of_month) = np.datetime64(day), map(int, day[5:].split("-"))
    if (month == 1 and of_month <= 9) or day[5:] in _DAYS_OFF:
        return 0.0
    working = 1.0 if np.is_busday(of_year) else 0.03
    if month != 12:
        return working
    return working * (1.6 if 10 <= of_month <= 14 else 0.25 if of_month >= 20 else 1.0)


def build_item_tables(position: dict[str, int]) -> NDArray[np.uint8]:
    """For each class, a table of 100 commitment items; ``position`` says the number of each."""
    return np.array(
        [[position[item] for item, share in each.items for _ in range(share)] for each in CLASSES], np.uint8
    )


def draw_amounts(kinds: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.int64]:
    """Cents of each act, before the whole is brought to its sum."""
    drawn = rng.standard_normal(len(kinds))
    drawn *= np.array([each.sigma for each in CLASSES])[kinds]
    np.exp(drawn, out=drawn)
    drawn *= np.array([100.0 * each.median_euros for each in CLASSES])[kinds]
    np.minimum(drawn, np.array([100.0 * each.cap_euros for each in CLASSES])[kinds], out=drawn)
    return np.maximum(np.rint(drawn, out=drawn), 1).astype(np.int64)


def scale_to_total(cents: NDArray[np.int64], total: int) -> NDArray[np.int64]:
    """``cents`` in the same proportions, each at least 1, with the exact sum ``total``.

    Shares are rounded as floats (exact up to 2**53 cents); what rounding leaves goes to the largest.
    """
    scaled = np.maximum(np.rint(cents * (total / int(cents.sum()))), 1).astype(np.int64)
    scaled[np.argmax(scaled)] += total - int(scaled.sum())
    return scaled
