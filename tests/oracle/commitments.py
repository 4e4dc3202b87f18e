"""What a line follows, and what it draws from and feeds to the commitment at its root (A16, A32-A35)."""

from typing import NamedTuple

from core.catalog import CATALOG, ActKind, Family, Remainder
from core.codes import Outcome
from tests.oracle.model import NONE, Item, Line, Refused, State


class Followed(NamedTuple):
    """What a line follows and whose effects count."""

    entry: int
    """The predecessor; 0 if the kind follows nothing."""
    base: ActKind
    """The kind whose effects count: of a mirror, the kind it undoes."""
    root: int
    """The commitment whose remainders move; 0 if there is none."""
    sign: int
    cell: int


def follow(state: State, line: Line) -> Followed:
    """Find what ``line`` follows, or raise ``Refused``."""
    kind = CATALOG[line.kind]
    if kind.follows is Family.NONE:
        return Followed(0, kind, 0, 1, line.cell)
    entry = _predecessor(state, line)
    item = state.items[entry]
    if line.cell not in (NONE, item.cell):
        raise Refused(Outcome.ASSIGNMENT_DIFFERS)
    if not kind.mirrors:
        return Followed(entry, kind, entry, 1, item.cell)
    if line.amount > item.open:
        raise Refused(Outcome.REVERSAL_EXCEEDS_ORIGINAL, missing=line.amount - item.open)
    return Followed(entry, CATALOG[item.kind], item.parent, -1, item.cell)


def _predecessor(state: State, line: Line) -> int:
    known = state.keys.get(line.previous)
    if known is None or not 1 <= line.previous_line <= known.lines:
        raise Refused(Outcome.PREDECESSOR_MISSING)
    return known.first + line.previous_line - 1


def draw(state: State, followed: Followed, kind: ActKind, amount: int) -> None:
    """Move ``amount`` from what the line draws on to what it feeds, or raise ``Refused``.

    A mirror also uses up what is left to reverse of the entry it undoes.
    """
    base, root = followed.base, followed.root
    drawn, fed = (base.draws, base.feeds) if followed.sign > 0 else (base.feeds, base.draws)
    if root:
        left = _remainder(state.items[root], drawn)
        if left is not None and amount > left:
            raise Refused(kind.shortfall, missing=amount - left)
        _add(state, root, drawn, -amount)
        _add(state, root, fed, amount)
    if kind.mirrors:
        _add(state, followed.entry, Remainder.OPEN, -amount)


def _remainder(item: Item, which: Remainder) -> int | None:
    return {Remainder.OPEN: item.open, Remainder.UNBILLED: item.unbilled}.get(which)


def _add(state: State, entry: int, which: Remainder, amount: int) -> None:
    item = state.items[entry]
    if which is Remainder.OPEN:
        state.items[entry] = item._replace(open=item.open + amount)
    elif which is Remainder.UNBILLED:
        state.items[entry] = item._replace(unbilled=item.unbilled + amount)
