"""The availability of credits at budget nodes."""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping

from tests.oracle.model import AE, CONSUMED, NONE, OPENED_CREDITS, RESERVED, Node

Figures = Mapping[tuple[int, int], int]
Nodes = Mapping[int, Node]


def walk_up(nodes: Nodes, node: int) -> Iterator[int]:
    """Yield ``node`` and all nodes above it."""
    while node != NONE:
        yield node
        node = nodes[node].parent


def compute_available(figures: Figures, node: int, measure: int) -> int:
    """Return the cents that are opened, and neither reserved nor consumed."""
    opened_cents, reserved, consumed = (
        figures.get((node, measure + f), 0) for f in (OPENED_CREDITS, RESERVED, CONSUMED)
    )
    return opened_cents - reserved - consumed


def find_short_node(nodes: Nodes, figures: Figures, places: Iterable[int], need: tuple[int, int]) -> int:
    """Return the first blocking node of ``places`` short of ``need`` = (measure, cents); NONE if there is none."""
    measure, amount = need
    short = (at for at in places if nodes[at].blocking and amount > compute_available(figures, at, measure))
    return next(short, NONE)


def draw_amounts(
    nodes: Nodes, figures: MutableMapping[tuple[int, int], int], draws: Iterable[tuple[int, int]]
) -> list[int]:
    """Consume each (centre, cents) of ``draws`` in AE up to the programme; return the node that is short, or NONE."""
    short_nodes = []
    for centre, amount in draws:
        short_nodes.append(find_short_node(nodes, figures, walk_up(nodes, centre), (AE, amount)))
        if short_nodes[-1] == NONE:
            for at in walk_up(nodes, centre):
                figures[at, AE + CONSUMED] = figures.get((at, AE + CONSUMED), 0) + amount
    return short_nodes
