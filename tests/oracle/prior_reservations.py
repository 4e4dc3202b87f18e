"""What unpaid requests of the year before reserve comes first for the credits of a year, once that year is over.

Source: LOLF art. 28: CP are those of the year of payment; that the requests come first is a choice of this project (rule A30).
"""

from collections.abc import Iterable

from core.outcome_codes import Outcome
from tests.oracle.availability import compute_available
from tests.oracle.lines import Line
from tests.oracle.model import AE, EARMARKED, FROZEN, NONE, RESERVED, Cell, State, World


def is_year_before_over(world: World, line: Line, cell: Cell) -> bool:
    """Return whether the year before that of the credits is over on the day of ``line``."""
    before = world.years.get(cell.year - 1)
    return before is not None and line.day > before.last_day


def compute_free(world: World, state: State, node: int, need: tuple[int, bool]) -> int:
    """Return the cents that are available; ``need`` = (measure, whether what the year before reserves counts)."""
    measure, counts_prior = need
    return compute_available(state.figures, node, measure) - (
        _compute_prior(world, state, node, measure) if counts_prior else 0
    )


def find_short_node(
    world: World, state: State, places: Iterable[int], need: tuple[int, int, bool]
) -> tuple[int, int]:
    """Return the first blocking node of ``places`` short of ``need`` = (measure, cents, as above), and what it lacks."""
    measure, amount, counts_prior = need
    for node in places:
        missing = amount - compute_free(world, state, node, (measure, counts_prior))
        if world.nodes[node].blocking and missing > 0:
            return node, missing
    return NONE, 0


def name_shortage(state: State, node: int, need: tuple[int, int], outcome: Outcome) -> Outcome:
    """Return ``outcome``, or, where ``need`` = (measure, cents) is available, that others come first for it."""
    measure, amount = need
    is_available = amount <= compute_available(state.figures, node, measure)
    return Outcome.PRIOR_REQUESTS_FIRST if is_available else outcome


def _compute_prior(world: World, state: State, node: int, measure: int) -> int:
    """Return what the year before reserves on the same fund centre, title and family of funds, not frozen or earmarked."""
    before = world.find_node_of_year(node, world.nodes[node].year - 1)
    if before == NONE:
        return 0
    reserved, frozen = (state.figures.get((before, measure + figure), 0) for figure in (RESERVED, FROZEN))
    earmarked = state.figures.get((before, EARMARKED), 0) if measure == AE else 0
    return reserved - frozen - earmarked
