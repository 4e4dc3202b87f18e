"""The history of periods, made again from its rows: when each month was open for whom, and what is wrong with decisions."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, NamedTuple

import pyarrow as pa

from reporting.verification.snapshot_queries import JournalSnapshot, TablePart

_EVERYBODY = 0
"""The number in a decision about a month of all accountants."""
_ALLOWED: Mapping[str, tuple[str, str]] = {
    "close": ("open", "closed"),
    "reopen": ("closed", "open"),
    "lock": ("closed", "locked"),
}
"""By action: the state that it changes, and the state that it gives."""
_FOR_EVER = 2**62
_SPANS = pa.schema(
    [
        *((name, pa.int32()) for name in ("exercise", "month", "accountant")),
        *((name, pa.int64()) for name in ("first", "last")),
    ]
)
_FAULTS = pa.schema([(name, pa.string()) for name in ("place", "found", "expected")])

Month = tuple[int, int]
Row = dict[str, Any]


class _Change(NamedTuple):
    """The state of a month from a batch on."""

    after_batch: int
    state: str


async def read_parts(snapshot: JournalSnapshot) -> AsyncIterator[TablePart]:
    """Yield when which month was open for whom (``period_span``), and what is wrong with decisions (``period_fault``)."""
    starts, decisions = [
        [row async for part in snapshot.read_table(name) for row in part.to_pylist()]
        for name in ("period_start", "period_decision")
    ]
    history = _History(starts, decisions)
    last = (await snapshot.read_version()).batch
    yield TablePart("period_span", pa.Table.from_pylist(list(history.list_spans()), _SPANS))
    yield TablePart("period_fault", pa.Table.from_pylist(list(history.list_faults(last)), _FAULTS))


class _History:
    """The states of every month: one course for all accountants, and one for each whom a decision names."""

    def __init__(self, starts: Iterable[Row], decisions: Iterable[Row]) -> None:
        self._starts: dict[Month, str] = {
            (row["exercise"], row["month"]): "open" if row["is_open"] else "closed" for row in starts
        }
        self._decisions = list(decisions)
        self._courses: dict[Month, dict[int, list[_Change]]] = {
            month: {_EVERYBODY: [_Change(0, state)]} for month, state in self._starts.items()
        }
        self._useless: list[Row] = []
        """Decisions that change nothing, or lock what is open."""
        self._replay()

    def _replay(self) -> None:
        named: dict[Month, set[int]] = defaultdict(set)
        for row in self._decisions:
            named[row["exercise"], row["month"]].add(row["accountant"])
        for month, accountants in named.items():
            for accountant in accountants if month in self._starts else ():
                self._courses[month][accountant] = [_Change(0, self._starts[month])]
        for row in self._decisions:
            if row["after_batch"] is not None and not self._apply(row):
                self._useless.append(row)

    def _apply(self, row: Row) -> bool:
        """Apply a decision that holds; return whether it was allowed."""
        courses = self._courses.get((row["exercise"], row["month"]), {})
        numbers = courses if row["accountant"] == _EVERYBODY else {row["accountant"]}
        before, after = _ALLOWED.get(row["action"], ("", ""))
        concerned = [courses[number] for number in numbers if number in courses]
        is_allowed = not (row["action"] == "lock" and any(course[-1].state == "open" for course in concerned))
        changed = [course for course in concerned if course[-1].state == before]
        for course in changed:
            course.append(_Change(row["after_batch"], after))
        return is_allowed and bool(changed)

    def list_spans(self) -> Iterable[Row]:
        """Yield the stretches of batches in which a month was open; 0 stands for every accountant who has no course."""
        for (exercise, month), courses in self._courses.items():
            for accountant, course in courses.items():
                ends = [*(change.after_batch for change in course[1:]), _FOR_EVER]
                yield {"exercise": exercise, "month": month, "accountant": accountant, "first": 0, "last": 0}
                for change, end in zip(course, ends, strict=True):
                    if change.state == "open":
                        yield {
                            "exercise": exercise,
                            "month": month,
                            "accountant": accountant,
                            "first": change.after_batch + 1,
                            "last": end,
                        }

    def list_faults(self, last_batch: int) -> Iterable[Row]:
        """Yield decisions that the state of their month did not allow, without person or reason, or out of order."""
        for row in self._useless:
            yield _build_fault(row, f"{row['action']} of a month in another state", "what that state allows")
        latest, is_waiting = 0, False
        for row in self._decisions:
            if not (row["by"] and row["reason"]):
                yield _build_fault(row, "no decision, no person or no reason", "all of them")
            after = row["after_batch"]
            if after is None:
                is_waiting = True
                continue
            if is_waiting or not latest <= after < last_batch:
                yield _build_fault(row, f"holds after batch {after}", "an order, and a batch that follows")
            latest = max(latest, after)


def _build_fault(row: Row, finding: str, expected: str) -> Row:
    place = f"decision {row['decision']} on month {row['month']} of {row['exercise']}"
    return {"place": place, "found": finding, "expected": expected}
