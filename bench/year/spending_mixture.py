"""The State's spending in figures: the classes of acts, their frequencies, amounts and dates.

Source: the 2018 figures of the Chorus agency (10.1 million acts, 223 billion euros).  The shares of classes, the
distributions of amounts and the month weights are assumptions; ``request_amounts`` scales the amounts to the finance bill.
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
"""2018-01-01 in days since 1970; days of the year are counted from 0."""

LAST_DAY = 364
"""31 December."""

SLOTS_BITS = 17
"""A distribution over units or days is a table of ``2**SLOTS_BITS`` slots: one random number and one look-up per draw."""


class SpendingFlow(IntEnum):
    """The chain of a request: none, with a service after the commitment, or without a separate service."""

    DIRECT = 0
    SERVICED = 1
    UNSERVICED = 2


class Spending(NamedTuple):
    """A class of acts, with lognormal amounts and the share of its flow in percent."""

    name: str
    label: str
    """The prefix of its remittance texts."""
    share: int
    """Of 10,000 acts."""
    median_euros: int
    sigma: float
    cap_euros: int
    unserviced: int
    """Percent on a commitment without a separate service, the rest direct; ``ALL_SERVICED`` if all have a service."""
    items: tuple[tuple[str, int], ...]
    """Items with weights; the CP of the bill weigh them too."""


ALL_SERVICED = -1

CLASSES: tuple[Spending, ...] = (
    Spending("missions, agent refunds", "MISS", 2400, 95, 1.0, 20_000, 0, (("31", 100),)),
    Spending("justice fees, experts", "JUST", 1400, 140, 1.1, 100_000, 0, (("31", 100),)),
    Spending("utilities, telecom, rent", "ABON", 1600, 260, 1.6, 5_000_000, 50, (("31", 100),)),
    Spending("small purchases", "FACT", 2700, 620, 1.5, 1_000_000, ALL_SERVICED,
             (("31", 90), ("51", 8), ("52", 2))),
    Spending("purchasing cards", "CART", 150, 1_900, 1.2, 200_000, 0, (("31", 100),)),
    Spending("works, large contracts", "MARC", 350, 14_000, 2.1, 1_500_000_000, ALL_SERVICED,
             (("51", 100), ("52", 100), ("31", 100))),
    Spending("grants, local bodies", "SUBV", 750, 6_000, 1.7, 200_000_000, 100,
             (("63", 50), ("64", 50))),
    Spending("household aid", "AIDE", 550, 480, 0.9, 20_000, 0, (("61", 100),)),
    Spending("other, refunds", "DIVE", 95, 800, 1.6, 10_000_000, 0, (("31", 50), ("23", 20), ("62", 30))),
    Spending("mass transfers", "VERS", 5, 2_900_000, 2.15, 9_000_000_000, 50,
             tuple((item, 100) for item in ("11", "32", "41", "43", "61", "62", "63", "64", "65", "71", "72", "73"))),
)  # fmt: skip

JUSTICE, WORKS, OTHER, MASS = 1, 5, 8, 9

_MONTHS = (40, 65, 83, 80, 78, 88, 88, 63, 82, 90, 108, 135)
"""Shares of the months, of 1,000 acts.  The first days of January have none, because the budget is being set up."""

_DAYS_OFF = frozenset(
    {"01-01", "04-02", "05-01", "05-08", "05-10", "05-21", "08-15", "11-01", "11-11", "12-25"}
)


def split_exactly(total: int, weights: NDArray[np.floating] | tuple[int, ...]) -> NDArray[np.int64]:
    """Split ``total`` in proportion to ``weights`` into integers with the exact sum, by largest remainders."""
    exact = total * np.asarray(weights, np.float64) / np.sum(weights)
    shares = np.floor(exact).astype(np.int64)
    rounded_up = np.argsort(-(exact - shares), kind="stable")[: total - int(shares.sum())]
    shares[rounded_up] += 1
    return shares


def build_slots(weights: NDArray[np.floating]) -> NDArray[np.int16]:
    """Build a table of ``2**SLOTS_BITS`` positions, each as often as its weight says."""
    return np.repeat(np.arange(len(weights), dtype=np.int16), split_exactly(1 << SLOTS_BITS, weights))


def draw_classes(acts: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw the class of each act: exact shares in random order, with at least one mass transfer."""
    counts = split_exactly(acts, tuple(spending.share for spending in CLASSES))
    if counts[MASS] == 0:
        counts[MASS], counts[0] = 1, counts[0] - 1
    classes = np.repeat(np.arange(len(CLASSES), dtype=np.uint8), counts)
    rng.shuffle(classes)
    return classes


def list_months(acts: int) -> NDArray[np.uint8]:
    """Return the month (0 to 11) of each act, in order of time."""
    return np.repeat(np.arange(12, dtype=np.uint8), split_exactly(acts, _MONTHS))


def build_day_tables() -> list[NDArray[np.int16]]:
    """Build for each month the table from which its days of the year are drawn."""
    year = np.arange("2018-01-01", "2019-01-01", dtype="M8[D]")
    month = year.astype("M8[M]").astype(int) % 12
    weights = np.array([_weigh_day(day) for day in year.astype(str)])
    return [build_slots(np.where(month == number, weights, 0)) for number in range(12)]


def _weigh_day(day: str) -> float:
    """Return the weight of a day: 1 for a working day; mid-December has three times the mean, then offices close."""
    date, (month, day_of_month) = np.datetime64(day), map(int, day[5:].split("-"))
    if (month == 1 and day_of_month <= 9) or day[5:] in _DAYS_OFF:
        return 0.0
    weight = 1.0 if np.is_busday(date) else 0.03
    if month != 12:
        return weight
    return weight * (1.6 if 10 <= day_of_month <= 14 else 0.25 if day_of_month >= 20 else 1.0)


def draw_amounts(kinds: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw the cents of each act, before they are scaled to the total."""
    amounts = rng.standard_normal(len(kinds))
    amounts *= np.array([spending.sigma for spending in CLASSES])[kinds]
    np.exp(amounts, out=amounts)
    amounts *= np.array([100.0 * spending.median_euros for spending in CLASSES])[kinds]
    np.minimum(amounts, np.array([100.0 * spending.cap_euros for spending in CLASSES])[kinds], out=amounts)
    return np.maximum(np.rint(amounts, out=amounts), 1).astype(np.int64)
