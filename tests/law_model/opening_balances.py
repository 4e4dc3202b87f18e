"""What an accountant's accounts begin a year with: what the year before closes with (A61, A70; docs/closing.md)."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from tests.law_model.form import write_euros
from tests.law_model.kinds import LEAVES_ON_SUSPENSE, OPENING_ITEMS
from tests.law_model.state import Document, Row, State
from tests.law_model.suspense import find_owner, is_on_debit

OPENING_STEP = "C14"
_BALANCE_SHEET = frozenset("12345")


class _Line(NamedTuple):
    """A line of an opening: cents on an account, a debit if positive; what it opens or reduces, if it is about an item."""

    account: str
    cents: int
    kind: str = "opening"
    follows: Document | None = None


class _Item(NamedTuple):
    """What one line left on a suspense account: what it is at the end of the year, and what was opened of it."""

    document: Document
    openings: list[Document]

    @property
    def closing(self) -> int:
        """Debit less credit of what is not cleared."""
        return _sign(self.document) * self.document.left

    @property
    def opened(self) -> int:
        """Debit less credit of what was opened, less what reduced it."""
        return sum(_sign(opening) * (opening.amount - opening.reduced) for opening in self.openings)


def _sign(document: Document) -> int:
    return 1 if is_on_debit(document) else -1


def list_openings(state: State, year: int) -> list[Row]:
    """Return what is still to be opened of a year, accountant by accountant."""
    following = state.reference.years[year + 1]
    lines: defaultdict[str, list[_Line]] = defaultdict(list)
    closing, items = _close(state, year), _find_items(state, year)
    opened: Counter[tuple[str, str]] = Counter()
    for key, cents in state.opened.items():
        if key.exercise == year + 1:
            opened[key.accountant, key.account] += cents
    for accountant, account in sorted({*closing, *opened}):
        if account not in following.accounts or accountant not in following.accountants.values():
            continue
        balance = closing[accountant, account], opened[accountant, account]
        own = items[accountant, account]
        if own and balance == (sum(item.closing for item in own), sum(item.opened for item in own)):
            lines[accountant] += [line for item in own for line in _open_item(item)]
        elif account[0] in _BALANCE_SHEET and balance[0] != balance[1]:
            lines[accountant].append(_Line(account, balance[0] - balance[1]))
    return [
        row for code in sorted(lines) if lines[code] for row in _write_act(state, year, code, lines[code])
    ]


def _close(state: State, year: int) -> Counter[tuple[str, str]]:
    """Return debit less credit of each account of an exercise."""
    closing: Counter[tuple[str, str]] = Counter()
    for sums, sign in ((state.debits, 1), (state.credits, -1)):
        for key, cents in sums.items():
            if key.exercise == year:
                closing[key.accountant, key.account] += sign * cents
    return closing


def _find_items(state: State, year: int) -> defaultdict[tuple[str, str], list[_Item]]:
    """Return by accountant and account of suspense what lines of the year left there, and what was opened of each."""
    years, items = state.reference.years, defaultdict[tuple[str, str], list[_Item]](list)
    for document in state.documents:
        is_left = document.kind in LEAVES_ON_SUSPENSE and document.exercise == year
        if not is_left or document.key is None:
            continue
        if not all(document.account.startswith(years[number].suspense) for number in (year, year + 1)):
            continue
        openings = [
            opening
            for opening in state.documents
            if opening.kind in OPENING_ITEMS and opening.predecessor is document
        ]
        item = _Item(document, openings)
        if item.closing or item.opened:
            items[find_owner(document.key, state), document.account].append(item)
    return items


def _open_item(item: _Item) -> Iterator[_Line]:
    """Yield what brings the opening of an item to what it closes with.

    What the old year cleared since is taken off the first opening, as far as the new year left something of it; the rest is
    opened on the other side.
    """
    missing, account = item.closing - item.opened, item.document.account
    if not missing:
        return
    first = item.openings[0] if item.openings else None
    if first and first.left and (_sign(first) > 0) != (missing > 0):
        reduction = min(abs(missing), first.left)
        change = reduction if missing > 0 else -reduction
        yield _Line(account, change, "opening_reduction", first)
        missing -= change
    if missing:
        yield _Line(account, missing, "opening_item", item.document)


def _write_act(state: State, year: int, accountant: str, lines: list[_Line]) -> Iterator[Row]:
    files = state.reference.years[year + 1]
    missing = -sum(line.cents for line in lines)
    balanced = [*lines, _Line(files.technical_account, missing)] if missing else lines
    for number, line in enumerate(balanced, 1):
        yield {
            "reference": f"{year}.{accountant}.{len(state.documents)}",
            "line": str(number),
            "kind": f"{line.kind}_{'debit' if line.cents > 0 else 'credit'}",
            "exercise": str(year + 1),
            "date": date(year + 1, 1, 1).isoformat(),
            "fund_centre": next(code for code, own in files.accountants.items() if own == accountant),
            "account": line.account,
            "amount": write_euros(abs(line.cents)),
            **({"predecessor": f"@{line.follows.number}"} if line.follows else {}),
        }
